//! What a browser is sent to a provider with, and with what the code that it brings back is redeemed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{ClientAuthentication, ClientId, ClientSecret, ProviderMetadata};
use crate::token::{Token, sha256};

/// What need not be escaped anywhere (RFC 3986 §2.3).
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// What proves that whoever redeems a code is who asked for it (RFC 7636). Without the code it is worth nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct PkceVerifier(String);

impl PkceVerifier {
    /// A fresh one.
    pub fn generate(random: &dyn base::Random) -> Self {
        Self(Token::generate(random).reveal())
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Token::parse(text).map(|token| Self(token.reveal()))
    }

    /// As it is stored, and sent with the code.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is said of it before.
    fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(sha256(self.0.as_bytes()))
    }
}

impl fmt::Debug for PkceVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PkceVerifier(hidden)")
    }
}

/// What a browser is sent with.
#[derive(Clone, Copy, Debug)]
pub struct AuthorizationRequest<'a> {
    /// As whom.
    pub client: &'a ClientId,
    /// Where it is to come back to.
    pub redirect_uri: &'a str,
    /// What it brings back.
    pub state: &'a Token,
    /// What stands in the token.
    pub nonce: &'a Token,
    /// For the code.
    pub verifier: &'a PkceVerifier,
    /// Whether the provider is to ask the person again, though they are signed in there.
    pub asks_again: bool,
}

impl AuthorizationRequest<'_> {
    /// Where the browser goes.
    pub fn url(&self, metadata: &ProviderMetadata) -> String {
        let endpoint = &metadata.authorization_endpoint;
        let (state, nonce) = (self.state.reveal(), self.nonce.reveal());
        let challenge = self.verifier.challenge();
        let mut fields = vec![
            ("response_type", "code"),
            ("scope", "openid"),
            ("client_id", self.client.as_str()),
            ("redirect_uri", self.redirect_uri),
            ("state", &state),
            ("nonce", &nonce),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ];
        if self.asks_again {
            fields.push(("prompt", "login"));
        }
        let joint = if endpoint.contains('?') { '&' } else { '?' };
        format!("{endpoint}{joint}{}", form(&fields))
    }
}

/// How a code is redeemed.
#[derive(Clone, Debug)]
pub struct CodeExchange<'a> {
    /// What the browser brought.
    pub code: &'a str,
    /// As whom.
    pub client: &'a ClientId,
    /// What proves that.
    pub secret: &'a ClientSecret,
    /// Where the browser came back to.
    pub redirect_uri: &'a str,
    /// For the code.
    pub verifier: &'a PkceVerifier,
}

impl CodeExchange<'_> {
    /// The form, and the header `Authorization` where that is how the provider is told who asks.
    pub fn form(&self, authentication: ClientAuthentication) -> (String, Option<String>) {
        let (id, secret) = (self.client.as_str(), self.secret.reveal());
        let mut fields = vec![
            ("grant_type", "authorization_code"),
            ("code", self.code),
            ("redirect_uri", self.redirect_uri),
            ("code_verifier", self.verifier.as_str()),
        ];
        match authentication {
            ClientAuthentication::Basic => {
                let pair = format!("{}:{}", escaped(id), escaped(secret));
                let header = format!("Basic {}", STANDARD.encode(pair));
                (form(&fields), Some(header))
            }
            ClientAuthentication::Post => {
                fields.extend([("client_id", id), ("client_secret", secret)]);
                (form(&fields), None)
            }
        }
    }
}

fn form(fields: &[(&str, &str)]) -> String {
    let pairs = fields
        .iter()
        .map(|(name, value)| format!("{name}={}", escaped(value)));
    pairs.collect::<Vec<_>>().join("&")
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, ESCAPED).to_string()
}
