//! The one place of the tools that reads the machine's clock: they measure, so they cannot take a
//! clock from a test.

use std::time::{Duration, Instant};

/// Time since a moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts at zero.
    #[expect(
        clippy::disallowed_methods,
        reason = "measuring is what the tools are for"
    )]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    /// What has passed since [`Stopwatch::start`].
    pub(crate) fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
