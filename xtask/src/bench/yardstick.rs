//! How fast this machine is: the CPU time of one ECDSA P-256 verification, of which a server does seven
//! for an issuance. Figures of different machines, or of different hours of a shared one, can be compared
//! by it.

use anyhow::anyhow;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair,
    UnparsedPublicKey,
};

use crate::server::usage;

/// What it took on the machine that the budgets were written for.
pub(crate) const REFERENCE_MICROSECONDS: f64 = 39.8;
/// Enough for the clock ticks that CPU time comes in.
const VERIFICATIONS: u32 = 12_000;
const MESSAGE: [u8; 900] = [7; 900];

/// CPU time of one verification here and now, in microseconds.
pub(crate) fn microseconds() -> anyhow::Result<f64> {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)
        .map_err(|_| anyhow!("no key could be made"))?;
    let signature = pair
        .sign(&SystemRandom::new(), &MESSAGE)
        .map_err(|_| anyhow!("nothing could be signed"))?;
    let key = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref());
    let us = std::process::id();
    let before = usage::cpu_ms(us)?;
    for _ in 0..VERIFICATIONS {
        key.verify(&MESSAGE, signature.as_ref())
            .map_err(|_| anyhow!("our own signature is not valid"))?;
    }
    Ok((usage::cpu_ms(us)? - before) * 1000.0 / f64::from(VERIFICATIONS))
}
