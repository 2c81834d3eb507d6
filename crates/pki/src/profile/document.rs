//! A profile as JSON: what is stored, which is read as it is, and what a person writes, which is checked.

use std::ops::RangeInclusive;

use base::{Class, Refusal, Refuse};
use const_oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{DAY, DOMAIN_VALIDATED, HOUR, Profile, ProfileTrust};

/// Why a text is not a profile, or no certificates can be made by it.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not its JSON.
    #[error("the profile cannot be read")]
    Json(#[from] serde_json::Error),
    /// A public profile without a policy.
    #[error("policy is missing; a public profile has {DOMAIN_VALIDATED} (domain validated)")]
    NoPolicy,
    /// The policy is no object identifier.
    #[error("policy is \"{0}\", which is not an object identifier")]
    Policy(String),
    /// A public profile with another policy than that of its certificates.
    #[error(
        "policy is {0}; a public profile has {DOMAIN_VALIDATED} (domain validated), or \"trust\" is \"private\""
    )]
    PublicPolicy(ObjectIdentifier),
    /// A number that is too small or too large.
    #[error(
        "{field} is {value}; it must be from {} to {}{reason}", .allowed.start(), .allowed.end()
    )]
    Range {
        /// Which field.
        field: &'static str,
        /// What it is.
        value: i64,
        /// What it may be.
        allowed: RangeInclusive<i64>,
        /// What the limits are for, to be read after them.
        reason: &'static str,
    },
    /// Fields that a profile does not have.
    #[error("{} no field of a profile; its fields are {}", are(.0), FIELDS.join(", "))]
    Unknown(Vec<String>),
}

impl Refuse for ProfileError {
    fn refusal(&self) -> Refusal {
        Class::Invalid.because("profile_invalid", &base::chain(self))
    }
}

/// The fields in the order in which they are stored. What came later is left out where it says nothing new, so that the
/// text of an old version stays the same.
#[derive(Serialize, Deserialize)]
struct Stored {
    validity_seconds: i64,
    backdate_seconds: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    has_rsa_key_encipherment: bool,
    honours_must_staple: bool,
    max_names: usize,
    #[serde(default, skip_serializing_if = "is_public")]
    trust: ProfileTrust,
}

impl Profile {
    /// The profile without its name, as JSON that stays the same as long as the profile does.
    pub fn to_json(&self) -> String {
        let stored = Stored {
            validity_seconds: self.validity_seconds,
            backdate_seconds: self.backdate_seconds,
            policy: self.policy.map(|policy| policy.to_string()),
            has_rsa_key_encipherment: self.has_rsa_key_encipherment,
            honours_must_staple: self.honours_must_staple,
            max_names: self.max_names,
            trust: self.trust,
        };
        // Numbers, strings and booleans cannot fail to serialise.
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote, also that of another version of this program.
    pub fn from_json(name: &str, text: &str) -> Result<Self, ProfileError> {
        let stored: Stored = serde_json::from_str(text)?;
        let policy = stored
            .policy
            .map(|policy| ObjectIdentifier::new(&policy).map_err(|_| ProfileError::Policy(policy)));
        Ok(Self {
            name: name.to_owned(),
            validity_seconds: stored.validity_seconds,
            backdate_seconds: stored.backdate_seconds,
            policy: policy.transpose()?,
            has_rsa_key_encipherment: stored.has_rsa_key_encipherment,
            honours_must_staple: stored.honours_must_staple,
            max_names: stored.max_names,
            trust: stored.trust,
        })
    }

    /// Reads what a person wrote: a field that is not one of a profile is an error, and so is what
    /// [`check`](Self::check) refuses.
    pub fn from_file_json(name: &str, text: &str) -> Result<Self, ProfileError> {
        let fields: Map<String, Value> = serde_json::from_str(text)?;
        let unknown = fields.keys().filter(|key| !FIELDS.contains(&key.as_str()));
        let unknown: Vec<String> = unknown.cloned().collect();
        if !unknown.is_empty() {
            return Err(ProfileError::Unknown(unknown));
        }
        let profile = Self::from_json(name, text)?;
        profile.check()?;
        Ok(profile)
    }

    /// Whether certificates can be made by this profile, and by the rules of those who trust it.
    pub fn check(&self) -> Result<(), ProfileError> {
        let (most_validity, most_backdate, reason) = match self.trust {
            ProfileTrust::Public => (398 * DAY, 47 * HOUR, " in a public profile"),
            ProfileTrust::Private => (3650 * DAY, 48 * HOUR, ""),
        };
        check_range(
            "validity_seconds",
            self.validity_seconds,
            HOUR..=most_validity,
            reason,
        )?;
        let most_before_an_hour = self.validity_seconds - HOUR;
        let (most, reason) = if most_before_an_hour < most_backdate {
            (most_before_an_hour, ", an hour less than validity_seconds")
        } else {
            (most_backdate, reason)
        };
        check_range("backdate_seconds", self.backdate_seconds, 0..=most, reason)?;
        let names = i64::try_from(self.max_names).unwrap_or(i64::MAX);
        check_range("max_names", names, 1..=1000, "")?;
        match (self.trust, self.policy) {
            (ProfileTrust::Public, None) => Err(ProfileError::NoPolicy),
            (ProfileTrust::Public, Some(policy)) if policy != DOMAIN_VALIDATED => {
                Err(ProfileError::PublicPolicy(policy))
            }
            (ProfileTrust::Public | ProfileTrust::Private, _) => Ok(()),
        }
    }
}

fn check_range(
    field: &'static str,
    value: i64,
    allowed: RangeInclusive<i64>,
    reason: &'static str,
) -> Result<(), ProfileError> {
    if allowed.contains(&value) {
        return Ok(());
    }
    Err(ProfileError::Range {
        field,
        value,
        allowed,
        reason,
    })
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference"
)]
fn is_public(trust: &ProfileTrust) -> bool {
    *trust == ProfileTrust::Public
}

/// `"a" is`, `"a", "b" are`.
fn are(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb}", quoted.join(", "))
}

/// What [`Stored`] has.
const FIELDS: [&str; 7] = [
    "validity_seconds",
    "backdate_seconds",
    "policy",
    "has_rsa_key_encipherment",
    "honours_must_staple",
    "max_names",
    "trust",
];

#[cfg(test)]
mod tests {
    use super::*;

    /// As it stands in databases since there are profiles.
    const DV: &str = r#"{"validity_seconds":7776000,"backdate_seconds":3600,"policy":"2.23.140.1.2.1","has_rsa_key_encipherment":false,"honours_must_staple":false,"max_names":100}"#;

    fn private() -> Profile {
        Profile {
            name: "machines".to_owned(),
            policy: None,
            trust: ProfileTrust::Private,
            ..Profile::dv()
        }
    }

    #[test]
    fn what_is_stored_stays_the_same_to_the_octet() {
        assert_eq!(Profile::dv().to_json(), DV);
        assert_eq!(Profile::from_json("dv", DV).unwrap(), Profile::dv());
        let text = private().to_json();
        assert!(text.ends_with(r#""max_names":100,"trust":"private"}"#));
        assert!(!text.contains("policy"));
        assert_eq!(Profile::from_json("machines", &text).unwrap(), private());
        let newer = DV.replace('}', r#","later":1}"#);
        assert_eq!(Profile::from_json("dv", &newer).unwrap(), Profile::dv());
    }

    #[test]
    fn every_field_is_known_to_the_file() {
        let text = Profile {
            policy: Some(DOMAIN_VALIDATED),
            ..private()
        }
        .to_json();
        let fields: Map<String, Value> = serde_json::from_str(&text).unwrap();
        let mut known = FIELDS.to_vec();
        known.sort_unstable();
        let mut written: Vec<&str> = fields.keys().map(String::as_str).collect();
        written.sort_unstable();
        assert_eq!(written, known);
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let error = Profile::from_file_json("dv", text).unwrap_err();
        let sentence = error.refusal().sentence;
        assert!(sentence.contains(expected), "{sentence}");
    }

    #[test]
    fn what_a_person_writes_is_held_to_the_fields() {
        assert_eq!(Profile::from_file_json("dv", DV).unwrap(), Profile::dv());
        let public = DV.replace('}', r#","trust":"public"}"#);
        assert_eq!(
            Profile::from_file_json("dv", &public).unwrap(),
            Profile::dv()
        );
        check(
            &DV.replace('}', r#","validity_days":90,"turst":"private"}"#),
            "\"turst\", \"validity_days\" are no field of a profile; its fields are validity_seconds, ",
        );
        check(
            &DV.replace('}', r#","trust":"friends"}"#),
            "unknown variant `friends`, expected `public` or `private`",
        );
        check(
            &DV.replace("max_names", "trust"),
            "the profile cannot be read",
        );
        check(&DV.replace('}', r#","max_names":7}"#), "duplicate field");
        check(
            &DV.replace(r#","max_names":100"#, ""),
            "missing field `max_names`",
        );
        check(&DV.replace("2.23.140.1.2.1", "dv"), "policy is \"dv\"");
        check(&DV.replace("7776000", "60"), "validity_seconds is 60");
        check("[]", "the profile cannot be read");
    }

    #[track_caller]
    fn check_limits(profile: Profile, change: impl FnOnce(&mut Profile), expected: Option<&str>) {
        let mut changed = profile;
        change(&mut changed);
        let error = changed.check().err().map(|error| error.to_string());
        assert_eq!(error.as_deref(), expected);
    }

    #[test]
    fn a_public_profile_keeps_the_limits_of_the_law() {
        let check = |change: fn(&mut Profile), expected| {
            check_limits(Profile::dv(), change, expected);
        };
        check(|_| {}, None);
        check(|p| p.validity_seconds = 398 * DAY, None);
        check(
            |p| p.validity_seconds = 398 * DAY + 1,
            Some(
                "validity_seconds is 34387201; it must be from 3600 to 34387200 in a public profile",
            ),
        );
        check(
            |p| p.backdate_seconds = 48 * HOUR,
            Some("backdate_seconds is 172800; it must be from 0 to 169200 in a public profile"),
        );
        check(
            |p| p.max_names = 0,
            Some("max_names is 0; it must be from 1 to 1000"),
        );
        check(
            |p| p.max_names = 1001,
            Some("max_names is 1001; it must be from 1 to 1000"),
        );
        check(
            |p| p.policy = None,
            Some("policy is missing; a public profile has 2.23.140.1.2.1 (domain validated)"),
        );
        check(
            |p| p.policy = Some(ObjectIdentifier::new_unwrap("1.2.3")),
            Some(
                "policy is 1.2.3; a public profile has 2.23.140.1.2.1 (domain validated), or \"trust\" is \"private\"",
            ),
        );
    }

    #[test]
    fn a_private_profile_has_wider_limits() {
        let check = |change: fn(&mut Profile), expected| {
            check_limits(private(), change, expected);
        };
        check(|_| {}, None);
        check(
            |p| p.policy = Some(ObjectIdentifier::new_unwrap("1.2.3")),
            None,
        );
        check(|p| p.validity_seconds = 3650 * DAY, None);
        check(|p| p.backdate_seconds = 48 * HOUR, None);
        check(
            |p| p.validity_seconds = 3650 * DAY + 1,
            Some("validity_seconds is 315360001; it must be from 3600 to 315360000"),
        );
        check(
            |p| p.validity_seconds = 3599,
            Some("validity_seconds is 3599; it must be from 3600 to 315360000"),
        );
        check(
            |p| p.backdate_seconds = -1,
            Some("backdate_seconds is -1; it must be from 0 to 172800"),
        );
        check(
            |p| p.validity_seconds = 2 * HOUR - 1,
            Some(
                "backdate_seconds is 3600; it must be from 0 to 3599, an hour less than validity_seconds",
            ),
        );
    }

    #[test]
    fn the_shortest_profile_makes_certificates() {
        let shortest = Profile {
            validity_seconds: HOUR,
            backdate_seconds: 0,
            ..Profile::dv()
        };
        shortest.check().unwrap();
        let now = base::Timestamp::from_seconds(1_795_435_200);
        let validity = shortest.validity(super::super::RequestedValidity::default(), now);
        assert_eq!(validity.unwrap().seconds(), HOUR);
    }
}
