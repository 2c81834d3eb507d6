//! The keys that Debian's OpenSSL made between 2006 and 2008 (CVE-2008-0166).
//!
//! The list is data that the operator provides, in the format of Debian's `openssl-blacklist` package: a line holds
//! the last 20 hexadecimal digits of SHA-1 over `Modulus=`, the modulus in upper-case hexadecimal and a line feed.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};

/// Fingerprints of weak moduli; cheap to clone.
#[derive(Clone, Default)]
pub struct DebianWeakKeys(Arc<HashSet<[u8; 10]>>);

/// A line of the list cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("line {line} of the list of weak keys is not 20 hexadecimal digits")]
pub struct ListError {
    /// Counted from one.
    pub line: usize,
}

impl DebianWeakKeys {
    /// Reads a list; empty lines and those that start with `#` are comments.
    pub fn parse(text: &str) -> Result<Self, ListError> {
        text.lines()
            .enumerate()
            .filter(|(_, line)| !line.is_empty() && !line.starts_with('#'))
            .map(|(index, line)| fingerprint_from_hex(line).ok_or(ListError { line: index + 1 }))
            .collect::<Result<HashSet<_>, _>>()
            .map(|set| Self(Arc::new(set)))
    }

    /// Both lists.
    #[must_use]
    pub fn with(mut self, other: &Self) -> Self {
        Arc::make_mut(&mut self.0).extend(other.0.iter());
        self
    }

    /// How many keys are listed.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the key with this modulus, big-endian, is on the list.
    pub(crate) fn contains(&self, modulus: &[u8]) -> bool {
        self.0.contains(&fingerprint(modulus))
    }
}

impl fmt::Debug for DebianWeakKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DebianWeakKeys({})", self.0.len())
    }
}

fn fingerprint_from_hex(line: &str) -> Option<[u8; 10]> {
    let is_hex = line.len() == 20 && line.bytes().all(|byte| byte.is_ascii_hexdigit());
    let value = u128::from_str_radix(line, 16).ok().filter(|_| is_hex)?;
    value.to_be_bytes().get(6..)?.try_into().ok()
}

fn fingerprint(modulus: &[u8]) -> [u8; 10] {
    let text = crate::serial::hex(modulus).to_uppercase();
    let line = format!("Modulus={text}\n");
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, line.as_bytes());
    let mut last = [0_u8; 10];
    for (place, byte) in last.iter_mut().zip(hash.as_ref().iter().skip(10)) {
        *place = *byte;
    }
    last
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listed_modulus_is_found() {
        // printf 'Modulus=C0FFEE\n' | sha1sum
        let list = DebianWeakKeys::parse("# weak\n\n6149ed99475722f13e18\n").unwrap();
        assert!(list.contains(&[0xc0, 0xff, 0xee]));
        assert!(!list.contains(&[0xc0, 0xff, 0xef]));
        assert_eq!(format!("{list:?}"), "DebianWeakKeys(1)");
    }

    #[test]
    fn a_broken_line_is_named() {
        assert_eq!(
            DebianWeakKeys::parse("#\n+7bb6aa0bc0ea9d4d2e5").unwrap_err(),
            ListError { line: 2 }
        );
    }
}
