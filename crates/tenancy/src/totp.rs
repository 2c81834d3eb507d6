//! One-time codes of an authenticator app (RFC 6238; features F-008, F-009, F-016, F-017; security S-12 to S-14).
//!
//! A code is good for its own step of 30 seconds and for one beside it, since clocks differ; the step that was taken last,
//! or one before it, is never taken again. Whoever stores what was taken makes sure that of two who bring one code one wins.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use base::{Random, Timestamp};
use zeroize::Zeroizing;

/// How many seconds a step has.
const STEP: i64 = 30;
/// How many steps a clock may be off, each way.
const SKEW: i64 = 1;
/// How many digits a code has.
const DIGITS: usize = 6;
const MODULUS: u32 = 1_000_000;
/// How many octets a secret has: 160 bits (S-12).
const LENGTH: usize = 20;
/// The digits of RFC 4648 §6.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What an authenticator app and we know. Never printed by accident, stored only sealed.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<Vec<u8>>);

/// The code is not right, or was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "that code is not right; type the one shown now, and if it keeps happening, set the clock of the device to automatic"
)]
pub struct WrongCode;

impl TotpSecret {
    /// A fresh secret of 160 bits.
    pub fn generate(random: &dyn Random) -> Self {
        let mut bytes = Zeroizing::new(vec![0_u8; LENGTH]);
        random.fill(&mut bytes);
        Self(bytes)
    }

    /// From what was unsealed.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes to seal.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// What a person types by hand: base 32 in groups of four (RFC 4648 §6).
    pub fn reveal(&self) -> String {
        let digits = base32(&self.0);
        let groups = digits.as_bytes().chunks(4).map(String::from_utf8_lossy);
        groups.collect::<Vec<_>>().join(" ")
    }

    /// What the picture says that an app reads: SHA-1, 6 digits, 30 seconds (F-017).
    pub fn uri(&self, issuer: &str, account: &str) -> String {
        let (issuer, account) = (percent(issuer), percent(account));
        format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period=30",
            base32(&self.0)
        )
    }

    /// The step that a code is of, if it is good now and later than the last that was taken.
    pub fn verify(&self, typed: &str, last: Option<i64>, now: Timestamp) -> Result<i64, WrongCode> {
        let typed: Vec<u8> = typed.bytes().filter(|byte| *byte != b' ').collect();
        let current = now.as_seconds().div_euclid(STEP);
        let mut found = None;
        for step in current.saturating_sub(SKEW)..=current.saturating_add(SKEW) {
            // Every step is compared, so that the time tells nothing of which.
            let code = self.code_at(step);
            let is_right = constant_time::verify_slices_are_equal(code.as_bytes(), &typed).is_ok();
            if is_right && last.is_none_or(|last| step > last) {
                found = found.or(Some(step));
            }
        }
        found.ok_or(WrongCode)
    }

    /// The code of a moment, as the app shows it.
    pub fn code(&self, now: Timestamp) -> String {
        self.code_at(now.as_seconds().div_euclid(STEP))
    }

    /// RFC 4226 §5.3.
    fn code_at(&self, step: i64) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &self.0);
        let tag = hmac::sign(&key, &step.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag.last().copied().unwrap_or_default() & 0x0f);
        let word = tag.iter().skip(offset).take(4);
        let word = word.fold(0_u32, |word, byte| word << 8 | u32::from(*byte));
        format!("{:0DIGITS$}", (word & 0x7fff_ffff) % MODULUS)
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret(hidden)")
    }
}

/// Without padding: 20 octets are 32 digits.
fn base32(bytes: &[u8]) -> String {
    let mut digits = String::with_capacity(32);
    for chunk in bytes.chunks(5) {
        let word = (0..5).fold(0_u64, |word, place| {
            word << 8 | u64::from(chunk.get(place).copied().unwrap_or_default())
        });
        let count = (chunk.len() * 8).div_ceil(5);
        for place in 0..count {
            let digit = word >> (35 - 5 * place) & 31;
            let digit = usize::try_from(digit).unwrap_or_default();
            digits.push(char::from(BASE32.get(digit).copied().unwrap_or(b'A')));
        }
    }
    digits
}

/// RFC 3986 §2.1, for all but its unreserved characters.
fn percent(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push('%');
            for digit in [byte >> 4, byte & 15] {
                let digit = char::from_digit(digit.into(), 16).unwrap_or('0');
                out.push(digit.to_ascii_uppercase());
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rfc() -> TotpSecret {
        TotpSecret::from_bytes(b"12345678901234567890".to_vec())
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// RFC 6238, appendix B; the last six of its eight digits.
    #[test]
    fn f017_codes_are_those_of_rfc_6238() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(rfc().code(at(seconds)), code, "{seconds}");
        }
    }

    #[test]
    fn f008_s14_one_step_each_way_is_taken_and_no_more() {
        let now = at(1_795_435_205);
        let current = now.as_seconds().div_euclid(STEP);
        for (off, is_taken) in [
            (-61, false),
            (-30, true),
            (0, true),
            (30, true),
            (60, false),
        ] {
            let code = rfc().code(at(now.as_seconds() + off));
            let taken = rfc().verify(&code, None, now);
            let expected = Ok(current + off.div_euclid(STEP)).filter_taken(is_taken);
            assert_eq!(taken, expected, "{off} seconds off");
        }
    }

    trait FilterTaken {
        fn filter_taken(self, is_taken: bool) -> Self;
    }

    impl FilterTaken for Result<i64, WrongCode> {
        fn filter_taken(self, is_taken: bool) -> Self {
            if is_taken { self } else { Err(WrongCode) }
        }
    }

    #[test]
    fn s13_the_same_or_an_older_step_is_never_taken_again() {
        let now = at(1_795_435_205);
        let code = rfc().code(now);
        let step = rfc().verify(&code, None, now).unwrap();
        assert_eq!(rfc().verify(&code, Some(step), now), Err(WrongCode));
        let older = rfc().code(at(now.as_seconds() - 30));
        assert_eq!(rfc().verify(&older, Some(step), now), Err(WrongCode));
        let next = rfc().code(at(now.as_seconds() + 30));
        assert_eq!(rfc().verify(&next, Some(step), now), Ok(step + 1));
    }

    #[test]
    fn what_is_typed_may_have_spaces_and_nothing_else() {
        let now = at(59);
        assert!(rfc().verify("287 082", None, now).is_ok());
        for wrong in ["", "287082x", "28708", "2870820", "２８７０８２", "287-082"] {
            assert_eq!(rfc().verify(wrong, None, now), Err(WrongCode), "{wrong}");
        }
    }

    #[test]
    fn f017_the_uri_names_issuer_and_person() {
        assert_eq!(
            rfc().uri("Northwind Hosting", "ops@northwind.test"),
            "otpauth://totp/Northwind%20Hosting:ops%40northwind.test\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Northwind%20Hosting&algorithm=SHA1&digits=6&period=30"
        );
        assert_eq!(rfc().reveal(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }

    #[test]
    fn s12_a_secret_has_160_bits_and_is_not_printed() {
        struct Ones;
        impl Random for Ones {
            fn fill(&self, bytes: &mut [u8]) {
                bytes.fill(0xff);
            }
        }
        let secret = TotpSecret::generate(&Ones);
        assert_eq!(secret.as_bytes(), [0xff; 20]);
        assert_eq!(format!("{secret:?}"), "TotpSecret(hidden)");
    }

    proptest! {
        #[test]
        fn whatever_is_typed_is_answered(typed in "\\PC{0,40}", seconds in 0_i64..4_000_000_000) {
            let now = at(seconds);
            let taken = rfc().verify(&typed, None, now);
            let digits: String = typed.chars().filter(|letter| *letter != ' ').collect();
            prop_assert!(taken.is_err() || digits.len() == 6);
        }
    }
}
