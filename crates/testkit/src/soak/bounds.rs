//! What came in each day, and how much of it may still be there.

use std::collections::HashMap;

use super::shop::{Fate, Turn};
use super::{MONTH, Sample, Soak};
use crate::TestServer;

/// How long an order and the proof of a name stay: 90 days after the last moment at which they can end.
const ENDED: u32 = 90;
/// Orders live for seven days.
const ORDER: u32 = 7;
/// A proof is used again for a day.
const REUSED: u32 = 1;
/// Certificates live for 90 days and stay for two years.
const CERTIFICATE: u32 = 90 + 731;
/// Proofs stay until the longest certificate by any profile, of a year, would be gone, and two days more.
const PROOF: u32 = REUSED + 2 + 365 + 731;
/// Mails stay for a year.
const MAIL: u32 = 365;
/// Of a CA so many lists are kept: the newest, and eight before it.
const LISTS: i64 = 9;
/// How much a certificate may take, with all that stays beside it.
const BYTES: i64 = 5_000;

/// How many certificates tell what one takes.
const ENOUGH: i64 = 1_000;

/// What came in one step.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Day {
    pub(super) orders: u32,
    pub(super) names: u32,
    pub(super) proofs: u32,
    pub(super) certificates: u32,
    pub(super) revocations: u32,
    pub(super) sessions: u32,
    pub(super) failures: u32,
    pub(super) refusals: u32,
    pub(super) entries: i64,
}

impl Day {
    /// Counts an order with what it led to.
    pub(super) fn count(&mut self, turn: &Turn) {
        let names = u32::try_from(turn.names.len()).expect("few names");
        self.orders += 1;
        self.names += names;
        if matches!(turn.fate, Fate::Issued | Fate::Revoked) {
            self.proofs += names;
            self.certificates += 1;
        }
        self.revocations += u32::from(turn.fate == Fate::Revoked);
    }
}

/// All steps so far.
pub(super) struct History {
    days: Vec<Day>,
    /// When a set of names last got a certificate, by its first name.
    issued: HashMap<String, u32>,
    wanted: Soak,
    cas: i64,
}

impl History {
    pub(super) fn new(server: &TestServer, wanted: Soak) -> Self {
        let cas = server.app.catalog().crl_signers().count();
        Self {
            days: Vec::new(),
            issued: HashMap::new(),
            wanted,
            cas: i64::try_from(cas).expect("few CAs"),
        }
    }

    /// Notes which sets of names got certificates.
    pub(super) fn note(&mut self, turns: &[Turn], day: u32) {
        for turn in turns {
            if let (Fate::Issued | Fate::Revoked, Some(name)) = (turn.fate, turn.names.first()) {
                self.issued.insert(name.clone(), day);
            }
        }
    }

    pub(super) fn add(&mut self, day: Day) {
        self.days.push(day);
    }

    /// How much came within the last days.
    fn within(&self, days: u32, of: impl Fn(&Day) -> u32) -> i64 {
        let last = self.days.iter().rev().take(self.wanted.steps(days));
        last.map(|day| i64::from(of(day))).sum()
    }

    fn entries(&self) -> i64 {
        let kept = self.wanted.steps(self.wanted.audit_days);
        let last = self.days.iter().rev().take(kept);
        last.map(|day| day.entries).sum()
    }

    /// Holds every table against what may be in it.
    pub(super) fn check(&self, found: &Sample) {
        for (table, most) in self.most(found.day) {
            let rows = found.of(table);
            assert!(
                rows <= most,
                "day {}: {rows} rows in {table}, at most {most}",
                found.day
            );
        }
    }

    fn most(&self, day: u32) -> Vec<(&'static str, i64)> {
        let ended = ENDED + ORDER;
        let sets = self.issued.values();
        let sets = sets
            .filter(|issued| **issued + CERTIFICATE + self.wanted.step >= day)
            .count();
        let sets = i64::try_from(sets).expect("few sets of names");
        let shops = i64::from(self.wanted.shops());
        vec![
            ("acme_order", self.within(ended, |day| day.orders)),
            ("order_identifier", self.within(ended, |day| day.names)),
            ("acme_order_pending", self.within(ORDER, |day| day.orders)),
            (
                "acme_authorization",
                self.within(ended + REUSED, |day| day.names),
            ),
            (
                "certificate",
                self.within(CERTIFICATE, |day| day.certificates),
            ),
            ("certificate_month", i64::from(day / 28 + 1) * shops),
            ("lineage", sets),
            ("lineage_name", 2 * sets),
            (
                "revocation",
                self.within(CERTIFICATE, |day| day.revocations),
            ),
            ("domain_validation", self.within(PROOF, |day| day.proofs)),
            ("audit", self.entries()),
            ("api_token", 0),
            ("brand", 0),
            ("brand_host", 0),
            ("delegation", 0),
            ("department", 0),
            ("domain", 0),
            ("eab_key", 0),
            ("identity_provider", 0),
            ("identity_request", 0),
            ("invitation", 0),
            ("organization", 0),
            ("passkey_challenge", 0),
            ("pre_validation", 0),
            ("sign_in_step", 0),
            ("session", self.within(1, |day| day.sessions)),
            ("sign_in_lock", self.within(1, |day| day.failures) + 1),
            ("rate_limit", self.within(ORDER, |day| 3 * day.orders)),
            // A day longer: a day is over when its last moment is.
            ("refusal", self.within(ENDED + 1, |day| day.refusals)),
            ("crl", LISTS * self.cas),
            (
                "effect",
                self.within(MAIL, |day| day.sessions + day.failures),
            ),
            ("mail", self.within(MAIL, |day| day.sessions + day.failures)),
            ("signing_intent", 0),
            // The lists that today's revocations wait for, and what comes by its schedule.
            ("job", 1 + self.cas),
            ("job_dead", 0),
        ]
    }
}

/// Holds the size of the store against the number of its certificates, once what lives shortly is as much as it will be.
/// Of few certificates the pages say nothing that were begun.
pub(super) fn check_growth(samples: &[Sample]) {
    if let Some((kept, bytes)) = growth(samples)
        && kept >= ENOUGH
    {
        assert!(
            bytes <= BYTES * kept,
            "{bytes} octets more for {kept} certificates"
        );
    }
}

/// How many certificates came, and how many octets with them, between the fourth month and the last before any goes.
fn growth(samples: &[Sample]) -> Option<(i64, i64)> {
    let from = samples.iter().find(|sample| sample.day >= ENDED + MONTH)?;
    let until = samples.iter().rfind(|sample| sample.day < CERTIFICATE)?;
    let certificates = until.of("certificate") - from.of("certificate");
    (until.day > from.day).then_some((certificates, until.bytes - from.bytes))
}
