//! Runs one migration after the other and records after each transaction how far it has come.

use std::time::Duration;

use tokio::time::Instant;

use super::record::{self, Progress};
use super::{Migration, Step, wall};
use crate::db::{Attempt, ForeignKeys, MigrationLimits, Migrator, statements};
use crate::{BoxFuture, Engine, Error, SchemaError, Store, WriteTx};

pub(super) struct Runner {
    connection: Migrator,
    engine: Engine,
    limits: MigrationLimits,
    reports: Reports,
}

/// What a transaction of a migration is given.
struct Task {
    migration: &'static Migration,
    /// How far it has come before; if that is not true any more, nothing is done.
    at: Progress,
}

/// What has been done of a migration.
struct Done {
    progress: Progress,
    /// Rows of a back-fill.
    rows: u64,
}

/// Long work is reported now and then.
struct Reports {
    last: Option<Instant>,
}

impl Runner {
    pub(super) async fn new(store: &Store) -> Result<Self, Error> {
        Ok(Self {
            connection: store.migrator().await?,
            engine: store.engine(),
            limits: store.migration_limits().clone(),
            reports: Reports { last: None },
        })
    }

    pub(super) async fn close(self) {
        self.connection.close().await;
    }

    /// Waits until no other node migrates, and keeps it that way.
    pub(super) async fn wait_for_turn(&mut self) -> Result<(), Error> {
        let begun = Instant::now();
        let mut pause = Duration::from_millis(20);
        while !self.connection.lock().await? {
            let waited = begun.elapsed();
            if waited > self.limits.patience {
                let seconds = waited.as_secs();
                return Err(SchemaError::Occupied { seconds }.into());
            }
            if self.reports.are_due() {
                let seconds = waited.as_secs();
                tracing::info!(
                    seconds,
                    "another node migrates the database: waiting for it"
                );
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(1));
        }
        let made = self.transaction(ForeignKeys::AtOnce, (), |tx, ()| {
            Box::pin(record::create(tx))
        });
        made.await
    }

    /// Has the database keep tenants apart, as far as it lets us. One node does it at a time.
    pub(super) async fn raise_wall(&mut self) -> Result<(), Error> {
        self.wait_for_turn().await?;
        let raised = self.transaction(ForeignKeys::AtOnce, (), |tx, ()| Box::pin(wall::raise(tx)));
        raised.await
    }

    /// Runs what is left of a migration. Says whether there was anything.
    pub(super) async fn apply(&mut self, migration: &'static Migration) -> Result<bool, Error> {
        let begun = Instant::now();
        let outcome = self.run(migration).await;
        match outcome {
            Ok(false) => Ok(false),
            Ok(true) => {
                tracing::info!(
                    migration.name,
                    migration.ms = milliseconds(begun),
                    "migration is done"
                );
                Ok(true)
            }
            Err(error) if error.is_full() => Err(error),
            Err(error @ (Error::Closed | Error::Unavailable { .. })) => Err(error),
            Err(error) => Err(migration.failed("it could not be applied", error)),
        }
    }

    async fn run(&mut self, migration: &'static Migration) -> Result<bool, Error> {
        let at = self.transaction(ForeignKeys::AtOnce, migration, |tx, migration| {
            Box::pin(record::progress(tx, migration))
        });
        let mut at = at.await?;
        if at.step >= migration.steps.len() {
            return Ok(false);
        }
        let step = at.step;
        tracing::info!(migration.name, migration.step = step, "migration begins");
        let mut rows = 0_u64;
        while at.step < migration.steps.len() {
            let task = Task { migration, at };
            let done = self.go_on(task).await?;
            rows = rows.saturating_add(done.rows);
            at = done.progress;
            if let Some(cursor) = &at.cursor
                && self.reports.are_due()
            {
                tracing::info!(
                    migration.name,
                    migration.rows = rows,
                    migration.cursor = cursor,
                    "back-fill goes on"
                );
            }
        }
        Ok(true)
    }

    /// Does what comes next, in one transaction if possible.
    async fn go_on(&mut self, task: Task) -> Result<Done, Error> {
        let next = task.migration.steps.get(task.at.step);
        if let Some(text) = next.and_then(|step| step.outside(self.engine)) {
            for statement in statements(text) {
                self.connection.outside(&statement).await?;
            }
        }
        let keys = match next {
            Some(Step::Backfill(_)) => ForeignKeys::AtOnce,
            Some(Step::Both(_) | Step::Code(_) | Step::Outside(_) | Step::Pair { .. }) | None => {
                ForeignKeys::AtTheEnd
            }
        };
        self.transaction(keys, task, |tx, task| Box::pin(steps(tx, task)))
            .await
    }

    /// Runs a transaction, again and again while somebody is in the way.
    async fn transaction<I, T, F>(
        &mut self,
        keys: ForeignKeys,
        input: I,
        run: F,
    ) -> Result<T, Error>
    where
        F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, Error>>,
    {
        let begun = Instant::now();
        let mut attempt = 1;
        loop {
            if let Attempt::Done(value) = self.connection.run(keys, &input, &run).await? {
                return Ok(value);
            }
            let waited = begun.elapsed();
            if waited > self.limits.patience {
                let seconds = waited.as_secs();
                return Err(SchemaError::Held { seconds }.into());
            }
            if self.reports.are_due() {
                tracing::warn!(
                    attempt,
                    "others hold what a migration needs: waiting for them"
                );
            }
            // Those who have queued behind the attempt come first.
            tokio::time::sleep(self.limits.lock_timeout * attempt.min(MOST_PAUSES)).await;
            attempt += 1;
        }
    }
}

impl Reports {
    fn are_due(&mut self) -> bool {
        let now = Instant::now();
        let are_due = self.last.is_none_or(|last| now - last >= REPORT_EVERY);
        if are_due {
            self.last = Some(now);
        }
        are_due
    }
}

/// Runs the next steps up to one that has to stand alone, or that one, and records it.
async fn steps(tx: &mut WriteTx, task: &Task) -> Result<Done, Error> {
    let Task { migration, at } = task;
    let progress = record::progress(tx, migration).await?;
    if progress != *at {
        // Another process has gone on with it.
        return Ok(Done { progress, rows: 0 });
    }
    let began_at = record::now(tx).await?;
    let rest = migration.steps.iter().enumerate().skip(at.step);
    let mut done = Done { progress, rows: 0 };
    for (index, step) in rest {
        let is_first = index == at.step;
        if !is_first && stands_alone(step) {
            break;
        }
        done.progress = Progress::after(index + 1);
        match step {
            Step::Backfill(run) => {
                let piece = run(tx, at.cursor.as_deref()).await?;
                done.rows = piece.rows;
                if piece.next.is_some() {
                    done.progress = Progress {
                        step: index,
                        cursor: piece.next,
                    };
                }
            }
            Step::Code(run) => run(tx).await?,
            Step::Both(_) | Step::Outside(_) | Step::Pair { .. } => {
                if let Some(text) = step.text(tx.engine()) {
                    tx.batch(&text).await?;
                }
            }
        }
        if stands_alone(step) {
            break;
        }
    }
    record::save(tx, migration, &done.progress, began_at).await?;
    Ok(done)
}

fn stands_alone(step: &Step) -> bool {
    match step {
        Step::Backfill(_) | Step::Outside(_) => true,
        Step::Both(_) | Step::Code(_) | Step::Pair { .. } => false,
    }
}

fn milliseconds(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// How many time-outs the pause between two attempts grows to.
const MOST_PAUSES: u32 = 5;
const REPORT_EVERY: Duration = Duration::from_secs(10);
