//! Encrypts secrets before they are stored, under a key file that lies outside the database, so
//! that a copy of the database alone yields none of them.
//!
//! AES-256-GCM (NIST SP 800-38D). The associated data names table, column, row and tenant: a
//! sealed value that is moved to another place does not open. It does not hide how long a secret
//! is, nor that a row was put back to an older value.

mod key_file;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::hmac;
use base::Random;
use zeroize::Zeroizing;

pub use key_file::KeyFileError;

use key_file::Key;

/// Seals and opens with the keys of one key file. A key that was added to the file since is read when it is needed first.
pub struct Sealer {
    /// Where the keys are read again.
    path: Option<PathBuf>,
    ring: RwLock<Arc<Ring>>,
}

/// The keys of the file at some moment.
struct Ring {
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
        Self::of_file(path, key_file::load(path)?)
    }

    /// Reads the key file, or makes one with a fresh key for its owner's eyes only.
    pub fn load_or_create(path: &Path, random: &dyn Random) -> Result<Self, KeyFileError> {
        Self::of_file(path, key_file::load_or_create(path, random)?)
    }

    fn of_file(path: &Path, keys: Vec<Key>) -> Result<Self, KeyFileError> {
        Ok(Self {
            path: Some(path.to_owned()),
            ring: RwLock::new(Arc::new(Ring::new(keys)?)),
        })
    }

    /// Adds a key to the file, with which this process seals from now on; gives its number.
    pub fn add_key(&self, random: &dyn Random) -> Result<u32, KeyFileError> {
        let path = self.path.as_ref().ok_or(KeyFileError::Empty)?;
        let id = key_file::append(path, random)?;
        self.read_again()?;
        Ok(id)
    }

    /// The keys as they are now; no lock is held while they are used.
    fn ring(&self) -> Arc<Ring> {
        let ring = self.ring.read().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(&ring)
    }

    fn read_again(&self) -> Result<(), KeyFileError> {
        let Some(path) = &self.path else {
            return Ok(());
        };
        let ring = Arc::new(Ring::new(key_file::load(path)?)?);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// Seals a secret for one context, with the newest key.
    pub fn seal(
        &self,
        context: SealContext<'_>,
        secret: &[u8],
        random: &dyn Random,
    ) -> Result<Vec<u8>, SealError> {
        self.ring().seal(context, secret, random)
    }

    /// Opens what was sealed for this context, with whichever key sealed it.
    pub fn open(
        &self,
        context: SealContext<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        match self.ring().open(context, sealed) {
            // Another process may have added it. A file that cannot be read has no other key than before.
            Err(SealError::KeyMissing(id)) => match self.read_again() {
                Ok(()) => self.ring().open(context, sealed),
                Err(_) => Err(SealError::KeyMissing(id)),
            },
            opened => opened,
        }
    }

    /// The work of opening a secret of 32 octets where there is none; it always fails.
    pub fn open_nothing(&self, context: SealContext<'_>) {
        let ring = self.ring();
        let key = ring.newest.0.id.to_be_bytes();
        let parts: [&[u8]; 3] = [&[VERSION], &key, &[0; NONCE_LEN + 32 + TAG_LEN]];
        let _failed = ring.open(context, &parts.concat());
    }

    /// The same secret under the newest key; `None` when that has sealed it already.
    pub fn reseal(
        &self,
        context: SealContext<'_>,
        sealed: &[u8],
        random: &dyn Random,
    ) -> Result<Option<Vec<u8>>, SealError> {
        let secret = self.open(context, sealed)?;
        let ring = self.ring();
        if key_of(sealed)?.0 == ring.newest.0.id {
            return Ok(None);
        }
        ring.seal(context, &secret, random).map(Some)
    }

    /// A key for another purpose, such as nonces, that all nodes with this key file share. It
    /// changes when a new key is added to the file.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; 32]> {
        let ring = self.ring();
        let (key, _) = &ring.newest;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*key.bytes);
        let tag = hmac::sign(&key, format!("chancery derive {purpose}").as_bytes());
        let mut derived = Zeroizing::new([0_u8; 32]);
        for (to, from) in derived.iter_mut().zip(tag.as_ref()) {
            *to = *from;
        }
        derived
    }
}

impl Ring {
    /// The newest key is the last of the file.
    fn new(keys: Vec<Key>) -> Result<Self, KeyFileError> {
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

    fn seal(
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

    fn open(
        &self,
        context: SealContext<'_>,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (id, rest) = key_of(sealed)?;
        let (nonce, rest) = rest
            .split_first_chunk::<NONCE_LEN>()
            .ok_or(SealError::Unknown)?;
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
}

/// The number of the key that sealed a value, and what follows it.
fn key_of(sealed: &[u8]) -> Result<(u32, &[u8]), SealError> {
    let (version, rest) = sealed.split_first().ok_or(SealError::Unknown)?;
    let (id, rest) = rest.split_first_chunk::<4>().ok_or(SealError::Unknown)?;
    if *version != VERSION {
        return Err(SealError::Unknown);
    }
    Ok((u32::from_be_bytes(*id), rest))
}

/// Says which keys there are, never what they are.
impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ring = self.ring();
        let older = ring.older.iter().map(|(key, _)| key.id);
        f.debug_struct("Sealer")
            .field("newest", &ring.newest.0.id)
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
/// Of AES-256-GCM, in octets.
const TAG_LEN: usize = 16;

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
        Sealer {
            path: None,
            ring: RwLock::new(Arc::new(Ring::new(keys).unwrap())),
        }
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
    fn s39_a_key_that_another_process_adds_is_read_when_it_is_needed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sealing.key");
        let random = random();
        let serving = Sealer::load_or_create(&path, &random).unwrap();
        let old = serving.seal(CONTEXT, b"secret", &random).unwrap();
        let command = Sealer::load(&path).unwrap();
        assert_eq!(command.reseal(CONTEXT, &old, &random), Ok(None));
        assert_eq!(command.add_key(&random).unwrap(), 2);
        let new = command.reseal(CONTEXT, &old, &random).unwrap().unwrap();
        assert_eq!(command.reseal(CONTEXT, &new, &random), Ok(None));
        for sealed in [&old, &new] {
            assert_eq!(*serving.open(CONTEXT, sealed).unwrap(), b"secret");
        }
        // From then on it seals with the new one too.
        let sealed = serving.seal(CONTEXT, b"other", &random).unwrap();
        assert_eq!(key_of(&sealed).unwrap().0, 2);
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
