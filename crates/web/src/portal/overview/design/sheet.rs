//! What the sheet's components show.

use tenancy::tenant::TenantKind;

use super::rows::{self, HREF};
use crate::portal::enrollment::domains::table::DomainRow;
use crate::portal::issuance::certificates::show::ChainLink;
use crate::portal::issuance::certificates::table::CertificateRow;
use crate::portal::issuance::orders::table::OrderRow;
use crate::portal::issuance::orders::timeline::TimelineStep;
use crate::portal::overview::dashboard::chart::{Bar, Expiry};
use crate::portal::overview::dashboard::onboarding::{Facts, Onboarding, Step};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::listing::{FilterChip, FilterGroup, Paging, Search};
use crate::portal::page::part::{Chip, Lifetime, Tone};

/// Words of states, in the order of the house rules.
const STATES: [(Tone, &str); 14] = [
    (Tone::Good, "Active"),
    (Tone::Busy, "Pending"),
    (Tone::Warn, "Action needed"),
    (Tone::Warn, "Expiring"),
    (Tone::Warn, "Grace"),
    (Tone::Idle, "Expired"),
    (Tone::Warn, "On hold"),
    (Tone::Warn, "Suspended"),
    (Tone::Bad, "Revoked"),
    (Tone::Idle, "Draft"),
    (Tone::Busy, "Open"),
    (Tone::Bad, "Past due"),
    (Tone::Good, "Paid"),
    (Tone::Idle, "Void"),
];

/// Words of names, certificates and orders.
const COURSES: [(Tone, &str); 9] = [
    (Tone::Warn, "Silent"),
    (Tone::Bad, "Failing"),
    (Tone::Busy, "In window"),
    (Tone::Warn, "Not served"),
    (Tone::Idle, "Superseded"),
    (Tone::Busy, "Running"),
    (Tone::Good, "Issued"),
    (Tone::Bad, "Failed"),
    (Tone::Warn, "Refused"),
];

/// One of everything.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    pub(super) states: Vec<Chip>,
    pub(super) courses: Vec<Chip>,
    pub(super) overdue: Chip,
    pub(super) tones: [Tone; 5],
    pub(super) problems: Problems,
    pub(super) kinds: Vec<Choice>,
    pub(super) steps: Vec<TimelineStep>,
    pub(super) first_steps: Vec<Step>,
    pub(super) weeks: Vec<Bar>,
    pub(super) meters: Vec<Lifetime>,
    pub(super) names: Vec<String>,
    pub(super) chain: Vec<ChainLink>,
    pub(super) search: Search,
    pub(super) filters: Vec<FilterGroup>,
    pub(super) paging: Paging,
    pub(super) domains: Vec<DomainRow>,
    pub(super) certificates: Vec<CertificateRow>,
    pub(super) orders: Vec<OrderRow>,
}

impl Default for Sheet {
    fn default() -> Self {
        let names = ["example.com", "www.example.com"];
        Self {
            states: chips(&STATES),
            courses: chips(&COURSES),
            overdue: Chip::new(Tone::Bad, "Overdue"),
            tones: [Tone::Good, Tone::Warn, Tone::Bad, Tone::Busy, Tone::Idle],
            problems: Problems::one("sheet-wrong", "A name has no spaces."),
            kinds: vec![
                choice("One", "chosen", true),
                choice("Other", "not chosen", false),
            ],
            steps: rows::steps(),
            first_steps: first_steps(),
            weeks: weeks(),
            meters: vec![
                rows::lifetime(40, Tone::Good),
                rows::lifetime(88, Tone::Warn),
                rows::lifetime(98, Tone::Bad),
                rows::lifetime(31, Tone::Busy),
                rows::lifetime(60, Tone::Idle),
            ],
            names: names.map(str::to_owned).to_vec(),
            chain: vec![
                link("example.com"),
                link("Example DV 1"),
                link("Example Root"),
            ],
            search: Search {
                href: HREF.to_owned(),
                placeholder: "Search names".to_owned(),
                outcome: "3 names".to_owned(),
                ..Search::default()
            },
            filters: vec![
                filter("View", false, ["All", "Attention", "Ended"], 0),
                filter("Account", true, ["All", "Production", "Client sites"], 0),
                filter("Ends", true, ["Any time", "in 7 days", "in 30 days"], 1),
            ],
            paging: Paging {
                previous: Some(HREF.to_owned()),
                next: Some(HREF.to_owned()),
                text: "3 of 169 domains".to_owned(),
                sizes: filter("Rows", true, ["25", "50", "100"], 0).chips,
            },
            domains: rows::domains(),
            certificates: rows::certificates(),
            orders: rows::orders(),
        }
    }
}

fn chips(words: &[(Tone, &str)]) -> Vec<Chip> {
    let chip = |(tone, text): &(Tone, &str)| Chip::new(*tone, text);
    words.iter().map(chip).collect()
}

fn choice(label: &str, hint: &str, is_chosen: bool) -> Choice {
    Choice {
        value: label.to_lowercase(),
        label: label.to_owned(),
        hint: hint.to_owned(),
        is_chosen,
    }
}

fn first_steps() -> Vec<Step> {
    let facts = Facts {
        account_href: Some(HREF.to_owned()),
        has_client: true,
        ..Facts::fresh(TenantKind::Reseller)
    };
    Onboarding::from_facts(&facts).steps
}

fn weeks() -> Vec<Bar> {
    let labels = ["30 Nov", "7 Dec", "14 Dec", "21 Dec", "28 Dec", "4 Jan"];
    let counts = [3, 4, 9, 11, 7, 0];
    let weeks = labels.iter().map(|label| (*label).to_owned()).zip(counts);
    Expiry::new(&weeks.collect::<Vec<_>>(), 2).bars
}

fn link(subject: &str) -> ChainLink {
    ChainLink {
        role: "Issuing CA".to_owned(),
        subject: subject.to_owned(),
        note: "ends 30 June 2031".to_owned(),
    }
}

fn filter(label: &str, is_menu: bool, chips: [&str; 3], current: usize) -> FilterGroup {
    let chips = chips.iter().enumerate().map(|(place, text)| FilterChip {
        label: (*text).to_owned(),
        count: if is_menu {
            String::new()
        } else {
            "5".to_owned()
        },
        href: HREF.to_owned(),
        is_current: place == current,
    });
    FilterGroup {
        label: label.to_owned(),
        chips: chips.collect(),
        is_menu,
    }
}
