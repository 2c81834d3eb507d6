//! Writes DER (X.690) straight into one buffer: the hot path builds a certificate without a tree of objects.
//!
//! It does not check what it is told to write; the linter reads the result back.

use base::Timestamp;
use const_oid::ObjectIdentifier;

/// Universal and context tags that certificates, CRLs and requests use.
pub(crate) mod tag {
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const ENUMERATED: u8 = 0x0a;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const IA5_STRING: u8 = 0x16;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OID: u8 = 0x06;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const UTF8_STRING: u8 = 0x0c;

    /// `[number]` around other elements, or implicit over a constructed one.
    pub(crate) const fn constructed(number: u8) -> u8 {
        0xa0 | number
    }

    /// `[number]` implicit over a primitive element.
    pub(crate) const fn primitive(number: u8) -> u8 {
        0x80 | number
    }
}

/// A growing DER document.
pub(crate) struct Writer {
    bytes: Vec<u8>,
}

impl Writer {
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(capacity),
        }
    }

    pub(crate) fn finish(self) -> Vec<u8> {
        self.bytes
    }

    /// Appends elements that are already encoded.
    pub(crate) fn raw(&mut self, der: &[u8]) {
        self.bytes.extend_from_slice(der);
    }

    /// An element whose content `body` writes.
    pub(crate) fn nested(&mut self, tag: u8, body: impl FnOnce(&mut Self)) {
        self.bytes.push(tag);
        let length_at = self.bytes.len();
        self.bytes.push(0);
        body(self);
        let length = self.bytes.len() - length_at - 1;
        if let (Ok(short @ 0..=0x7f), Some(place)) =
            (u8::try_from(length), self.bytes.get_mut(length_at))
        {
            *place = short;
        } else {
            let (octets, used) = long_length(length);
            let encoded = octets.into_iter().take(used);
            self.bytes.splice(length_at..=length_at, encoded);
        }
    }

    pub(crate) fn sequence(&mut self, body: impl FnOnce(&mut Self)) {
        self.nested(tag::SEQUENCE, body);
    }

    /// An element with primitive content.
    pub(crate) fn value(&mut self, tag: u8, content: &[u8]) {
        self.nested(tag, |writer| writer.raw(content));
    }

    pub(crate) fn oid(&mut self, oid: ObjectIdentifier) {
        self.value(tag::OID, oid.as_bytes());
    }

    pub(crate) fn boolean_true(&mut self) {
        self.raw(&[tag::BOOLEAN, 1, 0xff]);
    }

    /// A non-negative INTEGER from big-endian octets of any length.
    pub(crate) fn unsigned(&mut self, big_endian: &[u8]) {
        let leading = big_endian.iter().take_while(|byte| **byte == 0).count();
        let digits = big_endian.get(leading..).unwrap_or_default();
        self.nested(tag::INTEGER, |writer| {
            if digits.first().is_none_or(|first| *first >= 0x80) {
                writer.bytes.push(0);
            }
            writer.raw(digits);
        });
    }

    /// A BIT STRING of whole octets.
    pub(crate) fn bit_string(&mut self, octets: &[u8]) {
        self.nested(tag::BIT_STRING, |writer| {
            writer.bytes.push(0);
            writer.raw(octets);
        });
    }

    /// A named bit list of one octet, most significant bit first, without trailing zeros (X.690 §11.2.2).
    pub(crate) fn named_bits(&mut self, bits: u8) {
        let unused = u8::try_from(bits.trailing_zeros().min(7)).unwrap_or(0);
        self.value(tag::BIT_STRING, &[unused, bits]);
    }

    /// UTCTime through 2049, GeneralizedTime after it (RFC 5280 §4.1.2.5).
    pub(crate) fn time(&mut self, moment: Timestamp) {
        let digits = calendar_digits(moment);
        if digits.as_slice() < b"20500101000000".as_slice() {
            self.nested(tag::UTC_TIME, |writer| {
                writer.raw(digits.get(2..).unwrap_or_default());
                writer.raw(b"Z");
            });
        } else {
            self.nested(tag::GENERALIZED_TIME, |writer| {
                writer.raw(&digits);
                writer.raw(b"Z");
            });
        }
    }
}

/// `0x81..0x88` and the length in as few octets as it takes; the count of octets used.
fn long_length(length: usize) -> ([u8; 9], usize) {
    let digits = length.to_be_bytes();
    let leading = digits.iter().take_while(|byte| **byte == 0).count();
    let mut octets = [0_u8; 9];
    let significant = digits.into_iter().skip(leading);
    for (place, digit) in octets.iter_mut().skip(1).zip(significant) {
        *place = digit;
    }
    let count = digits.len() - leading;
    if let Some(first) = octets.first_mut() {
        *first = 0x80 | u8::try_from(count).unwrap_or(0);
    }
    (octets, count + 1)
}

/// `YYYYMMDDHHMMSS` in UTC; what a GeneralizedTime cannot hold becomes its first or last second.
fn calendar_digits(moment: Timestamp) -> [u8; 14] {
    let seconds = moment.as_seconds().clamp(0, LAST_SECOND);
    let (days, time) = (seconds / DAY, seconds % DAY);
    let (year, month, day) = civil_from_days(days);
    let mut digits = [b'0'; 14];
    let fields = [
        (year, 4),
        (month, 2),
        (day, 2),
        (time / 3600, 2),
        (time / 60 % 60, 2),
        (time % 60, 2),
    ];
    let mut places = digits.iter_mut();
    for (value, width) in fields {
        for power in (0..width).rev() {
            if let Some(place) = places.next() {
                *place = b'0' + u8::try_from(value / 10_i64.pow(power) % 10).unwrap_or(0);
            }
        }
    }
    digits
}

/// Year, month and day of the proleptic Gregorian calendar, counted in eras of 400 years that start in March,
/// so that the leap day is the last of its year.
fn civil_from_days(days_since_epoch: i64) -> (i64, i64, i64) {
    let shifted = days_since_epoch + 719_468;
    let era = shifted / 146_097;
    let day_of_era = shifted % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = (march_month + 2) % 12 + 1;
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

const DAY: i64 = 86_400;
/// 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use der::asn1::{GeneralizedTime, UintRef, UtcTime};
    use der::{AnyRef, Decode};
    use proptest::prelude::*;

    use super::*;

    fn written(body: impl FnOnce(&mut Writer)) -> Vec<u8> {
        let mut writer = Writer::with_capacity(16);
        body(&mut writer);
        writer.finish()
    }

    #[test]
    fn named_bits_drop_trailing_zeros() {
        assert_eq!(written(|w| w.named_bits(0x80)), [3, 2, 7, 0x80]);
        assert_eq!(written(|w| w.named_bits(0x06)), [3, 2, 1, 0x06]);
    }

    #[test]
    fn zero_is_one_octet() {
        assert_eq!(written(|w| w.unsigned(&[0, 0])), [2, 1, 0]);
        assert_eq!(written(|w| w.unsigned(&[0, 0x80])), [2, 2, 0, 0x80]);
    }

    proptest! {
        #[test]
        fn lengths_read_back(length in 0_usize..70_000) {
            let content = vec![7_u8; length];
            let der = written(|w| w.value(tag::OCTET_STRING, &content));
            prop_assert_eq!(AnyRef::from_der(&der).unwrap().value(), &content[..]);
        }

        #[test]
        fn integers_read_back(value: u128) {
            let octets = value.to_be_bytes();
            let der = written(|w| w.unsigned(&octets));
            let leading = octets.iter().take_while(|byte| **byte == 0).count().min(15);
            prop_assert_eq!(UintRef::from_der(&der).unwrap().as_bytes(), &octets[leading..]);
        }

        #[test]
        fn times_read_back(seconds in 0_i64..=LAST_SECOND) {
            let der = written(|w| w.time(Timestamp::from_seconds(seconds)));
            let read = match der[0] {
                tag::UTC_TIME => UtcTime::from_der(&der).unwrap().to_unix_duration(),
                _ => GeneralizedTime::from_der(&der).unwrap().to_unix_duration(),
            };
            prop_assert_eq!(i64::try_from(read.as_secs()).unwrap(), seconds);
            prop_assert_eq!(der[0] == tag::UTC_TIME, seconds < 2_524_608_000);
        }
    }
}
