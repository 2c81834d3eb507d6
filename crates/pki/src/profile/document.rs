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
mod tests;
