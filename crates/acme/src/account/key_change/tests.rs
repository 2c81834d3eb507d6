use super::*;
use crate::jws::test_keys::{Key, flattened};
use crate::problem::Kind;

const URL: &str = "https://acme.example/key-change";
const ACCOUNT: &str = "https://acme.example/account/1";

fn payload(old: &Key) -> String {
    format!(r#"{{"account":"{ACCOUNT}","oldKey":{}}}"#, old.jwk)
}

fn header(new: &Key) -> String {
    format!(r#""jwk":{},"url":"{URL}""#, new.jwk)
}

fn parse(old: &Key, inner: &str) -> Result<KeyChange, KeyChangeError> {
    let present = Jwk::parse(&old.jwk).unwrap().thumbprint();
    KeyChange::parse(inner.as_bytes(), URL, ACCOUNT, present)
}

#[track_caller]
fn refused(old: &Key, inner: &str) -> KeyChangeError {
    parse(old, inner).expect_err("the key change was accepted")
}

#[test]
fn any_type_of_key_may_follow_any_other() {
    let old = Key::p256();
    for new in Key::each() {
        let change = parse(&old, &new.jws(&header(&new), &payload(&old))).unwrap();
        assert_eq!(change.new_key, Jwk::parse(&new.jwk).unwrap());
    }
}

#[test]
fn finding_11_a_new_key_of_an_unsupported_algorithm_is_told_by_it() {
    let old = Key::p256();
    let header = format!(
        r#"{{"alg":"ES512","jwk":{{"kty":"EC","crv":"P-521","x":"","y":""}},"url":"{URL}"}}"#
    );
    let inner = flattened(&header, &payload(&old), |_| Vec::new());
    let problem = Problem::from(refused(&old, &inner));
    assert_eq!(problem.kind, Kind::BadSignatureAlgorithm);
    assert_eq!(problem.algorithms.len(), 4);
}

#[test]
fn the_inner_message_must_fit_the_outer_one() {
    let (old, new, third) = (Key::p256(), Key::p256(), Key::p256());
    let inner = |header: &str, payload: &str| new.jws(header, payload);
    let good = header(&new);
    let nonce = format!(r#""nonce":"AAAA",{good}"#);
    assert!(matches!(
        refused(&old, &inner(&nonce, &payload(&old))),
        KeyChangeError::Nonce
    ));
    let url = good.replace("key-change", "new-order");
    assert!(matches!(
        refused(&old, &inner(&url, &payload(&old))),
        KeyChangeError::Url
    ));
    let kid = format!(r#""kid":"{ACCOUNT}","url":"{URL}""#);
    assert!(matches!(
        refused(&old, &inner(&kid, &payload(&old))),
        KeyChangeError::KeyReference
    ));
    assert!(matches!(
        refused(&old, &inner(&good, &payload(&third))),
        KeyChangeError::OldKey
    ));
    let account = payload(&old).replace("account/1", "account/2");
    assert!(matches!(
        refused(&old, &inner(&good, &account)),
        KeyChangeError::Account
    ));
    assert!(matches!(
        refused(&old, &inner(&good, "{}")),
        KeyChangeError::Payload(_)
    ));
    assert!(matches!(refused(&old, "{}"), KeyChangeError::Jws(_)));
}

#[test]
fn the_new_key_must_have_signed() {
    let (old, new, third) = (Key::p256(), Key::p256(), Key::p256());
    let forged = third.jws(&header(&new), &payload(&old));
    let refused = refused(&old, &forged);
    assert!(matches!(refused, KeyChangeError::Jws(JwsError::Signature)));
    assert_eq!(Problem::from(refused).kind, Kind::Malformed);
}

#[test]
fn the_present_key_is_no_change() {
    let old = Key::p256();
    let problem = Problem::from(refused(&old, &old.jws(&header(&old), &payload(&old))));
    assert_eq!(problem.status, 409);
}
