//! What the database was asked to do: the store counts that itself, and here it is read when somebody asks.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::TypedMetric;
use prometheus_client::metrics::counter::ConstCounter;
use store::Store;

/// The counters of the store.
pub(super) struct Stored(Store);

impl Stored {
    pub(super) fn of(store: &Store) -> Self {
        Self(store.clone())
    }
}

impl fmt::Debug for Stored {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stored")
    }
}

impl Collector for Stored {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counters = self.0.counters();
        for (name, help, value) in [
            (
                "store_statements",
                "SQL statements run.",
                counters.statements,
            ),
            (
                "store_commits",
                "Commits of the database.",
                counters.commits,
            ),
            (
                "store_rows",
                "Rows changed and committed; SQLite only.",
                counters.rows,
            ),
            (
                "store_transactions",
                "Write transactions.",
                counters.transactions,
            ),
            (
                "store_undone",
                "Shared transactions that were undone because of one of their parts.",
                counters.undone,
            ),
            (
                "store_retries",
                "Attempts at a write transaction that lost a race and were run again or given up; PostgreSQL only.",
                counters.retries,
            ),
        ] {
            let counter = ConstCounter::new(value);
            let descriptor =
                encoder.encode_descriptor(name, help, None, <ConstCounter as TypedMetric>::TYPE)?;
            counter.encode(descriptor)?;
        }
        Ok(())
    }
}
