use super::*;
use crate::encode::Writer;
use crate::fixture::signer;
use crate::{Signer as _, serial::hex};

fn spki(identifier: &[u8], key_bits: &[u8]) -> Vec<u8> {
    let mut writer = Writer::with_capacity(128);
    writer.sequence(|writer| {
        writer.raw(identifier);
        writer.bit_string(key_bits);
    });
    writer.finish()
}

fn rsa_bits(modulus: &[u8], exponent: &[u8]) -> Vec<u8> {
    let mut writer = Writer::with_capacity(300);
    writer.sequence(|writer| {
        writer.unsigned(modulus);
        writer.unsigned(exponent);
    });
    writer.finish()
}

#[track_caller]
fn check_refused(identifier: &[u8], key_bits: &[u8], expected: &KeyError) {
    let result = PublicKey::from_spki(&spki(identifier, key_bits));
    assert_eq!(result.err().as_ref(), Some(expected));
}

#[test]
fn the_thumbprint_of_rfc_7638_section_3_1() {
    let modulus = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_\
        BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY3\
        68QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2\
        NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    let modulus = URL_SAFE_NO_PAD.decode(modulus).unwrap();
    let identifier = KeyAlgorithm::Rsa { bits: 2048 }.identifier();
    let key = PublicKey::from_spki(&spki(identifier, &rsa_bits(&modulus, &[1, 0, 1]))).unwrap();
    let thumbprint = URL_SAFE_NO_PAD.encode(key.jwk_thumbprint());
    assert_eq!(thumbprint, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    assert_eq!(key.algorithm(), KeyAlgorithm::Rsa { bits: 2048 });
}

#[test]
fn elliptic_thumbprints_depend_on_the_curve_and_the_point() {
    let (one, other) = (
        signer(KeyAlgorithm::EcdsaP256),
        signer(KeyAlgorithm::EcdsaP384),
    );
    assert_ne!(
        one.public_key().jwk_thumbprint(),
        other.public_key().jwk_thumbprint()
    );
}

#[test]
fn other_algorithms_and_curves_are_refused_by_name() {
    let p521 = b"\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x05\x2b\x81\x04\x00\x23";
    let named = "1.2.840.10045.2.1 with curve 1.3.132.0.35".to_owned();
    check_refused(p521, &[4; 133], &KeyError::Algorithm(named));
    let ed25519 = b"\x30\x05\x06\x03\x2b\x65\x70";
    check_refused(
        ed25519,
        &[1; 32],
        &KeyError::Algorithm("1.3.101.112".to_owned()),
    );
    let without_null = b"\x30\x0b\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
    let named = "1.2.840.113549.1.1.1".to_owned();
    check_refused(
        without_null,
        &rsa_bits(&[0xff; 256], &[3]),
        &KeyError::Algorithm(named),
    );
}

#[test]
fn points_must_be_uncompressed_and_on_their_curve() {
    let identifier = KeyAlgorithm::EcdsaP256.identifier();
    let holder = signer(KeyAlgorithm::EcdsaP256);
    let point = holder.public_key().key_bits().to_vec();
    let mut compressed = point[..33].to_vec();
    compressed[0] = 0x02 | (point[64] & 1);
    check_refused(identifier, &compressed, &KeyError::Point);
    let mut off_curve = point.clone();
    off_curve[64] ^= 1;
    check_refused(identifier, &off_curve, &KeyError::Point);
    check_refused(identifier, &[0], &KeyError::Point);
    check_refused(
        KeyAlgorithm::EcdsaP384.identifier(),
        &point,
        &KeyError::Point,
    );
    assert!(PublicKey::from_spki(&spki(identifier, &point)).is_ok());
}

#[test]
fn a_key_shows_its_kind_and_fingerprint() {
    let holder = signer(KeyAlgorithm::EcdsaP256);
    let shown = format!("{:?}", holder.public_key());
    let fingerprint = hex(&holder.public_key().fingerprint()[..8]);
    assert_eq!(shown, format!("PublicKey(ECDSA P-256, {fingerprint}..)"));
}
