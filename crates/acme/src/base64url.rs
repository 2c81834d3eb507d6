//! Base64url without padding (RFC 4648 §5), the only encoding of bytes in ACME (RFC 8555 §6.1).
//!
//! Padded and standard base64 are refused with an error that says so, because some clients send
//! them and their authors must learn why it fails.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// Why a text is not unpadded base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Base64Error {
    /// A character outside the alphabet of RFC 4648 §5.
    #[error("is not base64url: use A-Z, a-z, 0-9, \"-\" and \"_\" only (RFC 8555 section 6.1)")]
    Alphabet,
    /// A length that no encoder produces, or bits after the last byte that are not zero.
    #[error("is not canonical base64url: it is cut short or has stray bits at its end")]
    NotCanonical,
    /// `=` at the end.
    #[error("is padded with \"=\": send base64url without padding (RFC 8555 section 6.1)")]
    Padded,
}

/// Encodes without padding.
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Decodes, strictly.
pub fn decode(text: &str) -> Result<Vec<u8>, Base64Error> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| reason(text))
}

/// Whether every character belongs to the alphabet.
pub(crate) fn is_alphabet(text: &str) -> bool {
    text.bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Decodes into a buffer of exactly the right size; `None` when the text is anything else.
pub(crate) fn decode_exact<const N: usize>(text: &str) -> Option<[u8; N]> {
    let mut bytes = [0_u8; N];
    let written = URL_SAFE_NO_PAD.decode_slice(text, &mut bytes).ok()?;
    (written == N).then_some(bytes)
}

fn reason(text: &str) -> Base64Error {
    if is_alphabet(text.trim_end_matches('=')) {
        if text.ends_with('=') {
            return Base64Error::Padded;
        }
        return Base64Error::NotCanonical;
    }
    Base64Error::Alphabet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Result<&[u8], Base64Error>) {
        assert_eq!(decode(text).as_deref().map_err(|error| *error), expected);
    }

    #[test]
    fn only_canonical_unpadded_text_is_read() {
        check("", Ok(b""));
        check("_-8", Ok(&[0xff, 0xef]));
        check("_-8=", Err(Base64Error::Padded));
        check("/+8", Err(Base64Error::Alphabet));
        check("YQ\n", Err(Base64Error::Alphabet));
        check("YR", Err(Base64Error::NotCanonical));
        check("YWJjZ", Err(Base64Error::NotCanonical));
    }

    #[test]
    fn exact_sizes_are_exact() {
        assert_eq!(decode_exact::<2>("_-8"), Some([0xff, 0xef]));
        assert_eq!(decode_exact::<3>("_-8"), None);
        assert_eq!(decode_exact::<1>("_-8"), None);
    }
}
