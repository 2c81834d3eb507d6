use base::{Actor, OfferVersionId, Random, SubscriptionId, TenantId};
use proptest::prelude::*;

use super::*;
use crate::delegated::ShownBy;
use crate::policy::{Preset, TermUnit};
use crate::subscription::{Label, ProductCode, Purchase, Term};

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
        product: ProductCode::parse("dv").unwrap(),
        label: Label::default(),
        term: Term::from_years(1).unwrap(),
        unit: TermUnit::Days365n,
        starts_at_once: false,
        organization: None,
        department: None,
        created_by: Actor::System,
    };
    let new = Subscription::new(SubscriptionId::generate(NOW, &Fixed), purchase, NOW);
    let begun = new.start(TermUnit::Days365n, NOW).unwrap();
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

/// A policy of a preset or of an open house, with or without renewals on hold.
#[derive(Clone, Debug)]
struct Sold {
    preset: Option<&'static Preset>,
    renews_on_hold: bool,
}

impl Sold {
    fn policy(&self) -> Policy {
        let policy = match self.preset {
            Some(preset) => preset.policy.clone(),
            None => Policy::open_house(),
        };
        let on_hold = if self.renews_on_hold {
            "until_exhausted"
        } else {
            "deny"
        };
        policy.with("renewals_on_hold", on_hold).unwrap()
    }
}

fn sold() -> impl Strategy<Value = Sold> {
    // One in seven is open.
    (0..=Preset::all().len(), any::<bool>()).prop_map(|(number, renews_on_hold)| Sold {
        preset: Preset::all().get(number),
        renews_on_hold,
    })
}

/// What is asked, in the words of the model.
#[derive(Clone, Debug)]
struct Asked {
    sold: Sold,
    coverage: Coverage,
    state: Option<u8>,
    standing: Standing,
    enrolled: Vec<usize>,
    wanted: Vec<usize>,
    delegated: Vec<usize>,
    is_renewal: bool,
}

fn asked() -> impl Strategy<Value = Asked> {
    let standing = prop_oneof![
        Just(Standing::Suspended),
        Just(Standing::OnHold),
        Just(Standing::Good)
    ];
    // One in four is for tests.
    let coverage = prop_oneof![3 => Just(Coverage::Subscription), 1 => Just(Coverage::AnyLive)];
    let indices = |least: usize| proptest::collection::vec(0_usize..4, least..4);
    let state = proptest::option::of(0_u8..4);
    let drawn = (
        sold(),
        coverage,
        state,
        standing,
        indices(0),
        indices(1),
        indices(0),
        any::<bool>(),
    );
    drawn.prop_map(
        |(sold, coverage, state, standing, enrolled, wanted, delegated, is_renewal)| Asked {
            sold,
            coverage,
            state,
            standing,
            enrolled,
            wanted,
            delegated,
            is_renewal,
        },
    )
}

/// What one would say without knowing how the rule is written.
fn model(asked: &Asked) -> &'static str {
    let covers = |wanted: &usize| {
        asked.enrolled.contains(wanted)
            || (NAMES[*wanted] == "w.a.example" && asked.enrolled.contains(&1))
    };
    let all_covered = asked.wanted.iter().all(covers);
    let belongs = |wanted: &usize| {
        let has = |index| asked.delegated.contains(&index);
        match NAMES[*wanted] {
            "a.example" => has(0) || has(1),
            "w.a.example" => has(0) || has(3),
            "*.a.example" => has(0),
            _ => has(2),
        }
    };
    let is_delegated = asked
        .sold
        .preset
        .is_some_and(|preset| preset.policy.name_admission == NameAdmission::ValidatedDelegated);
    let is_on_hold = asked.standing == Standing::OnHold;
    match asked.state {
        _ if asked.sold.preset.is_none() => "",
        _ if asked.coverage == Coverage::AnyLive && all_covered => "",
        _ if asked.coverage == Coverage::AnyLive => "name_not_enrolled_anywhere",
        None => "subscription_deactivated",
        _ if asked.standing == Standing::Suspended => "tenant_suspended",
        Some(0) => "subscription_without_domain",
        Some(2) => "subscription_suspended",
        Some(3) => "subscription_deactivated",
        Some(_) if is_delegated && !asked.wanted.iter().all(belongs) => "delegated",
        Some(_) if !is_delegated && !all_covered => "name_not_enrolled",
        Some(_) if is_on_hold && !asked.sold.renews_on_hold => "tenant_on_hold_renewals",
        Some(_) if is_on_hold && !asked.is_renewal => "tenant_on_hold",
        Some(_) => "",
    }
}

fn facts(asked: &Asked) -> Facts {
    let enrolled = asked.enrolled.iter();
    Facts {
        policy: Arc::new(asked.sold.policy()),
        coverage: asked.coverage,
        subscription: asked.state.map(subscription),
        standing: asked.standing,
        enrolled: enrolled.map(|index| name(NAMES[*index])).collect(),
        delegated: asked.delegated.iter().map(|index| domain(*index)).collect(),
        needs_proof: true,
        is_renewal: asked.is_renewal,
    }
}

/// The domains that may be delegated, with what has proven them.
const DOMAINS: [(&str, ShownBy); 4] = [
    ("a.example", ShownBy::Dns),
    ("a.example", ShownBy::File),
    ("b.example", ShownBy::File),
    ("w.a.example", ShownBy::Mail),
];

fn domain(index: usize) -> DelegatedDomain {
    let (text, shown) = DOMAINS[index];
    DelegatedDomain {
        name: name(text),
        allows: true,
        proof: Some(Proof {
            shown,
            proven_at: NOW,
            valid_until: NOW.plus(std::time::Duration::from_secs(1)),
            evidence: base::ValidationId::generate(NOW, &Fixed),
        }),
    }
}

proptest! {
    #[test]
    fn m4_sb13_admission_is_what_the_model_says(asked in asked()) {
        let wanted = asked.wanted.iter();
        let names: Vec<Identifier> = wanted.map(|index| name(NAMES[*index]).into()).collect();
        let told = decide(&facts(&asked), &names, NOW);
        let told = told.err().map_or("", |refused| {
            // Which of its codes it is, is told where the rule stands.
            if matches!(refused, Refused::NotDelegated(_)) {
                "delegated"
            } else {
                refused.refusal().code
            }
        });
        prop_assert_eq!(told, model(&asked));
    }
}

#[test]
fn a_test_directory_names_the_first_name_that_nobody_has() {
    let facts = Facts {
        policy: Arc::default(),
        coverage: Coverage::AnyLive,
        subscription: None,
        standing: Standing::Suspended,
        enrolled: vec![name("*.a.example")],
        delegated: Vec::new(),
        needs_proof: true,
        is_renewal: false,
    };
    let names = ["w.a.example", "b.example", "a.example"].map(|text| name(text).into());
    let refusal = decide(&facts, &names, NOW).unwrap_err().refusal();
    assert_eq!(
        refusal.sentence,
        "\"b.example\" is not enrolled in any live subscription of this server; add it in the portal"
    );
    assert_eq!(refusal.about.len(), 1);
    assert_eq!(refusal.about[0].sentence, refusal.sentence);
    assert!(decide(&facts, &names[..1], NOW).is_ok());
}

#[test]
fn every_refusal_says_what_to_do() {
    let nowhere = Refused::NotEnrolledAnywhere(name("a.example").into());
    for refused in [
        nowhere,
        Refused::OnHold,
        Refused::RenewalsOnHold,
        Refused::Suspended,
    ] {
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

/// One of each kind; a further variant does not compile here until it has an example.
fn examples() -> Vec<Refused> {
    let named = coverage::admit(&[name("shop.example.com").into()], |_| false).unwrap_err();
    let covered_until = NOW;
    let lack = |domain: DelegatedDomain| {
        let wanted = [name("shop.example.com").into()];
        delegated::admit(&wanted, &[domain], true, NOW).unwrap_err()
    };
    let of = |text: &str| DelegatedDomain {
        name: name(text),
        ..domain(1)
    };
    let all = vec![
        lack(of("other.example")).into(),
        lack(DelegatedDomain {
            allows: false,
            ..of("example.com")
        })
        .into(),
        lack(DelegatedDomain {
            proof: None,
            ..of("example.com")
        })
        .into(),
        lack(DelegatedDomain {
            proof: of("example.com").proof.map(|proof| Proof {
                shown: ShownBy::MailNotTaken,
                ..proof
            }),
            ..of("example.com")
        })
        .into(),
        lack(of("example.com")).into(),
        named.into(),
        NotIssuing::Deactivated.into(),
        NotIssuing::Expired { covered_until }.into(),
        NotIssuing::NoDomain.into(),
        NotIssuing::Suspended.into(),
        Refused::NotEnrolledAnywhere(name("shop.example.com").into()),
        Refused::OnHold,
        Refused::RenewalsOnHold,
        Refused::Suspended,
    ];
    for refused in &all {
        match refused {
            Refused::NotDelegated(_)
            | Refused::NotEnrolled(_)
            | Refused::NotIssuing(
                NotIssuing::Deactivated
                | NotIssuing::Expired { .. }
                | NotIssuing::NoDomain
                | NotIssuing::Suspended,
            )
            | Refused::NotEnrolledAnywhere(_)
            | Refused::OnHold
            | Refused::RenewalsOnHold
            | Refused::Suspended => {}
        }
    }
    all
}

#[test]
fn every_refusal_has_its_example_in_the_documents() {
    let row = |refused: &Refused| {
        let refusal = refused.refusal();
        let part = match refusal.about.first().map(|about| &about.part) {
            Some(Part::Identifier { .. }) => "the identifier",
            Some(Part::Field(field)) => field,
            None => "the whole order",
        };
        format!("| `{}` | {part} | {} |", refusal.code, refusal.sentence)
    };
    let rows: Vec<_> = examples().iter().map(row).collect();
    let documents = include_str!("../../../../docs/errors.md");
    assert!(
        documents.contains(&rows.join("\n")),
        "docs/errors.md needs:\n{}",
        rows.join("\n")
    );
}
