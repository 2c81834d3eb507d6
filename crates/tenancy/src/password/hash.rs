//! How passwords are kept: Argon2id with its parameters in the hash string (RFC 9106, security
//! S-04, S-07, S-09).
//!
//! One hash takes tens of milliseconds of processor time and the memory in its parameters. Run it
//! on a thread that may block, and bound how many run at once.

use std::fmt;

use argon2::password_hash::phc;
use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, PasswordVerifier as _, Version};
use base::Random;

use super::Password;

/// What one hash costs.
#[derive(Clone, Debug)]
pub struct HashParameters(Params);

/// A stored hash in PHC form: `$argon2id$v=19$m=..,t=..,p=..$salt$hash`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// A stored text is not a hash of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the stored password hash is not in Argon2id PHC form")]
pub struct CorruptHash;

/// The parameters are out of range, or a hash could not be made with them.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("Argon2id cannot be used with these parameters: {0}")]
pub struct HashError(String);

/// What a password check found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// The password is right.
    Right {
        /// The hash was made with other parameters; make a new one now (S-04).
        needs_rehash: bool,
    },
    /// The password is wrong, or there is no such user.
    Wrong,
}

impl HashParameters {
    /// Memory in KiB, passes over it, lanes.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Result<Self, HashError> {
        Params::new(memory_kib, passes, lanes, None)
            .map(Self)
            .map_err(|error| HashError(error.to_string()))
    }
}

impl Default for HashParameters {
    /// 19 MiB, two passes, one lane: the least that OWASP asks for.
    fn default() -> Self {
        Self(Params::DEFAULT)
    }
}

impl PasswordHash {
    /// Reads a stored hash.
    pub fn parse(text: &str) -> Result<Self, CorruptHash> {
        let hash = phc::PasswordHash::new(text).map_err(|_| CorruptHash)?;
        let is_complete = hash.salt.is_some() && hash.hash.is_some();
        let is_ours = hash.algorithm == argon2::ARGON2ID_IDENT && Params::try_from(&hash).is_ok();
        (is_complete && is_ours)
            .then(|| Self(text.to_owned()))
            .ok_or(CorruptHash)
    }

    /// The text to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it was made with other parameters than these.
    pub fn needs_rehash(&self, parameters: &HashParameters) -> bool {
        let cost = |params: &Params| (params.m_cost(), params.t_cost(), params.p_cost());
        phc::PasswordHash::new(&self.0)
            .ok()
            .and_then(|hash| Params::try_from(&hash).ok())
            .is_none_or(|params| cost(&params) != cost(&parameters.0))
    }

    fn is_of(&self, password: &Password) -> bool {
        phc::PasswordHash::new(&self.0).is_ok_and(|hash| {
            Argon2::default()
                .verify_password(password.reveal().as_bytes(), &hash)
                .is_ok()
        })
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(hidden)")
    }
}

/// Makes and checks hashes with the configured parameters.
#[derive(Clone, Debug)]
pub struct Hasher {
    parameters: HashParameters,
    dummy: PasswordHash,
}

impl Hasher {
    /// Makes one hash of a random password, to have something to check for unknown users.
    pub fn new(parameters: HashParameters, random: &dyn Random) -> Result<Self, HashError> {
        let dummy = hash(&parameters, &Password::generate(random), random)?;
        Ok(Self { parameters, dummy })
    }

    /// Hashes a new password with a fresh salt.
    pub fn hash(
        &self,
        password: &Password,
        random: &dyn Random,
    ) -> Result<PasswordHash, HashError> {
        hash(&self.parameters, password, random)
    }

    /// Checks a password against the user's hash. With `None`, for a user who does not exist or
    /// has no password, it works as long and answers [`Verdict::Wrong`] (S-07).
    pub fn verify(&self, password: &Password, stored: Option<&PasswordHash>) -> Verdict {
        let is_right = stored.unwrap_or(&self.dummy).is_of(password);
        match stored {
            Some(stored) if is_right => Verdict::Right {
                needs_rehash: stored.needs_rehash(&self.parameters),
            },
            Some(_) | None => Verdict::Wrong,
        }
    }
}

fn hash(
    parameters: &HashParameters,
    password: &Password,
    random: &dyn Random,
) -> Result<PasswordHash, HashError> {
    let mut salt = [0_u8; 16];
    random.fill(&mut salt);
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters.0.clone());
    let made: phc::PasswordHash = argon2
        .hash_password_with_salt(password.reveal().as_bytes(), &salt)
        .map_err(|error| HashError(error.to_string()))?;
    Ok(PasswordHash(made.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    /// As cheap as Argon2 allows, so that tests are fast.
    fn cheap(memory_kib: u32) -> Hasher {
        Hasher::new(HashParameters::new(memory_kib, 1, 1).unwrap(), &Fixed(1)).unwrap()
    }

    #[test]
    fn s04_the_hash_string_carries_the_parameters() {
        let hasher = Hasher::new(HashParameters::default(), &Fixed(1)).unwrap();
        let hash = hasher.hash(&Password::new("xk7.Qzwp"), &Fixed(2)).unwrap();
        assert!(
            hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{}",
            hash.as_str()
        );
        let right = Verdict::Right {
            needs_rehash: false,
        };
        assert_eq!(
            hasher.verify(&Password::new("xk7.Qzwp"), Some(&hash)),
            right
        );
        assert_eq!(PasswordHash::parse(hash.as_str()), Ok(hash));
    }

    #[test]
    fn s04_a_hash_with_other_parameters_asks_for_a_new_one() {
        let old = cheap(8).hash(&Password::new("x"), &Fixed(2)).unwrap();
        let verdict = cheap(16).verify(&Password::new("x"), Some(&old));
        assert_eq!(verdict, Verdict::Right { needs_rehash: true });
    }

    #[test]
    fn f004_passwords_are_case_sensitive_and_never_shortened() {
        let hasher = cheap(8);
        let long = "aB3.".repeat(32);
        let hash = hasher
            .hash(&Password::new(long.as_str()), &Fixed(2))
            .unwrap();
        for wrong in [
            long.to_lowercase(),
            long.chars().take(127).collect(),
            format!("{long} "),
            String::new(),
        ] {
            assert_eq!(
                hasher.verify(&Password::new(wrong), Some(&hash)),
                Verdict::Wrong
            );
        }
    }

    #[test]
    fn s07_an_unknown_user_is_never_signed_in() {
        let hasher = cheap(8);
        let dummy_password = Password::generate(&Fixed(1));
        assert_eq!(hasher.verify(&dummy_password, None), Verdict::Wrong);
        assert!(hasher.dummy.is_of(&dummy_password), "the same work is done");
    }

    #[test]
    fn salts_make_equal_passwords_differ() {
        let hasher = cheap(8);
        let hash = |salt| hasher.hash(&Password::new("x"), &Fixed(salt)).unwrap();
        assert_ne!(hash(2), hash(3));
    }

    #[test]
    fn what_is_no_argon2id_hash_is_corrupt() {
        for text in [
            "",
            "plain",
            "$2b$12$abcdefghijklmnopqrstuv",
            "$argon2id$v=19$m=8,t=1,p=1",
            "$argon2i$v=19$m=8,t=1,p=1$AgICAgICAgICAgICAgICAg$AgICAgICAgICAgICAgICAg",
        ] {
            assert_eq!(PasswordHash::parse(text), Err(CorruptHash), "{text}");
        }
    }

    #[test]
    fn s41_debug_output_hides_the_hash() {
        let hash = cheap(8).hash(&Password::new("x"), &Fixed(2)).unwrap();
        assert_eq!(format!("{hash:?}"), "PasswordHash(hidden)");
        assert!(!format!("{:?}", cheap(8)).contains("$argon2"));
    }

    #[test]
    fn parameters_out_of_range_are_refused() {
        assert!(HashParameters::new(0, 1, 1).is_err());
        assert!(HashParameters::new(8, 0, 1).is_err());
        assert!(HashParameters::new(8, 1, 2).is_err());
    }
}
