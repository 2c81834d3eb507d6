//! What a browser is asked with for a passkey, as its script reads it, and the fields in which it answers (Web Authentication
//! §5.4, §5.5).

use axum::Json;
use axum::response::{IntoResponse, Response};
use flow::Caller;
use flow::access::second_factor::passkey::ask::{PasskeyCreation, PasskeyRequest};
use serde::Deserialize;
use serde_json::{Value, json};
use tenancy::passkey::{
    Algorithm, Assertion, AssertionFields, CHALLENGE_SECONDS, CredentialId, PasskeyError,
};

use crate::portal::state::Portal;

/// What a browser answered with a proof; all empty when it did not.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(in crate::portal::access) struct PasskeyFields {
    credential: String,
    client_data: String,
    authenticator_data: String,
    signature: String,
    user_handle: String,
}

impl PasskeyFields {
    pub(in crate::portal::access) fn is_filled(&self) -> bool {
        !self.credential.is_empty() || !self.client_data.is_empty()
    }

    pub(in crate::portal::access) fn decode(&self) -> Result<Assertion, PasskeyError> {
        Assertion::decode(AssertionFields {
            id: &self.credential,
            client_data: &self.client_data,
            authenticator_data: &self.authenticator_data,
            signature: &self.signature,
            handle: &self.user_handle,
        })
    }
}

/// At which host browsers have passkeys for this portal, if they have.
pub(in crate::portal::access) fn passkey_host(portal: &Portal, caller: &Caller) -> Option<String> {
    let party = portal.app.settings().relying_party(&caller.client);
    party.map(|party| party.id().to_owned())
}

/// Asks for a proof.
pub(in crate::portal::access) fn request(asked: &PasskeyRequest) -> Response {
    let public_key = json!({
        "challenge": asked.challenge.reveal(),
        "rpId": asked.party.id(),
        "timeout": CHALLENGE_SECONDS * 1000,
        "userVerification": "required",
        "allowCredentials": known(&asked.known),
    });
    Json(json!({ "publicKey": public_key })).into_response()
}

/// Asks for a new passkey for the portal of this name; forms carry this token from here on.
pub(in crate::portal::access) fn creation(
    asked: &PasskeyCreation,
    brand: &str,
    csrf: &str,
) -> Response {
    let algorithms =
        Algorithm::ALL.map(|algorithm| json!({ "type": "public-key", "alg": algorithm.number() }));
    let public_key = json!({
        "challenge": asked.challenge.reveal(),
        "rp": { "id": asked.party.id(), "name": brand },
        "user": {
            "id": asked.handle.to_text(),
            "name": asked.user.email.as_str(),
            "displayName": asked.user.display_name.as_str(),
        },
        "pubKeyCredParams": algorithms,
        "timeout": CHALLENGE_SECONDS * 1000,
        "attestation": "none",
        "authenticatorSelection": {
            "residentKey": "required",
            "requireResidentKey": true,
            "userVerification": "required",
        },
        "excludeCredentials": known(&asked.known),
    });
    Json(json!({ "csrf": csrf, "publicKey": public_key })).into_response()
}

fn known(ids: &[CredentialId]) -> Vec<Value> {
    ids.iter()
        .map(|id| json!({ "type": "public-key", "id": id.to_text() }))
        .collect()
}
