//! A provider's key in software, for tests.
#![expect(
    clippy::missing_panics_doc,
    reason = "helpers of a test fail as the test does"
)]

use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256,
    RSA_PSS_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

static KEYS: AtomicU64 = AtomicU64::new(0);

enum Pair {
    Ec(EcdsaKeyPair),
    Ed(Ed25519KeyPair),
    Rsa(Box<RsaKeyPair>, bool),
}

/// Signs tokens as a provider does.
pub struct TokenSigner {
    id: String,
    pair: Pair,
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

impl TokenSigner {
    /// A fresh key for `ES256`, `EdDSA`, `RS256` or `PS256`.
    ///
    /// # Panics
    ///
    /// For another algorithm.
    #[expect(
        clippy::expect_used,
        clippy::panic,
        reason = "only tests make keys here"
    )]
    pub fn new(algorithm: &str) -> Self {
        let pair = match algorithm {
            "ES256" => {
                let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING);
                Pair::Ec(key.expect("a key"))
            }
            "EdDSA" => Pair::Ed(Ed25519KeyPair::generate().expect("a key")),
            "RS256" | "PS256" => {
                let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
                Pair::Rsa(Box::new(key), algorithm == "PS256")
            }
            other => panic!("no key for {other}"),
        };
        let number = KEYS.fetch_add(1, Ordering::Relaxed);
        Self {
            id: format!("key-{number}"),
            pair,
        }
    }

    /// Its name in a header.
    pub fn algorithm(&self) -> &'static str {
        match &self.pair {
            Pair::Ec(_) => "ES256",
            Pair::Ed(_) => "EdDSA",
            Pair::Rsa(_, false) => "RS256",
            Pair::Rsa(_, true) => "PS256",
        }
    }

    /// Its public half, as it stands in a set of keys.
    #[expect(clippy::expect_used, reason = "only tests make keys here")]
    pub fn jwk(&self) -> Value {
        match &self.pair {
            Pair::Ec(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = point.get(1..).expect("a point").split_at(32);
                json!({ "kty": "EC", "crv": "P-256", "x": text(x), "y": text(y), "kid": self.id })
            }
            Pair::Ed(key) => {
                let x = text(key.public_key().as_ref());
                json!({ "kty": "OKP", "crv": "Ed25519", "x": x, "kid": self.id })
            }
            Pair::Rsa(key, _) => {
                let key = key.public_key();
                let modulus = key.modulus().big_endian_without_leading_zero();
                let exponent = key.exponent().big_endian_without_leading_zero();
                json!({ "kty": "RSA", "n": text(modulus), "e": text(exponent), "kid": self.id,
                    "use": "sig", "alg": self.algorithm() })
            }
        }
    }

    /// The header that names it.
    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm(), "kid": self.id, "typ": "JWT" })
    }

    /// A token with its own header.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_as(&self.header(), claims)
    }

    /// A token with another header.
    #[expect(clippy::expect_used, reason = "only tests make keys here")]
    pub fn sign_as(&self, header: &Value, claims: &Value) -> String {
        let message = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
        let (random, bytes) = (SystemRandom::new(), message.as_bytes());
        let signature = match &self.pair {
            Pair::Ec(key) => {
                let signed = key.sign(&random, bytes);
                signed.expect("a signature").as_ref().to_vec()
            }
            Pair::Ed(key) => key.sign(bytes).as_ref().to_vec(),
            Pair::Rsa(key, is_pss) => {
                let mut signature = vec![0; key.public_modulus_len()];
                let scheme = if *is_pss {
                    &RSA_PSS_SHA256 as &dyn aws_lc_rs::signature::RsaEncoding
                } else {
                    &RSA_PKCS1_SHA256
                };
                let signed = key.sign(scheme, &random, bytes, &mut signature);
                signed.expect("a signature");
                signature
            }
        };
        format!("{message}.{}", text(signature))
    }
}
