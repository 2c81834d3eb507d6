//! What a kind of certificate looks like, as data: lifetime, usages, policy (BR §7.1.2.7).
//!
//! Who may have which profile is the caller's question; the linter holds every certificate to its profile.

use base::{About, Class, Identifier, Part, Refusal, Refuse, Timestamp};
use const_oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};

use crate::algorithm::KeyAlgorithm;

mod country;
mod document;
mod level;
pub(crate) mod policy;
mod qualified;

pub use country::{Country, CountryError};
pub use document::ProfileError;
pub use level::Level;
pub use policy::{
    DOMAIN_VALIDATED, EXTENDED_VALIDATION, ORGANIZATION_VALIDATED, QUALIFIED_EXTENDED,
    QUALIFIED_NORMALIZED,
};
pub use qualified::{Disclosure, Qualified, QualifiedError};

/// The profile of subscriber certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// What clients and the portal call it.
    pub name: String,
    /// Lifetime in seconds, both ends included; shortened where the law's ceiling is lower.
    pub validity_seconds: i64,
    /// How far notBefore lies before the signature, in seconds, for clients with slow clocks.
    pub backdate_seconds: i64,
    /// What was checked of the owner, and therefore stands in the subject.
    pub level: Level,
    /// The certificate policies, in their order; a public profile begins with the reserved one of its level (BR §7.1.6.1).
    pub policies: Vec<ObjectIdentifier>,
    /// Whether RSA keys get keyEncipherment too, for TLS 1.2 without forward secrecy.
    pub has_rsa_key_encipherment: bool,
    /// Whether a requested must-staple is granted; without an OCSP responder it breaks the server.
    pub honours_must_staple: bool,
    /// The most names in one certificate.
    pub max_names: usize,
    /// Whether wildcard names may stand in it.
    pub has_wildcards: bool,
    /// What a qualified certificate states; no other has it.
    pub qualified: Option<Qualified>,
    /// Whose rules hold besides RFC 5280.
    pub trust: ProfileTrust,
}

/// Who trusts the certificates, and therefore makes rules for them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProfileTrust {
    /// Browsers and operating systems: the Baseline Requirements hold.
    #[default]
    Public,
    /// The operator's own machines: RFC 5280 and the profile are all there is.
    Private,
}

/// The lifetime of a certificate; both seconds belong to it (RFC 5280 §4.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: Timestamp,
    /// The last second.
    pub not_after: Timestamp,
}

/// The lifetime an order asks for (RFC 8555 §7.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RequestedValidity {
    /// The wanted first second.
    pub not_before: Option<Timestamp>,
    /// The wanted last second.
    pub not_after: Option<Timestamp>,
}

/// What was bought, as far as it says how long certificates may be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ValidityLimits {
    /// The most days.
    pub days: Option<u16>,
    /// The last second that a certificate may have.
    pub not_after: Option<Timestamp>,
}

/// Why a requested lifetime is refused.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum ValidityError {
    /// Over the end of what was bought.
    #[error(
        "notAfter must be at most {last}, when the subscription ends; ask for no notAfter, or extend it in the portal"
    )]
    BeyondTerm {
        /// The last second.
        last: Timestamp,
    },
    /// Over the profile's lifetime or the law's ceiling.
    #[error("a lifetime of {requested} seconds was requested; at most {most} are allowed")]
    TooLong {
        /// Seconds asked for.
        requested: i64,
        /// Seconds allowed.
        most: i64,
    },
    /// Under an hour after the start or the present.
    #[error("notAfter must be at least an hour after notBefore and after now")]
    TooShort,
    /// Over 48 hours from the signature (BR §7.1.2.7).
    #[error("notBefore must be within 48 hours of now")]
    NotBefore,
}

/// A wildcard name where none can be.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum WildcardError {
    /// The EV Guidelines forbid it.
    #[error(
        "\"{0}\": no EV and no qualified certificate has a wildcard name (EVG §9.8.1); ask for each name by itself"
    )]
    Forbidden(Identifier),
    /// The operator's profile forbids it.
    #[error(
        "\"{0}\": certificates of this kind have no wildcard names; ask for each name by itself"
    )]
    OfProfile(Identifier),
}

impl Refuse for WildcardError {
    fn refusal(&self) -> Refusal {
        let (code, name) = match self {
            Self::Forbidden(name) => ("wildcard_forbidden", name),
            Self::OfProfile(name) => ("wildcard_not_in_profile", name),
        };
        let refusal = Class::Invalid.because(code, self);
        let about = About {
            part: Part::Identifier {
                kind: name.kind().as_str().to_owned(),
                value: name.to_string(),
            },
            code,
            sentence: refusal.sentence.clone(),
        };
        refusal.about([about])
    }
}

impl Refuse for ValidityError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::BeyondTerm { .. } => "validity_beyond_term",
            Self::NotBefore => "not_before_far",
            Self::TooLong { .. } => "validity_too_long",
            Self::TooShort => "validity_too_short",
        };
        Class::Invalid.because(code, self)
    }
}

impl Profile {
    /// The lifetime of a certificate signed `now`, as requested or by default.
    pub fn validity(
        &self,
        requested: RequestedValidity,
        now: Timestamp,
    ) -> Result<Validity, ValidityError> {
        self.validity_within(requested, ValidityLimits::default(), now)
    }

    /// The same within what was bought: nobody who asks for no particular end is refused for it.
    ///
    /// When only the end is requested, the start moves towards `now` as far as the lifetime needs it.
    pub fn validity_within(
        &self,
        requested: RequestedValidity,
        limits: ValidityLimits,
        now: Timestamp,
    ) -> Result<Validity, ValidityError> {
        let now = now.as_seconds();
        let most = self.most_seconds(Timestamp::from_seconds(now));
        let most = most.min(limits.days.map_or(i64::MAX, |days| i64::from(days) * DAY));
        let last = limits.not_after.map(Timestamp::as_seconds);
        let end = requested.not_after.map(Timestamp::as_seconds);
        let backdated = now - self.backdate_seconds;
        let start = match (requested.not_before, end) {
            (Some(start), _) => start.as_seconds(),
            (None, Some(end)) => backdated.max(end - most + 1).min(now),
            (None, None) => backdated,
        };
        if (start - now).abs() > 2 * DAY {
            return Err(ValidityError::NotBefore);
        }
        if let (Some(end), Some(last)) = (end, last)
            && end > last
        {
            return Err(ValidityError::BeyondTerm {
                last: Timestamp::from_seconds(last),
            });
        }
        let usual = start + most - 1;
        let end = end.unwrap_or(last.map_or(usual, |last| usual.min(last)));
        if end + 1 < start.max(now) + HOUR {
            return Err(ValidityError::TooShort);
        }
        let requested = end - start + 1;
        if requested > most {
            return Err(ValidityError::TooLong { requested, most });
        }
        Ok(Validity {
            not_before: Timestamp::from_seconds(start),
            not_after: Timestamp::from_seconds(end),
        })
    }

    /// The profile's lifetime, or a day less than the law's ceiling: BR §6.3.2 advises against the maximum itself. There
    /// is no such law for private certificates.
    fn most_seconds(&self, now: Timestamp) -> i64 {
        let ceiling = validity_ceiling_seconds(now);
        match self.trust {
            ProfileTrust::Public if self.validity_seconds > ceiling => ceiling - DAY,
            ProfileTrust::Public | ProfileTrust::Private => self.validity_seconds,
        }
    }

    /// Whether the EV Guidelines hold: for EV certificates, and for qualified ones that are EV certificates too.
    pub fn is_extended(&self) -> bool {
        match self.level {
            Level::Domain | Level::Organization => false,
            Level::Extended => true,
            Level::Qualified => self.policies.contains(&EXTENDED_VALIDATION),
        }
    }

    /// Refuses wildcard names where certificates have none.
    pub fn check_wildcards<'n>(
        &self,
        names: impl IntoIterator<Item = &'n Identifier>,
    ) -> Result<(), WildcardError> {
        let mut names = names.into_iter();
        let wildcard = names.find(|Identifier::Dns(name)| name.is_wildcard());
        match wildcard {
            Some(name) if !self.level.may_have_wildcards() => {
                Err(WildcardError::Forbidden(name.clone()))
            }
            Some(name) if !self.has_wildcards => Err(WildcardError::OfProfile(name.clone())),
            Some(_) | None => Ok(()),
        }
    }

    /// The KeyUsage bits for a key: digitalSignature, and keyEncipherment where the profile has it.
    pub(crate) fn key_usage(&self, key: KeyAlgorithm) -> u8 {
        match key {
            KeyAlgorithm::Rsa { .. } if self.has_rsa_key_encipherment => {
                DIGITAL_SIGNATURE | KEY_ENCIPHERMENT
            }
            KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 | KeyAlgorithm::Rsa { .. } => {
                DIGITAL_SIGNATURE
            }
        }
    }
}

impl Validity {
    /// Length in seconds, both ends included.
    pub fn seconds(self) -> i64 {
        self.not_after.as_seconds() - self.not_before.as_seconds() + 1
    }
}

/// The longest lifetime of a certificate issued at `issued`, in seconds (BR §6.3.2, ballot SC-081).
pub fn validity_ceiling_seconds(issued: Timestamp) -> i64 {
    most_days(&CEILINGS, issued) * DAY
}

/// How long a proof of control may be used again at `used`, in seconds (BR §4.2.1, ballot SC-081).
pub fn reuse_ceiling_seconds(used: Timestamp) -> i64 {
    most_days(&REUSE, used) * DAY
}

/// From when on no proof of control by mail counts any more, whenever it was made (BR §3.2.2.4.4, .13 and .14, ballot SC-090):
/// 2028-03-15T00:00:00Z.
pub const MAIL_PROOFS_END: Timestamp = Timestamp::from_seconds(1_836_691_200);

/// What public trust allows of certificates from a day on (ballot SC-081).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ceiling {
    /// From when on.
    pub from: Timestamp,
    /// How many days they live at most.
    pub validity_days: i64,
    /// How many days a proof of control may be used again.
    pub reuse_days: i64,
}

/// All of them, the earliest first.
pub fn ceilings() -> Vec<Ceiling> {
    let both = CEILINGS.iter().zip(REUSE).rev();
    both.map(|((from, validity_days), (_, reuse_days))| Ceiling {
        from: Timestamp::from_seconds(*from),
        validity_days: *validity_days,
        reuse_days,
    })
    .collect()
}

fn most_days(table: &[(i64, i64)], at: Timestamp) -> i64 {
    let row = table.iter().find(|(from, _)| at.as_seconds() >= *from);
    row.map_or(398, |(_, days)| *days)
}

pub(crate) const DIGITAL_SIGNATURE: u8 = 0x80;
pub(crate) const KEY_ENCIPHERMENT: u8 = 0x20;

const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// From when how many days are the most, latest first.
const CEILINGS: [(i64, i64); 3] = [
    // 2029-03-15T00:00:00Z
    (1_868_227_200, 47),
    // 2027-03-15T00:00:00Z
    (1_805_068_800, 100),
    // 2026-03-15T00:00:00Z
    (1_773_532_800, 200),
];

/// The same of proofs of control.
const REUSE: [(i64, i64); 3] = [
    (1_868_227_200, 10),
    (1_805_068_800, 100),
    (1_773_532_800, 200),
];

#[cfg(test)]
impl Profile {
    /// Domain-validated TLS server certificates of exactly 90 days.
    pub(crate) fn dv() -> Self {
        Self {
            name: "dv".to_owned(),
            validity_seconds: 90 * DAY,
            backdate_seconds: HOUR,
            level: Level::Domain,
            policies: vec![DOMAIN_VALIDATED],
            has_rsa_key_encipherment: false,
            honours_must_staple: false,
            max_names: 100,
            has_wildcards: true,
            qualified: None,
            trust: ProfileTrust::Public,
        }
    }

    /// The same of a level that names an organization, with the policies of the public web.
    pub(crate) fn of_level(level: Level) -> Self {
        let policies = match level {
            Level::Domain => vec![DOMAIN_VALIDATED],
            Level::Organization => vec![ORGANIZATION_VALIDATED],
            Level::Extended => vec![EXTENDED_VALIDATION],
            Level::Qualified => vec![EXTENDED_VALIDATION, QUALIFIED_EXTENDED],
        };
        let english = Disclosure {
            language: "en".to_owned(),
            url: "https://www.example.com/pds/en.pdf".to_owned(),
        };
        Self {
            name: level.to_string(),
            level,
            policies,
            has_wildcards: level.may_have_wildcards(),
            qualified: (level == Level::Qualified).then(|| Qualified {
                disclosures: vec![english],
                legislation: Vec::new(),
            }),
            ..Self::dv()
        }
    }

    /// Qualified without being an EV certificate (QNCP-w).
    pub(crate) fn qualified_normalized() -> Self {
        Self {
            policies: vec![ORGANIZATION_VALIDATED, QUALIFIED_NORMALIZED],
            ..Self::of_level(Level::Qualified)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[track_caller]
    fn check(
        requested: (Option<&str>, Option<&str>),
        now: &str,
        expected: Result<(&str, &str), ()>,
    ) {
        let requested = RequestedValidity {
            not_before: requested.0.map(at),
            not_after: requested.1.map(at),
        };
        let result = Profile::dv()
            .validity(requested, at(now))
            .map(|v| (v.not_before.to_string(), v.not_after.to_string()));
        let expected = expected.map(|(start, end)| (start.to_owned(), end.to_owned()));
        assert_eq!(result.map_err(|_| ()), expected);
    }

    #[test]
    fn m8_reuse_of_proofs_ends_with_the_dates_of_the_rules() {
        let days = |moment: &str| reuse_ceiling_seconds(at(moment)) / DAY;
        assert_eq!(days("2026-03-14T23:59:59Z"), 398);
        assert_eq!(days("2026-03-15T00:00:00Z"), 200);
        assert_eq!(days("2027-03-15T00:00:00Z"), 100);
        assert_eq!(days("2029-03-14T23:59:59Z"), 100);
        assert_eq!(days("2029-03-15T00:00:00Z"), 10);
    }

    #[test]
    fn the_table_of_ceilings_says_what_counts() {
        for ceiling in ceilings() {
            assert_eq!(
                validity_ceiling_seconds(ceiling.from),
                ceiling.validity_days * DAY
            );
            assert_eq!(
                reuse_ceiling_seconds(ceiling.from),
                ceiling.reuse_days * DAY
            );
        }
        let days: Vec<_> = ceilings().iter().map(|each| each.validity_days).collect();
        assert_eq!(days, [200, 100, 47]);
    }

    #[test]
    fn ceilings_change_at_the_second_of_their_date() {
        let days = |moment: &str| validity_ceiling_seconds(at(moment)) / DAY;
        assert_eq!(days("2026-03-14T23:59:59Z"), 398);
        assert_eq!(days("2026-03-15T00:00:00Z"), 200);
        assert_eq!(days("2027-03-14T23:59:59Z"), 200);
        assert_eq!(days("2027-03-15T00:00:00Z"), 100);
        assert_eq!(days("2029-03-14T23:59:59Z"), 100);
        assert_eq!(days("2029-03-15T00:00:00Z"), 47);
    }

    #[test]
    fn dv_is_ninety_days_to_the_second_until_the_ceiling_falls_below() {
        check(
            (None, None),
            "2026-11-23T12:00:00.5Z",
            Ok(("2026-11-23T11:00:00Z", "2027-02-21T10:59:59Z")),
        );
        check(
            (None, None),
            "2029-03-15T01:00:00Z",
            Ok(("2029-03-15T00:00:00Z", "2029-04-29T23:59:59Z")),
        );
    }

    #[test]
    fn a_requested_lifetime_is_kept_or_refused() {
        let now = "2026-11-23T12:00:00Z";
        check(
            (Some("2026-11-24T00:00:00Z"), Some("2026-12-01T00:00:00Z")),
            now,
            Ok(("2026-11-24T00:00:00Z", "2026-12-01T00:00:00Z")),
        );
        check(
            (None, Some("2027-02-21T11:30:00Z")),
            now,
            Ok(("2026-11-23T11:30:01Z", "2027-02-21T11:30:00Z")),
        );
        check((None, Some("2027-02-21T12:00:00Z")), now, Err(()));
        check((None, Some("2026-11-23T12:30:00Z")), now, Err(()));
        check((Some("2026-11-26T00:00:00Z"), None), now, Err(()));
        check((Some("2026-11-20T00:00:00Z"), None), now, Err(()));
    }

    #[test]
    fn the_shortest_lifetime_is_an_hour() {
        let now = "2026-11-23T12:00:00Z";
        check(
            (Some(now), Some("2026-11-23T12:59:59Z")),
            now,
            Ok((now, "2026-11-23T12:59:59Z")),
        );
        check((Some(now), Some("2026-11-23T12:59:58Z")), now, Err(()));
    }

    #[test]
    fn a_private_profile_has_no_ceiling() {
        let private = Profile {
            validity_seconds: 1000 * DAY,
            policies: Vec::new(),
            trust: ProfileTrust::Private,
            ..Profile::dv()
        };
        let now = at("2030-01-01T00:00:00Z");
        let validity = private.validity(RequestedValidity::default(), now);
        assert_eq!(validity.unwrap().seconds(), 1000 * DAY);
    }
}
