//! How many requests came, for the figures that operators read.

use std::sync::atomic::{AtomicU64, Ordering};

static ACME: AtomicU64 = AtomicU64::new(0);

/// One more request to an ACME resource.
pub(crate) fn count_acme() {
    ACME.fetch_add(1, Ordering::Relaxed);
}

/// How many requests came to ACME resources since the start.
pub(crate) fn acme() -> u64 {
    ACME.load(Ordering::Relaxed)
}
