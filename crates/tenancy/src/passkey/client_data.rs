//! What the browser says of the page that asked (Web Authentication §5.8.1); the authenticator signs its digest.

use std::borrow::Cow;

use serde::Deserialize;

use super::{PasskeyError, RelyingParty};
use crate::token::Token;

/// The longest that is read, in octets; usual ones have about two hundred.
const LONGEST: usize = 2048;

/// What a page asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Ceremony {
    /// A new passkey (§7.1).
    Create,
    /// A proof by one (§7.2).
    Get,
}

/// As it is written.
#[derive(Deserialize)]
struct Written<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    challenge: Cow<'a, str>,
    #[serde(borrow)]
    origin: Cow<'a, str>,
    #[serde(rename = "crossOrigin", default)]
    is_cross_origin: bool,
}

pub(super) struct ClientData<'a> {
    kind: Cow<'a, str>,
    /// The challenge that it claims to answer; each of ours is a token.
    pub(super) challenge: Token,
    origin: Cow<'a, str>,
    is_cross_origin: bool,
}

impl<'a> ClientData<'a> {
    pub(super) fn parse(json: &'a [u8]) -> Result<Self, PasskeyError> {
        if json.len() > LONGEST {
            return Err(PasskeyError::Malformed);
        }
        let written: Written<'a> =
            serde_json::from_slice(json).map_err(|_| PasskeyError::Malformed)?;
        Ok(Self {
            kind: written.kind,
            challenge: Token::parse(&written.challenge).ok_or(PasskeyError::Malformed)?,
            origin: written.origin,
            is_cross_origin: written.is_cross_origin,
        })
    }

    /// That it was a page of the portal, in no frame of another, that asked for this.
    pub(super) fn check(
        &self,
        ceremony: Ceremony,
        party: &RelyingParty,
    ) -> Result<(), PasskeyError> {
        let kind = match ceremony {
            Ceremony::Create => "webauthn.create",
            Ceremony::Get => "webauthn.get",
        };
        if self.kind != kind {
            return Err(PasskeyError::Malformed);
        }
        if self.origin != party.origin() || self.is_cross_origin {
            return Err(PasskeyError::Origin);
        }
        Ok(())
    }
}
