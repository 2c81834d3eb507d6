use std::time::Duration;

use base::Random;
use proptest::prelude::*;

use super::*;

struct Fixed;
impl Random for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(7);
    }
}

const UNIT: TermUnit = TermUnit::Days365n;

pub(super) fn moment(text: &str) -> Timestamp {
    Timestamp::parse_rfc3339(text).unwrap()
}

fn pending() -> Subscription {
    bought(false)
}

pub(super) fn bought(starts_at_once: bool) -> Subscription {
    let now = moment("2026-11-23T12:00:00Z");
    let purchase = Purchase {
        tenant: TenantId::generate(now, &Fixed),
        customer: None,
        offer_version: OfferVersionId::generate(now, &Fixed),
        product: ProductCode::parse("dv").unwrap(),
        label: Label::default(),
        term: Term::from_years(1).unwrap(),
        unit: UNIT,
        starts_at_once,
        organization: None,
        department: None,
        created_by: Actor::System,
    };
    Subscription::new(SubscriptionId::generate(now, &Fixed), purchase, now)
}

#[track_caller]
fn check_end(years: i64, trigger: &str, expected: &str) {
    assert_eq!(
        Term::from_years(years).unwrap().end(UNIT, moment(trigger)),
        moment(expected)
    );
}

#[test]
fn c10_the_term_is_counted_from_the_next_civil_day() {
    check_end(1, "2026-11-23T00:00:00Z", "2027-11-24T00:00:00Z");
    check_end(1, "2026-11-23T23:59:59.999999Z", "2027-11-24T00:00:00Z");
    check_end(1, "2026-11-24T00:00:00Z", "2027-11-25T00:00:00Z");
}

#[test]
fn c10_a_term_that_starts_at_once_is_not_started_again_by_the_first_domain() {
    let now = moment("2026-11-23T12:00:00Z");
    let later = moment("2026-12-24T12:00:00Z");
    let at_once = bought(true);
    assert_eq!(at_once, pending().start(UNIT, now).unwrap());
    assert_eq!(at_once.state(now), State::Active);
    let names = Names { paid: 1, free: 0 };
    let enrolled = at_once.enroll(names, UNIT, later);
    assert_eq!(enrolled.started_at, Some(now));
    assert_eq!(enrolled.covered_until, at_once.covered_until);
    assert_eq!(pending().enroll(names, UNIT, later).started_at, Some(later));
}

#[test]
fn f066_years_are_365_days_so_leap_years_end_a_day_early() {
    check_end(1, "2027-12-31T10:00:00Z", "2028-12-31T00:00:00Z");
    check_end(3, "2026-11-23T12:00:00Z", "2029-11-23T00:00:00Z");
}

#[test]
fn c10_calendar_years_end_on_the_same_day() {
    for (years, trigger, expected) in [
        (1, "2026-11-23T12:00:00Z", "2027-11-24T00:00:00Z"),
        // The next day is 29 February, which the next year has not.
        (1, "2028-02-28T23:59:59Z", "2029-02-28T00:00:00Z"),
        (3, "2026-12-31T00:00:00Z", "2030-01-01T00:00:00Z"),
    ] {
        let term = Term::from_years(years).unwrap();
        let end = term.end(TermUnit::CalendarYears, moment(trigger));
        assert_eq!(end, moment(expected), "{trigger}");
    }
}

#[test]
fn f066_other_terms_are_refused() {
    for years in [-1, 0, 4, 365] {
        assert_eq!(Term::from_years(years), Err(TermError(years)));
    }
    assert_eq!(Term::CHOICES.map(Term::days), [365, 730, 1095]);
}

#[test]
fn f070_nothing_is_issued_before_the_first_domain() {
    let now = moment("2026-11-23T12:00:00Z");
    assert_eq!(pending().may_issue(now), Err(NotIssuing::NoDomain));
    assert_eq!(pending().may_enroll(now), Ok(()));
    let started = pending().start(UNIT, now).unwrap();
    assert_eq!(started.may_issue(now), Ok(()));
    assert_eq!(started.start(UNIT, now), None, "the term starts once");
}

#[test]
fn a_subscription_expires_at_its_end_to_the_microsecond() {
    let started = pending()
        .start(UNIT, moment("2026-11-23T12:00:00Z"))
        .unwrap();
    let end = started.covered_until.unwrap();
    let before = end.minus(Duration::from_micros(1));
    assert_eq!(started.state(before), State::Active);
    assert_eq!(started.may_issue(before), Ok(()));
    assert_eq!(started.state(end), State::Expired);
    let refused = started.may_issue(end).unwrap_err();
    assert_eq!(refused, NotIssuing::Expired { covered_until: end });
    assert_eq!(
        refused.to_string(),
        "this subscription ended on 2027-11-24; extend it in the portal"
    );
}

#[test]
fn resuming_restores_what_was_before() {
    let now = moment("2026-11-23T12:00:00Z");
    let held = pending().suspend(now).unwrap();
    assert_eq!(held.may_issue(now), Err(NotIssuing::Suspended));
    assert_eq!(held.resume().unwrap(), pending());
    let active = pending().start(UNIT, now).unwrap();
    assert_eq!(active.suspend(now).unwrap().resume().unwrap(), active);
    let started_in_hold = held.start(UNIT, now).unwrap();
    assert_eq!(started_in_hold.state(now), State::Suspended);
    assert_eq!(started_in_hold.resume().unwrap().state(now), State::Active);
}

#[test]
fn f061_deactivation_is_terminal() {
    let now = moment("2026-11-23T12:00:00Z");
    for earlier in [
        pending(),
        pending().start(UNIT, now).unwrap(),
        pending().suspend(now).unwrap(),
    ] {
        let gone = earlier.deactivate(now).unwrap();
        assert_eq!(gone.may_issue(now), Err(NotIssuing::Deactivated));
        assert_eq!(gone.may_enroll(now), Err(NotIssuing::Deactivated));
        assert_eq!(gone.suspend(now), Err(TransitionError::Deactivated));
        assert_eq!(gone.resume(), Err(TransitionError::Deactivated));
        assert_eq!(gone.deactivate(now), Err(TransitionError::Deactivated));
        assert_eq!(gone.start(UNIT, now), None);
    }
    assert_eq!(pending().resume(), Err(TransitionError::NotSuspended));
    assert_eq!(
        pending().suspend(now).unwrap().suspend(now),
        Err(TransitionError::Suspended)
    );
}

#[test]
fn stored_words_round_trip() {
    for term in Term::CHOICES {
        assert_eq!(Term::parse(term.as_str()), Some(term));
    }
    assert_eq!(Term::parse("P4Y"), None);
    assert!(ProductCode::parse("dv").is_ok());
    for text in ["", "DV", "d v", &"d".repeat(33)] {
        assert!(ProductCode::parse(text).is_err(), "{text}");
    }
}

#[test]
fn f078_names_are_counted_by_what_they_cost() {
    let now = moment("2026-11-23T12:00:00Z");
    let both = Names { paid: 1, free: 1 };
    let enrolled = pending().enroll(both, UNIT, now).enroll(both, UNIT, now);
    assert_eq!((enrolled.paid_names, enrolled.free_names), (2, 2));
    assert_eq!(enrolled.started_at, Some(now));
    let left = enrolled.release(Names { paid: 0, free: 1 });
    assert_eq!((left.paid_names, left.free_names), (2, 1));
    assert_eq!(left.enrollment_version, 3);
    assert_eq!(left.release(Names { paid: 9, free: 9 }).paid_names, 0);
}

proptest! {
    #[test]
    fn f066_a_term_lasts_its_days_and_at_most_one_more(
        seconds in 0_i64..10_000_000_000, years in 1_i64..=3,
    ) {
        let term = Term::from_years(years).unwrap();
        let trigger = Timestamp::from_seconds(seconds);
        let days = term.end(UNIT, trigger).since(trigger).as_secs().div_ceil(86_400);
        prop_assert_eq!(days, u64::from(term.days()).saturating_add(1));
        prop_assert_eq!(term.end(UNIT, trigger).as_seconds() % 86_400, 0);
    }

    #[test]
    fn only_active_subscriptions_issue(steps in proptest::collection::vec(0_u8..4, 0..12)) {
        let now = moment("2026-11-23T12:00:00Z");
        let mut state = pending();
        for step in steps {
            state = match step {
                0 => state.start(UNIT, now).unwrap_or(state),
                1 => state.suspend(now).unwrap_or(state),
                2 => state.resume().unwrap_or(state),
                _ => state.deactivate(now).unwrap_or(state),
            };
            prop_assert_eq!(state.may_issue(now).is_ok(), state.state(now) == State::Active);
            prop_assert_eq!(state.started_at.is_some(), state.covered_until.is_some());
            prop_assert!(state.state(now) != State::Active || state.started_at.is_some());
        }
    }
}
