//! Which names belong together: the free one that a paid one brings along (features F-073 to F-079), and which
//! names of a subscription therefore matter when one is added.

use base::DnsName;

use crate::public_suffix;

/// The names of a subscription that decide what adding `name` means: itself, and those that it may be covered by,
/// free with, or bring along. At most four, so that one round trip finds them.
pub fn candidates(name: &DnsName) -> Vec<DnsName> {
    std::iter::once(name.clone())
        .chain(name.covering_wildcard())
        .chain(sponsors(name))
        .chain(companion_of(name))
        .collect()
}

/// The free name that a paid one brings along.
pub(crate) fn companion_of(primary: &DnsName) -> Option<DnsName> {
    if primary.is_wildcard() {
        return Some(primary.base());
    }
    // A name may be registered as www.co.uk; www.www.co.uk is what nobody wants.
    if !public_suffix::is_registrable(primary) || primary.as_str().starts_with(WWW) {
        return None;
    }
    DnsName::parse(&format!("{WWW}{primary}")).ok()
}

/// The registrable name behind `www.`, which is charged in its place.
pub(crate) fn without_www(name: &DnsName) -> Option<DnsName> {
    let apex = DnsName::parse(name.as_str().strip_prefix(WWW)?).ok()?;
    public_suffix::is_registrable(&apex).then_some(apex)
}

/// The names that make this one free if they are paid for.
pub(crate) fn sponsors(name: &DnsName) -> impl Iterator<Item = DnsName> + use<> {
    let wildcard = if name.is_wildcard() {
        None
    } else {
        DnsName::parse(&format!("*.{name}")).ok()
    };
    wildcard.into_iter().chain(without_www(name))
}

const WWW: &str = "www.";

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use proptest::prelude::*;

    use super::*;
    use crate::enrolled_domain::{Companions, Enrolled, plan_name};

    #[track_caller]
    fn check(name: &str, expected: &[&str]) {
        let found = candidates(&DnsName::parse(name).unwrap());
        let found: Vec<_> = found.iter().map(DnsName::as_str).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn at_most_four_names_matter() {
        check("*.example.com", &["*.example.com", "example.com"]);
        check(
            "example.com",
            &["example.com", "*.example.com", "www.example.com"],
        );
        check(
            "www.example.com",
            &[
                "www.example.com",
                "*.example.com",
                "*.www.example.com",
                "example.com",
            ],
        );
        check(
            "a.example.com",
            &["a.example.com", "*.example.com", "*.a.example.com"],
        );
    }

    proptest! {
        #[test]
        fn a_plan_asks_about_candidates_only(
            name in "(\\*\\.|www\\.)?([a-c]\\.)?(a\\.com|b\\.co\\.uk|www\\.co\\.uk|com)",
            is_auto: bool, answers in proptest::collection::vec(0_u8..3, 12),
        ) {
            let Ok(name) = DnsName::parse(&name) else { return Ok(()) };
            let candidates = candidates(&name);
            prop_assert!(candidates.len() <= 4, "{candidates:?}");
            let asked = RefCell::new(Vec::new());
            let answer = |name: &DnsName| {
                let number = candidates.iter().position(|other| other == name);
                asked.borrow_mut().push(name.clone());
                match answers.get(number?) {
                    Some(1) => Some(Enrolled::Companion),
                    Some(2) => Some(Enrolled::Paid),
                    _ => None,
                }
            };
            let companions = if is_auto { Companions::Auto } else { Companions::Off };
            let _plan = plan_name(&name, companions, &answer);
            for name in asked.into_inner() {
                prop_assert!(candidates.contains(&name), "{name} is asked about");
            }
        }
    }
}
