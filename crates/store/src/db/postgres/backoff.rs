//! How long to wait before a transaction that lost a race is run again.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

/// How often one closure is run before the store gives up.
pub(super) const ATTEMPTS: u32 = 30;

/// Between half and all of 1, 2, 4 … 32 ms; the spread keeps two losers from meeting again.
pub(super) fn delay(attempt: u32) -> Duration {
    let whole = 1_000_u64 << attempt.min(5);
    // A fresh hasher has fresh keys: chance enough for a spread, and no secret depends on it.
    let chance = RandomState::new().hash_one(attempt) % (whole / 2);
    Duration::from_micros(whole / 2 + chance)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_and_stay_bounded() {
        for attempt in 0..ATTEMPTS {
            let whole = Duration::from_millis(1 << attempt.min(5));
            let chosen = delay(attempt);
            assert!(
                chosen >= whole / 2 && chosen < whole,
                "{attempt}: {chosen:?}"
            );
        }
    }
}
