use super::*;
use crate::jws::test_keys::{Key, flattened};

const URL: &str = "https://acme.example/new-account";
const MAC_KEY: [u8; 32] = [9; 32];

fn binding(algorithm: &str, members: &str, payload: &str) -> Box<RawValue> {
    let header = format!(r#"{{"alg":"{algorithm}",{members}}}"#);
    let mac = match algorithm {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    let key = hmac::Key::new(mac, &MAC_KEY);
    let json = flattened(&header, payload, |input| {
        hmac::sign(&key, input).as_ref().to_vec()
    });
    RawValue::from_string(json).unwrap()
}

fn members() -> String {
    format!(r#""kid":"kid-1","url":"{URL}""#)
}

#[track_caller]
fn refused(key: &Key, json: &RawValue) -> EabError {
    let account_key = Jwk::parse(&key.jwk).unwrap();
    ExternalAccountBinding::parse(json, URL, &account_key).expect_err("the binding was accepted")
}

#[test]
fn every_mac_algorithm_verifies() {
    let key = Key::p256();
    let account_key = Jwk::parse(&key.jwk).unwrap();
    for algorithm in MacAlgorithm::ALL {
        let json = binding(algorithm.as_str(), &members(), &key.jwk);
        let binding = ExternalAccountBinding::parse(&json, URL, &account_key).unwrap();
        assert_eq!(binding.kid(), "kid-1");
        binding.verify(&MAC_KEY).unwrap();
    }
}

#[test]
fn f071_a_wrong_mac_and_an_unknown_key_id_answer_the_same() {
    let key = Key::p256();
    let account_key = Jwk::parse(&key.jwk).unwrap();
    let json = binding("HS256", &members(), &key.jwk);
    let binding = ExternalAccountBinding::parse(&json, URL, &account_key).unwrap();
    let wrong = Problem::from(binding.verify(&[8; 32]).unwrap_err());
    let unknown = Problem::from(binding.refuse_unknown());
    assert_eq!(wrong, unknown);
    assert_eq!((wrong.kind, wrong.status), (Kind::Unauthorized, 403));
    assert!(wrong.detail.contains("kid-1"), "{}", wrong.detail);
}

#[test]
fn a_shortened_mac_does_not_verify() {
    let key = Key::p256();
    let account_key = Jwk::parse(&key.jwk).unwrap();
    let header = format!(r#"{{"alg":"HS256",{}}}"#, members());
    let mac_key = hmac::Key::new(hmac::HMAC_SHA256, &MAC_KEY);
    for length in [0, 1, 16, 31] {
        let short = |input: &[u8]| hmac::sign(&mac_key, input).as_ref()[..length].to_vec();
        let json = RawValue::from_string(flattened(&header, &key.jwk, short)).unwrap();
        let binding = ExternalAccountBinding::parse(&json, URL, &account_key).unwrap();
        assert!(binding.verify(&MAC_KEY).is_err(), "{length}");
    }
}

#[test]
fn the_binding_must_be_for_the_accounts_key() {
    let (key, other) = (Key::p256(), Key::p256());
    let for_other = binding("HS256", &members(), &other.jwk);
    assert!(matches!(refused(&key, &for_other), EabError::Key));
    assert!(matches!(
        refused(&key, &binding("HS256", &members(), "{}")),
        EabError::Key
    ));
}

#[test]
fn the_inner_header_is_exact() {
    let key = Key::p256();
    let with =
        |algorithm: &str, members: &str| refused(&key, &binding(algorithm, members, &key.jwk));
    let nonce = format!(r#""nonce":"AAAA",{}"#, members());
    assert!(matches!(with("HS256", &nonce), EabError::Nonce));
    let other_url = members().replace("new-account", "new-order");
    assert!(matches!(with("HS256", &other_url), EabError::Url));
    let jwk = format!(r#""jwk":{},"url":"{URL}""#, key.jwk);
    assert!(matches!(with("HS256", &jwk), EabError::KeyId));
    let problem = Problem::from(with("ES256", &members()));
    assert_eq!(problem.kind, Kind::BadSignatureAlgorithm);
    assert_eq!(problem.algorithms, ["HS256", "HS384", "HS512"]);
    let no_jws = RawValue::from_string("{}".to_owned()).unwrap();
    assert!(matches!(refused(&key, &no_jws), EabError::Jws(_)));
}
