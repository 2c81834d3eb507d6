//! The queues, and what a node has for each of them: its slots, and a bell for its workers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::sync::Notify;

use super::slots::Slots;

/// Who runs a job: each queue has workers of its own, so that none waits for another's work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Queue {
    /// Long work of our own, in small parts: pruning, ending what removed names had.
    Bulk,
    /// Publishing CRLs.
    Crl,
    /// What is done to the outside once, such as mails.
    Effect,
    /// Signing certificates.
    Issue,
    /// Asking the outside for proofs.
    Validate,
}

impl Queue {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Bulk,
        Self::Crl,
        Self::Effect,
        Self::Issue,
        Self::Validate,
    ];

    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bulk => "bulk",
            Self::Crl => "crl",
            Self::Effect => "effect",
            Self::Issue => "issue",
            Self::Validate => "validate",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.as_str() == word)
    }

    /// How many jobs of it a node runs at the same time.
    pub(super) fn slots(self) -> usize {
        match self {
            // They take turns at the database anyway.
            Self::Bulk => 2,
            // One for each CA that something was revoked of.
            Self::Crl => 4,
            // They wait for the network, and other people's servers like few at once.
            Self::Effect => 16,
            // They wait for a commit that they share.
            Self::Issue => 1024,
            // They wait for the network, ten seconds at most.
            Self::Validate => 512,
        }
    }
}

/// What a node has for a queue.
#[derive(Clone)]
pub(super) struct Lane {
    pub(super) queue: Queue,
    pub(super) slots: Slots,
    bell: Arc<Bell>,
}

#[derive(Default)]
struct Bell {
    ring: Notify,
    /// Whether jobs may be waiting that this node knows of, so that a slot that becomes free is worth a look.
    is_waited: AtomicBool,
}

impl Lane {
    pub(super) fn of(queue: Queue) -> Self {
        let bell: Arc<Bell> = Arc::default();
        let own = bell.clone();
        let on_free = move || own.slot_is_free();
        Self {
            queue,
            slots: Slots::new(queue.slots(), on_free),
            bell,
        }
    }

    /// A job waits: its workers look at once.
    pub(super) fn wake(&self) {
        self.bell.is_waited.store(true, Ordering::Relaxed);
        self.bell.ring.notify_one();
    }

    /// What the last look has shown: whether more may be waiting than could be taken.
    pub(super) fn saw(&self, has_more: bool) {
        self.bell.is_waited.store(has_more, Ordering::Relaxed);
    }

    /// Until somebody wakes the workers, but not longer.
    pub(super) async fn woken_within(&self, wait: Duration) {
        let _ = tokio::time::timeout(wait, self.bell.ring.notified()).await;
    }
}

impl Bell {
    fn slot_is_free(&self) {
        if self.is_waited.load(Ordering::Relaxed) {
            self.ring.notify_one();
        }
    }
}
