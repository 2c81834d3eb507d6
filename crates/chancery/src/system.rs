//! The real clock and the real generator; nowhere else is either read.

use std::time::Duration;

use aws_lc_rs::rand::SecureRandom as _;
use base::{Clock, Random, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// The system's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the one place that reads the clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
    }

    /// It goes on while the machine sleeps.
    fn steady(&self) -> Duration {
        let time = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(time.tv_sec).unwrap_or_default();
        let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
        Duration::new(seconds, nanoseconds)
    }
}

/// The generator of the cryptographic library, seeded by the operating system.
pub(crate) struct SystemRandom(aws_lc_rs::rand::SystemRandom);

impl SystemRandom {
    pub(crate) fn new() -> Self {
        Self(aws_lc_rs::rand::SystemRandom::new())
    }
}

impl Random for SystemRandom {
    fn fill(&self, bytes: &mut [u8]) {
        if self.0.fill(bytes).is_err() {
            // A predictable key is worse than no server.
            eprintln!("chancery: the random generator failed");
            std::process::abort();
        }
    }
}
