//! What the database has been asked to do, for `/metrics`, the bench and the budgets in tests.

use std::sync::atomic::{AtomicU64, Ordering};

/// A reading of the counters since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Commits that were flushed to disk; on SQLite one may hold many transactions.
    pub commits: u64,
    /// Reads and scans.
    pub reads: u64,
    /// Transactions that were run again after a conflict (PostgreSQL only).
    pub retries: u64,
    /// Rows that were inserted, changed or deleted, and committed (SQLite only: PostgreSQL counts its own).
    pub rows: u64,
    /// Statements, without BEGIN, SAVEPOINT, COMMIT and their kind.
    pub statements: u64,
    /// Closures given to `Store::write` that were committed.
    pub transactions: u64,
    /// Transactions of several closures that were undone and run again because of one of them: each costs all the others.
    pub undone: u64,
}

#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) commits: AtomicU64,
    pub(super) reads: AtomicU64,
    pub(super) retries: AtomicU64,
    pub(super) rows: AtomicU64,
    pub(super) statements: AtomicU64,
    pub(super) transactions: AtomicU64,
    pub(super) undone: AtomicU64,
}

impl Tally {
    pub(super) fn read(&self) -> Counters {
        Counters {
            commits: self.commits.load(Ordering::Relaxed),
            reads: self.reads.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            rows: self.rows.load(Ordering::Relaxed),
            statements: self.statements.load(Ordering::Relaxed),
            transactions: self.transactions.load(Ordering::Relaxed),
            undone: self.undone.load(Ordering::Relaxed),
        }
    }
}

/// Adds to a counter that orders nothing.
pub(super) fn count(counter: &AtomicU64, more: usize) {
    counter.fetch_add(more as u64, Ordering::Relaxed);
}
