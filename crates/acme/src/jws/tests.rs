use proptest::prelude::*;

use super::*;
use crate::jws::test_keys::{Key, flattened};

const URL: &str = "https://acme.example/new-order";
const HEADER: &str = r#""kid":"https://acme.example/account/1","nonce":"AAAA","url":"https://acme.example/new-order""#;

#[track_caller]
fn refused(body: &str) -> JwsError {
    Jws::parse(body.as_bytes()).expect_err("the JWS was accepted")
}

/// The header as given, unsigned.
#[track_caller]
fn refused_header(header: &str) -> JwsError {
    refused(&flattened(header, "{}", |_| b"no signature".to_vec()))
}

#[test]
fn every_algorithm_verifies_and_only_its_own_message() {
    for key in Key::each() {
        let jws = Jws::parse(key.jws(HEADER, r#"{"a":1}"#).as_bytes()).unwrap();
        assert_eq!(
            (jws.algorithm(), jws.nonce(), jws.url()),
            (key.algorithm, "AAAA", URL)
        );
        assert_eq!(jws.kid(), Some("https://acme.example/account/1"));
        assert_eq!(
            (jws.payload(), jws.is_post_as_get()),
            (&br#"{"a":1}"#[..], false)
        );
        let jwk = Jwk::parse(&key.jwk).unwrap();
        jws.verify(jwk.public_key()).unwrap();
        let forged = flattened(
            &format!(r#"{{"alg":"{}",{HEADER}}}"#, key.algorithm.as_str()),
            r#"{"a":2}"#,
            |_| key.sign(b"another message"),
        );
        let forged = Jws::parse(forged.as_bytes()).unwrap();
        assert!(matches!(
            forged.verify(jwk.public_key()),
            Err(JwsError::Signature)
        ));
    }
}

#[test]
fn the_signature_form_is_that_of_jose() {
    // The example of RFC 7515 §A.3 is compact and carries no ACME header, hence the raw check.
    let key = Jwk::parse(
        r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#,
    )
    .unwrap();
    let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let signature =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    let signature = base64url::decode(signature).unwrap();
    verify(
        Algorithm::Es256,
        message.as_bytes(),
        &signature,
        key.public_key(),
    )
    .unwrap();
}

#[test]
fn an_embedded_key_is_read() {
    let key = Key::p256();
    let header = format!(r#""jwk":{},"nonce":"AAAA","url":"{URL}""#, key.jwk);
    let jws = Jws::parse(key.jws(&header, "").as_bytes()).unwrap();
    assert!(jws.is_post_as_get());
    assert_eq!(jws.kid(), None);
    jws.verify(jws.jwk().unwrap().public_key()).unwrap();
}

#[test]
fn the_algorithm_must_be_the_keys() {
    let jws = Jws::parse(Key::p256().jws(HEADER, "").as_bytes()).unwrap();
    let other = Jwk::parse(&Key::ed25519().jwk).unwrap();
    let problem = Problem::from(jws.verify(other.public_key()).unwrap_err());
    assert_eq!(problem.kind, Kind::BadSignatureAlgorithm);
    assert_eq!(problem.algorithms, ["ES256", "ES384", "EdDSA", "RS256"]);
}

#[test]
fn macs_and_no_algorithm_are_refused_with_a_list() {
    for algorithm in ["none", "HS256", "PS256", "ES512", ""] {
        let error = refused_header(&format!(r#"{{"alg":"{algorithm}",{HEADER}}}"#));
        let problem = Problem::from(error);
        assert_eq!(problem.kind, Kind::BadSignatureAlgorithm, "{algorithm}");
        assert_eq!(problem.algorithms.len(), 4);
    }
}

/// Clients fall back to another key on this type only, so it must come before what is wrong with the key.
#[test]
fn finding_11_an_unsupported_algorithm_is_told_before_its_key() {
    let key =
        |kty: &str, curve: &str| format!(r#"{{"kty":"{kty}","crv":"{curve}","x":"","y":""}}"#);
    for (algorithm, jwk) in [
        ("ES512", key("EC", "P-521")),
        ("ES256K", key("EC", "secp256k1")),
        ("Ed448", key("OKP", "Ed448")),
        ("ML-DSA-44", r#"{"kty":"AKP","pub":""}"#.to_owned()),
        ("none", "[]".to_owned()),
    ] {
        let header = format!(r#"{{"alg":"{algorithm}","jwk":{jwk},"nonce":"AAAA","url":"{URL}"}}"#);
        let problem = Problem::from(refused_header(&header));
        assert_eq!(
            (problem.kind, problem.status),
            (Kind::BadSignatureAlgorithm, 400),
            "{algorithm}"
        );
        assert_eq!(problem.algorithms, ["ES256", "ES384", "EdDSA", "RS256"]);
    }
    // The algorithm is fine here, so that the key alone is what is wrong (RFC 8555 §6.2).
    let other = key("OKP", "Ed448");
    let header = format!(r#"{{"alg":"EdDSA","jwk":{other},"nonce":"AAAA","url":"{URL}"}}"#);
    let problem = Problem::from(refused_header(&header));
    assert_eq!(problem.kind, Kind::BadPublicKey);
}

#[test]
fn only_the_flattened_form_is_read() {
    let body = Key::p256().jws(HEADER, "{}");
    let with = |member: &str| body.replacen('{', &format!("{{{member},"), 1);
    assert!(matches!(
        refused(&with(r#""header":{}"#)),
        JwsError::UnprotectedHeader
    ));
    assert!(matches!(
        refused(&with(r#""signatures":[]"#)),
        JwsError::SeveralSignatures
    ));
    assert!(matches!(
        refused(&with(r#""payload":"AA""#)),
        JwsError::Json(_)
    ));
    assert!(matches!(
        refused(&with(r#""x":1,"x":1"#)),
        JwsError::Json(_)
    ));
    assert!(Jws::parse(with(r#""x":1,"y":{"x":1}"#).as_bytes()).is_ok());
    let many: Vec<String> = (0..20).map(|number| format!(r#""x{number}":0"#)).collect();
    assert!(matches!(refused(&with(&many.join(","))), JwsError::Json(_)));
    for other in [
        "",
        "a.b.c",
        "[]",
        "null",
        &format!("{body}x"),
        &body.replace("payload", "p"),
    ] {
        let problem = Problem::from(refused(other));
        assert_eq!(problem.kind, Kind::Malformed, "{other}");
    }
}

#[test]
fn padded_base64_is_refused_with_the_reason() {
    let body = Key::p256()
        .jws(HEADER, "{}")
        .replace(r#""payload":"e30""#, r#""payload":"e30=""#);
    let problem = Problem::from(refused(&body));
    assert_eq!(problem.kind, Kind::Malformed);
    insta::assert_snapshot!(problem.detail, @r#"the member "payload" is padded with "=": send base64url without padding (RFC 8555 section 6.1)"#);
}

#[test]
fn the_header_is_complete_and_plain() {
    let jwk = Key::p256().jwk;
    let header = |members: &str| refused_header(&format!(r#"{{"alg":"ES256",{members}}}"#));
    assert!(matches!(
        header(r#""kid":"k","url":"u""#),
        JwsError::MissingNonce
    ));
    assert!(matches!(
        header(r#""kid":"k","nonce":"AA""#),
        JwsError::Missing("url")
    ));
    assert!(matches!(
        header(r#""nonce":"AA","url":"u""#),
        JwsError::KeyReference
    ));
    let both = format!(r#""jwk":{jwk},"kid":"k","nonce":"AA","url":"u""#);
    assert!(matches!(header(&both), JwsError::KeyReference));
    assert!(matches!(
        header(r#""kid":"k","nonce":"A+","url":"u""#),
        JwsError::NonceEncoding
    ));
    assert!(matches!(
        header(r#""kid":"k","kid":"k""#),
        JwsError::HeaderJson(_)
    ));
    assert!(matches!(
        header(r#""kid":null,"nonce":"AA","url":"u""#),
        JwsError::HeaderJson(_)
    ));
    let crit = format!(r#""crit":["exp"],{HEADER}"#);
    assert!(matches!(header(&crit), JwsError::Extension("crit")));
    assert!(matches!(
        header(&format!(r#""b64":false,{HEADER}"#)),
        JwsError::Extension("b64")
    ));
    assert!(matches!(
        header(r#""jwk":{"kty":"oct"},"nonce":"AA","url":"u""#),
        JwsError::Jwk(_)
    ));
    assert!(matches!(
        refused_header(&format!("{{{HEADER}}}")),
        JwsError::Missing("alg")
    ));
}

#[test]
fn a_missing_nonce_is_a_bad_nonce() {
    let error = refused_header(r#"{"alg":"ES256","kid":"k","url":"u"}"#);
    let problem = Problem::from(error);
    assert_eq!((problem.kind, problem.status), (Kind::BadNonce, 400));
}

#[test]
fn escapes_in_strings_are_undone() {
    let header = HEADER.replace("AAAA", "AA\\u0041A");
    let jws = Jws::parse(Key::ed25519().jws(&header, "").as_bytes()).unwrap();
    assert_eq!(jws.nonce(), "AAAA");
}

#[test]
fn a_request_for_another_url_is_unauthorized() {
    let jws = Jws::parse(Key::ed25519().jws(HEADER, "").as_bytes()).unwrap();
    jws.check_url(URL).unwrap();
    let problem = Problem::from(
        jws.check_url("https://acme.example/new-orders")
            .unwrap_err(),
    );
    assert_eq!((problem.kind, problem.status), (Kind::Unauthorized, 403));
}

proptest! {
    #[test]
    fn any_body_is_answered(body in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Jws::parse(&body).is_err());
    }

    #[test]
    fn any_header_is_answered(header in "\\PC{0,80}") {
        let body = flattened(&header, "", |_| Vec::new());
        prop_assert!(Jws::parse(body.as_bytes()).is_err());
    }
}
