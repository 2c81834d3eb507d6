use num_bigint::BigUint;

use super::*;
use crate::encode::Writer;
use crate::fixture::signer;
use crate::{KeyAlgorithm, Signer as _};

/// An RSA key with these numbers, which need not be good ones.
fn rsa_key(modulus: &[u8], exponent: &[u8]) -> PublicKey {
    let mut key_bits = Writer::with_capacity(300);
    key_bits.sequence(|writer| {
        writer.unsigned(modulus);
        writer.unsigned(exponent);
    });
    let mut spki = Writer::with_capacity(300);
    spki.sequence(|writer| {
        writer.raw(KeyAlgorithm::Rsa { bits: 0 }.identifier());
        writer.bit_string(&key_bits.finish());
    });
    PublicKey::from_spki(&spki.finish()).unwrap()
}

/// The modulus of a sound key of 2048 bits.
fn sound_modulus() -> Vec<u8> {
    let holder = signer(KeyAlgorithm::Rsa { bits: 2048 });
    holder.public_key().rsa().unwrap().modulus.clone()
}

#[track_caller]
fn check(policy: &KeyPolicy, key: &PublicKey, expected: &Result<(), KeyPolicyError>) {
    assert_eq!(&policy.check(key, &HashSet::new()), expected);
}

fn size_error(bits: u32) -> Result<(), KeyPolicyError> {
    Err(KeyPolicyError::Size {
        bits,
        least: 2048,
        most: 4096,
    })
}

#[test]
fn sound_keys_pass() {
    let policy = KeyPolicy::public();
    check(
        &policy,
        signer(KeyAlgorithm::EcdsaP256).public_key(),
        &Ok(()),
    );
    check(
        &policy,
        signer(KeyAlgorithm::EcdsaP384).public_key(),
        &Ok(()),
    );
    check(&policy, &rsa_key(&sound_modulus(), &[1, 0, 1]), &Ok(()));
}

#[test]
fn a_reported_key_is_refused() {
    let holder = signer(KeyAlgorithm::EcdsaP256);
    let blocked = HashSet::from([*holder.public_key().fingerprint()]);
    let result = KeyPolicy::public().check(holder.public_key(), &blocked);
    assert_eq!(result, Err(KeyPolicyError::Blocked));
}

#[test]
fn sizes_have_bounds_that_test_servers_relax() {
    let policy = KeyPolicy::public();
    let one_more_bit = [&[1][..], &[0xff; 256]].concat();
    check(
        &policy,
        &rsa_key(&[0xff; 128], &[1, 0, 1]),
        &size_error(1024),
    );
    check(
        &policy,
        &rsa_key(&one_more_bit, &[1, 0, 1]),
        &size_error(2049),
    );
    check(
        &policy,
        &rsa_key(&[0xff; 513], &[1, 0, 1]),
        &size_error(4104),
    );
    // Past the size, the relaxed policy sees that 2^1024 - 1 is divisible by 3.
    let small_factor = Err(KeyPolicyError::SmallFactor(3));
    check(
        &KeyPolicy::relaxed(),
        &rsa_key(&[0xff; 128], &[1, 0, 1]),
        &small_factor,
    );
}

#[test]
fn a_small_exponent_is_refused() {
    let key = rsa_key(&sound_modulus(), &[3]);
    check(&KeyPolicy::public(), &key, &Err(KeyPolicyError::Exponent));
}

#[test]
fn close_primes_are_refused() {
    // Two factors of 1024 bits, close to each other, without small divisors of their own.
    let base = BigUint::from(1_u32) << 1023_u32;
    let without_small_divisors = |from: BigUint| {
        (0_u32..100_000)
            .map(|step| &from + 2 * step + 1_u32)
            .find(|candidate| (2..752_u32).all(|d| candidate % d != BigUint::ZERO))
            .unwrap()
    };
    let p = without_small_divisors(&base + (&base >> 1_u32));
    let q = without_small_divisors(&p + 839_u32);
    let key = rsa_key(&(p * q).to_bytes_be(), &[1, 0, 1]);
    check(
        &KeyPolicy::public(),
        &key,
        &Err(KeyPolicyError::ClosePrimes),
    );
}

#[test]
fn a_listed_debian_key_is_refused() {
    use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
    let modulus = sound_modulus();
    let line = format!("Modulus={}\n", crate::serial::hex(&modulus).to_uppercase());
    let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, line.as_bytes());
    let list = crate::serial::hex(&hash.as_ref()[10..]);
    let mut policy = KeyPolicy::public();
    policy.debian_weak = DebianWeakKeys::parse(&list).unwrap();
    let key = rsa_key(&modulus, &[1, 0, 1]);
    check(&policy, &key, &Err(KeyPolicyError::DebianWeak));
    check(&policy, &rsa_key(&sound_modulus(), &[1, 0, 1]), &Ok(()));
}
