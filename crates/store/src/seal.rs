//! Encrypts secrets before they are stored, under a key file that lies outside the database, so
//! that a copy of the database alone yields none of them.
//!
//! AES-256-GCM (NIST SP 800-38D). The associated data names table, column, row and tenant: a
//! sealed value that is moved to another place does not open. It does not hide how long a secret
//! is, nor that a row was put back to an older value.

mod key_file;

use std::fmt;
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base::Random;
use zeroize::Zeroizing;

pub use key_file::KeyFileError;

use key_file::Key;

/// Seals and opens with the keys of one key file.
pub struct Sealer {
    newest: (Key, LessSafeKey),
    older: Vec<(Key, LessSafeKey)>,
}

/// Where a sealed value is stored; it opens nowhere else.
#[derive(Clone, Copy, Debug)]
pub struct SealContext<'a> {
    /// The table's name.
    pub table: &'a str,
    /// The column's name.
    pub column: &'a str,
    /// The row's identifier.
    pub row: &'a str,
    /// The owner's identifier; empty for what belongs to the operator.
    pub tenant: &'a str,
}

/// Why a value was not sealed or opened.
#[derive(Clone, Copy, Debug, thiserror::Error, PartialEq, Eq)]
pub enum SealError {
    /// It was changed, or sealed for another context, or with a key of the same number.
    #[error("the sealed value was changed or belongs to another place")]
    Forged,
    /// The key it was sealed with is not in the key file.
    #[error("the key file does not hold key {0}, which sealed the value")]
    KeyMissing(u32),
    /// More than AES-GCM can take in one message.
    #[error("the value is too long to be sealed")]
    Long,
    /// Not a sealed value, or one of a later version.
    #[error("the value is not sealed in a form that this version knows")]
    Unknown,
}

impl Sealer {
    /// Reads the key file and makes none.
    pub fn load(path: &Path) -> Result<Self, KeyFileError> {
        Self::from_keys(key_file::load(path)?)
    }

    /// Reads the key file, or makes one with a fresh key for its owner's eyes only.
    pub fn load_or_create(path: &Path, random: &dyn Random) -> Result<Self, KeyFileError> {
        Self::from_keys(key_file::load_or_create(path, random)?)
    }

    /// The newest key is the last of the file.
    fn from_keys(keys: Vec<Key>) -> Result<Self, KeyFileError> {
        let mut ready = Vec::with_capacity(keys.len());
        for key in keys {
            let cipher =
                UnboundKey::new(&AES_256_GCM, &*key.bytes).map_err(|_| KeyFileError::Empty)?;
            ready.push((key, LessSafeKey::new(cipher)));
        }
        let newest = ready.pop().ok_or(KeyFileError::Empty)?;
        Ok(Self {
            newest,
            older: ready,
        })
    }

    /// Seals a secret for one context, with the newest key.
    pub fn seal(
        &self,
        context: SealContext<'_>,
        secret: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, SealError> {
        let (key, cipher) = &self.newest;
        let mut nonce = [0_u8; NONCE_LEN];
        random.fill(&mut nonce);
        let mut text = Zeroizing::new(secret.to_vec());
        let tag = cipher
            .seal_in_place_separate_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(associated(key.id, context)),
                &mut text,
            )
            .map_err(|_| SealError::Long)?;
        let head: [&[u8]; 5] = [
            &[VERSION],
            &key.id.to_be_bytes(),
            &nonce,
            &text,
            tag.as_ref(),
        ];
        Ok(head.concat())
    }

    /// Opens what was sealed for this context, with whichever key sealed it.
    pub fn open(
        &self,
        context: SealContext<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (version, rest) = sealed.split_first().ok_or(SealError::Unknown)?;
        let (id, rest) = rest.split_first_chunk::<4>().ok_or(SealError::Unknown)?;
        let (nonce, rest) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealError::Unknown)?;
        if *version != VERSION {
            return Err(SealError::Unknown);
        }
        let id = u32::from_be_bytes(*id);
        let mut keys = std::iter::once(&self.newest).chain(&self.older);
        let (_, cipher) = keys
            .find(|(key, _)| key.id == id)
            .ok_or(SealError::KeyMissing(id))?;
        let mut text = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = cipher
            .open_in_place(nonce, Aad::from(associated(id, context)), &mut text)
            .map_err(|_| SealError::Forged)?
            .len();
        text.truncate(length);
        Ok(text)
    }

    /// A key for another purpose, such as nonces, that all nodes with this key file share. It
    /// changes when a new key is added to the file.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let (key, _) = &self.newest;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*key.bytes);
        let tag = hmac::sign(&key, format!("chancery derive {purpose}").as_bytes());
        let mut derived = Zeroizing::new([0_u8; 32]);
        for (to, from) in derived.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        derived
    }
}

/// Says which keys there are, never what they are.
impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let older = self.older.iter().map(|(key, _)| key.id);
        f.debug_struct("Sealer")
            .field("newest", &self.newest.0.id)
            .field("older", &older.collect::<Vec<_>>())
            .finish()
    }
}

/// Every part with its length before it, so that no two places read the same.
fn associated(key: u32, context: SealContext<'_>) -> Vec<u8> {
    let mut data = vec![VERSION];
    data.extend(key.to_be_bytes());
    for part in [context.table, context.column, context.row, context.tenant] {
        data.extend((part.len() as u64).to_be_bytes());
        data.extend(part.as_bytes());
    }
    data
}

const VERSION: u8 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts up, so that no two nonces are alike.
    struct Counting(std::sync::atomic::AtomicU8);
    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed));
        }
    }

    const CONTEXT: SealContext<'static> = SealContext {
        table: "eab_credential",
        column: "mac_key",
        row: "kid",
        tenant: "ten_1",
    };

    fn random() -> Counting {
        Counting(1.into())
    }

    fn key(id: u32, byte: u8) -> Key {
        Key {
            id,
            bytes: Zeroizing::new([byte; 32]),
        }
    }

    fn sealer(keys: Vec<Key>) -> Sealer {
        Sealer::from_keys(keys).unwrap()
    }

    #[track_caller]
    fn check_moved(context: SealContext<'_>) {
        let sealer = sealer(vec![key(1, 7)]);
        let stored = sealer.seal(CONTEXT, b"secret", &random()).unwrap();
        assert_eq!(sealer.open(context, &stored), Err(SealError::Forged));
    }

    #[test]
    fn s38_a_sealed_value_opens_in_its_place() {
        let sealer = sealer(vec![key(1, 7)]);
        let random = random();
        for secret in [&b""[..], b"secret", &[0; 5000]] {
            let stored = sealer.seal(CONTEXT, secret, &random).unwrap();
            assert_eq!(*sealer.open(CONTEXT, &stored).unwrap(), secret);
            assert_ne!(stored, sealer.seal(CONTEXT, secret, &random).unwrap());
        }
    }

    #[test]
    fn s38_a_sealed_value_opens_nowhere_else() {
        check_moved(SealContext {
            table: "ca",
            ..CONTEXT
        });
        check_moved(SealContext {
            column: "old_mac_key",
            ..CONTEXT
        });
        check_moved(SealContext {
            row: "other",
            ..CONTEXT
        });
        check_moved(SealContext {
            tenant: "ten_2",
            ..CONTEXT
        });
        check_moved(SealContext {
            row: "kidten_",
            tenant: "1",
            ..CONTEXT
        });
    }

    #[test]
    fn s38_a_changed_value_does_not_open() {
        let sealer = sealer(vec![key(1, 7)]);
        let stored = sealer.seal(CONTEXT, b"secret", &random()).unwrap();
        for at in 0..stored.len() {
            let mut changed = stored.clone();
            changed[at] ^= 1;
            assert!(sealer.open(CONTEXT, &changed).is_err(), "byte {at}");
            assert!(sealer.open(CONTEXT, &stored[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn s38_the_newest_key_seals_and_all_open() {
        let before = sealer(vec![key(1, 7)]);
        let after = sealer(vec![key(1, 7), key(2, 8)]);
        let old = before.seal(CONTEXT, b"secret", &random()).unwrap();
        let new = after.seal(CONTEXT, b"secret", &random()).unwrap();
        assert_eq!(*after.open(CONTEXT, &old).unwrap(), b"secret");
        assert_eq!(*after.open(CONTEXT, &new).unwrap(), b"secret");
        assert_eq!(before.open(CONTEXT, &new), Err(SealError::KeyMissing(2)));
    }

    #[test]
    fn s40_what_is_stored_needs_the_key_file() {
        let stored = sealer(vec![key(1, 7)])
            .seal(CONTEXT, b"secret", &random())
            .unwrap();
        assert!(!stored.windows(6).any(|part| part == b"secret"));
        assert_eq!(
            sealer(vec![key(1, 9)]).open(CONTEXT, &stored),
            Err(SealError::Forged)
        );
    }

    #[test]
    fn derived_keys_differ_by_purpose_and_are_not_the_key() {
        let sealer = sealer(vec![key(1, 7)]);
        assert_eq!(sealer.derive("nonce"), sealer.derive("nonce"));
        assert_ne!(sealer.derive("nonce"), sealer.derive("session"));
        assert_ne!(*sealer.derive(""), [7; 32]);
    }
}
