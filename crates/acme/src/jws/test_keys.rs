//! Keys that sign for tests; a client in miniature.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};

use crate::algorithm::Algorithm;
use crate::base64url::encode;

/// A key pair with its public JWK.
pub(crate) struct Key {
    pub(crate) algorithm: Algorithm,
    pub(crate) jwk: String,
    pair: Pair,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
    Rsa(RsaKeyPair),
}

impl Key {
    pub(crate) fn p256() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self::elliptic(Algorithm::Es256, "P-256", pair)
    }

    pub(crate) fn p384() -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P384_SHA384_FIXED_SIGNING).unwrap();
        Self::elliptic(Algorithm::Es384, "P-384", pair)
    }

    pub(crate) fn ed25519() -> Self {
        let pair = Ed25519KeyPair::generate().unwrap();
        let x = encode(pair.public_key());
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{x}"}}"#);
        Self {
            algorithm: Algorithm::EdDsa,
            jwk,
            pair: Pair::Ed25519(pair),
        }
    }

    pub(crate) fn rsa() -> Self {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        // RSAPublicKey in DER: nine octets of headers and sign, the modulus, then 65537.
        let n = encode(&pair.public_key().as_ref()[9..265]);
        let jwk = format!(r#"{{"kty":"RSA","n":"{n}","e":"AQAB"}}"#);
        Self {
            algorithm: Algorithm::Rs256,
            jwk,
            pair: Pair::Rsa(pair),
        }
    }

    pub(crate) fn each() -> [Self; 4] {
        [Self::p256(), Self::p384(), Self::ed25519(), Self::rsa()]
    }

    fn elliptic(algorithm: Algorithm, curve: &str, pair: EcdsaKeyPair) -> Self {
        let point = &pair.public_key().as_ref()[1..];
        let (x, y) = point.split_at(point.len() / 2);
        let (x, y) = (encode(x), encode(y));
        let jwk = format!(r#"{{"kty":"EC","crv":"{curve}","x":"{x}","y":"{y}"}}"#);
        Self {
            algorithm,
            jwk,
            pair: Pair::Ecdsa(pair),
        }
    }

    /// The SubjectPublicKeyInfo as the library encodes it.
    pub(crate) fn spki_der(&self) -> Vec<u8> {
        match &self.pair {
            Pair::Ecdsa(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
            Pair::Rsa(pair) => pair.public_key().as_der().unwrap().as_ref().to_vec(),
        }
    }

    pub(crate) fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Pair::Ed25519(pair) => pair.sign(message).as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .unwrap();
                signature
            }
        }
    }

    /// A JWS whose header holds exactly `header`, without braces, after the right `alg`.
    pub(crate) fn jws(&self, header: &str, payload: &str) -> String {
        let header = format!(r#"{{"alg":"{}",{header}}}"#, self.algorithm.as_str());
        flattened(&header, payload, |input| self.sign(input))
    }
}

/// A flattened JWS over any header.
pub(crate) fn flattened(
    header: &str,
    payload: &str,
    sign: impl FnOnce(&[u8]) -> Vec<u8>,
) -> String {
    let (protected, payload) = (encode(header), encode(payload));
    let signature = encode(sign(format!("{protected}.{payload}").as_bytes()));
    format!(r#"{{"protected":"{protected}","payload":"{payload}","signature":"{signature}"}}"#)
}
