//! What a provider says of somebody (OpenID Connect Core §2), and all that has to be right before it is believed (§3.1.3.7).

use base::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::{ClientId, Identity, Issuer, SigningKeys, TokenAlgorithm};
use crate::token::{Token, TokenDigest};

/// The longest token that is read, in octets.
const LONGEST: usize = 16 * 1024;
/// How far the provider's clock may be from ours, in seconds.
const LEEWAY: i64 = 60;

/// Why a token is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdTokenError {
    /// Signed in a way that is not believed, or not at all.
    #[error("it is not signed in a way that is believed")]
    Algorithm,
    /// For somebody else, or for others too.
    #[error("it is not for this portal alone")]
    Audience,
    /// Its time is over.
    #[error("it has expired")]
    Expired,
    /// Made before it was asked for, or in the time to come.
    #[error("it was not made now")]
    IssuedAt,
    /// Another provider's.
    #[error("it is of another issuer")]
    Issuer,
    /// Not a token.
    #[error("it cannot be read")]
    Malformed,
    /// Made for another question.
    #[error("it answers another question")]
    Nonce,
    /// Not signed by who should have.
    #[error("its signature is wrong")]
    Signature,
    /// It calls somebody what nobody may be called.
    #[error("it names nobody")]
    Subject,
    /// No key of the provider is the one that it names.
    #[error("it is signed with a key that the provider does not show")]
    UnknownKey,
}

/// What a token has to say.
#[derive(Clone, Copy, Debug)]
pub struct ExpectedToken<'a> {
    /// Whose it has to be.
    pub issuer: &'a Issuer,
    /// For whom.
    pub client: &'a ClientId,
    /// For which question.
    pub nonce: &'a TokenDigest,
    /// When that was asked.
    pub asked_at: Timestamp,
    /// What time it is.
    pub now: Timestamp,
}

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: Option<String>,
    typ: Option<String>,
    /// What has to be understood; nothing is.
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    azp: Option<String>,
    exp: i64,
    iat: i64,
    nbf: Option<i64>,
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Several(Vec<String>),
}

/// Who the token is about, if all of it is right.
pub fn check_id_token(
    token: &str,
    keys: &SigningKeys,
    expected: ExpectedToken<'_>,
) -> Result<Identity, IdTokenError> {
    if token.len() > LONGEST {
        return Err(IdTokenError::Malformed);
    }
    let (message, signature) = token.rsplit_once('.').ok_or(IdTokenError::Malformed)?;
    let (header, claims) = message.split_once('.').ok_or(IdTokenError::Malformed)?;
    let header: Header = read(header)?;
    let algorithm = TokenAlgorithm::parse(&header.alg).ok_or(IdTokenError::Algorithm)?;
    let is_other = |typ: &String| !typ.eq_ignore_ascii_case("JWT");
    if header.crit.is_some() || header.typ.as_ref().is_some_and(is_other) {
        return Err(IdTokenError::Malformed);
    }
    let signature = decode(signature)?;
    let named = (algorithm, header.kid.as_deref());
    let is_signed = keys.verify(named, message.as_bytes(), &signature);
    if !is_signed.ok_or(IdTokenError::UnknownKey)? {
        return Err(IdTokenError::Signature);
    }
    let claims: Claims = read(claims)?;
    claims.check(expected)?;
    Identity::new(expected.issuer, &claims.sub).ok_or(IdTokenError::Subject)
}

fn decode(text: &str) -> Result<Vec<u8>, IdTokenError> {
    let decoded = URL_SAFE_NO_PAD.decode(text);
    decoded.map_err(|_| IdTokenError::Malformed)
}

fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, IdTokenError> {
    let read = serde_json::from_slice(&decode(text)?);
    read.map_err(|_| IdTokenError::Malformed)
}

impl Claims {
    fn check(&self, expected: ExpectedToken<'_>) -> Result<(), IdTokenError> {
        if self.iss != expected.issuer.as_str() {
            return Err(IdTokenError::Issuer);
        }
        if !self.is_for(expected.client.as_str()) {
            return Err(IdTokenError::Audience);
        }
        let now = expected.now.as_seconds();
        if self.exp <= now.saturating_sub(LEEWAY) {
            return Err(IdTokenError::Expired);
        }
        let latest = now.saturating_add(LEEWAY);
        let earliest = expected.asked_at.as_seconds().saturating_sub(LEEWAY);
        let is_early = self.nbf.is_some_and(|nbf| nbf > latest);
        if self.iat > latest || self.iat < earliest || is_early {
            return Err(IdTokenError::IssuedAt);
        }
        let nonce = self.nonce.as_deref().and_then(Token::parse);
        if nonce.is_none_or(|nonce| nonce.digest() != *expected.nonce) {
            return Err(IdTokenError::Nonce);
        }
        Ok(())
    }

    /// For one who is alone; of several, the one who asked has to be named.
    fn is_for(&self, client: &str) -> bool {
        let is_azp = self.azp.as_deref().is_none_or(|azp| azp == client);
        is_azp
            && match &self.aud {
                Audience::One(aud) => aud == client,
                Audience::Several(all) if all.len() == 1 => all.iter().all(|aud| aud == client),
                Audience::Several(all) => self.azp.is_some() && all.iter().any(|aud| aud == client),
            }
    }
}
