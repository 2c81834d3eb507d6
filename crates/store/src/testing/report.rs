//! What the measuring examples share: a stopwatch, and lines of a report.

use std::time::Instant;

/// Now, of real time.
#[expect(clippy::disallowed_methods, reason = "a stopwatch measures real time")]
pub fn stopwatch() -> Instant {
    Instant::now()
}

/// A line of the report.
#[expect(clippy::print_stdout, reason = "the report is what it is for")]
pub fn say(line: &str) {
    println!("{line}");
}
