//! Keys that sign requests and certificate requests, also wrong ones: of P-256, and one of RSA that anybody can factor.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use rcgen::{CertificateParams, CustomExtension, DistinguishedName, KeyPair};
use serde_json::{Value, json};

use crate::base64url;

/// A private key.
#[derive(Clone)]
pub struct Key(Arc<Inner>);

struct Inner {
    pair: Pair,
    subscriber: KeyPair,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

/// The line of [`Key::everybodys`] in a list of weak keys.
pub const LISTED: &str = "c7bdc6da0968f32f07c6";

impl Key {
    /// A fresh one.
    pub fn generate() -> Self {
        let subscriber = KeyPair::generate().expect("a key");
        let der = subscriber.serialized_der();
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).expect("a key");
        let pair = Pair::Ecdsa(pair);
        Self(Arc::new(Inner { pair, subscriber }))
    }

    /// RSA of 2048 bits, whose primes follow each other.
    pub fn with_close_primes() -> Self {
        Self::rsa(include_bytes!("key/close_primes.der"))
    }

    /// RSA of 2048 bits, with nothing wrong but that everybody has it; [`LISTED`] is how lists of such keys name it.
    pub fn everybodys() -> Self {
        Self::rsa(include_bytes!("key/listed.der"))
    }

    fn rsa(der: &[u8]) -> Self {
        let pair = Pair::Rsa(RsaKeyPair::from_pkcs8(der).expect("a key"));
        let subscriber = KeyPair::try_from(der).expect("a key");
        Self(Arc::new(Inner { pair, subscriber }))
    }

    /// What it signs with (RFC 7518 §3.1).
    pub fn algorithm(&self) -> &'static str {
        match &self.0.pair {
            Pair::Ecdsa(_) => "ES256",
            Pair::Rsa(_) => "RS256",
        }
    }

    /// The public half (RFC 7517).
    pub fn jwk(&self) -> Value {
        match &self.0.pair {
            Pair::Ecdsa(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point.get(1..).expect("a point").split_at(32);
                json!({ "crv": "P-256", "kty": "EC", "x": base64url(x), "y": base64url(y) })
            }
            Pair::Rsa(pair) => {
                let public = pair.public_key();
                let (n, e) = (public.modulus(), public.exponent());
                let number = base64url(n.big_endian_without_leading_zero());
                let exponent = base64url(e.big_endian_without_leading_zero());
                json!({ "e": exponent, "kty": "RSA", "n": number })
            }
        }
    }

    /// RFC 7638: the members of [`jwk`](Self::jwk) are in its order.
    pub fn thumbprint(&self) -> String {
        base64url(digest(&SHA256, self.jwk().to_string().as_bytes()))
    }

    /// A flattened JWS with exactly this protected header.
    pub fn jws(&self, protected: &Value, payload: &str) -> Value {
        let protected = base64url(protected.to_string());
        let payload = base64url(payload);
        let input = format!("{protected}.{payload}");
        let signature = base64url(self.sign(input.as_bytes()));
        json!({ "protected": protected, "payload": payload, "signature": signature })
    }

    fn sign(&self, input: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.0.pair {
            Pair::Ecdsa(pair) => pair.sign(&random, input).expect("signed").as_ref().to_vec(),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, input, &mut signature)
                    .expect("signed");
                signature
            }
        }
    }

    /// A certificate request for these names, DER.
    pub fn csr(&self, names: &[&str]) -> Vec<u8> {
        self.request(names, Vec::new())
    }

    /// One that asks for must-staple besides (RFC 7633: the TLS feature status_request).
    pub fn csr_with_must_staple(&self, names: &[&str]) -> Vec<u8> {
        let content = vec![0x30, 3, 2, 1, 5];
        let feature = CustomExtension::from_oid_content(&[1, 3, 6, 1, 5, 5, 7, 1, 24], content);
        self.request(names, vec![feature])
    }

    fn request(&self, names: &[&str], extensions: Vec<CustomExtension>) -> Vec<u8> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut request = CertificateParams::new(names).expect("names");
        request.distinguished_name = DistinguishedName::new();
        request.custom_extensions = extensions;
        request
            .serialize_request(&self.0.subscriber)
            .expect("a request")
            .der()
            .to_vec()
    }
}

/// An external account binding of `key` (RFC 8555 §7.3.4).
pub(crate) fn binding(key: &Key, url: &str, key_id: &str, mac_key: &[u8]) -> Value {
    let protected = base64url(json!({ "alg": "HS256", "kid": key_id, "url": url }).to_string());
    let payload = base64url(key.jwk().to_string());
    let input = format!("{protected}.{payload}");
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, mac_key),
        input.as_bytes(),
    );
    json!({ "protected": protected, "payload": payload, "signature": base64url(tag) })
}
