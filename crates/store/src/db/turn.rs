//! Turns of large changes. However many run at once, one piece of one of them is at work at a time, and after it
//! everybody else has the database for as long as it took.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

/// A piece should not take longer; one that does has waited for others itself.
const LONGEST_PAUSE: Duration = Duration::from_millis(20);

#[derive(Default)]
pub(super) struct Turns(Arc<Mutex<()>>);

/// The right to run one piece.
pub(super) struct Turn {
    guard: OwnedMutexGuard<()>,
    began: Instant,
}

impl Turns {
    /// Waits in line.
    pub(super) async fn next(&self) -> Turn {
        let guard = Arc::clone(&self.0).lock_owned().await;
        let began = Instant::now();
        Turn { guard, began }
    }
}

impl Turn {
    /// The piece is done: its caller goes on, and the next piece of anybody waits.
    pub(super) fn end(self) {
        let pause = self.began.elapsed().min(LONGEST_PAUSE);
        let guard = self.guard;
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            drop(guard);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn sb14_after_a_piece_others_have_as_long_as_it_took() {
        let turns = Turns::default();
        let turn = turns.next().await;
        tokio::time::sleep(Duration::from_millis(7)).await;
        turn.end();
        let ended = Instant::now();
        turns.next().await.end();
        assert_eq!(ended.elapsed().as_millis(), 7);
        let turn = turns.next().await;
        tokio::time::sleep(Duration::from_secs(9)).await;
        turn.end();
        let ended = Instant::now();
        turns.next().await.end();
        assert_eq!(ended.elapsed(), LONGEST_PAUSE);
    }

    #[tokio::test(start_paused = true)]
    async fn sb14_a_turn_that_is_given_up_is_the_next_ones() {
        let turns = Turns::default();
        drop(turns.next().await);
        let soon = Duration::from_secs(1);
        assert!(tokio::time::timeout(soon, turns.next()).await.is_ok());
    }
}
