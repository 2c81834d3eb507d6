//! Another term of a subscription, and who is told before the last one ends. A certificate is
//! renewed by its client; a subscription is extended by a person.

use std::time::Duration;

use base::{Class, Refusal, Refuse, Timestamp, words};

use super::{Subscription, Term, TermUnit, day};

/// How terms are extended: by the policies that a subscription was bought under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extension {
    /// What a year of a term is.
    pub unit: TermUnit,
    /// How many days before the end it begins to be possible.
    pub before: u16,
    /// For how many days after the end it still is.
    pub after: u16,
}

/// Why a subscription is not extended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExtendError {
    /// It was ended for good.
    #[error("the ACME account was deactivated for good and cannot be extended; create another one")]
    Deactivated,
    /// Its term has not started.
    #[error("the term of the ACME account has not started, so there is nothing to extend yet")]
    NotStarted,
    /// Its term runs for long.
    #[error("the ACME account can be extended from {} on", day(*from))]
    TooEarly {
        /// From when on it can be.
        from: Timestamp,
    },
    /// Its term has been over for long.
    #[error("the ACME account could be extended until {}; create another one", day(*until))]
    TooLate {
        /// The first moment at which it could not be.
        until: Timestamp,
    },
}

impl Refuse for ExtendError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Deactivated => "extension_of_deactivated",
            Self::NotStarted => "extension_before_start",
            Self::TooEarly { .. } => "extension_too_early",
            Self::TooLate { .. } => "extension_too_late",
        };
        Class::Conflict.because(code, self)
    }
}

words! {
    /// How long before the end of a subscription people are told of it.
    pub enum EndNotice {
        /// Within a month.
        Month = "month",
        /// Within a week.
        Week = "week",
        /// Within a day.
        Day = "day",
    }
}

impl EndNotice {
    const fn days(self) -> u64 {
        match self {
            Self::Month => 30,
            Self::Week => 7,
            Self::Day => 1,
        }
    }

    /// What ends until this moment is told of now.
    pub fn begins(now: Timestamp) -> Timestamp {
        now.plus(days(Self::Month.days()))
    }
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(86_400))
}

impl Term {
    /// The end of a further term, which begins where the one before ends.
    fn further(self, unit: TermUnit, before: Timestamp) -> Timestamp {
        let of_days = before.plus(days(self.days().into()));
        match unit {
            TermUnit::Days365n => of_days,
            TermUnit::CalendarYears => self.anniversary(before).unwrap_or(of_days),
        }
    }
}

impl Subscription {
    /// The subscription with another term, which begins where its last one ends, whenever that is asked for.
    pub fn extend(&self, by: &Extension, now: Timestamp) -> Result<Self, ExtendError> {
        if self.cancelled_at.is_some() {
            return Err(ExtendError::Deactivated);
        }
        let end = self.covered_until.ok_or(ExtendError::NotStarted)?;
        let from = end.minus(days(by.before.into()));
        if now < from {
            return Err(ExtendError::TooEarly { from });
        }
        let until = end.plus(days(by.after.into()));
        if now >= until {
            return Err(ExtendError::TooLate { until });
        }
        Ok(Self {
            covered_until: Some(self.term.further(by.unit, end)),
            ..self.clone()
        })
    }

    /// What people are told of its end now, if anything.
    pub fn end_notice(&self, now: Timestamp) -> Option<EndNotice> {
        let end = self.covered_until.filter(|end| now < *end)?;
        let is_due = |notice: &EndNotice| end.since(now) <= days(notice.days());
        EndNotice::ALL.iter().copied().rfind(is_due)
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{bought, moment};
    use super::*;

    fn by(before: u16, after: u16) -> Extension {
        Extension {
            unit: TermUnit::Days365n,
            before,
            after,
        }
    }

    /// Runs until 2027-11-24.
    fn running() -> Subscription {
        bought(true)
    }

    #[track_caller]
    fn check(by: Extension, now: &str, expected: Result<&str, ExtendError>) {
        let extended = running().extend(&by, moment(now));
        let until = extended.map(|extended| extended.covered_until.unwrap());
        assert_eq!(until, expected.map(moment), "{now}");
    }

    #[test]
    fn f044_a_further_term_begins_where_the_last_one_ends() {
        for now in [
            "2027-08-16T00:00:00Z",
            "2027-11-23T23:59:59Z",
            "2027-12-23T23:59:59Z",
        ] {
            check(by(100, 30), now, Ok("2028-11-23T00:00:00Z"));
        }
        let calendar = Extension {
            unit: TermUnit::CalendarYears,
            ..by(100, 30)
        };
        check(calendar, "2027-11-01T00:00:00Z", Ok("2028-11-24T00:00:00Z"));
        let twice = running()
            .extend(&by(400, 0), moment("2027-11-01T00:00:00Z"))
            .unwrap();
        let now = moment("2027-11-01T00:00:00Z");
        let again = twice.extend(&by(400, 0), now).unwrap();
        assert_eq!(again.covered_until, Some(moment("2029-11-23T00:00:00Z")));
    }

    #[test]
    fn f044_a_subscription_is_extended_in_its_window_only() {
        let from = moment("2027-08-16T00:00:00Z");
        let early = Err(ExtendError::TooEarly { from });
        check(by(100, 30), "2027-08-15T23:59:59Z", early);
        let until = moment("2027-12-24T00:00:00Z");
        let late = Err(ExtendError::TooLate { until });
        check(by(100, 30), "2027-12-24T00:00:00Z", late);
        let end = moment("2027-11-24T00:00:00Z");
        let over = Err(ExtendError::TooLate { until: end });
        check(by(30, 0), "2027-11-24T00:00:00Z", over);
        let now = moment("2027-11-23T00:00:00Z");
        let extended = bought(false).extend(&by(100, 30), now);
        assert_eq!(extended, Err(ExtendError::NotStarted));
        let ended = running().deactivate(now).unwrap();
        assert_eq!(
            ended.extend(&by(100, 30), now),
            Err(ExtendError::Deactivated)
        );
        // A hold lets the term run on, and so does an extension.
        let held = running().suspend(now).unwrap();
        let held = held.extend(&by(100, 30), now).unwrap();
        assert_eq!(held.suspended_at, Some(now));
    }

    #[test]
    fn c12_people_are_told_a_month_a_week_and_a_day_before_the_end() {
        let notice = |now: &str| running().end_notice(moment(now));
        assert_eq!(notice("2027-10-24T23:59:59Z"), None);
        assert_eq!(notice("2027-10-25T00:00:00Z"), Some(EndNotice::Month));
        assert_eq!(notice("2027-11-17T00:00:00Z"), Some(EndNotice::Week));
        assert_eq!(notice("2027-11-23T00:00:00Z"), Some(EndNotice::Day));
        assert_eq!(notice("2027-11-24T00:00:00Z"), None);
        let before = moment("2027-10-25T00:00:00Z");
        assert_eq!(EndNotice::begins(before), moment("2027-11-24T00:00:00Z"));
        assert_eq!(bought(false).end_notice(before), None);
    }
}
