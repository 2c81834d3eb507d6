use super::*;
use crate::jws::test_keys::Key;

/// RFC 7517 §A.1, the public part of the RSA key, whose thumbprint RFC 7638 §3.1 gives.
const RFC7638_KEY: &str = r#"{
  "kty": "RSA",
  "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
  "e": "AQAB",
  "alg": "RS256",
  "kid": "2011-04-29"
}"#;

/// RFC 8037 §A.2 with the thumbprint of §A.3.
const RFC8037_KEY: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

/// RFC 7517 §A.1, the elliptic curve key.
const RFC7517_EC: (&str, &str) = (
    "MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4",
    "4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM",
);

fn ec(curve: &str, x: &str, y: &str) -> String {
    format!(r#"{{"kty":"EC","crv":"{curve}","x":"{x}","y":"{y}"}}"#)
}

#[track_caller]
fn refused(json: &str) -> JwkError {
    Jwk::parse(json).expect_err("the key was accepted")
}

#[test]
fn the_rfc_thumbprints_come_out() {
    let rsa = Jwk::parse(RFC7638_KEY).unwrap();
    assert_eq!(
        rsa.thumbprint().to_string(),
        "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"
    );
    assert_eq!(rsa.public_key().algorithm(), Algorithm::Rs256);
    let edwards = Jwk::parse(RFC8037_KEY).unwrap();
    assert_eq!(
        edwards.thumbprint().to_string(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn keys_of_every_type_are_read_and_written_canonically() {
    for key in Key::each() {
        let jwk = Jwk::parse(&key.jwk).unwrap();
        assert_eq!(jwk.public_key().algorithm(), key.algorithm);
        let again = Jwk::parse(jwk.to_json()).unwrap();
        assert_eq!(
            (again.to_json(), again.thumbprint()),
            (jwk.to_json(), jwk.thumbprint())
        );
        assert_eq!(jwk.spki_der(), key.spki_der());
        let signature = key.sign(b"message");
        assert!(jwk.public_key().verifies(b"message", &signature));
        assert!(!jwk.public_key().verifies(b"massage", &signature));
    }
}

#[test]
fn points_off_the_curve_are_refused() {
    let (x, y) = RFC7517_EC;
    assert!(Jwk::parse(&ec("P-256", x, y)).is_ok());
    assert!(matches!(refused(&ec("P-256", y, x)), JwkError::Rejected));
    let zero = base64url::encode([0; 32]);
    assert!(matches!(
        refused(&ec("P-256", &zero, &zero)),
        JwkError::Rejected
    ));
}

#[test]
fn members_have_one_form_only() {
    let (x, y) = RFC7517_EC;
    let short = base64url::encode([1; 31]);
    assert!(matches!(
        refused(&ec("P-256", &short, y)),
        JwkError::Width { member: "x", .. }
    ));
    let padded = format!("{x}=");
    assert!(matches!(
        refused(&ec("P-256", &padded, y)),
        JwkError::Encoding {
            member: "x",
            reason: Base64Error::Padded
        }
    ));
    assert!(matches!(
        refused(&ec("P-384", x, y)),
        JwkError::Width { expected: 48, .. }
    ));
    let twice = RFC8037_KEY.replace(r#""x""#, r#""x":"AA","x""#);
    assert!(matches!(refused(&twice), JwkError::Json(_)));
}

#[test]
fn other_types_and_curves_are_refused_by_name() {
    let (x, y) = RFC7517_EC;
    assert!(matches!(refused(&ec("P-521", x, y)), JwkError::Curve(curve) if curve == "P-521"));
    let x25519 = RFC8037_KEY.replace("Ed25519", "X25519");
    assert!(matches!(refused(&x25519), JwkError::Curve(_)));
    assert!(matches!(refused(r#"{"kty":"oct"}"#), JwkError::KeyType(_)));
    assert!(matches!(refused("{}"), JwkError::Json(_)));
    assert!(matches!(
        refused(r#"{"kty":"RSA"}"#),
        JwkError::Missing("n")
    ));
}

#[test]
fn private_parts_are_refused() {
    for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
        let json = RFC8037_KEY.replace('{', &format!(r#"{{"{member}":"AA","#));
        assert!(matches!(refused(&json), JwkError::Private), "{member}");
    }
}

#[track_caller]
fn rsa_key(bytes: usize, first: u8, last: u8, exponent: &[u8]) -> Result<Jwk, JwkError> {
    let mut modulus = vec![0x5a; bytes];
    modulus[0] = first;
    modulus[bytes - 1] = last;
    let (n, e) = (base64url::encode(modulus), base64url::encode(exponent));
    Jwk::parse(&format!(r#"{{"kty":"RSA","n":"{n}","e":"{e}"}}"#))
}

#[test]
fn rsa_keys_have_2048_to_4096_bits() {
    let f4 = &[1, 0, 1];
    assert!(rsa_key(256, 0x80, 1, f4).is_ok());
    assert!(rsa_key(384, 0x80, 1, f4).is_ok());
    assert!(rsa_key(512, 0xff, 1, f4).is_ok());
    let size = |key: Result<Jwk, JwkError>| match key {
        Err(JwkError::ModulusSize { bits }) => bits,
        other => panic!("not a size error: {other:?}"),
    };
    assert_eq!(size(rsa_key(256, 0x7f, 1, f4)), 2047);
    assert_eq!(size(rsa_key(513, 0x01, 1, f4)), 4097);
    assert!(matches!(
        rsa_key(257, 0, 1, f4),
        Err(JwkError::LeadingZero("n"))
    ));
    assert!(matches!(rsa_key(256, 0x80, 2, f4), Err(JwkError::Rejected)));
}

#[test]
fn rsa_exponents_are_odd_and_at_least_65537() {
    assert!(rsa_key(256, 0x80, 1, &[1, 0, 3]).is_ok());
    for exponent in [&[3][..], &[1], &[1, 0, 2], &[0xff, 0xff], &[1, 0, 0, 0, 1]] {
        let key = rsa_key(256, 0x80, 1, exponent);
        assert!(matches!(key, Err(JwkError::Exponent)), "{exponent:?}");
    }
    assert!(matches!(
        rsa_key(256, 0x80, 1, &[0, 1, 0, 1]),
        Err(JwkError::LeadingZero("e"))
    ));
}

#[test]
fn a_bad_key_is_a_bad_public_key() {
    let problem = Problem::from(refused(r#"{"kty":"oct"}"#));
    assert_eq!((problem.kind, problem.status), (Kind::BadPublicKey, 400));
}

#[test]
fn l5_ed25519_keys_of_small_order_are_refused() {
    let edwards = |octets: &[u8]| {
        let x = base64url::encode(octets);
        Jwk::parse(&format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#))
    };
    for y in SMALL_ORDER {
        let mut octets = base64url::decode(y).unwrap();
        for sign in [0, 0x80] {
            octets[31] = octets[31] & 0x7f | sign;
            assert!(matches!(edwards(&octets), Err(JwkError::SmallOrder)), "{y}");
        }
    }
    // The same points and others, written with the prime added: y from 0 to 18.
    for low in 0xed..=0xff_u8 {
        let written = [&[low][..], &[0xff; 30], &[0x7f]].concat();
        assert!(
            matches!(edwards(&written), Err(JwkError::Rejected)),
            "{low}"
        );
    }
    Jwk::parse(RFC8037_KEY).unwrap();
}
