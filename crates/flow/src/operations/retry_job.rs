//! Begins a job again that was given up, or lets one that waits come at once.

use base::{Class, JobId, Refusal, Refuse, Timestamp};
use store::audit::Entry;
use store::queue::dead;
use store::queue::summary;
use store::{ReadTx, WriteTx};

use super::list_jobs::{FoundJob, find};
use crate::audit::{Event, Text};
use crate::caller::system;
use crate::catalog::changed::operators_entry;
use crate::{App, Caller};

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum RetryJobError {
    /// It has ended, or never was.
    #[error("there is no such job; it may have ended already")]
    NotFound,
    /// A node has it in its hands.
    #[error("a node is at work on this job; look again when it has ended or its lease has")]
    Running,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RetryJobError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("job_not_found", self),
            Self::Running => Class::Conflict.because("job_is_running", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Begins a job again that was given up, or lets one that waits come at once.
pub async fn retry_job(app: &App, caller: &Caller, id: JobId) -> Result<(), RetryJobError> {
    let found = app
        .store(system("jobs are everybody's"))
        .read(id, find)
        .await?;
    let event = found.as_ref().map(|found| told(id, found));
    let entry = match &event {
        Some(event) => operators_entry(app, caller, event).await?,
        None => None,
    };
    let wish = Wish {
        id,
        entry,
        now: app.now(),
    };
    let store = app.store(system("jobs are everybody's"));
    store.decide(wish, load, decide, save).await
}

struct Wish {
    id: JobId,
    entry: Option<Entry>,
    now: Timestamp,
}

type Decision = (FoundJob, Option<Entry>, Timestamp);

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Option<FoundJob>, store::Error> {
    find(tx, &wish.id).await
}

fn decide(wish: &Wish, found: Option<FoundJob>) -> Result<Decision, RetryJobError> {
    let found = found.ok_or(RetryJobError::NotFound)?;
    if matches!(&found, FoundJob::Live(job) if job.leased_by.is_some()) {
        return Err(RetryJobError::Running);
    }
    Ok((found, wish.entry.clone(), wish.now))
}

fn told(job: JobId, found: &FoundJob) -> Event {
    let (kind, payload) = match found {
        FoundJob::Dead(dead) => (&dead.kind, &dead.payload),
        FoundJob::Live(live) => (&live.kind, &live.payload),
    };
    Event::JobRetried {
        job,
        kind: Text::new(kind),
        payload: Text::new(payload),
    }
}

async fn save(tx: &mut WriteTx, (found, entry, now): &Decision) -> Result<(), store::Error> {
    let is_done = match found {
        FoundJob::Dead(dead) => dead::revive(tx, dead, *now).await.map(|()| true)?,
        FoundJob::Live(job) => summary::hurry(tx, job.id, *now).await?,
    };
    match entry {
        Some(entry) if is_done => store::audit::append(tx, entry).await,
        Some(_) | None => Ok(()),
    }
}
