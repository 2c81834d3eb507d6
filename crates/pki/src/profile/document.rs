//! A profile as JSON: what is stored, which is read as it is, and what a person writes, which is checked.

use std::ops::RangeInclusive;

use base::{Class, Refusal, Refuse};
use const_oid::ObjectIdentifier;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::level::Level;
use super::policy::{are_different, fits, wanted};
use super::qualified::{Qualified, QualifiedError};
use super::{DAY, HOUR, Profile, ProfileTrust};

/// Why a text is not a profile, or no certificates can be made by it.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// Not its JSON.
    #[error("the profile cannot be read")]
    Json(#[from] serde_json::Error),
    /// A qualified profile without its statements, or another one with them.
    #[error(
        "level is {0}; the member \"qualified\", with the statements of a qualified certificate, belongs to the level \
         qualified and to no other"
    )]
    Level(Level),
    /// Not one of the four.
    #[error("level is \"{0}\"; it is one of domain, organization, extended and qualified")]
    LevelUnknown(String),
    /// A public profile without a policy.
    #[error("policy is missing; a public profile of the level {0} has {words}", words = wanted(*.0))]
    NoPolicy(Level),
    /// The policy is no object identifier.
    #[error("policy is \"{0}\", which is not an object identifier")]
    Policy(String),
    /// One policy and a list of them.
    #[error("give either policy or policies")]
    PolicyTwice,
    /// A policy twice in one certificate.
    #[error("a policy occurs more than once in policies")]
    PolicyRepeated,
    /// A public profile with other policies than those of its certificates.
    #[error(
        "policy is {}; a public profile of the level {level} has {}, or \"trust\" is \"private\"",
        joined(policies), wanted(*level)
    )]
    PublicPolicy {
        /// What is checked of the owner.
        level: Level,
        /// What was wanted.
        policies: Vec<ObjectIdentifier>,
    },
    /// The statements of a qualified certificate.
    #[error(transparent)]
    Qualified(#[from] QualifiedError),
    /// Qualified by nobody's law.
    #[error("a qualified certificate keeps the rules of the public web; leave \"trust\" out")]
    QualifiedPrivate,
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
    /// Wildcard names where none can be.
    #[error(
        "no EV and no qualified certificate has a wildcard name (EVG §9.8.1); leave has_wildcards out of a profile of the \
         level {0}"
    )]
    Wildcards(Level),
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
    /// Where there is more than one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    policies: Vec<String>,
    has_rsa_key_encipherment: bool,
    honours_must_staple: bool,
    max_names: usize,
    #[serde(default, skip_serializing_if = "is_public")]
    trust: ProfileTrust,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    level: Option<String>,
    /// If it is not what all of the level have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    has_wildcards: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    qualified: Option<Qualified>,
}

impl Stored {
    fn policies(&self) -> Result<Vec<ObjectIdentifier>, ProfileError> {
        if self.policy.is_some() && !self.policies.is_empty() {
            return Err(ProfileError::PolicyTwice);
        }
        let all = self.policy.iter().chain(&self.policies);
        let read = |text: &String| {
            ObjectIdentifier::new(text).map_err(|_| ProfileError::Policy(text.clone()))
        };
        all.map(read).collect()
    }
}

impl Profile {
    /// The profile without its name, as JSON that stays the same as long as the profile does.
    pub fn to_json(&self) -> String {
        let policies = self.policies.iter().map(ToString::to_string);
        let (policy, policies) = match policies.collect::<Vec<_>>() {
            one if one.len() < 2 => (one.into_iter().next(), Vec::new()),
            several => (None, several),
        };
        let stored = Stored {
            validity_seconds: self.validity_seconds,
            backdate_seconds: self.backdate_seconds,
            policy,
            policies,
            has_rsa_key_encipherment: self.has_rsa_key_encipherment,
            honours_must_staple: self.honours_must_staple,
            max_names: self.max_names,
            trust: self.trust,
            level: (self.level != Level::Domain).then(|| self.level.to_string()),
            has_wildcards: (self.has_wildcards != self.level.may_have_wildcards())
                .then_some(self.has_wildcards),
            qualified: self.qualified.clone(),
        };
        // Numbers, strings and booleans cannot fail to serialise.
        serde_json::to_string(&stored).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote, also that of another version of this program.
    pub fn from_json(name: &str, text: &str) -> Result<Self, ProfileError> {
        let stored: Stored = serde_json::from_str(text)?;
        let level = match &stored.level {
            Some(word) => {
                Level::parse(word).ok_or_else(|| ProfileError::LevelUnknown(word.clone()))?
            }
            None => Level::Domain,
        };
        Ok(Self {
            name: name.to_owned(),
            validity_seconds: stored.validity_seconds,
            backdate_seconds: stored.backdate_seconds,
            level,
            policies: stored.policies()?,
            has_rsa_key_encipherment: stored.has_rsa_key_encipherment,
            honours_must_staple: stored.honours_must_staple,
            max_names: stored.max_names,
            has_wildcards: stored.has_wildcards.unwrap_or(level.may_have_wildcards()),
            qualified: stored.qualified,
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
        self.check_level()?;
        self.check_policies()
    }

    fn check_level(&self) -> Result<(), ProfileError> {
        if self.has_wildcards && !self.level.may_have_wildcards() {
            return Err(ProfileError::Wildcards(self.level));
        }
        match (self.level, &self.qualified) {
            (Level::Qualified, Some(qualified)) => {
                if self.trust != ProfileTrust::Public {
                    return Err(ProfileError::QualifiedPrivate);
                }
                Ok(qualified.check()?)
            }
            (Level::Domain | Level::Organization | Level::Extended, None) => Ok(()),
            (Level::Domain | Level::Organization | Level::Extended | Level::Qualified, _) => {
                Err(ProfileError::Level(self.level))
            }
        }
    }

    fn check_policies(&self) -> Result<(), ProfileError> {
        let (level, policies) = (self.level, &self.policies);
        if !are_different(policies) {
            return Err(ProfileError::PolicyRepeated);
        }
        let count = i64::try_from(policies.len()).unwrap_or(i64::MAX);
        check_range("the number of policies", count, 0..=8, "")?;
        match self.trust {
            ProfileTrust::Public if policies.is_empty() => Err(ProfileError::NoPolicy(level)),
            ProfileTrust::Public if !fits(level, policies) => Err(ProfileError::PublicPolicy {
                level,
                policies: policies.clone(),
            }),
            ProfileTrust::Public | ProfileTrust::Private => Ok(()),
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

fn joined(policies: &[ObjectIdentifier]) -> String {
    let texts: Vec<_> = policies.iter().map(ToString::to_string).collect();
    texts.join(", ")
}

/// What [`Stored`] has.
const FIELDS: [&str; 11] = [
    "validity_seconds",
    "backdate_seconds",
    "policy",
    "policies",
    "has_rsa_key_encipherment",
    "honours_must_staple",
    "max_names",
    "trust",
    "level",
    "has_wildcards",
    "qualified",
];

#[cfg(test)]
mod tests {
    use super::super::qualified::Disclosure;
    use super::super::{
        Country, DOMAIN_VALIDATED, EXTENDED_VALIDATION, ORGANIZATION_VALIDATED, QUALIFIED_EXTENDED,
        QUALIFIED_NORMALIZED,
    };
    use super::*;

    /// A policy of an operator's own.
    const OWN: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.3");

    /// As it stands in databases since there are profiles.
    const DV: &str = r#"{"validity_seconds":7776000,"backdate_seconds":3600,"policy":"2.23.140.1.2.1","has_rsa_key_encipherment":false,"honours_must_staple":false,"max_names":100}"#;

    fn private() -> Profile {
        Profile {
            name: "machines".to_owned(),
            policies: Vec::new(),
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
        let every = Profile {
            has_wildcards: true,
            trust: ProfileTrust::Private,
            ..Profile::of_level(Level::Qualified)
        };
        let one = Profile {
            policies: vec![DOMAIN_VALIDATED],
            ..every.clone()
        };
        let mut known = FIELDS.to_vec();
        known.sort_unstable();
        let mut written: Vec<String> = Vec::new();
        for profile in [every, one] {
            let fields: Map<String, Value> = serde_json::from_str(&profile.to_json()).unwrap();
            written.extend(fields.into_iter().map(|(key, _)| key));
        }
        written.sort_unstable();
        written.dedup();
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
            |p| p.policies.clear(),
            Some(
                "policy is missing; a public profile of the level domain has 2.23.140.1.2.1 (domain validated)",
            ),
        );
        check(
            |p| p.policies = vec![OWN],
            Some(
                "policy is 1.2.3; a public profile of the level domain has 2.23.140.1.2.1 (domain validated), or \"trust\" is \"private\"",
            ),
        );
    }

    #[test]
    fn a_private_profile_has_wider_limits() {
        let check = |change: fn(&mut Profile), expected| {
            check_limits(private(), change, expected);
        };
        check(|_| {}, None);
        check(|p| p.policies = vec![OWN], None);
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

    /// Whether a public profile of the level can have these policies.
    #[track_caller]
    fn check_policies(level: Level, policies: &[ObjectIdentifier], expected: bool) {
        let profile = Profile {
            policies: policies.to_vec(),
            ..Profile::of_level(level)
        };
        assert_eq!(profile.check().is_ok(), expected, "{level}: {policies:?}");
    }

    #[test]
    fn f037_each_level_has_its_own_policies() {
        let (ov, ev) = (ORGANIZATION_VALIDATED, EXTENDED_VALIDATION);
        let (qev, qn) = (QUALIFIED_EXTENDED, QUALIFIED_NORMALIZED);
        for level in Level::ALL {
            Profile::of_level(*level).check().unwrap();
            check_policies(*level, &[], false);
            check_policies(*level, &[OWN], false);
        }
        check_policies(Level::Domain, &[DOMAIN_VALIDATED, OWN], false);
        check_policies(Level::Organization, &[ov, OWN], true);
        check_policies(Level::Organization, &[OWN, ov], false);
        check_policies(Level::Organization, &[ov, DOMAIN_VALIDATED], false);
        check_policies(Level::Organization, &[ov, qn], false);
        check_policies(Level::Extended, &[ev, OWN], true);
        check_policies(Level::Extended, &[ev, ev], false);
        check_policies(
            Level::Extended,
            &[ev, super::super::policy::ANY_POLICY],
            false,
        );
        check_policies(Level::Extended, &[ov], false);
        check_policies(Level::Qualified, &[ev, qev, OWN], true);
        check_policies(Level::Qualified, &[ov, qn, OWN], true);
        check_policies(Level::Qualified, &[ev, qn], false);
        check_policies(Level::Qualified, &[ov, qev], false);
        check_policies(Level::Qualified, &[ev, qev, qn], false);
        check_policies(Level::Qualified, &[ev], false);
    }

    #[test]
    fn f038_no_profile_of_an_ev_or_qualified_certificate_has_wildcards() {
        for level in [Level::Extended, Level::Qualified] {
            let mut profile = Profile::of_level(level);
            profile.has_wildcards = true;
            let error = profile.check().unwrap_err().to_string();
            assert!(error.contains("EVG §9.8.1"), "{error}");
        }
        let plain = Profile {
            has_wildcards: false,
            ..Profile::of_level(Level::Organization)
        };
        plain.check().unwrap();
        assert!(plain.to_json().contains(r#""has_wildcards":false"#));
        assert_eq!(
            Profile::from_json("organization", &plain.to_json()).unwrap(),
            plain
        );
    }

    #[track_caller]
    fn check_statements(change: impl FnOnce(&mut Qualified), expected: &str) {
        let mut profile = Profile::of_level(Level::Qualified);
        change(profile.qualified.as_mut().unwrap());
        let error = profile.check().err().map(|error| error.to_string());
        assert_eq!(error.is_none(), expected.is_empty(), "{error:?}");
        assert!(error.unwrap_or_default().contains(expected));
    }

    #[test]
    fn statements_of_qualified_certificates_are_held_to_their_standard() {
        let other = |language: &str| Disclosure {
            language: language.to_owned(),
            url: "https://www.example.com/pds".to_owned(),
        };
        check_statements(|q| q.disclosures.push(other("fi")), "");
        check_statements(|q| q.disclosures.clear(), "must begin with");
        check_statements(|q| q.disclosures.insert(0, other("fi")), "must begin with");
        check_statements(
            |q| q.disclosures.push(other("en")),
            "\"en\" occurs more than once",
        );
        check_statements(
            |q| q.disclosures.push(other("FI")),
            "\"FI\" is not the code of a language",
        );
        for url in [
            "http://example.com/",
            "https://",
            "https:///pds",
            "https://example.com/a b",
        ] {
            check_statements(
                |q| url.clone_into(&mut q.disclosures[0].url),
                "is not an https URL",
            );
        }
        let country = |text| Country::parse(text).unwrap();
        check_statements(|q| q.legislation.push(country("CH")), "");
        check_statements(
            |q| q.legislation.push(country("FI")),
            "is in the European Union",
        );
        check_statements(
            |q| q.legislation = vec![country("CH"); 2],
            "occurs more than once",
        );
        check_statements(|q| q.legislation = vec![country("CH"); 11], "at most 10");
    }

    #[test]
    fn statements_belong_to_qualified_profiles_of_the_public_web() {
        let with = |change: fn(&mut Profile)| {
            let mut profile = Profile::of_level(Level::Qualified);
            change(&mut profile);
            profile.check().unwrap_err().to_string()
        };
        assert!(with(|p| p.qualified = None).starts_with("level is qualified"));
        assert!(with(|p| p.level = Level::Extended).starts_with("level is extended"));
        assert!(with(|p| p.trust = ProfileTrust::Private).contains("leave \"trust\" out"));
    }

    #[test]
    fn profiles_of_every_level_are_read_as_they_were_written() {
        for level in Level::ALL {
            let profile = Profile::of_level(*level);
            let text = profile.to_json();
            assert_eq!(
                Profile::from_file_json(&profile.name, &text).unwrap(),
                profile
            );
        }
        let both = DV.replace('}', r#","policies":["1.2.3"]}"#);
        check(&both, "give either policy or policies");
        let unknown = DV.replace('}', r#","level":"best"}"#);
        check(&unknown, "level is \"best\"; it is one of");
    }
}
