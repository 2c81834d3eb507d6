//! Keeping a lease as long as its work takes.

use std::pin::pin;
use std::time::Duration;

use super::desk::Desk;
use super::lease::{LEASE, Lease};

/// Works, and renews the lease of the job as long as that takes, so that nobody else takes it meanwhile. `None` when
/// the lease was lost: somebody else is at the work.
pub(super) async fn under_lease<W: Future>(
    desk: &Desk,
    lease: Lease,
    work: W,
) -> Option<W::Output> {
    while_renewing(LEASE / 3, || desk.renew(lease), work).await
}

/// Works, and renews the lease as often as `interval` passes, until it cannot.
async fn while_renewing<W: Future, R: Future<Output = bool>>(
    interval: Duration,
    renew: impl Fn() -> R,
    work: W,
) -> Option<W::Output> {
    let mut work = pin!(work);
    loop {
        match tokio::time::timeout(interval, &mut work).await {
            Ok(output) => return Some(output),
            Err(_) if renew().await => {}
            Err(_) => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn sb7_a_lease_is_renewed_as_long_as_its_work_lasts() {
        let renewed = Cell::new(0);
        let renew = || async {
            renewed.set(renewed.get() + 1);
            true
        };
        let work = async {
            while renewed.get() < 3 {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            "done"
        };
        let done = while_renewing(Duration::from_millis(2), renew, work).await;
        assert_eq!(done, Some("done"));
        let never = || async {
            renewed.set(0);
            true
        };
        let quick = while_renewing(Duration::from_secs(9), never, async {}).await;
        assert_eq!((quick, renewed.get()), (Some(()), 3));
    }

    #[tokio::test]
    async fn sb7_work_whose_lease_was_lost_ends() {
        let lost = || async { false };
        let forever = std::future::pending::<()>();
        let ended = while_renewing(Duration::from_millis(2), lost, forever).await;
        assert_eq!(ended, None);
    }
}
