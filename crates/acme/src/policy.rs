//! Names that we do not issue for, whoever asks: blocked, special-use, reverse zones, registry
//! suffixes; and sets of names that contradict themselves.
//!
//! Lists are data, so that an operator can add to them and a laboratory can lift them. Whether a name
//! is enrolled is `enrollment`'s, what CAA records say is `validation`'s.

use std::collections::HashSet;

use base::{DnsName, Identifier};

use crate::identifier::Identifiers;
use crate::problem::{Kind, Problem, Subproblem, told};
use crate::requested::Requested;

/// Why we do not issue for a name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyError {
    /// On the operator's list, or a wildcard that covers a listed name.
    #[error("certificates for \"{0}\" are forbidden by policy")]
    Blocked(DnsName),
    /// A registry's suffix, under which others register (TLS BR 3.2.2.6).
    #[error("\"{0}\" is a public suffix; name a domain that is registered below it")]
    PublicSuffix(DnsName),
    /// A zone that maps addresses to names (TLS BR, SC-086).
    #[error("\"{0}\" lies in a reverse zone, for which no certificate may be issued")]
    ReverseZone(DnsName),
    /// A suffix that the public DNS does not resolve.
    #[error("\"{name}\" ends in \".{suffix}\", which does not exist in the public DNS")]
    SpecialUse {
        /// The name.
        name: DnsName,
        /// Its reserved suffix.
        suffix: String,
    },
    /// A top-level domain that nobody has delegated.
    #[error("\"{0}\" does not end in a known top-level domain; check its spelling")]
    UnknownSuffix(DnsName),
}

impl PolicyError {
    /// The problem type.
    pub fn kind(&self) -> Kind {
        Kind::RejectedIdentifier
    }
}

/// Why a set of identifiers is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SetError {
    /// Some names are not issued for.
    #[error("{} names are refused by policy", .0.len())]
    Names(Vec<(Identifier, PolicyError)>),
    /// A name that a wildcard of the same set covers already.
    #[error("\"{name}\" is covered by \"{wildcard}\" of the same order; leave it out")]
    Redundant {
        /// The superfluous name.
        name: DnsName,
        /// What covers it.
        wildcard: DnsName,
    },
}

impl From<&SetError> for Problem {
    fn from(error: &SetError) -> Self {
        match error {
            SetError::Names(bad) => Self::for_identifiers(
                bad.iter()
                    .map(|(identifier, error)| Subproblem {
                        kind: error.kind(),
                        detail: error.to_string(),
                        identifier: Some(Requested::from(identifier)),
                    })
                    .collect(),
            ),
            SetError::Redundant { .. } => Self::malformed(error.to_string()),
        }
    }
}

told!(SetError);

/// What is refused whoever asks.
#[derive(Debug, Clone)]
pub struct Policy {
    allowed_suffixes: HashSet<String>,
    allows_any_suffix: bool,
    blocked_names: HashSet<String>,
    blocked_suffixes: HashSet<String>,
    /// Parents of blocked names: a wildcard there would cover one.
    blocked_wildcards: HashSet<String>,
}

impl Default for Policy {
    fn default() -> Self {
        Self::new()
    }
}

impl Policy {
    /// The rules of the public web, with no name blocked.
    pub fn new() -> Self {
        Self {
            allowed_suffixes: HashSet::new(),
            allows_any_suffix: false,
            blocked_names: HashSet::new(),
            blocked_suffixes: HashSet::new(),
            blocked_wildcards: HashSet::new(),
        }
    }

    /// Lifts the rules about special-use, unknown and public suffixes below `suffix` such as `test`;
    /// for laboratories. Blocked names and reverse zones stay refused.
    #[must_use]
    pub fn allow_suffix(mut self, suffix: &str) -> Self {
        self.allowed_suffixes.insert(plain(suffix));
        self
    }

    /// Lifts the same rules for every suffix; for a laboratory that stands in for Pebble.
    #[must_use]
    pub fn allow_any_suffix(mut self) -> Self {
        self.allows_any_suffix = true;
        self
    }

    /// Refuses one name, and the wildcard that would cover it.
    #[must_use]
    pub fn block_name(mut self, name: &DnsName) -> Self {
        if let Some((_, parent)) = name.as_str().split_once('.') {
            self.blocked_wildcards.insert(parent.to_owned());
        }
        self.blocked_names.insert(name.as_str().to_owned());
        self
    }

    /// Refuses a name and everything below it.
    #[must_use]
    pub fn block_suffix(mut self, suffix: &str) -> Self {
        self.blocked_suffixes.insert(plain(suffix));
        self
    }

    /// Judges one name.
    pub fn check(&self, name: &DnsName) -> Result<(), PolicyError> {
        let base = name.as_str().strip_prefix("*.").unwrap_or(name.as_str());
        if self.is_blocked(name, base) {
            return Err(PolicyError::Blocked(name.clone()));
        }
        if suffixes(base).any(|suffix| REVERSE_ZONES.contains(&suffix)) {
            return Err(PolicyError::ReverseZone(name.clone()));
        }
        let is_allowed = |suffix: &str| self.allowed_suffixes.contains(suffix);
        if self.allows_any_suffix || suffixes(base).any(is_allowed) {
            return Ok(());
        }
        if let Some(suffix) = suffixes(base).find(|suffix| SPECIAL_USE.contains(suffix)) {
            return Err(PolicyError::SpecialUse {
                name: name.clone(),
                suffix: suffix.to_owned(),
            });
        }
        check_registry(name, base)
    }

    /// Judges a whole order; all its bad names are told at once.
    pub fn check_set(&self, identifiers: &Identifiers) -> Result<(), SetError> {
        let bad: Vec<(Identifier, PolicyError)> = identifiers
            .iter()
            .filter_map(|each| {
                let Identifier::Dns(name) = each;
                let error = self.check(name).err()?;
                Some((each.clone(), error))
            })
            .collect();
        if !bad.is_empty() {
            return Err(SetError::Names(bad));
        }
        check_redundancy(identifiers)
    }

    fn is_blocked(&self, name: &DnsName, base: &str) -> bool {
        self.blocked_names.contains(name.as_str())
            || self.blocked_names.contains(base)
            || (name.is_wildcard() && self.blocked_wildcards.contains(base))
            || suffixes(base).any(|suffix| self.blocked_suffixes.contains(suffix))
    }
}

/// The public suffix list's ICANN part is the registries'; its private part is customers' business,
/// whose owners may well want certificates.
fn check_registry(name: &DnsName, base: &str) -> Result<(), PolicyError> {
    let Some(suffix) = psl::suffix(base.as_bytes()) else {
        return Err(PolicyError::UnknownSuffix(name.clone()));
    };
    match suffix.typ() {
        None => Err(PolicyError::UnknownSuffix(name.clone())),
        Some(psl::Type::Icann) if suffix == base => Err(PolicyError::PublicSuffix(name.clone())),
        Some(psl::Type::Icann | psl::Type::Private) => Ok(()),
    }
}

/// A certificate for `*.example.com` and `www.example.com` says one thing twice, usually by mistake;
/// other authorities refuse it too.
fn check_redundancy(identifiers: &Identifiers) -> Result<(), SetError> {
    let names = || identifiers.iter().map(|Identifier::Dns(name)| name);
    let wildcards: HashSet<&DnsName> = names().filter(|name| name.is_wildcard()).collect();
    if wildcards.is_empty() {
        return Ok(());
    }
    for name in names() {
        if let Some(wildcard) = name
            .covering_wildcard()
            .filter(|one| wildcards.contains(one))
        {
            return Err(SetError::Redundant {
                name: name.clone(),
                wildcard,
            });
        }
    }
    Ok(())
}

/// A name and each of its parents, up to the top-level domain.
fn suffixes(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |rest| {
        rest.split_once('.').map(|(_, parent)| parent)
    })
}

fn plain(suffix: &str) -> String {
    suffix.trim_matches('.').to_ascii_lowercase()
}

/// RFC 3172; TLS BR 2.0 and later.
const REVERSE_ZONES: [&str; 2] = ["in-addr.arpa", "ip6.arpa"];

/// The registry of special-use names (RFC 6761) with the strings that ICANN holds back, as far as
/// they are never resolved in public. The documentation names `example.com` and the like do resolve,
/// but nobody controls them.
const SPECIAL_USE: [&str; 15] = [
    "alt",
    "arpa",
    "corp",
    "example",
    "home",
    "internal",
    "invalid",
    "lan",
    "local",
    "localdomain",
    "localhost",
    "mail",
    "onion",
    "private",
    "test",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn name(text: &str) -> DnsName {
        DnsName::parse(text).unwrap()
    }

    #[track_caller]
    fn check(policy: &Policy, text: &str, expected: Option<fn(DnsName) -> PolicyError>) {
        let expected = expected.map(|error| error(name(text)));
        assert_eq!(policy.check(&name(text)).err(), expected, "{text}");
    }

    #[test]
    fn ordinary_names_pass() {
        let policy = Policy::new();
        for text in [
            "example.com",
            "*.example.com",
            "www.example.co.uk",
            "*.example.co.uk",
            "example.github.io",
            "github.io",
            "xn--bcher-kva.de",
        ] {
            check(&policy, text, None);
        }
    }

    #[test]
    fn registry_suffixes_and_their_wildcards_are_refused() {
        let policy = Policy::new();
        check(&policy, "co.uk", Some(PolicyError::PublicSuffix));
        check(&policy, "*.co.uk", Some(PolicyError::PublicSuffix));
        check(
            &policy,
            "example.nosuchtld",
            Some(PolicyError::UnknownSuffix),
        );
    }

    #[test]
    fn reverse_zones_are_refused_even_in_a_laboratory() {
        let policy = Policy::new().allow_suffix("arpa");
        check(
            &policy,
            "1.2.0.192.in-addr.arpa",
            Some(PolicyError::ReverseZone),
        );
        check(
            &policy,
            "8.b.d.0.1.0.0.2.ip6.arpa",
            Some(PolicyError::ReverseZone),
        );
        check(&policy, "home.arpa", None);
    }

    #[test]
    fn special_use_names_are_refused_unless_allowed() {
        for suffix in SPECIAL_USE {
            let text = format!("www.host.{suffix}");
            let refused = Policy::new().check(&name(&text)).unwrap_err();
            let expected = PolicyError::SpecialUse {
                name: name(&text),
                suffix: suffix.to_owned(),
            };
            assert_eq!(refused, expected);
        }
        let laboratory = Policy::new().allow_suffix(".test");
        check(&laboratory, "example.test", None);
        check(&laboratory, "*.example.test", None);
        assert!(laboratory.check(&name("example.local")).is_err());
        check(&Policy::new().allow_any_suffix(), "acme.nosuchtld", None);
    }

    #[test]
    fn blocked_names_take_their_wildcard_with_them() {
        let policy = Policy::new().block_name(&name("login.example.com"));
        check(&policy, "login.example.com", Some(PolicyError::Blocked));
        check(&policy, "*.login.example.com", Some(PolicyError::Blocked));
        check(&policy, "*.example.com", Some(PolicyError::Blocked));
        check(&policy, "example.com", None);
        check(&policy, "a.login.example.com", None);
    }

    #[test]
    fn blocked_suffixes_end_at_a_label() {
        let policy = Policy::new()
            .block_suffix("Example.com")
            .allow_suffix("com");
        check(&policy, "example.com", Some(PolicyError::Blocked));
        check(&policy, "*.a.example.com", Some(PolicyError::Blocked));
        check(&policy, "notexample.com", None);
    }

    fn set(names: &[&str]) -> Result<(), SetError> {
        let names = names.iter().map(|text| name(text).into());
        Policy::new().check_set(&Identifiers::new(names).unwrap())
    }

    #[test]
    fn f108_a_wildcard_goes_with_its_base_name_but_not_with_what_it_covers() {
        assert_eq!(
            set(&["*.example.com", "example.com", "a.b.example.com"]),
            Ok(())
        );
        let redundant = set(&["www.example.com", "*.example.com"]).unwrap_err();
        assert_eq!(
            redundant,
            SetError::Redundant {
                name: name("www.example.com"),
                wildcard: name("*.example.com")
            }
        );
        assert_eq!(Problem::from(redundant).kind, Kind::Malformed);
    }

    #[test]
    fn all_refused_names_are_told_at_once() {
        let problem = Problem::from(set(&["a.local", "example.com", "co.uk"]).unwrap_err());
        assert_eq!(problem.kind, Kind::RejectedIdentifier);
        let values: Vec<_> = problem
            .subproblems
            .iter()
            .map(|each| each.identifier.clone().unwrap().value)
            .collect();
        assert_eq!(values, ["a.local", "co.uk"]);
    }
}
