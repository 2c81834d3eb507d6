//! The arithmetic of weak RSA keys.

use num_bigint::BigUint;

use super::{KeyPolicy, KeyPolicyError};
use crate::algorithm::KeyAlgorithm;
use crate::key::RsaNumbers;

pub(super) fn check(
    policy: &KeyPolicy,
    algorithm: KeyAlgorithm,
    numbers: &RsaNumbers,
) -> Result<(), KeyPolicyError> {
    check_size(policy, algorithm)?;
    check_exponent(&numbers.exponent)?;
    let modulus = BigUint::from_bytes_be(&numbers.modulus);
    if let Some(factor) = small_factor(&modulus) {
        return Err(KeyPolicyError::SmallFactor(factor));
    }
    if has_roca_structure(&modulus) {
        return Err(KeyPolicyError::Roca);
    }
    if has_close_primes(&modulus) {
        return Err(KeyPolicyError::ClosePrimes);
    }
    if policy.debian_weak.contains(&numbers.modulus) {
        return Err(KeyPolicyError::DebianWeak);
    }
    Ok(())
}

fn check_size(policy: &KeyPolicy, algorithm: KeyAlgorithm) -> Result<(), KeyPolicyError> {
    match algorithm {
        KeyAlgorithm::Rsa { bits } if !policy.rsa_bits.contains(&bits) || bits % 8 != 0 => {
            Err(KeyPolicyError::Size {
                bits,
                least: *policy.rsa_bits.start(),
                most: *policy.rsa_bits.end(),
            })
        }
        KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 | KeyAlgorithm::Rsa { .. } => Ok(()),
    }
}

/// The octets have no leading zero, so 2^256 starts at 33 of them.
fn check_exponent(big_endian: &[u8]) -> Result<(), KeyPolicyError> {
    let is_odd = big_endian.last().is_some_and(|last| last & 1 == 1);
    let is_large = match big_endian {
        [high, middle, low] => [*high, *middle, *low] >= [1, 0, 1],
        _ => big_endian.len() > 3,
    };
    if is_odd && is_large && big_endian.len() <= 32 {
        Ok(())
    } else {
        Err(KeyPolicyError::Exponent)
    }
}

/// The smallest prime below 752 that divides the modulus (SP 800-89 §5.3.3).
///
/// The primes are multiplied together as far as a machine word holds them: a long division each, not one per prime.
fn small_factor(modulus: &BigUint) -> Option<u32> {
    let mut batch: Vec<u32> = Vec::with_capacity(8);
    let mut product = 1_u64;
    for prime in primes_below(752) {
        if let Some(larger) = product.checked_mul(u64::from(prime)) {
            product = larger;
        } else {
            if let Some(factor) = factor_in(modulus, product, &batch) {
                return Some(factor);
            }
            batch.clear();
            product = u64::from(prime);
        }
        batch.push(prime);
    }
    factor_in(modulus, product, &batch)
}

fn factor_in(modulus: &BigUint, product: u64, primes: &[u32]) -> Option<u32> {
    let remainder = word(&(modulus % product));
    primes
        .iter()
        .copied()
        .find(|prime| remainder.is_multiple_of(u64::from(*prime)))
}

fn word(value: &BigUint) -> u64 {
    value.iter_u64_digits().next().unwrap_or(0)
}

fn primes_below(limit: u32) -> impl Iterator<Item = u32> {
    (2..limit).filter(|candidate| {
        (2..*candidate)
            .take_while(|divisor| divisor * divisor <= *candidate)
            .all(|divisor| candidate % divisor != 0)
    })
}

/// The primes of a flawed chip are k·M + (65537^a mod M) with M the product of the first primes, so the modulus is
/// a power of 65537 modulo each of them ("The Return of Coppersmith's Attack", Nemec et al., 2017, §3).
///
/// The tested primes, up to 167, divide the M of every key size; a random modulus passes all of them once in 2^154.
fn has_roca_structure(modulus: &BigUint) -> bool {
    primes_below(168)
        .filter(|prime| *prime > 2)
        .all(|prime| is_power_of_65537(word(&(modulus % prime)), u64::from(prime)))
}

fn is_power_of_65537(residue: u64, prime: u64) -> bool {
    let mut power = 1;
    for _ in 0..prime {
        if power == residue {
            return true;
        }
        power = power * 65537 % prime;
    }
    false
}

/// Fermat's factorization: with close primes, a² - n is a square soon after a = ⌈√n⌉.
fn has_close_primes(modulus: &BigUint) -> bool {
    let mut a = modulus.sqrt();
    if &a * &a < *modulus {
        a += 1_u32;
    }
    let mut difference = &a * &a - modulus;
    for _ in 0..FERMAT_ROUNDS {
        if is_square(&difference) {
            return true;
        }
        difference += (&a << 1_u32) + 1_u32;
        a += 1_u32;
    }
    false
}

/// The root is costly and squares are rare: modulo 64 only 12 residues are squares, modulo 63, 65 and 11 few more.
fn is_square(value: &BigUint) -> bool {
    let low = word(value) & 63;
    let is_residue = |remainder: u64, modulus: u64| {
        (0..modulus).any(|root| root * root % modulus == remainder % modulus)
    };
    if !is_residue(low, 64) {
        return false;
    }
    let remainder = word(&(value % (63_u64 * 65 * 11)));
    if [63, 65, 11]
        .iter()
        .any(|modulus| !is_residue(remainder, *modulus))
    {
        return false;
    }
    let root = value.sqrt();
    &root * &root == *value
}

/// BR §6.1.1.3 (5) names this number.
const FERMAT_ROUNDS: u32 = 100;

#[cfg(test)]
mod tests {
    use super::*;

    fn number(decimal: &str) -> BigUint {
        decimal.parse().unwrap()
    }

    #[test]
    fn there_are_133_small_primes_and_each_is_found() {
        assert_eq!(primes_below(752).count(), 133);
        let large = number("170141183460469231731687303715884105727");
        assert_eq!(small_factor(&large), None);
        for prime in primes_below(752) {
            assert_eq!(small_factor(&(&large * prime)), Some(prime));
        }
    }

    #[test]
    fn exponents_are_odd_and_within_bounds() {
        let accepted = |octets: &[u8]| check_exponent(octets).is_ok();
        assert!(accepted(&[1, 0, 1]) && accepted(&[1, 0, 0, 1]) && accepted(&[0xff; 32]));
        assert!(!accepted(&[3]) && !accepted(&[0xff, 0xff]) && !accepted(&[1, 0, 2]));
        assert!(!accepted(&[]) && !accepted(&[1; 33]));
    }

    #[test]
    fn close_primes_are_found_and_distant_ones_are_not() {
        let p = number("170141183460469231731687303715884105727");
        let near = &p + 1_002_u32;
        assert!(has_close_primes(&(&p * &near)));
        assert!(has_close_primes(&(&p * &p)));
        let far = number("618970019642690137449562111");
        assert!(!has_close_primes(&(&p * &far)));
    }

    #[test]
    fn the_roca_structure_is_recognised() {
        let m: BigUint = primes_below(168).map(BigUint::from).product();
        let base = BigUint::from(65537_u32);
        let p = &m * 12_345_u32 + base.modpow(&BigUint::from(77_u32), &m);
        let q = &m * 67_891_u32 + base.modpow(&BigUint::from(1234_u32), &m);
        assert!(has_roca_structure(&(&p * &q)));
        assert!(!has_roca_structure(&(&p * &q + 2_u32)));
    }
}
