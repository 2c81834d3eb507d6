//! Holds a CA's private key and signs with it; a hardware module takes the software's place behind the same trait.
//!
//! What may be signed is not decided here: [`Issuer`](crate::Issuer) signs only what the linter let through.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der, PublicKeyX509Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, KeyPair as _, RSA_PKCS1_SHA256,
};
use zeroize::Zeroizing;

use crate::algorithm::{KeyAlgorithm, SignatureAlgorithm};
use crate::decode::Element;
use crate::encode::tag;
use crate::key::{KeyError, PublicKey};

/// Why there is no key or no signature.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    /// The key's algorithm or size is not one a CA may have here.
    #[error("a signing key must be ECDSA P-256, ECDSA P-384 or RSA of 2048 to 4096 bits")]
    Algorithm,
    /// Not unencrypted PKCS#8, or its numbers do not fit each other.
    #[error("the private key is not valid unencrypted PKCS#8")]
    Encoding,
    /// The generator or the signature operation failed.
    #[error("the cryptographic module failed to {0}")]
    Failed(&'static str),
    /// The public half is not a key we can certify.
    #[error("the public half of the private key cannot be used")]
    PublicKey(#[from] KeyError),
}

/// Signs with one private key.
pub trait Signer: Send + Sync {
    /// The algorithm of every signature this makes.
    fn algorithm(&self) -> SignatureAlgorithm {
        self.public_key().algorithm().signature_algorithm()
    }

    /// The public half.
    fn public_key(&self) -> &PublicKey;

    /// The signature over `message`, in the encoding X.509 wants.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

/// A private key in memory.
pub struct SoftwareSigner {
    pair: Pair,
    public_key: PublicKey,
}

enum Pair {
    Ecdsa(EcdsaKeyPair),
    Rsa(rsa::KeyPair),
}

impl SoftwareSigner {
    /// Reads unencrypted PKCS#8 DER (RFC 5958).
    pub fn from_pkcs8(der: &[u8]) -> Result<Self, SignerError> {
        let identifier = private_key_algorithm(der).map_err(|_| SignerError::Encoding)?;
        let is = |algorithm: KeyAlgorithm| identifier == algorithm.identifier();
        if is(KeyAlgorithm::EcdsaP256) {
            Self::ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING, der)
        } else if is(KeyAlgorithm::EcdsaP384) {
            Self::ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING, der)
        } else if is(KeyAlgorithm::Rsa { bits: 0 }) {
            Self::rsa(der)
        } else {
            Err(SignerError::Algorithm)
        }
    }

    /// A fresh key that lives only as long as the value.
    pub fn generate(algorithm: KeyAlgorithm) -> Result<Self, SignerError> {
        Self::from_pkcs8(&generate_pkcs8(algorithm)?)
    }

    fn ecdsa(scheme: &'static EcdsaSigningAlgorithm, der: &[u8]) -> Result<Self, SignerError> {
        let pair = EcdsaKeyPair::from_pkcs8(scheme, der).map_err(|_| SignerError::Encoding)?;
        let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key())
            .map_err(|_| SignerError::Encoding)?;
        let public_key = PublicKey::from_spki(spki.as_ref())?;
        Ok(Self {
            pair: Pair::Ecdsa(pair),
            public_key,
        })
    }

    fn rsa(der: &[u8]) -> Result<Self, SignerError> {
        let pair = rsa::KeyPair::from_pkcs8(der).map_err(|_| SignerError::Encoding)?;
        let spki = AsDer::<PublicKeyX509Der<'_>>::as_der(pair.public_key())
            .map_err(|_| SignerError::Encoding)?;
        let public_key = PublicKey::from_spki(spki.as_ref())?;
        match public_key.algorithm() {
            KeyAlgorithm::Rsa {
                bits: 2048..=4096, ..
            } => {}
            KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 | KeyAlgorithm::Rsa { .. } => {
                return Err(SignerError::Algorithm);
            }
        }
        Ok(Self {
            pair: Pair::Rsa(pair),
            public_key,
        })
    }
}

impl Signer for SoftwareSigner {
    fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Ecdsa(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SignerError::Failed("sign")),
            Pair::Rsa(pair) => {
                let mut signature = vec![0_u8; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
                    .map_err(|_| SignerError::Failed("sign"))?;
                Ok(signature)
            }
        }
    }
}

/// A fresh private key as PKCS#8 DER; RSA takes 2048, 3072 or 4096 bits.
pub fn generate_pkcs8(algorithm: KeyAlgorithm) -> Result<Zeroizing<Vec<u8>>, SignerError> {
    let ecdsa = |scheme: &'static EcdsaSigningAlgorithm| {
        EcdsaKeyPair::generate_pkcs8(scheme, &SystemRandom::new())
            .map(|document| Zeroizing::new(document.as_ref().to_vec()))
            .map_err(|_| SignerError::Failed("generate a key"))
    };
    match algorithm {
        KeyAlgorithm::EcdsaP256 => ecdsa(&ECDSA_P256_SHA256_ASN1_SIGNING),
        KeyAlgorithm::EcdsaP384 => ecdsa(&ECDSA_P384_SHA384_ASN1_SIGNING),
        KeyAlgorithm::Rsa { bits } => generate_rsa(bits),
    }
}

fn generate_rsa(bits: u32) -> Result<Zeroizing<Vec<u8>>, SignerError> {
    let size = match bits {
        2048 => rsa::KeySize::Rsa2048,
        3072 => rsa::KeySize::Rsa3072,
        4096 => rsa::KeySize::Rsa4096,
        _ => return Err(SignerError::Algorithm),
    };
    let failed = |_| SignerError::Failed("generate a key");
    let pair = rsa::KeyPair::generate(size).map_err(failed)?;
    let document = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).map_err(failed)?;
    Ok(Zeroizing::new(document.as_ref().to_vec()))
}

/// The AlgorithmIdentifier of a PrivateKeyInfo.
fn private_key_algorithm(der: &[u8]) -> Result<&[u8], der::Error> {
    let mut fields = Element::only(der, tag::SEQUENCE)?.elements()?;
    fields.expect(tag::INTEGER)?;
    Ok(fields.expect(tag::SEQUENCE)?.whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(algorithm: KeyAlgorithm) {
        let signer = SoftwareSigner::generate(algorithm).unwrap();
        let signature = signer.sign(b"message").unwrap();
        let key = signer.public_key();
        assert_eq!(key.algorithm(), algorithm);
        assert!(
            key.verify(signer.algorithm(), b"message", &signature)
                .is_ok()
        );
        assert!(
            key.verify(signer.algorithm(), b"massage", &signature)
                .is_err()
        );
    }

    #[test]
    fn what_a_key_signs_its_public_half_verifies() {
        check(KeyAlgorithm::EcdsaP256);
        check(KeyAlgorithm::EcdsaP384);
        check(KeyAlgorithm::Rsa { bits: 2048 });
    }

    #[test]
    fn other_sizes_and_garbage_are_refused() {
        let refused = |bits| generate_pkcs8(KeyAlgorithm::Rsa { bits }).is_err();
        assert!(refused(1024) && refused(2047) && refused(8192));
        assert!(SoftwareSigner::from_pkcs8(b"\x30\x00").is_err());
        assert!(SoftwareSigner::from_pkcs8(b"").is_err());
    }
}
