use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Cursor, Random, Timestamp};

/// The text is not an identifier of the expected kind.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{text}\" is not an identifier that starts with \"{prefix}_\"")]
pub struct IdError {
    prefix: &'static str,
    text: String,
}

/// Crockford's base 32 in lower case: no i, l, o or u, so that people can read it aloud.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const LENGTH: usize = 26;
/// The value of each digit of the alphabet; of every other byte, [`NO_DIGIT`].
const DIGITS: [u8; 256] = digits();
const NO_DIGIT: u8 = 32;

#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::as_conversions,
    reason = "runs when this is compiled; the alphabet has 32 digits"
)]
const fn digits() -> [u8; 256] {
    let mut digits = [NO_DIGIT; 256];
    let mut value = 0;
    while value < ALPHABET.len() {
        digits[ALPHABET[value] as usize] = value as u8;
        value += 1;
    }
    digits
}

/// 48 bits of milliseconds before 80 random bits: rows of one time lie together in an index.
fn generate(now: Timestamp, random: &dyn Random) -> u128 {
    let mut bytes = [0_u8; 16];
    random.fill(&mut bytes);
    let millis = u128::from(u64::try_from(now.as_micros() / 1000).unwrap_or(0) & 0xffff_ffff_ffff);
    (millis << 80) | (u128::from_be_bytes(bytes) >> 48)
}

fn encode(value: u128) -> [u8; LENGTH] {
    let mut text = [b'0'; LENGTH];
    let mut rest = value;
    for place in text.iter_mut().rev() {
        let digit = usize::try_from(rest & 31).unwrap_or(0);
        *place = ALPHABET.get(digit).copied().unwrap_or(b'0');
        rest >>= 5;
    }
    text
}

fn decode(text: &str) -> Option<u128> {
    if text.len() != LENGTH || text.as_bytes().first().is_none_or(|first| *first > b'7') {
        return None;
    }
    text.bytes().try_fold(0_u128, |value, byte| {
        let digit = DIGITS.get(usize::from(byte)).copied()?;
        (digit != NO_DIGIT).then_some((value << 5) | u128::from(digit))
    })
}

/// Chance that always gives the least.
struct Zero;

impl Random for Zero {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(0);
    }
}

/// What all identifiers have in common.
pub trait Id: Copy + Sized {
    /// Reads the 16 bytes that are stored.
    fn of_bytes(bytes: [u8; 16]) -> Self;
}

macro_rules! id {
    ($(#[$meta:meta])* $name:ident, $prefix:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// What every identifier of this kind starts with, before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A fresh identifier, ordered by the time it was made.
            pub fn generate(now: Timestamp, random: &dyn Random) -> Self {
                Self(generate(now, random))
            }

            /// The text without the prefix, for URLs.
            pub fn suffix(self) -> String {
                let digits = encode(self.0);
                std::str::from_utf8(&digits).unwrap_or_default().to_owned()
            }

            /// The 16 bytes that are stored, in the order of time.
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }

            /// Reads what [`to_bytes`](Self::to_bytes) wrote.
            pub fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(u128::from_be_bytes(bytes))
            }

            /// Before every identifier made at this moment or later.
            pub fn first_at(moment: Timestamp) -> Self {
                Self(generate(moment, &Zero))
            }

            /// When it was made, to the millisecond.
            pub fn made_at(self) -> Timestamp {
                let millis = i64::try_from(self.0 >> 80).unwrap_or(i64::MAX);
                Timestamp::from_micros(millis.saturating_mul(1000))
            }

            /// Before every other identifier.
            pub const FIRST: Self = Self(0);

            /// Behind every other identifier.
            pub const LAST: Self = Self(u128::MAX);

            /// Reads what [`suffix`](Self::suffix) wrote.
            pub fn from_suffix(text: &str) -> Result<Self, IdError> {
                decode(text)
                    .map(Self)
                    .ok_or_else(|| IdError { prefix: $prefix, text: text.to_owned() })
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let digits = encode(self.0);
                f.write_str(concat!($prefix, "_"))?;
                f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Id for $name {
            fn of_bytes(bytes: [u8; 16]) -> Self {
                Self::from_bytes(bytes)
            }
        }

        impl Cursor for $name {
            fn text(&self) -> String {
                self.suffix()
            }

            fn parse(text: &str) -> Option<Self> {
                Self::from_suffix(text).ok()
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(decode)
                    .map(Self)
                    .ok_or_else(|| IdError { prefix: $prefix, text: text.to_owned() })
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// An ACME account (RFC 8555 §7.1.2).
    AccountId, "acc"
);
id!(
    /// What a program of a person brings in place of their password.
    ApiTokenId, "tok"
);
id!(
    /// An entry of the audit log.
    AuditId, "aud"
);
id!(
    /// An ACME authorization (RFC 8555 §7.1.4).
    AuthorizationId, "atz"
);
id!(
    /// An issued certificate, or the intent to issue one.
    CertificateId, "crt"
);
id!(
    /// That a domain may be used by an organization.
    DelegationId, "dlg"
);
id!(
    /// A part of an organization.
    DepartmentId, "dep"
);
id!(
    /// A domain of a tenant, whose control is proven outside of orders.
    DomainId, "dmn"
);
id!(
    /// Something that is done to the outside once: a mail, a payment.
    EffectId, "eff"
);
id!(
    /// A name in a subscription.
    EnrolledDomainId, "dom"
);
id!(
    /// A CA key with its certificate.
    CaId, "ca"
);
id!(
    /// A unit of work that outlives its request.
    JobId, "job"
);
id!(
    /// All certificates of one owner for exactly one set of names; made from them, not from the time.
    LineageId, "lin"
);
id!(
    /// A mail to one person.
    MailId, "mail"
);
id!(
    /// A running server process.
    NodeId, "nod"
);
id!(
    /// An ACME order (RFC 8555 §7.1.3).
    OrderId, "ord"
);
id!(
    /// A legal entity that certificates name.
    OrganizationId, "org"
);
id!(
    /// What was checked of an organization for one type of certificate.
    PreValidationId, "pre"
);
id!(
    /// A version of what certificates look like.
    ProfileVersionId, "prv"
);
id!(
    /// What was refused to clients of a tenant for one reason on one day.
    RefusalId, "rfs"
);
id!(
    /// One request to one of the doors.
    RequestId, "req"
);
id!(
    /// A term bought under an offer; the portal calls it an ACME account.
    SubscriptionId, "sub"
);
id!(
    /// An operator, reseller or customer.
    TenantId, "ten"
);
id!(
    /// A person who signs in to the portal.
    UserId, "usr"
);
id!(
    /// The evidence that control of a name was proven.
    ValidationId, "val"
);

id!(
    /// Who issues.
    AuthorityId,
    "aut"
);
id!(
    /// What can be bought.
    OfferId,
    "ofr"
);
id!(
    /// The terms of an offer from some day on; they never change.
    OfferVersionId,
    "ofv"
);

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn text_round_trips() {
        let id = OrderId::generate(Timestamp::from_seconds(1_795_435_200), &Fixed(0xa5));
        assert_eq!(id.to_string().parse(), Ok(id));
        assert_eq!(OrderId::from_suffix(&id.suffix()), Ok(id));
    }

    #[test]
    fn later_identifiers_sort_after_earlier_ones_as_text_too() {
        let early = OrderId::generate(Timestamp::from_seconds(1), &Fixed(0xff));
        let late = OrderId::generate(Timestamp::from_seconds(2), &Fixed(0));
        assert!(early < late && early.to_string() < late.to_string());
    }

    #[test]
    fn foreign_prefixes_and_odd_digits_are_refused() {
        let id = OrderId::generate(Timestamp::from_seconds(1), &Fixed(1)).to_string();
        assert!(id.parse::<AccountId>().is_err());
        assert!(id.to_uppercase().parse::<OrderId>().is_err());
        assert!(format!("{id}0").parse::<OrderId>().is_err());
        assert!("ord_zzzzzzzzzzzzzzzzzzzzzzzzzz".parse::<OrderId>().is_err());
    }
}
