//! How many jobs of a queue a node runs at once, and how its tenants share that.
//!
//! A tenant gets another slot only while more are free than it has. So one alone never has more than half of them, two
//! greedy ones a third each, and there is always one free for somebody who has none (the dynamic threshold of
//! Choudhury and Hahne, 1998). Work of our own has no tenant and asks for nothing but a free slot.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::TenantId;

/// The slots of a queue on this node.
#[derive(Clone)]
pub(super) struct Slots {
    inner: Arc<Inner>,
}

struct Inner {
    held: Mutex<Held>,
    on_free: Box<dyn Fn() + Send + Sync>,
}

struct Held {
    free: usize,
    by: HashMap<TenantId, usize>,
}

/// The right to run one job, until it is dropped.
pub struct Slot {
    of: Arc<Inner>,
    who: Option<TenantId>,
}

impl Slots {
    /// So many, with something to do when one becomes free.
    pub(super) fn new(total: usize, on_free: impl Fn() + Send + Sync + 'static) -> Self {
        let held = Held {
            free: total,
            by: HashMap::new(),
        };
        Self {
            inner: Arc::new(Inner {
                held: Mutex::new(held),
                on_free: Box::new(on_free),
            }),
        }
    }

    /// How many are free.
    pub(super) fn free(&self) -> usize {
        self.inner.held().free
    }

    /// One of them, unless none is free for this tenant.
    pub(super) fn take(&self, who: Option<TenantId>) -> Option<Slot> {
        let mut held = self.inner.held();
        if let Some(who) = who {
            let own = held.by.get(&who).copied().unwrap_or(0);
            if own >= held.free {
                return None;
            }
            held.by.insert(who, own + 1);
        } else if held.free == 0 {
            return None;
        }
        held.free -= 1;
        drop(held);
        Some(Slot {
            of: self.inner.clone(),
            who,
        })
    }
}

impl Inner {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut held = self.of.held();
        held.free += 1;
        if let Some(who) = self.who {
            match held.by.get(&who).copied() {
                Some(0 | 1) | None => drop(held.by.remove(&who)),
                Some(own) => drop(held.by.insert(who, own - 1)),
            }
        }
        drop(held);
        (self.of.on_free)();
    }
}

#[cfg(test)]
mod tests;
