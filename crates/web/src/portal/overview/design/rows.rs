//! Made-up rows of the lists that pages have.

use crate::portal::enrollment::domains::table::DomainRow;
use crate::portal::issuance::certificates::table::CertificateRow;
use crate::portal::issuance::orders::table::OrderRow;
use crate::portal::issuance::orders::timeline::{Evidence, TimelineStep};
use crate::portal::page::part::{Chip, Lifetime, Tone, When};

/// Where all links of the sheet lead.
pub(super) const HREF: &str = "/design";

/// Names short and long, one of them free with another.
const NAMES: [&str; 3] = [
    "example.com",
    "www.example.com",
    "a-rather-long-name-that-wraps-at-its-dots.subdomain.example.net",
];

pub(super) fn when(hint: &str) -> When {
    When {
        iso: "2026-11-26T07:31:00Z".to_owned(),
        text: "26 November 2026, 07:31".to_owned(),
        hint: hint.to_owned(),
        day: "26 Nov 2026".to_owned(),
        is_near: hint.ends_with("ago"),
    }
}

pub(super) fn lifetime(percent: u8, tone: Tone) -> Lifetime {
    Lifetime {
        percent,
        tone,
        text: format!("{percent} % of 90 days have passed"),
    }
}

pub(super) fn domains() -> Vec<DomainRow> {
    let states = [
        Chip::new(Tone::Good, "Active"),
        Chip::new(Tone::Warn, "On hold"),
        Chip::new(Tone::Idle, "Removed"),
    ];
    let row = |(place, (name, status)): (usize, (&str, Chip))| DomainRow {
        href: HREF.to_owned(),
        name: name.to_owned(),
        kind: "Single".to_owned(),
        companion_of: (place == 1).then(|| "example.com".to_owned()),
        account: "Production".to_owned(),
        account_href: HREF.to_owned(),
        added: when("in 90 days"),
        last_issued: (place < 2).then(|| when("4 minutes ago")),
        status,
    };
    NAMES.into_iter().zip(states).enumerate().map(row).collect()
}

pub(super) fn certificates() -> Vec<CertificateRow> {
    let states = [
        (24, Tone::Good, "Valid"),
        (88, Tone::Warn, "Expiring"),
        (60, Tone::Bad, "Revoked"),
    ];
    let row = |(name, (percent, tone, text)): (&str, (u8, Tone, &str))| CertificateRow {
        href: HREF.to_owned(),
        name: name.to_owned(),
        more: String::new(),
        serial: "04 9f 21 c0 …".to_owned(),
        issuer: "Example DV 1".to_owned(),
        not_after: when("in 90 days"),
        lifetime: lifetime(percent, tone),
        status: Chip::new(tone, text),
        account: "Production".to_owned(),
    };
    NAMES.into_iter().zip(states).map(row).collect()
}

pub(super) fn orders() -> Vec<OrderRow> {
    let states = [
        (Tone::Busy, "Running", "Validating"),
        (Tone::Bad, "Failed", "www.example.com answered 404"),
        (Tone::Good, "Issued", "Certificate issued"),
    ];
    let row = |(name, (tone, text, stage)): (&str, (Tone, &str, &str))| OrderRow {
        href: HREF.to_owned(),
        name: name.to_owned(),
        more: "and 2 more".to_owned(),
        account: "Production".to_owned(),
        agent: "certbot/5.8.0".to_owned(),
        stage: stage.to_owned(),
        status: Chip::new(tone, text),
        when: when("4 minutes ago"),
    };
    NAMES.into_iter().zip(states).map(row).collect()
}

pub(super) fn steps() -> Vec<TimelineStep> {
    let step = |tone, title: &str, took: &str| TimelineStep {
        tone,
        title: title.to_owned(),
        detail: String::new(),
        took: took.to_owned(),
        evidence: Vec::new(),
    };
    let mut steps = vec![
        step(Tone::Good, "Validated", "212 ms"),
        step(Tone::Bad, "Answered 404", "240 ms"),
        step(Tone::Warn, "Slow", "2.4 s"),
        step(Tone::Busy, "Waiting for the client", "now"),
        step(Tone::Idle, "Not begun", ""),
    ];
    for step in steps.iter_mut().take(2) {
        "from 4 of 4 places".clone_into(&mut step.detail);
        step.evidence.push(Evidence {
            title: "What was seen".to_owned(),
            text: "GET http://www.example.com/\n\nHTTP/1.1 404 Not Found".to_owned(),
        });
    }
    steps
}
