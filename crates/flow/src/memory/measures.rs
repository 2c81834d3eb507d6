//! What a node counts and times, for those who watch it: every figure of `/metrics` is registered here and nowhere
//! else. Whoever does the work fills it in; docs/metrics.md says what each one means.
//!
//! All label values are words of the code. Nothing that comes from outside becomes one, so that nobody can make the
//! list of series grow.

mod proofs;
mod requests;
mod stored;
mod work;

use std::time::Duration;

use prometheus_client::encoding::prometheus_text;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use store::Store;

use self::proofs::Proofs;
pub use self::requests::{DoorFigures, DoorName, RequestFigures, RouteFigures, Tally};
use self::stored::Stored;
pub use self::work::JobFigures;
pub(crate) use self::work::Outcome;

/// The figures of a node.
pub struct Measures {
    registry: Registry,
    /// What the doors answered.
    pub requests: RequestFigures,
    pub(crate) jobs: JobFigures,
    pub(crate) proofs: Proofs,
}

impl Measures {
    /// Nothing has happened yet; what the database was asked to do is read from its own counters.
    pub(crate) fn new(store: &Store) -> Self {
        let mut registry = Registry::with_prefix("chancery");
        registry.register_collector(Box::new(Stored::of(store)));
        Self {
            requests: RequestFigures::registered(&mut registry),
            jobs: JobFigures::registered(&mut registry),
            proofs: Proofs::registered(&mut registry),
            registry,
        }
    }

    /// All of it, as Prometheus reads it (text format 0.0.4).
    pub fn text(&self) -> String {
        let mut text = String::with_capacity(16 * 1024);
        // Writing to a String cannot fail.
        let _written = prometheus_text::encode(&mut text, &self.registry);
        text
    }

    /// The media type of that text.
    pub const CONTENT_TYPE: &str = prometheus_text::CONTENT_TYPE;
}

/// How a family makes a histogram.
type NewHistogram = fn() -> Histogram;

/// Adds an observation.
fn observe(histogram: &Histogram, took: Duration) {
    histogram.observe(took.as_secs_f64());
}
