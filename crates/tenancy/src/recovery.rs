//! Codes for whoever has lost the device that shows one-time codes (feature F-016; security S-15). Each works once; ten are
//! made at a time, shown once, and void those before. Only their digests are kept.

use std::fmt;

use base::Random;

use crate::token::{TokenDigest, sha256};

/// How many are made at a time.
pub const CODES: usize = 10;
/// How many letters of 5 bits a code has: 120 bits (S-15 asks for 112).
const LETTERS: usize = 24;
/// No letter that is easily taken for another (as in the identifiers, Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// A code. Never printed by accident, never stored.
#[derive(Clone)]
pub struct RecoveryCode(String);

impl RecoveryCode {
    /// A fresh code.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0_u8; LETTERS];
        random.fill(&mut bytes);
        let letter = |byte: &u8| {
            let letter = ALPHABET.get(usize::from(byte & 31));
            char::from(letter.copied().unwrap_or(b'0'))
        };
        Self(bytes.iter().map(letter).collect())
    }

    /// Ten of them.
    pub fn generate_all(random: &dyn Random) -> Vec<Self> {
        (0..CODES).map(|_| Self::generate(random)).collect()
    }

    /// Reads what a person typed, in capitals or with other signs between the letters; `None` when it cannot be one.
    pub fn parse(typed: &str) -> Option<Self> {
        let letters: Option<String> = typed
            .chars()
            .filter(|letter| !matches!(letter, ' ' | '-'))
            .map(known)
            .collect();
        letters.filter(|letters| letters.len() == LETTERS).map(Self)
    }

    /// The text for its owner: groups of four.
    pub fn reveal(&self) -> String {
        let groups = self.0.as_bytes().chunks(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join("-")
    }

    /// What is stored in its place.
    pub fn digest(&self) -> Option<TokenDigest> {
        TokenDigest::from_bytes(&sha256(self.0.as_bytes()))
    }
}

/// The letter that was meant.
fn known(typed: char) -> Option<char> {
    let letter = match typed.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    };
    let is_known = letter.is_ascii() && ALPHABET.iter().any(|known| char::from(*known) == letter);
    is_known.then_some(letter)
}

impl fmt::Debug for RecoveryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RecoveryCode(hidden)")
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU8, Ordering};

    use proptest::prelude::*;

    use super::*;

    struct Counting(AtomicU8);
    impl Random for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(7, Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn s15_ten_codes_of_120_bits_are_made() {
        let codes = RecoveryCode::generate_all(&Counting(AtomicU8::new(1)));
        assert_eq!(codes.len(), 10);
        for code in &codes {
            assert_eq!(code.0.len() * 5, 120);
            assert_eq!(code.reveal().len(), 29);
            assert_eq!(format!("{code:?}"), "RecoveryCode(hidden)");
        }
    }

    #[test]
    fn a_code_is_read_as_people_type_it() {
        let code = RecoveryCode::generate(&Counting(AtomicU8::new(3)));
        let shown = code.reveal();
        for typed in [
            shown.clone(),
            shown.to_uppercase(),
            shown.replace('-', " "),
            shown.replace('-', "").replace('0', "O").replace('1', "l"),
        ] {
            let read = RecoveryCode::parse(&typed).unwrap();
            assert_eq!(read.digest(), code.digest(), "{typed}");
        }
        for wrong in [
            "",
            "4f7k-9qzt-m2xw",
            &format!("{shown}0"),
            &shown.replace('-', "u"),
        ] {
            assert!(RecoveryCode::parse(wrong).is_none(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_answered(typed in "\\PC{0,60}") {
            if let Some(code) = RecoveryCode::parse(&typed) {
                prop_assert_eq!(code.0.len(), LETTERS);
            }
        }
    }
}
