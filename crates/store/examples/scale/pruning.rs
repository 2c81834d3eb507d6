//! Pieces of what the job `prune` deletes.

use base::{AuthorizationId, OrderId, ValidationId};
use store::issuance::{authorization, certificate_end, evidence, order};
use store::old::Old;
use store::testing::report::stopwatch;
use store::{Error, Progress, Save};

use super::{DAY, Line, Subject, of};

/// As many rows of a table as the program prunes in one transaction.
const PRUNED: i64 = 25;
/// The same of certificates, each with what hangs on it.
const PRUNED_CERTIFICATES: i64 = 10;
/// How many pieces of pruning are measured at most.
const PIECES: usize = 300;

impl Subject {
    /// Pieces of what the program would delete, which is then gone.
    pub(super) async fn pruning(&self) -> Result<Vec<Line>, Error> {
        let ended_before = self.now().minus(DAY * 90);
        let until = ended_before.minus(DAY * 7);
        let orders = Old {
            after: OrderId::FIRST,
            until: OrderId::first_at(until),
            ended_before,
            rows: PRUNED,
        };
        // A store is filled with those of 120 days, which can be used for 30: what ended 90 days ago is not there.
        let ended_before = self.now().minus(DAY * 60);
        let authorizations = Old {
            after: AuthorizationId::FIRST,
            until: AuthorizationId::first_at(ended_before.minus(DAY * 37)),
            ended_before,
            rows: PRUNED,
        };
        let ended_before = self.now().minus(DAY * 731);
        let proofs = Old {
            after: ValidationId::FIRST,
            until: ValidationId::first_at(ended_before),
            ended_before,
            rows: PRUNED,
        };
        Ok(vec![
            self.pieces(
                ("pruning 25 orders", PRUNED),
                orders.clone(),
                order::delete_old,
            )
            .await?,
            self.pieces(
                ("pruning 25 names of orders", PRUNED),
                orders,
                order::delete_old_names,
            )
            .await?,
            self.pieces(
                ("pruning 25 authorizations", PRUNED),
                authorizations,
                authorization::delete_old,
            )
            .await?,
            self.pieces(
                ("pruning 10 certificates", PRUNED_CERTIFICATES),
                (self.now().minus(DAY * 731), PRUNED_CERTIFICATES),
                certificate_end::delete_ended,
            )
            .await?,
            self.pieces(("pruning 25 proofs", PRUNED), proofs, evidence::delete_old)
                .await?,
        ])
    }

    async fn pieces<I, S>(
        &self,
        (name, rows): (&'static str, i64),
        first: I,
        piece: S,
    ) -> Result<Line, Error>
    where
        I: Clone + Send + Sync + 'static,
        S: for<'a> Save<'a, I, Progress<I>> + Clone + 'static,
    {
        let (mut waits, mut next) = (Vec::new(), first);
        for _ in 0..PIECES {
            let begun = stopwatch();
            let progress = self.ours().write(next, piece.clone()).await?;
            waits.push(begun.elapsed());
            let Progress::More(more) = progress else {
                break;
            };
            next = more;
        }
        let rows = usize::try_from(rows).unwrap_or_default();
        Ok(of(name, waits, rows))
    }
}
