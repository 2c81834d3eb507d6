//! Unguessable values that stand for a session or an invitation (security S-19, S-06).
//!
//! The holder has the token, the server keeps only its digest: who reads the database cannot act
//! for anybody. 256 random bits need no salt and no slow hash.

use std::fmt;

use aws_lc_rs::digest;
use base::Random;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// 256 random bits. Never printed by accident, never stored.
#[derive(Clone)]
pub struct Token([u8; 32]);

/// The SHA-256 of a token: what is stored and looked up.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenDigest([u8; 32]);

impl Token {
    /// A fresh token.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = [0_u8; 32];
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// Reads what [`reveal`](Self::reveal) wrote; `None` when it cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok().map(Self)
    }

    /// The text for the holder: 43 characters of base64url.
    pub fn reveal(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// What is stored in its place.
    pub fn digest(&self) -> TokenDigest {
        TokenDigest(sha256(&self.0))
    }

    pub(crate) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(hidden)")
    }
}

impl TokenDigest {
    /// From stored bytes; `None` when they are not 32.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// The bytes as text: base64url.
    pub fn to_text(self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }

    /// The bytes to store.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for TokenDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenDigest({})", URL_SAFE_NO_PAD.encode(self.0))
    }
}

/// The digest of some octets (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut output = [0_u8; 32];
    for (place, byte) in output
        .iter_mut()
        .zip(digest::digest(&digest::SHA256, bytes).as_ref())
    {
        *place = *byte;
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(0xab);
        }
    }

    #[test]
    fn s19_tokens_round_trip_and_are_found_by_digest() {
        let token = Token::generate(&Fixed);
        let text = token.reveal();
        assert_eq!(text.len(), 43);
        let again = Token::parse(&text).unwrap();
        assert_eq!(again.digest(), token.digest());
        assert_eq!(
            TokenDigest::from_bytes(token.digest().as_bytes()),
            Some(token.digest())
        );
        assert_ne!(token.digest().as_bytes(), token.as_bytes());
    }

    #[test]
    fn what_cannot_be_a_token_is_none() {
        let text = Token::generate(&Fixed).reveal();
        for wrong in [
            "",
            "abc",
            &format!("{text}="),
            text.trim_start_matches('q'),
            "q6ur q6ur",
        ] {
            assert!(Token::parse(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn s41_debug_output_hides_the_token() {
        assert_eq!(format!("{:?}", Token::generate(&Fixed)), "Token(hidden)");
    }

    #[test]
    fn the_digest_is_sha256() {
        // FIPS 180-2, appendix B.1.
        assert_eq!(sha256(b"abc")[..4], [0xba, 0x78, 0x16, 0xbf]);
    }
}
