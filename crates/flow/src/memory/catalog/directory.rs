//! A directory with everything that an order in it needs, and the rules that an operator gives it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use acme::directory::Meta;
use acme::paths::Paths;
use acme::policy::Policy as NamePolicy;
use base::{Class, DnsName, Identifier, Refusal, Refuse, SubscriptionId, Timestamp};
use enrollment::admission::Coverage;
use enrollment::subscription::ProductCode;
use pki::{KeyPolicy, MAIL_PROOFS_END, ProfileTrust};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use store::catalog::directory::Directory as Stored;

use super::{Ca, CatalogError, VersionedProfile};
use crate::settings::Settings;

/// An ACME directory that takes orders.
pub struct Directory {
    /// Its name: the last segment of its URL.
    pub slug: String,
    /// What is ordered here.
    pub product: ProductCode,
    /// Whether nobody believes what it issues.
    pub is_test: bool,
    /// The production directory that it stands beside, if it is for tests.
    pub production: Option<String>,
    /// What it says about itself.
    pub meta: Meta,
    /// Where its resources are.
    pub paths: Paths,
    /// Who signs: the first; the others have signed before, or will.
    pub issuing: Arc<Ca>,
    /// What its certificates look like.
    pub profile: Arc<VersionedProfile>,
    /// Names that are never issued for, and what else an order's names must be.
    pub names: NamePolicy,
    /// Which subscriber keys are good enough.
    pub keys: KeyPolicy,
    /// How many names an order may have.
    pub max_names: usize,
    /// Whether control of names has to be proven: not for certificates that nobody but their owner trusts, where its
    /// operator wants none.
    pub needs_proof: bool,
    /// Whether its operator lets proofs of delegated domains by mail count.
    proof_by_mail: bool,
    /// How long a proof of control may be used again.
    pub proof_reuse: Duration,
    /// How many of 100 proofs that could be used again are.
    pub proof_reuse_percent: u8,
    /// The subscription that accounts without a binding join.
    pub joins: Option<SubscriptionId>,
}

impl Directory {
    /// Whether proofs of delegated domains by mail count at a moment; the rules of public CAs end that on a day.
    pub(crate) fn takes_mail(&self, now: Timestamp) -> bool {
        self.proof_by_mail && now < MAIL_PROOFS_END
    }

    /// Why it takes no order for a name, whoever asks.
    pub(super) fn never_issues(&self, name: &DnsName) -> Option<String> {
        let by_policy = self.names.check(name).err();
        let by_policy = by_policy.map(|why| why.to_string());
        by_policy.or_else(|| {
            let name = Identifier::Dns(name.clone());
            let by_profile = self.profile.profile.check_wildcards([&name]).err();
            by_profile.map(|why| why.to_string())
        })
    }
}

/// What an operator decides about a directory; what is not said is as the installation's settings say.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DirectoryRules {
    /// Suffixes that need not be known to the public DNS, such as `corp.internal`.
    pub allowed_suffixes: Vec<String>,
    /// Whether no suffix has to be known to the public DNS.
    pub any_suffix: bool,
    /// Names that nothing is issued for.
    pub blocked_names: Vec<DnsName>,
    /// Suffixes below which nothing is issued for.
    pub blocked_suffixes: Vec<String>,
    /// The names by which CAA records allow us.
    pub caa_identities: Option<Vec<String>>,
    /// Whether an account needs a binding; the default is yes, and no in a test directory.
    pub external_account_required: Option<bool>,
    /// The subscription that accounts without a binding join.
    pub joins: Option<SubscriptionId>,
    /// Which subscriber keys are good enough.
    pub keys: KeyRules,
    /// How many names an order may have.
    pub max_names: Option<usize>,
    /// The production directory that a test directory stands beside.
    pub production: Option<String>,
    /// Whether proofs of delegated domains by mail count; yes, unless it is said, until public CAs may not use them any more.
    pub proof_by_mail: Option<bool>,
    /// Whether control of names has to be proven. No counts only where the profile is of private trust.
    pub proof_of_control: Option<bool>,
    /// How long a proof of control may be used again, if that is shorter than what the installation's settings say.
    pub proof_reuse_hours: Option<u64>,
    /// How many of 100 proofs that could be used again are.
    pub proof_reuse_percent: Option<u8>,
    /// Where the terms of service are.
    pub terms_of_service: Option<String>,
    /// Where more is said.
    pub website: Option<String>,
}

/// Which subscriber keys are good enough.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyRules {
    /// Those of the public web.
    #[default]
    Public,
    /// Small RSA keys too, for servers that exist to test clients.
    Relaxed,
}

/// A rule cannot be set so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// There is none of this name.
    #[error("a directory has no rule \"{key}\"; there are: {known}")]
    Unknown {
        /// What was asked for.
        key: String,
        /// What there is.
        known: String,
    },
    /// It cannot have this value.
    #[error("the rule \"{key}\" cannot be \"{value}\": {reason}")]
    Value {
        /// The rule.
        key: String,
        /// What was asked for.
        value: String,
        /// Why not.
        reason: String,
    },
}

impl Refuse for RuleError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Unknown { .. } => "directory_rule_unknown",
            Self::Value { .. } => "directory_rule_value",
        };
        Class::Invalid.because(code, self)
    }
}

impl DirectoryRules {
    /// These rules with one of them as an operator types it; lists are separated by commas, nothing takes it back.
    pub fn with(&self, key: &str, text: &str) -> Result<Self, RuleError> {
        let mut all = self.fields();
        let wrong = |reason: String| RuleError::Value {
            key: key.to_owned(),
            value: text.to_owned(),
            reason,
        };
        let Some(place) = all.get_mut(key) else {
            let known: Vec<_> = all.keys().cloned().collect();
            return Err(RuleError::Unknown {
                key: key.to_owned(),
                known: known.join(", "),
            });
        };
        if key == "production" {
            return Err(wrong("it is decided when the directory is made".to_owned()));
        }
        let is_list = place.is_array() || key == "caa_identities";
        *place = match text {
            "" if place.is_array() => Value::Array(Vec::new()),
            "" if key == "keys" || key == "any_suffix" => {
                return Err(wrong("it has to have a value".to_owned()));
            }
            "" => Value::Null,
            text if is_list => text
                .split(',')
                .map(|each| Value::from(each.trim()))
                .collect(),
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::from(text)),
        };
        let changed = serde_json::to_value(all).and_then(serde_json::from_value::<Self>);
        let changed = changed.map_err(|error| wrong(error.to_string()))?;
        changed.check().map_err(wrong)?;
        Ok(changed)
    }

    /// Every rule by its name.
    pub fn fields(&self) -> BTreeMap<String, Value> {
        let value = serde_json::to_value(self).unwrap_or_default();
        serde_json::from_value(value).unwrap_or_default()
    }

    /// As it is stored.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// These rules of a directory where its own follow those of another one, as a test directory's do; itself is that one
    /// for any other.
    pub(super) fn beside(self, leading: Self) -> Self {
        Self {
            external_account_required: self.external_account_required,
            joins: self.joins,
            production: self.production,
            ..leading
        }
    }

    /// Whether a test directory decides about this rule itself.
    pub(crate) fn is_own(key: &str) -> bool {
        matches!(key, "external_account_required" | "joins")
    }

    fn check(&self) -> Result<(), String> {
        if self
            .max_names
            .is_some_and(|most| !(1..=1_000).contains(&most))
        {
            return Err("an order has 1 to 1000 names".to_owned());
        }
        let identities = self.caa_identities.iter().flatten();
        if let Some(wrong) = identities.into_iter().find(|name| !is_identity(name)) {
            return Err(format!(
                "\"{wrong}\" is not a domain name, such as ca.example.com"
            ));
        }
        if self.proof_reuse_percent.is_some_and(|part| part > 100) {
            return Err("it is at most 100".to_owned());
        }
        if self.proof_reuse_hours.is_some_and(|hours| hours > 398 * 24) {
            return Err("proofs are used for at most 398 days".to_owned());
        }
        Ok(())
    }

    fn names(&self, settings: &Settings) -> NamePolicy {
        let mut names = settings.name_policy.clone();
        if self.any_suffix {
            names = names.allow_any_suffix();
        }
        for suffix in &self.allowed_suffixes {
            names = names.allow_suffix(suffix);
        }
        for suffix in &self.blocked_suffixes {
            names = names.block_suffix(suffix);
        }
        for name in &self.blocked_names {
            names = names.block_name(name);
        }
        names
    }

    /// The names by which CAA records call us here; `default` is what the installation's settings say.
    pub(crate) fn identities<'r>(&'r self, default: &'r [String]) -> &'r [String] {
        self.caa_identities.as_deref().unwrap_or(default)
    }

    fn meta(&self, is_test: bool, settings: &Settings) -> Meta {
        let default = &settings.meta;
        let or = |own: &Option<String>, default: &Option<String>| {
            own.clone().or_else(|| default.clone())
        };
        Meta {
            terms_of_service: or(&self.terms_of_service, &default.terms_of_service),
            website: or(&self.website, &default.website),
            caa_identities: self.identities(&default.caa_identities).to_vec(),
            external_account_required: self.external_account_required.unwrap_or(!is_test),
        }
    }
}

/// What can stand for an issuer in a CAA record (RFC 8659 §4.2).
fn is_identity(name: &str) -> bool {
    DnsName::parse(name).is_ok_and(|name| !name.is_wildcard())
}

/// The rules of a stored directory.
pub(crate) fn read_rules(stored: &Stored) -> Result<DirectoryRules, CatalogError> {
    serde_json::from_str(&stored.config)
        .map_err(|error| CatalogError::Directory(stored.slug.clone(), error))
}

impl Directory {
    /// Whose enrolled names count. In a test directory an account without a binding is nobody's: any customer's names are
    /// good, and it learns so only once it has proven control of them.
    pub(crate) fn coverage(&self, is_bound: bool) -> Coverage {
        if self.is_test && !is_bound {
            Coverage::AnyLive
        } else {
            Coverage::Subscription
        }
    }

    /// Joins what is stored about a directory.
    pub(super) fn new(
        stored: &Stored,
        (rules, issuing, profile): (DirectoryRules, Arc<Ca>, Arc<VersionedProfile>),
        settings: &Settings,
    ) -> Result<Self, CatalogError> {
        let product = ProductCode::parse(&stored.product_code);
        let longest = settings.authorization_lifetime;
        let reuse = rules
            .proof_reuse_hours
            .map(|hours| Duration::from_secs(hours * 3600));
        let is_public = profile.profile.trust == ProfileTrust::Public;
        Ok(Self {
            slug: stored.slug.clone(),
            proof_by_mail: rules.proof_by_mail.unwrap_or(true),
            needs_proof: is_public || rules.proof_of_control.unwrap_or(true),
            product: product.map_err(|error| {
                let wrong = <serde_json::Error as serde::de::Error>::custom(error);
                CatalogError::Directory(stored.slug.clone(), wrong)
            })?,
            is_test: stored.is_test,
            meta: rules.meta(stored.is_test, settings),
            paths: settings.paths.of(&stored.slug),
            issuing,
            profile,
            names: rules.names(settings),
            keys: KeyPolicy {
                debian_weak: settings.weak_keys.clone(),
                ..match rules.keys {
                    KeyRules::Public => KeyPolicy::public(),
                    KeyRules::Relaxed => KeyPolicy::relaxed(),
                }
            },
            max_names: rules.max_names.unwrap_or(settings.max_identifiers),
            proof_reuse: longest.min(reuse.unwrap_or(longest)),
            proof_reuse_percent: rules.proof_reuse_percent.unwrap_or(100),
            joins: rules.joins,
            production: rules.production,
        })
    }
}
