//! Passwords: the secret itself, what it must satisfy, and how it is kept (features F-011 to
//! F-015, C17; security S-01 to S-06).
//!
//! Who may change one, and after which proof, is decided by the flows.

use std::fmt;

use base::{Random, Timestamp};

mod estimate;
mod hash;
mod policy;

pub use hash::{CorruptHash, HashError, HashParameters, Hasher, PasswordHash, Verdict};
pub use policy::{Context, Mode, Requirement, Unmet, check, requirements};

/// A password as typed: any script, any case, never shortened (S-01). It is never printed by
/// accident, never stored and never serialized.
#[derive(Clone)]
pub struct Password(String);

impl Password {
    /// Takes what was typed.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A random password, for a demonstration: 20 letters and digits in four groups, over 100 bits,
    /// good under either policy. No letter that is easily misread.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0_u8; 40];
        random.fill(&mut bytes);
        let letters = (0_usize..).zip(bytes.chunks_exact(2)).map(|(place, pair)| {
            let number = pair
                .iter()
                .fold(0_usize, |sum, byte| sum << 8 | usize::from(*byte));
            let choice = match place {
                0 => UPPER,
                1 => LOWER,
                2 => DIGITS,
                _ => ALL,
            };
            choice.get(number % choice.len()).copied().unwrap_or(b'x')
        });
        let mut text = String::with_capacity(23);
        for (place, letter) in (0_usize..).zip(letters) {
            if place > 0 && place % 5 == 0 {
                text.push('-');
            }
            text.push(char::from(letter));
        }
        Self(text)
    }

    /// The text itself, to show a generated one once.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(hidden)")
    }
}

/// How a user signs in with a password, as stored.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credential {
    /// The password's hash.
    pub hash: PasswordHash,
    /// When it was set.
    pub changed_at: Timestamp,
}

const UPPER: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const LOWER: &[u8] = b"abcdefghijkmnpqrstuvwxyz";
const DIGITS: &[u8] = b"23456789";
const ALL: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    struct Seeded(Vec<u8>);
    impl Random for Seeded {
        fn fill(&self, bytes: &mut [u8]) {
            for (place, byte) in bytes.iter_mut().zip(self.0.iter().cycle()) {
                *place = *byte;
            }
        }
    }

    #[test]
    fn s41_debug_output_hides_the_password() {
        assert_eq!(
            format!("{:?}", Password::new("hunter2")),
            "Password(hidden)"
        );
    }

    proptest! {
        #[test]
        fn generated_passwords_satisfy_composition(
            bytes in proptest::collection::vec(any::<u8>(), 40),
        ) {
            let password = Password::generate(&Seeded(bytes));
            prop_assert_eq!(password.reveal().len(), 23);
            let unmet = requirements(Mode::Composition, &password, &Context::default())
                .into_iter()
                .filter(|(requirement, is_met)| {
                    !is_met && *requirement != Requirement::NotGuessable
                })
                .count();
            prop_assert_eq!(unmet, 0);
        }
    }
}
