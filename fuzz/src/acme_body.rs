//! What an ACME client posts: the signed envelope, what is in it, and the envelopes within.

use acme::account::key_change::KeyChange;
use acme::account::{Contact, NewAccount, Update};
use acme::authorization::{parse_deactivation, parse_new_authorization};
use acme::base64url;
use acme::challenge::{Token, parse_response};
use acme::eab::ExternalAccountBinding;
use acme::order::{NewOrder, parse_finalize};
use acme::problem::Kind;
use acme::revocation::Revocation;
use acme::{Jwk, Jws};
use serde_json::value::RawValue;

use crate::seed::{ACCOUNT_URL, URL, account_key};

/// The body of a POST. What is accepted reads back from what is stored of it.
pub(crate) fn jws(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        key(text);
    }
    let Ok(request) = Jws::parse(bytes) else {
        return;
    };
    assert!(request.nonce().is_ascii());
    assert_eq!(request.jwk().is_some(), request.kid().is_none());
    let own = account_key();
    let key = request.jwk().unwrap_or(&own).public_key();
    if request.verify(key).is_ok() {
        request.check_algorithm(key).unwrap();
    }
}

fn key(text: &str) {
    if let Ok(key) = Jwk::parse(text) {
        let again = Jwk::parse(key.to_json()).unwrap();
        assert_eq!(again.to_json(), key.to_json());
        assert!(again == key);
    }
}

/// The payload of every kind of request.
pub(crate) fn payload(bytes: &[u8]) {
    const LIMIT: usize = 100;
    let _ = NewAccount::parse(bytes);
    let _ = Update::parse(bytes);
    let _ = parse_deactivation(bytes);
    if let Ok(name) = parse_new_authorization(bytes) {
        assert!(!name.is_wildcard());
    }
    let _ = parse_response(bytes);
    let _ = Revocation::parse(bytes);
    if let Ok(der) = parse_finalize(bytes) {
        let text = base64url::encode(&der);
        assert_eq!(base64url::decode(&text).unwrap(), der);
    }
    if let Ok(order) = NewOrder::parse(bytes, LIMIT) {
        let count = order.identifiers.iter().count();
        assert!((1..=LIMIT).contains(&count));
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        words(text);
    }
}

fn words(text: &str) {
    if let Ok(contact) = Contact::parse(text) {
        let again = Contact::parse(contact.as_str()).unwrap();
        assert_eq!(again.as_str(), contact.as_str());
    }
    if let Ok(token) = Token::parse(text) {
        assert_eq!(token.as_str(), text);
    }
    if let Some(kind) = Kind::parse(text) {
        assert_eq!(kind.urn(), text);
    }
    if let Ok(octets) = base64url::decode(text) {
        // There is one text for the same octets.
        assert_eq!(base64url::encode(&octets), text);
    }
}

/// What is signed within a request: a binding to an external account, and the change of a key.
pub(crate) fn inner_jws(bytes: &[u8]) {
    let own = account_key();
    if let Ok(json) = serde_json::from_slice::<Box<RawValue>>(bytes)
        && let Ok(binding) = ExternalAccountBinding::parse(&json, URL, &own)
    {
        let _ = binding.verify(&[7; 32]);
        assert!(binding.refuse_unknown().to_string().len() < 16_384);
    }
    if let Ok(change) = KeyChange::parse(bytes, URL, ACCOUNT_URL, own.thumbprint()) {
        assert!(change.new_key != own);
    }
}
