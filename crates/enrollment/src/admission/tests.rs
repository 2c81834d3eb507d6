use base::{Actor, OfferVersionId, Random, SubscriptionId, TenantId};
use proptest::prelude::*;

use super::*;
use crate::subscription::{Label, Purchase, Term};

struct Fixed;
impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A subscription as its four facts make it: not begun, begun, suspended, ended.
fn subscription(state: u8) -> Subscription {
    let purchase = Purchase {
        tenant: TenantId::FIRST,
        customer: None,
        offer_version: OfferVersionId::FIRST,
        label: Label::default(),
        term: Term::from_years(1).unwrap(),
        created_by: Actor::System,
    };
    let new = Subscription::new(SubscriptionId::generate(NOW, &Fixed), purchase, NOW);
    let begun = new.start(NOW).unwrap();
    match state {
        0 => new,
        1 => begun,
        2 => begun.suspend(NOW).unwrap(),
        _ => begun.deactivate(NOW).unwrap(),
    }
}

fn name(text: &str) -> DnsName {
    DnsName::parse(text).unwrap()
}

const NAMES: [&str; 4] = ["a.example", "*.a.example", "w.a.example", "b.example"];

/// What one would say without knowing how the rule is written.
fn model(
    state: Option<u8>,
    standing: Standing,
    enrolled: &[usize],
    wanted: &[usize],
    is_renewal: bool,
) -> &'static str {
    let covers = |wanted: &usize| {
        enrolled.contains(wanted) || (NAMES[*wanted] == "w.a.example" && enrolled.contains(&1))
    };
    match state {
        None => "subscription_deactivated",
        _ if standing == Standing::Suspended => "tenant_suspended",
        Some(0) => "subscription_without_domain",
        Some(2) => "subscription_suspended",
        Some(3) => "subscription_deactivated",
        Some(_) if !wanted.iter().all(covers) => "name_not_enrolled",
        Some(_) if standing == Standing::OnHold && !is_renewal => "tenant_on_hold",
        Some(_) => "",
    }
}

proptest! {
    #[test]
    fn m4_sb13_admission_is_what_the_model_says(
        state in proptest::option::of(0_u8..4),
        standing in prop_oneof![
            Just(Standing::Suspended), Just(Standing::OnHold), Just(Standing::Good)
        ],
        enrolled in proptest::collection::vec(0_usize..4, 0..4),
        wanted in proptest::collection::vec(0_usize..4, 1..4),
        is_renewal: bool,
    ) {
        let facts = Facts {
            subscription: state.map(subscription),
            standing,
            enrolled: enrolled.iter().map(|index| name(NAMES[*index])).collect(),
            is_renewal,
        };
        let names: Vec<Identifier> = wanted.iter().map(|index| name(NAMES[*index]).into()).collect();
        let told = decide(&facts, &names, NOW).err().map_or("", |refused| refused.refusal().code);
        prop_assert_eq!(told, model(state, standing, &enrolled, &wanted, is_renewal));
    }
}

#[test]
fn every_refusal_says_what_to_do() {
    for refused in [Refused::OnHold, Refused::Suspended] {
        let refusal = refused.refusal();
        assert_eq!(refusal.class, Class::Forbidden);
        assert!(refusal.sentence.contains(';'), "{}", refusal.sentence);
    }
}

#[test]
fn the_worst_standing_of_a_chain_is_the_least() {
    let mut all = [Standing::Good, Standing::Suspended, Standing::OnHold];
    all.sort_unstable();
    assert_eq!(all, [Standing::Suspended, Standing::OnHold, Standing::Good]);
}
