//! Where pre-validations stand, in words: chips of lists, and the one thing that matters about an organization.

use std::time::Duration;

use base::Timestamp;
use flow::tenancy::pre_validation::OrganizationCheck;
use tenancy::certificate_type::{AllowedTypes, CertificateType};
use tenancy::pre_validation::ReviewState;

use crate::portal::page::moment::{day, distance};
use crate::portal::page::part::{Chip, Tone};

/// So long before its end a pre-validation should be renewed.
const SOON: Duration = Duration::from_secs(60 * 86_400);

/// A pre-validation's state as a chip; one that counts says until when.
pub(crate) fn chip(check: &OrganizationCheck, now: Timestamp) -> Chip {
    match (check.state(now), check.valid_until) {
        (ReviewState::Valid, Some(end)) => {
            let tone = if is_soon(end, now) {
                Tone::Warn
            } else {
                Tone::Good
            };
            Chip::new(tone, &until(end))
        }
        (ReviewState::Valid, None) => Chip::new(Tone::Good, "Valid"),
        (ReviewState::Requested, _) => Chip::new(Tone::Busy, "Requested"),
        (ReviewState::InReview, _) => Chip::new(Tone::Busy, "In review"),
        (ReviewState::Rejected, _) => Chip::new(Tone::Bad, "Rejected"),
        (ReviewState::Expired, _) => Chip::new(Tone::Idle, "Expired"),
        (ReviewState::Ended, _) => Chip::new(Tone::Idle, "Ended"),
    }
}

/// Such as "DV, OV".
pub(crate) fn types(allowed: &AllowedTypes) -> String {
    let titles: Vec<_> = allowed.words().map(|(_, title)| title).collect();
    titles.join(", ")
}

/// Whether reviewers have not decided yet.
pub(crate) fn waits(check: &OrganizationCheck, now: Timestamp) -> bool {
    matches!(
        check.state(now),
        ReviewState::Requested | ReviewState::InReview
    )
}

/// Such as "Until 2 Nov 2027".
pub(crate) fn until(end: Timestamp) -> String {
    format!("Until {}", end.as_jiff().strftime("%-d %b %Y"))
}

/// Whether something should be renewed.
pub(crate) fn is_soon(end: Timestamp, now: Timestamp) -> bool {
    end.since(now) < SOON
}

/// The pre-validations of one type, newest first, with the one that counts longest.
pub(crate) struct TypeStanding<'c> {
    kind: CertificateType,
    newest: &'c OrganizationCheck,
    valid: Option<&'c OrganizationCheck>,
    now: Timestamp,
}

impl<'c> TypeStanding<'c> {
    /// Of a type; `None` when nobody asked for one.
    pub(crate) fn of(
        checks: &'c [OrganizationCheck],
        kind: CertificateType,
        now: Timestamp,
    ) -> Option<Self> {
        let own = || checks.iter().filter(|check| check.kind == kind);
        let valid = own().filter(|check| check.state(now) == ReviewState::Valid);
        Some(Self {
            kind,
            newest: own().next()?,
            valid: valid.max_by_key(|check| check.valid_until),
            now,
        })
    }

    /// What counts, or else the newest.
    pub(crate) fn chip(&self) -> Chip {
        chip(self.valid.unwrap_or(self.newest), self.now)
    }

    /// What counts, and ends soon without another one that waits.
    fn ends_soon(&self) -> Option<Timestamp> {
        let end = self.valid?.valid_until?;
        (is_soon(end, self.now) && !waits(self.newest, self.now)).then_some(end)
    }

    /// The newest, in a state and with nothing that counts beside it.
    fn newest_in(&self, state: ReviewState) -> Option<&'c OrganizationCheck> {
        let is_it = self.valid.is_none() && self.newest.state(self.now) == state;
        is_it.then_some(self.newest)
    }

    fn title(&self) -> &'static str {
        self.kind.title()
    }
}

/// The one thing that matters about an organization.
#[derive(Clone, Debug)]
pub struct StandingAnswer {
    /// How good or bad it is.
    pub tone: Tone,
    /// What is true.
    pub lead: String,
    /// What follows.
    pub text: String,
    /// What to do; empty when there is nothing.
    pub next: String,
}

/// What leads the page of an organization: what was rejected, ends or has ended before what waits and what is well.
pub(crate) fn answer(checks: &[OrganizationCheck], now: Timestamp) -> StandingAnswer {
    let all = CertificateType::ALL.iter();
    let all: Vec<_> = all
        .filter_map(|kind| TypeStanding::of(checks, *kind, now))
        .collect();
    rejected(&all)
        .or_else(|| ending(&all, now))
        .or_else(|| expired(&all))
        .or_else(|| waiting(&all))
        .or_else(|| valid(&all))
        .unwrap_or_else(|| StandingAnswer {
            tone: Tone::Idle,
            lead: "Certificates cannot name it yet.".to_owned(),
            text: "OV, EV and QWAC certificates name an organization once reviewers have checked it. DV needs none."
                .to_owned(),
            next: "ask for the pre-validation of the type that you need.".to_owned(),
        })
}

fn rejected(all: &[TypeStanding<'_>]) -> Option<StandingAnswer> {
    let found = all
        .iter()
        .find_map(|each| Some((each, each.newest_in(ReviewState::Rejected)?)))?;
    let reason = found.1.refusal.clone().unwrap_or_default();
    Some(StandingAnswer {
        tone: Tone::Bad,
        lead: format!("Its {} pre-validation was rejected.", found.0.title()),
        text: format!("The reviewer says: {reason}"),
        next: "correct what is wrong, then ask again.".to_owned(),
    })
}

fn ending(all: &[TypeStanding<'_>], now: Timestamp) -> Option<StandingAnswer> {
    let ends = all
        .iter()
        .filter_map(|each| Some((each.ends_soon()?, each)));
    let (end, first) = ends.min_by_key(|(end, _)| *end)?;
    let title = first.title();
    Some(StandingAnswer {
        tone: Tone::Warn,
        lead: format!(
            "Its {title} pre-validation ends on {}, {}.",
            day(end),
            distance(end, now)
        ),
        text: format!(
            "After that, orders for {title} certificates are refused. Certificates that exist stay valid."
        ),
        next: "ask for its renewal now.".to_owned(),
    })
}

fn expired(all: &[TypeStanding<'_>]) -> Option<StandingAnswer> {
    let over = |each: &TypeStanding<'_>| {
        let expired = each.newest_in(ReviewState::Expired);
        expired.and_then(|check| check.valid_until)
    };
    let (end, found) = all.iter().find_map(|each| Some((over(each)?, each)))?;
    let title = found.title();
    Some(StandingAnswer {
        tone: Tone::Bad,
        lead: format!("Its {title} pre-validation ended on {}.", day(end)),
        text: format!(
            "Orders for {title} certificates are refused. Certificates that exist stay valid."
        ),
        next: "ask for a new one.".to_owned(),
    })
}

fn waiting(all: &[TypeStanding<'_>]) -> Option<StandingAnswer> {
    let found = all.iter().find(|each| waits(each.newest, each.now))?;
    Some(StandingAnswer {
        tone: Tone::Busy,
        lead: format!("Its {} pre-validation waits for reviewers.", found.title()),
        text: if found.newest.state(found.now) == ReviewState::InReview {
            "One reviewer has said yes; a second one has to agree."
        } else {
            "They ask its contacts, and decide."
        }
        .to_owned(),
        next: String::new(),
    })
}

fn valid(all: &[TypeStanding<'_>]) -> Option<StandingAnswer> {
    let until = |each: &TypeStanding<'_>| {
        let end = each.valid?.valid_until?;
        Some(format!("{} until {}", each.title(), day(end)))
    };
    let types: Vec<_> = all.iter().filter_map(until).collect();
    (!types.is_empty()).then(|| StandingAnswer {
        tone: Tone::Good,
        lead: "Certificates may name it.".to_owned(),
        text: format!("{}.", types.join(", ")),
        next: String::new(),
    })
}
