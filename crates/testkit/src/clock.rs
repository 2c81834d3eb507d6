//! Time that moves only when a test says so.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use base::{Clock, Timestamp};

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct FakeClock {
    now: AtomicI64,
    steady: AtomicU64,
}

impl FakeClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self {
            now: AtomicI64::new(now.as_micros()),
            steady: AtomicU64::new(0),
        }
    }

    /// Moves it ahead.
    pub fn advance(&self, by: Duration) {
        let later = self.now().plus(by);
        self.now.store(later.as_micros(), Ordering::SeqCst);
        let micros = u64::try_from(by.as_micros()).unwrap_or(u64::MAX);
        self.steady.fetch_add(micros, Ordering::SeqCst);
    }

    /// Sets the wall clock to another time, as somebody might by mistake: no time has passed.
    pub fn leap_to(&self, moment: Timestamp) {
        self.now.store(moment.as_micros(), Ordering::SeqCst);
    }
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }

    fn steady(&self) -> Duration {
        Duration::from_micros(self.steady.load(Ordering::SeqCst))
    }
}
