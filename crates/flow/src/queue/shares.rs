//! Whose turn it is: the further jobs that a tenant lets wait come later than those of others, though all are due.
//!
//! A first job is due a while before it is inserted, and each further one of the same tenant a step later, until they
//! are due when they are inserted. So a claim takes what is due longest, from one range of an index, and whoever has
//! few jobs waiting comes before those who have many. As time passes, a tenant's turn comes forward again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use base::{TenantId, Timestamp};

use super::Queue;

/// How long before its insertion a tenant's first job is due.
const HEAD_START: Duration = Duration::from_secs(600);
/// How much later each further job is due.
const STEP: Duration = Duration::from_secs(1);
/// When so many tenants are remembered, those whose turn has come forward again are forgotten.
const MANY: usize = 1_000;

/// When the next job of each tenant is due. Of this node only, in memory: what it forgets is who had many jobs.
#[derive(Default)]
pub(super) struct Shares(Mutex<HashMap<(Queue, TenantId), Timestamp>>);

impl Shares {
    /// When a job that is inserted now is due.
    pub(super) fn turn(&self, queue: Queue, who: Option<TenantId>, now: Timestamp) -> Timestamp {
        let first = now.minus(HEAD_START);
        let Some(who) = who else {
            return first;
        };
        let mut next = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if next.len() >= MANY {
            next.retain(|_, turn| *turn > first);
        }
        let own = next.entry((queue, who)).or_insert(first);
        let turn = (*own).clamp(first, now);
        *own = turn.plus(STEP);
        turn
    }
}

#[cfg(test)]
mod tests {
    use base::Id as _;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    fn tenant(number: u8) -> Option<TenantId> {
        Some(TenantId::of_bytes([number; 16]))
    }

    fn later(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    #[test]
    fn sb7_a_first_job_comes_before_the_further_ones_of_another() {
        let shares = Shares::default();
        let many: Vec<_> = (0..300)
            .map(|_| shares.turn(Queue::Bulk, tenant(1), NOW))
            .collect();
        assert!(many.is_sorted_by(|a, b| a < b));
        let one = shares.turn(Queue::Bulk, tenant(2), later(5));
        let before = many.iter().filter(|turn| **turn <= one).count();
        // Those of the five seconds that have passed, and the first.
        assert_eq!(before, 6);
        assert!(many.iter().all(|turn| *turn <= NOW), "all are due");
    }

    #[test]
    fn however_many_they_are_due_at_once() {
        let shares = Shares::default();
        let last = (0..5_000)
            .map(|_| shares.turn(Queue::Bulk, tenant(1), NOW))
            .last();
        assert_eq!(last, Some(NOW));
    }

    #[test]
    fn a_turn_comes_forward_again() {
        let shares = Shares::default();
        for _ in 0..100 {
            shares.turn(Queue::Bulk, tenant(1), NOW);
        }
        let again = later(3_600);
        let turn = shares.turn(Queue::Bulk, tenant(1), again);
        assert_eq!(turn, again.minus(HEAD_START));
        assert_eq!(turn, shares.turn(Queue::Bulk, None, again));
        // Another queue has another order.
        shares.turn(Queue::Bulk, tenant(1), again);
        assert_eq!(turn, shares.turn(Queue::Validate, tenant(1), again));
    }

    #[test]
    fn tenants_of_long_ago_are_forgotten() {
        let shares = Shares::default();
        for number in 0..=MANY {
            let mut bytes = [0; 16];
            bytes[..8].copy_from_slice(&number.to_be_bytes());
            let who = Some(TenantId::of_bytes(bytes));
            let at = if number < MANY { NOW } else { later(3_600) };
            shares.turn(Queue::Bulk, who, at);
        }
        assert_eq!(shares.0.lock().unwrap().len(), 1);
    }
}
