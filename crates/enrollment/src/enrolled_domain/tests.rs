use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use base::Random;
use proptest::prelude::*;

use super::*;
use crate::{coverage, public_suffix};

struct Counting(AtomicU64);
impl Random for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let next = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (place, byte) in bytes.iter_mut().zip(next.iter().cycle()) {
            *place = *byte;
        }
    }
}

const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

/// A subscription to try plans on.
struct Shop {
    random: Counting,
    subscription: SubscriptionId,
    tenant: TenantId,
    domains: Vec<EnrolledDomain>,
}

impl Shop {
    fn new() -> Self {
        let random = Counting(AtomicU64::new(1));
        let subscription = SubscriptionId::generate(NOW, &random);
        let tenant = TenantId::generate(NOW, &random);
        Self {
            random,
            subscription,
            tenant,
            domains: Vec::new(),
        }
    }

    fn enrolling(&self) -> Enrolling {
        Enrolling {
            anchor: None,
            subscription: self.subscription,
            tenant: self.tenant,
            customer: None,
            added_by: Actor::System,
            now: NOW,
        }
    }

    fn active(&self) -> impl Iterator<Item = &EnrolledDomain> {
        self.domains.iter().filter(|domain| domain.is_active())
    }

    fn id(&self, name: &DnsName) -> Option<EnrolledDomainId> {
        self.active()
            .find(|domain| domain.name == *name)
            .map(|domain| domain.id)
    }

    fn add(&mut self, input: &str, companions: Companions) -> Result<Plan, Refusal> {
        let plan = plan(input, companions, &|name| {
            self.active()
                .find(|domain| domain.name == *name)
                .and_then(EnrolledDomain::as_enrolled)
        })?;
        let plan = plan.issuable(&|name| {
            public_suffix::is_public_suffix(name).then(|| format!("{name} is nobody's"))
        })?;
        let new = self
            .enrolling()
            .domains(&plan.additions, &|name| self.id(name), &self.random);
        self.domains.extend(new.unwrap());
        Ok(plan)
    }

    fn remove(&mut self, name: &str) {
        let id = self.id(&DnsName::parse(name).unwrap()).unwrap();
        let gone = removal(id, &self.domains);
        for domain in &mut self.domains {
            if gone.contains(&domain.id) {
                *domain = domain.remove(Actor::System, NOW);
            }
        }
    }

    /// The active names, with `+` before the free ones.
    fn shown(&self) -> Vec<String> {
        let shown = |domain: &EnrolledDomain| match domain.companion_of {
            Some(_) => format!("+{}", domain.name),
            None => domain.name.to_string(),
        };
        self.active().map(shown).collect()
    }
}

/// Enters names in turn, `!` before a name for "add only this name", `-` to remove it.
#[track_caller]
fn check(steps: &[&str], expected: &[&str]) {
    let mut shop = Shop::new();
    for step in steps {
        if let Some(name) = step.strip_prefix('-') {
            shop.remove(name);
        } else if let Some(name) = step.strip_prefix('!') {
            shop.add(name, Companions::Off).unwrap();
        } else {
            shop.add(step, Companions::Auto).unwrap();
        }
    }
    assert_eq!(shop.shown(), expected, "{steps:?}");
}

#[test]
fn f073_a_registrable_name_brings_www() {
    check(&["example.com"], &["example.com", "+www.example.com"]);
    check(
        &[" Example.CO.UK. "],
        &["example.co.uk", "+www.example.co.uk"],
    );
    check(&["example.test"], &["example.test", "+www.example.test"]);
}

#[test]
fn f074_www_brings_the_apex_which_becomes_primary() {
    check(&["www.example.com"], &["example.com", "+www.example.com"]);
    let plan = plan("www.example.com", Companions::Auto, &|_| None).unwrap();
    assert_eq!(plan.primary.as_str(), "example.com");
    assert_eq!(plan.charged().unwrap().as_str(), "example.com");
    assert_eq!(
        plan.companions().next().unwrap().as_str(),
        "www.example.com"
    );
}

#[test]
fn f075_a_wildcard_brings_its_base_but_not_www() {
    check(&["*.example.com"], &["*.example.com", "+example.com"]);
}

#[test]
fn f076_names_below_the_registrable_one_bring_nothing() {
    check(&["app.example.com"], &["app.example.com"]);
    check(&["www.app.example.com"], &["www.app.example.com"]);
    check(
        &["*.app.example.com"],
        &["*.app.example.com", "+app.example.com"],
    );
}

#[test]
fn f074_a_name_registered_as_www_gets_no_second_www() {
    check(&["www.co.uk"], &["www.co.uk"]);
}

#[test]
fn f077_opting_out_adds_only_the_name() {
    check(&["!example.com"], &["example.com"]);
    check(&["!www.example.com"], &["www.example.com"]);
    check(&["!*.example.com"], &["*.example.com"]);
}

#[test]
fn f079_a_single_name_that_qualifies_is_free() {
    check(
        &["!example.com", "!www.example.com"],
        &["example.com", "+www.example.com"],
    );
    check(
        &["!*.example.com", "!example.com"],
        &["*.example.com", "+example.com"],
    );
    check(
        &["!*.example.com", "example.com"],
        &["*.example.com", "+example.com"],
    );
    check(
        &["!*.app.example.com", "app.example.com"],
        &["*.app.example.com", "+app.example.com"],
    );
}

#[test]
fn f081_what_is_there_is_already_included() {
    for (first, second) in [
        ("example.com", "www.example.com"),
        ("example.com", "example.com"),
        ("www.example.com", "example.com"),
        ("*.example.com", "example.com"),
    ] {
        let mut shop = Shop::new();
        shop.add(first, Companions::Auto).unwrap();
        let plan = shop.add(second, Companions::Auto).unwrap();
        assert!(plan.is_already_included(), "{first}, {second}");
        assert_eq!(plan.charged(), None);
    }
}

#[test]
fn f075_a_name_under_an_enrolled_wildcard_is_not_charged_again() {
    let mut shop = Shop::new();
    shop.add("*.example.com", Companions::Auto).unwrap();
    let plan = shop.add("www.example.com", Companions::Auto).unwrap();
    assert!(plan.is_already_included());
    assert_eq!(plan.covered_by.unwrap().as_str(), "*.example.com");
    let plan = shop.add("www.example.com", Companions::Off).unwrap();
    assert_eq!(
        plan.charged().unwrap().as_str(),
        "www.example.com",
        "asked for by name"
    );
}

#[test]
fn edge_2_a_wildcard_after_its_apex_leaves_the_apex_paid() {
    check(
        &["example.com", "*.example.com"],
        &["example.com", "+www.example.com", "*.example.com"],
    );
}

#[test]
fn edge_3_removing_a_paid_name_takes_its_companion() {
    check(&["example.com", "-example.com"], &[]);
    check(&["*.example.com", "-*.example.com"], &[]);
    check(
        &["example.com", "*.example.com", "-example.com"],
        &["*.example.com"],
    );
}

#[test]
fn edge_4_removing_a_companion_removes_only_that() {
    check(&["example.com", "-www.example.com"], &["example.com"]);
    check(&["*.example.com", "-example.com"], &["*.example.com"]);
}

#[test]
fn f078_edge_4_a_removed_companion_comes_back_free() {
    let expected = ["example.com", "+www.example.com"];
    check(
        &["example.com", "-www.example.com", "www.example.com"],
        &expected,
    );
    check(
        &["example.com", "-www.example.com", "example.com"],
        &expected,
    );
    check(&["example.com", "-example.com", "example.com"], &expected);
}

#[test]
fn edge_5_unicode_forms_are_one_name() {
    check(
        &[
            "b\u{fc}cher.example",
            "B\u{dc}CHER.example",
            "xn--bcher-kva.example",
        ],
        &["xn--bcher-kva.example", "+www.xn--bcher-kva.example"],
    );
}

#[test]
fn edge_12_a_companion_that_is_paid_stays_paid() {
    check(
        &["!www.example.com", "example.com"],
        &["www.example.com", "example.com"],
    );
    check(
        &["!www.example.com", "www.example.com"],
        &["www.example.com"],
    );
}

#[track_caller]
fn check_refused(input: &str, expected: &str) {
    for companions in [Companions::Auto, Companions::Off] {
        let refusal = plan(input, companions, &|_| None).unwrap_err();
        assert_eq!(refusal.to_string(), expected);
    }
}

#[test]
fn f072_what_is_no_name_is_refused_with_a_sentence() {
    check_refused(
        "192.0.2.1",
        "\"192.0.2.1\" is an IP address; enter a domain name",
    );
    check_refused(
        "https://a.test/",
        "\"https://a.test/\" looks like a URL; enter only the domain name",
    );
    check_refused(
        "a.test:443",
        "\"a.test:443\" looks like a URL; enter only the domain name",
    );
}

#[test]
fn edge_6_dns_limits_hold_not_the_field_limit() {
    let long = format!("{}.com", ["a"; 125].join("."));
    assert_eq!(long.len(), 253);
    assert!(plan(&long, Companions::Auto, &|_| None).is_ok());
    assert!(plan(&format!("a.{long}"), Companions::Auto, &|_| None).is_err());
    assert!(
        plan(
            &format!("{}.com", "a".repeat(64)),
            Companions::Auto,
            &|_| None
        )
        .is_err()
    );
}

#[test]
fn a_companion_whose_paid_name_went_meanwhile_is_not_written() {
    let plan = plan("www.example.com", Companions::Off, &|name| {
        (name.as_str() == "example.com").then_some(Enrolled::Paid)
    })
    .unwrap();
    let shop = Shop::new();
    let lost = shop
        .enrolling()
        .domains(&plan.additions, &|_| None, &shop.random);
    assert_eq!(
        lost,
        Err(SponsorMissing(DnsName::parse("example.com").unwrap()))
    );
}

fn input() -> impl Strategy<Value = String> {
    let prefix = prop_oneof![
        Just(""),
        Just("*."),
        Just("www."),
        Just("app."),
        Just("*.app.")
    ];
    let name = prop_oneof![
        Just("example.com"),
        Just("example.co.uk"),
        Just("co.uk"),
        Just("github.io"),
        Just("me.github.io"),
        Just("example.test"),
    ];
    (prefix, name).prop_map(|(prefix, name)| format!("{prefix}{name}"))
}

fn companions() -> impl Strategy<Value = Companions> {
    prop_oneof![Just(Companions::Auto), Just(Companions::Off)]
}

proptest! {
    #[test]
    fn plans_keep_a_subscription_consistent(
        steps in proptest::collection::vec((input(), companions()), 1..12),
    ) {
        let mut shop = Shop::new();
        for (input, companions) in steps {
            let Ok(plan) = shop.add(&input, companions) else { continue };
            prop_assert!(plan.additions.iter().filter(|new| new.companion_of.is_none()).count() <= 1);
            let enrolled = |name: &DnsName| shop.id(name).is_some();
            for new in &plan.additions {
                prop_assert!(coverage::covering(&new.name, enrolled).is_some());
            }
            prop_assert!(coverage::covering(&plan.entered, enrolled).is_some(), "{}", input);
        }
        let mut seen = BTreeMap::new();
        for domain in shop.active() {
            prop_assert!(!public_suffix::is_public_suffix(&domain.name));
            prop_assert!(seen.insert(domain.name.clone(), domain.id).is_none(), "{}", domain.name);
            if let Some(of) = domain.companion_of {
                let sponsor = shop.active().find(|other| other.id == of);
                prop_assert_eq!(sponsor.map(EnrolledDomain::is_companion), Some(false));
            }
        }
    }

    #[test]
    fn removing_what_a_plan_added_returns_to_the_start(
        before in proptest::collection::vec((input(), companions()), 0..6),
        input in input(), companions in companions(),
    ) {
        let mut shop = Shop::new();
        for (input, companions) in before {
            let _ = shop.add(&input, companions);
        }
        let start = shop.shown();
        if let Ok(plan) = shop.add(&input, companions) {
            let first = plan.additions.first().map(|new| new.name.to_string());
            if let Some(name) = first {
                shop.remove(&name);
            }
        }
        prop_assert_eq!(shop.shown(), start);
    }
}
