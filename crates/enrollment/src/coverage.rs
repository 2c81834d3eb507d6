//! Which enrolled names admit a requested identifier (contradiction C3, `subscribed_names`).
//!
//! An enrolled `example.com` covers itself and nothing else. An enrolled `*.example.com` covers
//! `*.example.com` and every name with exactly one label in front of `example.com`, as a wildcard
//! certificate does (RFC 6125 §6.4.3); it does not cover `example.com` nor anything deeper.
//! Whether the requester controls a name is proven elsewhere.

use base::{About, Class, DnsName, Identifier, Part, Refusal, Refuse};

/// The identifier is not covered by any domain of the subscription.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{identifier} is not enrolled in this subscription; add {} in the portal",
    suggestion(identifier)
)]
pub struct NotCovered {
    /// The identifier as requested.
    pub identifier: Identifier,
}

/// Identifiers that no domain of the subscription covers, all at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} names are not enrolled in this subscription; add them in the portal", .0.len())]
pub struct NotEnrolled(pub Vec<NotCovered>);

impl Refuse for NotEnrolled {
    fn refusal(&self) -> Refusal {
        const CODE: &str = "name_not_enrolled";
        let about = self.0.iter().map(|each| About {
            part: Part::Identifier {
                kind: each.identifier.kind().as_str().to_owned(),
                value: each.identifier.to_string(),
            },
            code: CODE,
            sentence: each.to_string(),
        });
        let refusal = match self.0.as_slice() {
            [only] => Class::Forbidden.because(CODE, only),
            _ => Class::Forbidden.because(CODE, self),
        };
        refusal.about(about)
    }
}

/// The enrolled names that would admit `name`: itself, then the wildcard one level up.
pub fn candidates(name: &DnsName) -> impl Iterator<Item = DnsName> {
    std::iter::once(name.clone()).chain(name.covering_wildcard())
}

/// The enrolled name that admits `name`, the exact one before a wildcard. `is_enrolled` tells
/// whether a name is an active domain of the subscription.
pub fn covering(name: &DnsName, is_enrolled: impl Fn(&DnsName) -> bool) -> Option<DnsName> {
    candidates(name).find(is_enrolled)
}

/// Decides an order's identifiers together. The error lists every one that is not covered, each
/// fit for a subproblem (RFC 8555 §6.7.1), so that the client learns of all at once.
pub fn admit<'a>(
    requested: impl IntoIterator<Item = &'a Identifier>,
    is_enrolled: impl Fn(&DnsName) -> bool,
) -> Result<(), NotEnrolled> {
    let refused: Vec<_> = requested
        .into_iter()
        .filter(|Identifier::Dns(name)| covering(name, &is_enrolled).is_none())
        .cloned()
        .map(|identifier| NotCovered { identifier })
        .collect();
    if refused.is_empty() {
        Ok(())
    } else {
        Err(NotEnrolled(refused))
    }
}

fn suggestion(Identifier::Dns(name): &Identifier) -> String {
    match name.covering_wildcard() {
        Some(wildcard) if !crate::public_suffix::is_public_suffix(&wildcard) => {
            format!("{name} or {wildcard}")
        }
        Some(_) | None => name.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn name(text: &str) -> DnsName {
        DnsName::parse(text).unwrap()
    }

    #[track_caller]
    fn check(enrolled: &[&str], requested: &str, expected: Option<&str>) {
        let found = covering(&name(requested), |known| enrolled.contains(&known.as_str()));
        assert_eq!(found.as_ref().map(DnsName::as_str), expected);
    }

    #[test]
    fn c3_a_plain_name_covers_only_itself() {
        check(&["example.com"], "example.com", Some("example.com"));
        check(&["example.com"], "www.example.com", None);
        check(&["example.com"], "*.example.com", None);
        check(&["www.example.com"], "example.com", None);
        check(&["example.com"], "badexample.com", None);
    }

    #[test]
    fn c3_a_wildcard_covers_one_label_and_itself() {
        let enrolled = ["*.example.com"];
        check(&enrolled, "*.example.com", Some("*.example.com"));
        check(&enrolled, "www.example.com", Some("*.example.com"));
        check(&enrolled, "example.com", None);
        check(&enrolled, "a.b.example.com", None);
        check(&enrolled, "*.b.example.com", None);
    }

    #[test]
    fn c3_the_exact_name_is_preferred() {
        check(
            &["*.example.com", "www.example.com"],
            "www.example.com",
            Some("www.example.com"),
        );
    }

    #[test]
    fn f070_every_uncovered_name_is_listed_with_what_to_do() {
        let requested = [
            name("example.com").into(),
            name("a.example.com").into(),
            name("other.test").into(),
        ];
        let refused = admit(&requested, |known| known.as_str() == "example.com").unwrap_err();
        let sentences: Vec<_> = refused.0.iter().map(ToString::to_string).collect();
        assert_eq!(
            sentences,
            [
                "a.example.com is not enrolled in this subscription; \
                 add a.example.com or *.example.com in the portal",
                "other.test is not enrolled in this subscription; add other.test in the portal",
            ]
        );
        assert_eq!(admit(&requested[..1], |_| true), Ok(()));
    }

    proptest! {
        #[test]
        fn a_name_is_covered_by_its_candidates_and_by_nothing_else(
            labels in proptest::collection::vec("[a-z]{1,5}", 2..6), deeper in "[a-z]{1,5}",
        ) {
            let requested = name(&labels.join("."));
            let below = name(&format!("{deeper}.{requested}"));
            let admits = |name: &DnsName, enrolled: &DnsName| {
                admit([&name.clone().into()], |known| known == enrolled).is_ok()
            };
            for enrolled in candidates(&requested) {
                prop_assert!(admits(&requested, &enrolled));
            }
            prop_assert!(!admits(&requested, &below));
            prop_assert!(!admits(&below, &requested));
        }
    }
}
