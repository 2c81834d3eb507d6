//! Identifiers (RFC 8555 §7.1.4, §9.7.7) of an order: what a client asked for, read and made a list.
//!
//! A list is judged as a whole, so that a client learns every bad name at once. Whether we would
//! issue for a well-formed name is [`crate::policy`]'s, whether it is enrolled the caller's.

use std::collections::BTreeSet;

use base::{DnsName, DnsNameError, Identifier, IdentifierKind};
use serde::{Serialize, Serializer};

use crate::problem::{Kind, Problem, Subproblem, told};
use crate::requested::{Requested, Sent};

/// Reads what a client wrote, strictly: an A-label name in any case, nothing around it.
pub fn parse(requested: &Requested) -> Result<Identifier, IdentifierError> {
    match IdentifierKind::parse(&requested.kind) {
        Some(IdentifierKind::Dns) => parse_name(&requested.value),
        None => Err(IdentifierError::Type(requested.kind.clone())),
    }
}

fn parse_name(value: &str) -> Result<Identifier, IdentifierError> {
    // The portal forgives people; a client that sends these would not find its name again.
    let is_loose = |byte: u8| !byte.is_ascii() || byte.is_ascii_whitespace();
    if value.bytes().any(is_loose) || value.ends_with('.') {
        return Err(IdentifierError::Form(value.to_owned()));
    }
    Ok(Identifier::Dns(DnsName::parse(value)?))
}

/// Why one identifier cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Unicode, space or a trailing dot.
    #[error("\"{0}\" must be plain ASCII: write A-labels (xn--), no spaces and no final dot")]
    Form(String),
    /// Not a DNS name.
    #[error(transparent)]
    Name(#[from] DnsNameError),
    /// Another type.
    #[error("identifiers of type \"{0}\" are not supported; use \"dns\"")]
    Type(String),
}

impl IdentifierError {
    /// The problem type.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Form(_) | Self::Name(_) => Kind::Malformed,
            Self::Type(_) => Kind::UnsupportedIdentifier,
        }
    }
}

/// Why a list of identifiers cannot be an order's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// Nothing was asked for.
    #[error("the order names no identifier; add at least one")]
    Empty,
    /// Some of them cannot be read.
    #[error("{} identifiers cannot be read", .0.len())]
    Identifiers(Vec<(Requested, IdentifierError)>),
    /// More than one order may have.
    #[error("the order has {count} identifiers, at most {limit} are allowed; split it")]
    TooMany {
        /// How many were sent.
        count: usize,
        /// How many may be.
        limit: usize,
    },
}

impl From<&ListError> for Problem {
    fn from(error: &ListError) -> Self {
        match error {
            ListError::Empty | ListError::TooMany { .. } => Self::malformed(error.to_string()),
            ListError::Identifiers(bad) => Self::for_identifiers(
                bad.iter()
                    .map(|(requested, error)| Subproblem {
                        kind: error.kind(),
                        detail: error.to_string(),
                        identifier: Some(requested.clone()),
                    })
                    .collect(),
            ),
        }
    }
}

told!(ListError);

/// The identifiers of an order: at least one, each once, in the client's order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identifiers(Vec<Identifier>);

impl Identifiers {
    /// Reads a client's list; all that is wrong with its members is told at once.
    pub fn parse(requested: Vec<Requested>, limit: usize) -> Result<Self, ListError> {
        if requested.len() > limit {
            return Err(ListError::TooMany {
                count: requested.len(),
                limit,
            });
        }
        let mut good = Vec::with_capacity(requested.len());
        let mut bad = Vec::new();
        for each in requested {
            match parse(&each) {
                Ok(identifier) => good.push(identifier),
                Err(error) => bad.push((each, error)),
            }
        }
        if !bad.is_empty() {
            return Err(ListError::Identifiers(bad));
        }
        Self::new(good).ok_or(ListError::Empty)
    }

    /// From identifiers that are known to be good; `None` when there is none.
    pub fn new(identifiers: impl IntoIterator<Item = Identifier>) -> Option<Self> {
        let mut seen = BTreeSet::new();
        let mut unique: Vec<Identifier> = identifiers.into_iter().collect();
        unique.retain(|identifier| seen.insert(identifier.clone()));
        (!unique.is_empty()).then_some(Self(unique))
    }

    /// Each of them.
    pub fn iter(&self) -> std::slice::Iter<'_, Identifier> {
        self.0.iter()
    }

    /// How many there are; never zero.
    #[expect(
        clippy::len_without_is_empty,
        reason = "a list without identifiers cannot exist"
    )]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl Serialize for Identifiers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(Sent))
    }
}

impl<'a> IntoIterator for &'a Identifiers {
    type Item = &'a Identifier;
    type IntoIter = std::slice::Iter<'a, Identifier>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&str], expected: &[&str]) {
        let list = Identifiers::parse(values.iter().copied().map(Requested::dns).collect(), 100);
        let list = list.unwrap();
        assert_eq!(
            list.iter().map(ToString::to_string).collect::<Vec<_>>(),
            expected
        );
    }

    #[track_caller]
    fn refused(requested: Vec<Requested>) -> Problem {
        Identifiers::parse(requested, 3).unwrap_err().into()
    }

    #[test]
    fn lists_keep_their_order_and_drop_repetitions() {
        check(
            &["b.example", "A.example", "B.EXAMPLE"],
            &["b.example", "a.example"],
        );
        check(
            &["*.example.com", "example.com"],
            &["*.example.com", "example.com"],
        );
    }

    #[test]
    fn every_bad_identifier_is_told_at_once() {
        let ip = Requested {
            kind: "ip".to_owned(),
            value: "192.0.2.1".to_owned(),
        };
        let problem = refused(vec![
            ip,
            Requested::dns("a b"),
            Requested::dns("good.example"),
        ]);
        assert_eq!(problem.kind, Kind::Compound);
        let kinds: Vec<Kind> = problem.subproblems.iter().map(|each| each.kind).collect();
        assert_eq!(kinds, [Kind::UnsupportedIdentifier, Kind::Malformed]);
        let named = |value: &str| Some(Requested::dns(value));
        assert_eq!(problem.subproblems[1].identifier, named("a b"));
    }

    #[test]
    fn loose_spellings_are_refused() {
        for value in [
            "example.com.",
            " example.com",
            "b\u{fc}cher.example",
            "192.0.2.1",
            "",
        ] {
            let problem = refused(vec![Requested::dns(value)]);
            assert_eq!(problem.kind, Kind::Malformed, "{value}");
        }
    }

    #[test]
    fn empty_and_long_lists_are_refused() {
        assert_eq!(Identifiers::parse(Vec::new(), 3), Err(ListError::Empty));
        let problem = refused(vec![Requested::dns("a.example"); 4]);
        assert!(problem.detail.contains("at most 3"), "{}", problem.detail);
    }
}
