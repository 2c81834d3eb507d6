//! The two answers of a browser: a new passkey (Web Authentication §7.1), and a proof by one that is known (§7.2).

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use minicbor::Decoder;

use super::authenticator_data::AuthenticatorData;
use super::client_data::{Ceremony, ClientData};
use super::{CredentialId, Passkey, PasskeyError, ProvenKey, RelyingParty, UserHandle};
use crate::token::{Token, sha256};

/// The longest attestation object that is read, in octets: some browsers leave in what nobody asked for.
const LONGEST_ATTESTATION: usize = 16 * 1024;

/// A browser's answer with a new passkey.
#[derive(Clone, Debug)]
pub struct Registration {
    client_data: Vec<u8>,
    attestation: Vec<u8>,
}

/// A browser's answer with a proof.
#[derive(Clone, Debug)]
pub struct Assertion {
    /// Of which passkey it says to be.
    pub id: CredentialId,
    /// Whom the authenticator says that it is of; not all say it where a page named the passkeys.
    pub handle: Option<UserHandle>,
    client_data: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
}

impl Registration {
    /// Reads the fields of a form: base64url of what the browser gave.
    pub fn decode(client_data: &str, attestation: &str) -> Result<Self, PasskeyError> {
        Ok(Self {
            client_data: octets(client_data)?,
            attestation: octets(attestation)?,
        })
    }

    /// The challenge that it claims to answer.
    pub fn challenge(&self) -> Result<Token, PasskeyError> {
        Ok(ClientData::parse(&self.client_data)?.challenge)
    }

    /// The new key, if a page of the portal asked for it. Nothing signs a registration: what it says is as good as the
    /// session that brings it.
    pub fn verify(&self, party: &RelyingParty) -> Result<(CredentialId, ProvenKey), PasskeyError> {
        ClientData::parse(&self.client_data)?.check(Ceremony::Create, party)?;
        let data = AuthenticatorData::parse(authenticator_data(&self.attestation)?)?;
        data.check(party)?;
        let (counter, is_backup_eligible) = (data.counter, data.is_backup_eligible());
        let (id, key) = data.credential.ok_or(PasskeyError::Malformed)?;
        let proven = ProvenKey {
            key,
            counter,
            is_backup_eligible,
        };
        Ok((id, proven))
    }
}

/// What the browser gave, of which all but the authenticator's data is passed over (§6.5).
fn authenticator_data(attestation: &[u8]) -> Result<&[u8], PasskeyError> {
    let unreadable = |_| PasskeyError::Malformed;
    if attestation.len() > LONGEST_ATTESTATION {
        return Err(PasskeyError::Malformed);
    }
    let mut decoder = Decoder::new(attestation);
    let count = decoder.map().map_err(unreadable)?;
    let mut found = None;
    for _ in 0..count.ok_or(PasskeyError::Malformed)? {
        if decoder.str().map_err(unreadable)? == "authData" {
            let data = decoder.bytes().map_err(unreadable)?;
            if found.replace(data).is_some() {
                return Err(PasskeyError::Malformed);
            }
        } else {
            decoder.skip().map_err(unreadable)?;
        }
    }
    if decoder.position() != attestation.len() {
        return Err(PasskeyError::Malformed);
    }
    found.ok_or(PasskeyError::Malformed)
}

/// The fields of a form with a proof: base64url of what the browser gave.
#[derive(Clone, Copy, Debug)]
pub struct AssertionFields<'a> {
    /// The id of the passkey.
    pub id: &'a str,
    /// What the browser says.
    pub client_data: &'a str,
    /// What the authenticator says.
    pub authenticator_data: &'a str,
    /// The signature over both.
    pub signature: &'a str,
    /// Whom it is of; empty when that was not told.
    pub handle: &'a str,
}

impl Assertion {
    /// Reads the fields of a form.
    pub fn decode(fields: AssertionFields<'_>) -> Result<Self, PasskeyError> {
        let handle = match fields.handle {
            "" => None,
            text => Some(UserHandle::parse(text).ok_or(PasskeyError::Foreign)?),
        };
        Ok(Self {
            id: CredentialId::parse(fields.id).ok_or(PasskeyError::Malformed)?,
            handle,
            client_data: octets(fields.client_data)?,
            authenticator_data: octets(fields.authenticator_data)?,
            signature: octets(fields.signature)?,
        })
    }

    /// The challenge that it claims to answer.
    pub fn challenge(&self) -> Result<Token, PasskeyError> {
        Ok(ClientData::parse(&self.client_data)?.challenge)
    }

    /// The counter from here on, if the passkey has signed this for a page of the portal and its user was verified.
    pub fn verify(&self, party: &RelyingParty, passkey: &Passkey) -> Result<u32, PasskeyError> {
        if self.id != passkey.id || self.handle.is_some_and(|handle| handle != passkey.handle) {
            return Err(PasskeyError::Foreign);
        }
        ClientData::parse(&self.client_data)?.check(Ceremony::Get, party)?;
        let data = AuthenticatorData::parse(&self.authenticator_data)?;
        data.check(party)?;
        let known = &passkey.proven;
        let digest = sha256(&self.client_data);
        let signed = [self.authenticator_data.as_slice(), &digest].concat();
        known.key.verify(&signed, &self.signature)?;
        if data.is_backup_eligible() != known.is_backup_eligible {
            return Err(PasskeyError::Malformed);
        }
        // Those that do not count say zero at all times (§6.1.1).
        let counts = data.counter > 0 || known.counter > 0;
        if counts && data.counter <= known.counter {
            return Err(PasskeyError::Counter);
        }
        Ok(data.counter)
    }
}

fn octets(text: &str) -> Result<Vec<u8>, PasskeyError> {
    URL_SAFE_NO_PAD
        .decode(text)
        .map_err(|_| PasskeyError::Malformed)
}
