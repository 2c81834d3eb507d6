//! Serial numbers (RFC 5280 §4.1.2.2, BR §7.1): positive, at most 20 octets, at least 64 bits from a generator.

use std::fmt;
use std::str::FromStr;

use base::Random;

/// The serial number of a certificate that we issue: 16 octets, of which 126 bits are random.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SerialNumber([u8; 16]);

/// The text or the octets are not a serial number of ours.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("\"{0}\" is not a serial number of 32 hexadecimal digits")]
pub struct SerialError(String);

impl SerialNumber {
    /// A fresh one. The top bits are fixed to 01: positive, never zero, always 16 octets in DER.
    pub fn generate(random: &dyn Random) -> Self {
        let mut octets = [0_u8; 16];
        random.fill(&mut octets);
        if let Some(first) = octets.first_mut() {
            *first = (*first & 0x3f) | 0x40;
        }
        Self(octets)
    }

    /// The octets of the INTEGER in DER; they have no sign octet.
    pub fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    /// Reads what [`as_bytes`](Self::as_bytes) gave.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SerialError> {
        <[u8; 16]>::try_from(bytes)
            .ok()
            .filter(|octets| (0x40..0x80).contains(&octets.first().copied().unwrap_or(0)))
            .map(Self)
            .ok_or_else(|| SerialError(hex(bytes)))
    }
}

/// Reads 32 hexadecimal digits in either case.
impl FromStr for SerialNumber {
    type Err = SerialError;

    fn from_str(text: &str) -> Result<Self, SerialError> {
        let is_hex = text.len() == 32 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        u128::from_str_radix(text, 16)
            .ok()
            .filter(|_| is_hex)
            .and_then(|value| Self::from_bytes(&value.to_be_bytes()).ok())
            .ok_or_else(|| SerialError(text.to_owned()))
    }
}

/// 32 lower-case hexadecimal digits.
impl fmt::Display for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", u128::from_be_bytes(self.0))
    }
}

impl fmt::Debug for SerialNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Filled(u8);

    impl Random for Filled {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn a_serial_is_positive_and_sixteen_octets_whatever_the_generator_says() {
        for byte in [0x00, 0x3f, 0x80, 0xff] {
            let serial = SerialNumber::generate(&Filled(byte));
            assert_eq!(serial.to_string().len(), 32);
            assert!((0x40..0x80).contains(&serial.as_bytes()[0]));
            assert_eq!(serial.to_string().parse(), Ok(serial));
            assert_eq!(serial.to_string().to_uppercase().parse(), Ok(serial));
            assert_eq!(SerialNumber::from_bytes(serial.as_bytes()), Ok(serial));
        }
    }

    #[test]
    fn what_we_never_issue_is_refused() {
        let refused = |text: &str| text.parse::<SerialNumber>().is_err();
        assert!(refused("") && refused("40") && refused(&"0".repeat(32)));
        assert!(refused(&"f".repeat(32)) && refused(&format!("+{}", "4".repeat(31))));
        assert!(refused(&format!("4{}", "g".repeat(31))));
    }
}
