//! Whether the clock can be believed. A wall clock that leaps while a node runs is found out by the steady one, which
//! nobody sets. Until it is right again, nothing is signed and nothing is deleted: a list of revocations from next year
//! would be the newest for a year.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use base::{Class, Clock, Refusal, Refuse, Timestamp};

/// A correction of the clock is smaller; what it loses in a night without one, too.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);
/// A smaller leap that stays so long was a correction. A larger one is believed after a restart only.
const PATIENCE: Duration = Duration::from_secs(15 * 60);
const BELIEVED: Duration = Duration::from_secs(24 * 3600);

/// The clock has leapt.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the clock of this server has leapt to {now}, {by} seconds from where it should be; nothing is signed until it is \
     right, or the server was started again"
)]
pub struct ClockLeapt {
    /// What it shows.
    pub now: Timestamp,
    /// How far that is from what was expected, in seconds.
    pub by: u64,
}

impl Refuse for ClockLeapt {
    fn refusal(&self) -> Refusal {
        Class::Unavailable
            .because(
                "clock_leapt",
                "the server does not know what time it is; try again in a minute, and tell the operator if it lasts",
            )
            .again_in(60)
            .caused_by(self)
    }
}

/// Watches one clock.
pub(crate) struct ClockWatch {
    clock: Arc<dyn Clock>,
    watched: Mutex<Watched>,
}

struct Watched {
    /// A moment that was believed, and the steady clock then.
    last: (Timestamp, Duration),
    /// Since when it has been wrong, by the steady clock.
    wrong_since: Option<Duration>,
}

impl ClockWatch {
    /// Believes what the clock shows now.
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        let watched = Watched {
            last: (clock.now(), clock.steady()),
            wrong_since: None,
        };
        Self {
            clock,
            watched: Mutex::new(watched),
        }
    }

    /// What time it is, for what cannot be undone; not while that is not to be believed.
    pub(crate) fn now(&self) -> Result<Timestamp, ClockLeapt> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let (now, steady) = (self.clock.now(), self.clock.steady());
        let (then, steady_then) = watched.last;
        let expected = then.plus(steady.saturating_sub(steady_then));
        let by = now.since(expected).max(expected.since(now));
        let wrong_for = watched
            .wrong_since
            .map(|since| steady.saturating_sub(since));
        let is_correction = by <= BELIEVED && wrong_for.is_some_and(|wrong| wrong >= PATIENCE);
        if by <= TOLERANCE || is_correction {
            watched.last = (now, steady);
            watched.wrong_since = None;
            return Ok(now);
        }
        watched.wrong_since.get_or_insert(steady);
        Err(ClockLeapt {
            now,
            by: by.as_secs(),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_795_435_200);
    const YEAR: i64 = 365 * 24 * 3600;

    #[derive(Default)]
    struct Two {
        steady: AtomicU64,
        ahead: AtomicI64,
    }

    impl Clock for Two {
        fn now(&self) -> Timestamp {
            let seconds = START.as_seconds()
                + i64::try_from(self.steady.load(Ordering::Relaxed)).unwrap()
                + self.ahead.load(Ordering::Relaxed);
            Timestamp::from_seconds(seconds)
        }

        fn steady(&self) -> Duration {
            Duration::from_secs(self.steady.load(Ordering::Relaxed))
        }
    }

    /// Whether it is believed after each step: seconds that pass, and how far ahead the wall clock then is.
    #[track_caller]
    fn check(steps: &[(u64, i64)], expected: &[bool]) {
        let clock = Arc::new(Two::default());
        let watch = ClockWatch::new(clock.clone());
        let passed = Cell::new(0);
        let believed: Vec<_> = steps
            .iter()
            .map(|(pass, ahead)| {
                passed.set(passed.get() + pass);
                clock.steady.store(passed.get(), Ordering::Relaxed);
                clock.ahead.store(*ahead, Ordering::Relaxed);
                watch.now().is_ok()
            })
            .collect();
        assert_eq!(believed, expected);
    }

    #[test]
    fn h6_a_leap_is_not_believed_until_it_is_undone() {
        check(
            &[(60, 0), (5, 400 * 86_400), (3600, 400 * 86_400), (1, 0)],
            &[true, false, false, true],
        );
        check(
            &[(60, 0), (5, -YEAR), (86_400, -YEAR), (1, 0)],
            &[true, false, false, true],
        );
    }

    #[test]
    fn a_clock_that_is_set_right_slowly_or_by_an_hour_is_believed() {
        check(&[(3600, 200), (3600, 400), (3600, 600)], &[true; 3]);
        check(
            &[(1, 3600), (600, 3600), (400, 3600)],
            &[false, false, true],
        );
    }
}
