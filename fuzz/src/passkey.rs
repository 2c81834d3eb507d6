//! What a browser answers for a passkey: what it says of the page, what the authenticator says, and the key in it.

use aws_lc_rs::digest::{SHA256, digest};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use tenancy::passkey::{
    Assertion, AssertionFields, CredentialId, PasskeyKey, PasskeyName, Registration, RelyingParty,
    UserHandle,
};

use crate::seed::point;

const ORIGIN: &str = "https://portal.example.com";
const HOST: &str = "portal.example.com";

/// A line of what the browser says, and behind it what the authenticator does, or a key, or the texts of a form.
pub(crate) fn passkey(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        texts(text);
    }
    key(bytes);
    let Some(end) = bytes.iter().position(|byte| *byte == b'\n') else {
        return;
    };
    let (client_data, rest) = bytes.split_at(end);
    let rest = rest.get(1..).unwrap();
    let (client_data, rest) = (encode(client_data), encode(rest));
    let party = RelyingParty::at(ORIGIN).unwrap();
    let registration = Registration::decode(&client_data, &rest).unwrap();
    if let Ok((id, proven)) = registration.verify(&party) {
        // What is taken answers a challenge of ours, and its key is stored as it came.
        let challenge = registration.challenge();
        assert!(challenge.is_ok_and(|challenge| challenge.reveal().len() == 43));
        assert_eq!(CredentialId::parse(&id.to_text()).unwrap(), id);
        key(proven.key.as_bytes());
    }
    let assertion = Assertion::decode(AssertionFields {
        id: "AAAA",
        client_data: &client_data,
        authenticator_data: &rest,
        signature: &rest,
        handle: "",
    });
    let _ = assertion.unwrap().challenge();
}

fn key(bytes: &[u8]) {
    if let Ok(key) = PasskeyKey::parse(bytes) {
        assert_eq!(key.as_bytes(), bytes);
        assert!(PasskeyKey::parse(&[bytes, &[0]].concat()).is_err());
    }
}

fn texts(text: &str) {
    if let Some(id) = CredentialId::parse(text) {
        assert_eq!(id.to_text(), text);
        assert_eq!(id.shown().len(), 22);
    }
    if let Some(handle) = UserHandle::parse(text) {
        assert_eq!(handle.to_text(), text);
    }
    if let Ok(name) = PasskeyName::parse(text) {
        assert_eq!(PasskeyName::parse(name.as_str()).unwrap(), name);
    }
    if let Some(party) = RelyingParty::at(text) {
        assert_eq!(RelyingParty::at(party.origin()).unwrap(), party);
    }
}

/// A registration, a key, and texts.
pub(crate) fn seeds() -> Vec<Vec<u8>> {
    let challenge = encode(&[7; 32]);
    let client_data = format!(
        r#"{{"type":"webauthn.create","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false}}"#
    );
    let party = digest(&SHA256, HOST.as_bytes());
    let head = [0x45, 0, 0, 0, 1];
    let credential = [&[0; 16][..], &[0, 4], b"id-1", &cose()].concat();
    let data = [party.as_ref(), &head, &credential].concat();
    let length = u8::try_from(data.len()).unwrap();
    let attestation = [
        b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".as_slice(),
        &[length],
        &data,
    ];
    let registration = [client_data.as_bytes(), b"\n", &attestation.concat()].concat();
    vec![
        registration,
        cose(),
        challenge.into_bytes(),
        ORIGIN.as_bytes().to_vec(),
        b"Work laptop".to_vec(),
    ]
}

/// A key that authenticators write so.
fn cose() -> Vec<u8> {
    let (x, y) = point();
    let head = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20];
    [&head[..], &x, &[0x22, 0x58, 0x20], &y].concat()
}

fn encode(octets: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(octets)
}
