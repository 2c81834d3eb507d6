//! An authenticator in software with the browser before it, for tests: it answers as real ones do, and wrongly in each way
//! that a test asks for.
#![expect(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    reason = "helpers of a test fail as the test does"
)]

use aws_lc_rs::rand::{SecureRandom as _, SystemRandom};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::signed::AssertionFields;
use super::{Algorithm, Assertion, PasskeyError, Registration};
use crate::token::sha256;

enum Signer {
    Es256(EcdsaKeyPair),
    EdDsa(Ed25519KeyPair),
    Rs256(RsaKeyPair),
}

/// An authenticator with one key, and a browser at a page.
pub struct SoftAuthenticator {
    signer: Signer,
    /// What it calls its key.
    pub id: Vec<u8>,
    /// Whom it is of, as it was told at the registration: base64url.
    pub handle: String,
    /// How often it signed; it stays at zero if it begins there and `counts` is off.
    pub counter: u32,
    /// Whether it counts.
    pub counts: bool,
    /// Whether it checks who uses it.
    pub verifies: bool,
    /// Whether its key may be copied to other devices.
    pub is_backup_eligible: bool,
    /// The page that asks.
    pub origin: String,
    /// The relying party that it signs for.
    pub party: String,
}

/// A registration as the fields of a form.
#[derive(Clone, Debug)]
pub struct RegistrationForm {
    /// What the browser says.
    pub client_data: String,
    /// What the authenticator says.
    pub attestation: String,
}

/// A proof as the fields of a form.
#[derive(Clone, Debug)]
pub struct AssertionForm {
    /// Of which passkey.
    pub id: String,
    /// What the browser says.
    pub client_data: String,
    /// What the authenticator says.
    pub authenticator_data: String,
    /// The signature over both.
    pub signature: String,
    /// Whom it is of.
    pub handle: String,
}

impl SoftAuthenticator {
    /// A new one at a page of an origin.
    pub fn new(origin: &str) -> Self {
        Self::with(Algorithm::Es256, origin)
    }

    /// The same with a key of a kind.
    pub fn with(algorithm: Algorithm, origin: &str) -> Self {
        let signer = match algorithm {
            Algorithm::Es256 => {
                Signer::Es256(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING).unwrap())
            }
            Algorithm::EdDsa => Signer::EdDsa(Ed25519KeyPair::generate().unwrap()),
            Algorithm::Rs256 => Signer::Rs256(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()),
        };
        let mut id = vec![0; 32];
        SystemRandom::new().fill(&mut id).unwrap();
        let host = origin.split("://").nth(1).unwrap_or_default();
        Self {
            signer,
            id,
            handle: String::new(),
            counter: 0,
            counts: true,
            verifies: true,
            is_backup_eligible: false,
            origin: origin.to_owned(),
            party: host.split(':').next().unwrap_or_default().to_owned(),
        }
    }

    /// Makes its key known.
    pub fn register(&mut self, challenge: &str, handle: &str) -> RegistrationForm {
        handle.clone_into(&mut self.handle);
        let length = u16::try_from(self.id.len()).unwrap().to_be_bytes();
        let credential = [&[0; 16][..], &length, &self.id, &self.cose()].concat();
        let data = self.data(0x40, &credential);
        let length = u16::try_from(data.len()).unwrap().to_be_bytes();
        let attestation = [
            b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x59".as_slice(),
            &length,
            &data,
        ];
        RegistrationForm {
            client_data: encode(self.client_data("webauthn.create", challenge).as_bytes()),
            attestation: encode(&attestation.concat()),
        }
    }

    /// Proves that it has the key.
    pub fn assert(&mut self, challenge: &str) -> AssertionForm {
        if self.counts {
            self.counter += 1;
        }
        let client_data = self.client_data("webauthn.get", challenge);
        let data = self.data(0, &[]);
        let signed = [data.as_slice(), &sha256(client_data.as_bytes())].concat();
        AssertionForm {
            id: encode(&self.id),
            client_data: encode(client_data.as_bytes()),
            authenticator_data: encode(&data),
            signature: encode(&self.sign(&signed)),
            handle: self.handle.clone(),
        }
    }

    fn client_data(&self, kind: &str, challenge: &str) -> String {
        let origin = &self.origin;
        format!(
            r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#
        )
    }

    fn data(&self, more: u8, credential: &[u8]) -> Vec<u8> {
        let verified = if self.verifies { 0x04 } else { 0 };
        let backup = if self.is_backup_eligible { 0x18 } else { 0 };
        let flags = 0x01 | verified | backup | more;
        let counter = self.counter.to_be_bytes();
        let party = sha256(self.party.as_bytes());
        [&party[..], &[flags], &counter, credential].concat()
    }

    /// Its public key (RFC 9052 §7).
    pub fn cose(&self) -> Vec<u8> {
        match &self.signer {
            Signer::Es256(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).unwrap().split_at(32);
                let head = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
                [&head[..], x, &[0x22, 0x58, 0x20], y].concat()
            }
            Signer::EdDsa(pair) => {
                let head = [0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20];
                [&head[..], pair.public_key().as_ref()].concat()
            }
            Signer::Rs256(pair) => {
                let key = pair.public_key();
                let modulus = key.modulus().big_endian_without_leading_zero();
                let head = [
                    0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00,
                ];
                [&head[..], modulus, &[0x21, 0x43, 0x01, 0x00, 0x01]].concat()
            }
        }
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.signer {
            Signer::Es256(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Signer::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Signer::Rs256(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                let scheme = &RSA_PKCS1_SHA256;
                pair.sign(scheme, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

impl RegistrationForm {
    /// As the door reads it.
    pub fn answer(&self) -> Result<Registration, PasskeyError> {
        Registration::decode(&self.client_data, &self.attestation)
    }
}

impl AssertionForm {
    /// As the door reads it.
    pub fn answer(&self) -> Result<Assertion, PasskeyError> {
        Assertion::decode(AssertionFields {
            id: &self.id,
            client_data: &self.client_data,
            authenticator_data: &self.authenticator_data,
            signature: &self.signature,
            handle: &self.handle,
        })
    }
}

fn encode(octets: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(octets)
}
