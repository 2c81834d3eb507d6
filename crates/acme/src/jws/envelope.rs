//! The shape that every JWS of RFC 8555 has, before anything is decided about its algorithm or key:
//! flattened JSON, one protected header, canonical base64url, no name twice.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error as _, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::JwsError;
use crate::base64url;
use crate::jwk::Jwk;

/// A decoded JWS whose signature nobody has looked at; `A` is the kind of algorithms that may protect it.
#[derive(Debug)]
pub(crate) struct Envelope<A> {
    pub(crate) algorithm: A,
    pub(crate) jwk: Option<Jwk>,
    pub(crate) kid: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) payload: Vec<u8>,
    pub(crate) signature: Vec<u8>,
    /// What was signed: `protected "." payload` as sent (RFC 7515 §5.1).
    pub(crate) signing_input: Vec<u8>,
    pub(crate) url: String,
}

impl<A> Envelope<A> {
    /// The algorithm is judged before the key: clients learn from it alone which keys to use instead (RFC 8555 §6.2).
    pub(crate) fn parse(
        json: &[u8],
        algorithm: impl Fn(&str) -> Option<A>,
    ) -> Result<Self, JwsError> {
        let outer: Flattened<'_> = serde_json::from_slice(json).map_err(JwsError::Json)?;
        if outer.has_unprotected_header {
            return Err(JwsError::UnprotectedHeader);
        }
        if outer.has_signatures {
            return Err(JwsError::SeveralSignatures);
        }
        let protected = outer.protected.ok_or(JwsError::Missing("protected"))?;
        let payload = outer.payload.ok_or(JwsError::Missing("payload"))?;
        let signature = outer.signature.ok_or(JwsError::Missing("signature"))?;
        let header_json = decode("protected", &protected.0)?;
        let header: Header<'_> =
            serde_json::from_slice(&header_json).map_err(JwsError::HeaderJson)?;
        if header.has_crit {
            return Err(JwsError::Extension("crit"));
        }
        if header.has_b64 {
            return Err(JwsError::Extension("b64"));
        }
        let named = header.alg.ok_or(JwsError::Missing("alg"))?.0;
        let algorithm = algorithm(&named).ok_or_else(|| JwsError::Algorithm(named.into_owned()))?;
        Ok(Self {
            algorithm,
            jwk: header.jwk.map(|raw| Jwk::parse(raw.get())).transpose()?,
            kid: header.kid.map(|kid| kid.0.into_owned()),
            nonce: header.nonce.map(|nonce| nonce.0.into_owned()),
            payload: decode("payload", &payload.0)?,
            signature: decode("signature", &signature.0)?,
            signing_input: join(&protected.0, &payload.0),
            url: header.url.ok_or(JwsError::Missing("url"))?.0.into_owned(),
        })
    }
}

fn decode(member: &'static str, text: &str) -> Result<Vec<u8>, JwsError> {
    base64url::decode(text).map_err(|reason| JwsError::Encoding { member, reason })
}

fn join(protected: &str, payload: &str) -> Vec<u8> {
    let mut signed = Vec::with_capacity(protected.len() + 1 + payload.len());
    signed.extend_from_slice(protected.as_bytes());
    signed.push(b'.');
    signed.extend_from_slice(payload.as_bytes());
    signed
}

/// A string that is borrowed unless it holds escapes.
#[derive(Deserialize)]
#[serde(transparent)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

#[derive(Default)]
struct Flattened<'a> {
    has_signatures: bool,
    has_unprotected_header: bool,
    payload: Option<Text<'a>>,
    protected: Option<Text<'a>>,
    signature: Option<Text<'a>>,
}

#[derive(Default)]
struct Header<'a> {
    alg: Option<Text<'a>>,
    has_b64: bool,
    has_crit: bool,
    jwk: Option<&'a RawValue>,
    kid: Option<Text<'a>>,
    nonce: Option<Text<'a>>,
    url: Option<Text<'a>>,
}

/// Puts one member where it belongs; `false` when the object has no such member.
trait Members<'de>: Default {
    fn read<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error>;
}

impl<'de> Members<'de> for Flattened<'de> {
    fn read<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "payload" => once(&mut self.payload, "payload", map)?,
            "protected" => once(&mut self.protected, "protected", map)?,
            "signature" => once(&mut self.signature, "signature", map)?,
            "header" => self.has_unprotected_header = present(map)?,
            "signatures" => self.has_signatures = present(map)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

impl<'de> Members<'de> for Header<'de> {
    fn read<A: MapAccess<'de>>(&mut self, name: &str, map: &mut A) -> Result<bool, A::Error> {
        match name {
            "alg" => once(&mut self.alg, "alg", map)?,
            "jwk" => once(&mut self.jwk, "jwk", map)?,
            "kid" => once(&mut self.kid, "kid", map)?,
            "nonce" => once(&mut self.nonce, "nonce", map)?,
            "url" => once(&mut self.url, "url", map)?,
            "crit" => self.has_crit = present(map)?,
            "b64" => self.has_b64 = present(map)?,
            _ => return Ok(false),
        }
        Ok(true)
    }
}

fn once<'de, A: MapAccess<'de>, T: Deserialize<'de>>(
    slot: &mut Option<T>,
    name: &'static str,
    map: &mut A,
) -> Result<(), A::Error> {
    if slot.is_some() {
        return Err(A::Error::duplicate_field(name));
    }
    *slot = Some(map.next_value()?);
    Ok(())
}

fn present<'de, A: MapAccess<'de>>(map: &mut A) -> Result<bool, A::Error> {
    map.next_value::<IgnoredAny>().map(|_| true)
}

/// Reads an object in which no name occurs twice, not even one that means nothing to us
/// (RFC 7515 §4: a parser that took the other one would see another message).
struct Strict<M>(std::marker::PhantomData<M>);

impl<'de, M: Members<'de>> Visitor<'de> for Strict<M> {
    type Value = M;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<M, A::Error> {
        let mut members = M::default();
        let mut unknown: Vec<Cow<'de, str>> = Vec::new();
        while let Some(Text(name)) = map.next_key()? {
            if members.read(&name, &mut map)? {
                continue;
            }
            if unknown.contains(&name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            if unknown.len() == MAX_UNKNOWN {
                return Err(A::Error::custom("too many unknown members"));
            }
            unknown.push(name);
            map.next_value::<IgnoredAny>()?;
        }
        Ok(members)
    }
}

impl<'de> Deserialize<'de> for Flattened<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Strict::<Self>(std::marker::PhantomData))
    }
}

impl<'de> Deserialize<'de> for Header<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Strict::<Self>(std::marker::PhantomData))
    }
}

/// Comparing names is quadratic, so their number is bounded.
const MAX_UNKNOWN: usize = 16;
