//! Which subscriber keys are strong enough to certify (BR §6.1.1.3, §6.1.5, §6.1.6).
//!
//! Elliptic-curve keys are complete once [`PublicKey`] holds them: the point was checked there. RSA keys are
//! examined for size, exponent, small factors, close primes, the ROCA structure and Debian's weak generator.
//! Keys that were reported compromised come from the caller, who stores them.

use base::{Class, Refusal, Refuse};
use std::collections::HashSet;
use std::ops::RangeInclusive;

use crate::key::PublicKey;

mod debian;
mod rsa;

pub use debian::{DebianWeakKeys, ListError};

/// Why a key is refused; ACME answers `badPublicKey` or `badCSR`.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum KeyPolicyError {
    /// Its fingerprint is on the block list.
    #[error("the key was reported as compromised; create a new one")]
    Blocked,
    /// The factors of the modulus lie so close that Fermat's method finds them (BR §6.1.1.3 (5)).
    #[error("the RSA key can be factored because its primes are too close; create a new one")]
    ClosePrimes,
    /// Made by Debian's predictable generator, CVE-2008-0166 (BR §6.1.1.3 (4)).
    #[error("the RSA key was made by a predictable generator (CVE-2008-0166); create a new one")]
    DebianWeak,
    /// Not odd, or not from 65537 to 2^256 - 1 (BR §6.1.6).
    #[error("the RSA public exponent must be odd and between 65537 and 2^256 - 1")]
    Exponent,
    /// Made by a chip with CVE-2017-15361 (BR §6.1.1.3 (5)).
    #[error("the RSA key was made by a flawed chip (ROCA, CVE-2017-15361); create a new one")]
    Roca,
    /// Too short, too long, or not whole octets (BR §6.1.5).
    #[error("the RSA key has {bits} bits; use {least} to {most}, a multiple of 8")]
    Size {
        /// Bits of the modulus.
        bits: u32,
        /// The fewest that are accepted.
        least: u32,
        /// The most that are accepted.
        most: u32,
    },
    /// The modulus has a prime factor below 752 (BR §6.1.6, NIST SP 800-89 §5.3.3).
    #[error("the RSA modulus is divisible by {0}; create a new key")]
    SmallFactor(u32),
}

impl Refuse for KeyPolicyError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Blocked => "key_blocked",
            Self::ClosePrimes => "key_close_primes",
            Self::DebianWeak => "key_debian_weak",
            Self::Exponent => "key_exponent",
            Self::Roca => "key_roca",
            Self::Size { .. } => "key_size",
            Self::SmallFactor(_) => "key_small_factor",
        };
        Class::Invalid.because(code, self)
    }
}

/// The limits; everything else is law.
#[derive(Clone, Debug)]
pub struct KeyPolicy {
    /// Accepted lengths of an RSA modulus in bits.
    pub rsa_bits: RangeInclusive<u32>,
    /// Keys of Debian's predictable generator, as far as the operator has lists of them.
    pub debian_weak: DebianWeakKeys,
}

impl KeyPolicy {
    /// What a public CA accepts.
    pub fn public() -> Self {
        Self {
            rsa_bits: 2048..=4096,
            debian_weak: DebianWeakKeys::default(),
        }
    }

    /// For servers that exist to test clients: RSA from 1024 bits.
    pub fn relaxed() -> Self {
        Self {
            rsa_bits: 1024..=8192,
            debian_weak: DebianWeakKeys::default(),
        }
    }

    /// Examines `key`; `blocked` holds fingerprints of SubjectPublicKeyInfos.
    pub fn check(
        &self,
        key: &PublicKey,
        blocked: &HashSet<[u8; 32]>,
    ) -> Result<(), KeyPolicyError> {
        if blocked.contains(key.fingerprint()) {
            return Err(KeyPolicyError::Blocked);
        }
        match key.rsa() {
            Some(numbers) => rsa::check(self, key.algorithm(), numbers),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
