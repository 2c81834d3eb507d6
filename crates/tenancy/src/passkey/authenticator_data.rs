//! What an authenticator says of itself (Web Authentication §6.1): for whom it signs, whom it saw, how often it was used and,
//! in a registration, its new key.

use minicbor::Decoder;

use super::{CredentialId, PasskeyError, PasskeyKey, RelyingParty};

/// The longest that is read, in octets: an id, an RSA key, and room for extensions.
const LONGEST: usize = 4096;

const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
const HAS_CREDENTIAL: u8 = 0x40;
const HAS_EXTENSIONS: u8 = 0x80;

pub(super) struct AuthenticatorData {
    party: [u8; 32],
    flags: u8,
    pub(super) counter: u32,
    pub(super) credential: Option<(CredentialId, PasskeyKey)>,
}

impl AuthenticatorData {
    /// Reads all of it: whatever stands behind it makes it unreadable.
    pub(super) fn parse(bytes: &[u8]) -> Result<Self, PasskeyError> {
        if bytes.len() > LONGEST {
            return Err(PasskeyError::Malformed);
        }
        let (party, rest) = take::<32>(bytes)?;
        let ([flags], rest) = take::<1>(rest)?;
        let (counter, mut rest) = take::<4>(rest)?;
        let mut credential = None;
        if flags & HAS_CREDENTIAL != 0 {
            let (found, behind) = read_credential(rest)?;
            credential = Some(found);
            rest = behind;
        }
        if flags & HAS_EXTENSIONS != 0 {
            let mut decoder = Decoder::new(rest);
            decoder.map().map_err(|_| PasskeyError::Malformed)?;
            decoder.set_position(0);
            decoder.skip().map_err(|_| PasskeyError::Malformed)?;
            rest = rest.get(decoder.position()..).unwrap_or_default();
        }
        if !rest.is_empty() {
            return Err(PasskeyError::Malformed);
        }
        Ok(Self {
            party,
            flags,
            counter: u32::from_be_bytes(counter),
            credential,
        })
    }

    /// That it is for the portal, and that the authenticator has checked who uses it.
    pub(super) fn check(&self, party: &RelyingParty) -> Result<(), PasskeyError> {
        if self.party != party.id_hash() {
            return Err(PasskeyError::RelyingParty);
        }
        if !self.has(USER_PRESENT) || !self.has(USER_VERIFIED) {
            return Err(PasskeyError::Unverified);
        }
        // What cannot be backed up is not backed up (§6.1.3).
        if self.has(BACKED_UP) && !self.has(BACKUP_ELIGIBLE) {
            return Err(PasskeyError::Malformed);
        }
        Ok(())
    }

    pub(super) fn is_backup_eligible(&self) -> bool {
        self.has(BACKUP_ELIGIBLE)
    }

    fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// The new key with its id, and what stands behind it (§6.5.1). Which model made it is not looked at.
fn read_credential(bytes: &[u8]) -> Result<((CredentialId, PasskeyKey), &[u8]), PasskeyError> {
    let (_model, rest) = take::<16>(bytes)?;
    let (length, rest) = take::<2>(rest)?;
    let length = usize::from(u16::from_be_bytes(length));
    let (id, rest) = rest
        .split_at_checked(length)
        .ok_or(PasskeyError::Malformed)?;
    let id = CredentialId::new(id).ok_or(PasskeyError::Malformed)?;
    let (key, rest) = PasskeyKey::read_first(rest)?;
    Ok(((id, key), rest))
}

fn take<const N: usize>(bytes: &[u8]) -> Result<([u8; N], &[u8]), PasskeyError> {
    let (taken, rest) = bytes
        .split_first_chunk::<N>()
        .ok_or(PasskeyError::Malformed)?;
    Ok((*taken, rest))
}
