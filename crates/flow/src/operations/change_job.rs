//! What an operator does with a job that no node has in its hands: begins it again, or takes it away. What a job was for
//! that goes is not done by this installation.

use base::{Class, JobId, Refusal, Refuse, Timestamp};
use store::audit::Entry;
use store::queue::dead;
use store::queue::summary;
use store::{ReadTx, WriteTx};

use super::list_jobs::{FoundJob, find, show_job};
use crate::audit::{Event, Text};
use crate::caller::system;
use crate::catalog::changed;
use crate::{App, Caller};

/// What is done with a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobChange {
    /// It goes.
    Drop,
    /// It begins again if it was given up, or comes at once if it waits.
    Retry,
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeJobError {
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

impl Refuse for ChangeJobError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("job_not_found", self),
            Self::Running => Class::Conflict.because("job_is_running", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Changes a job that waits or was given up.
pub async fn change_job(
    app: &App,
    caller: &Caller,
    id: JobId,
    change: JobChange,
) -> Result<(), ChangeJobError> {
    let found = show_job(app, id).await?.ok_or(ChangeJobError::NotFound)?;
    let wish = Wish {
        id,
        change,
        entry: changed::entry(app, caller, &told(id, change, &found)).await?,
        now: app.now(),
    };
    let store = app.store(system("jobs are everybody's"));
    store.decide(wish, load, decide, save).await
}

struct Wish {
    id: JobId,
    change: JobChange,
    entry: Option<Entry>,
    now: Timestamp,
}

struct Decision {
    found: FoundJob,
    change: JobChange,
    entry: Option<Entry>,
    now: Timestamp,
}

fn told(job: JobId, change: JobChange, found: &FoundJob) -> Event {
    let (kind, payload) = match found {
        FoundJob::Dead(dead) => (&dead.kind, &dead.payload),
        FoundJob::Live(live) => (&live.kind, &live.payload),
    };
    let (kind, payload) = (Text::new(kind), Text::new(payload));
    match change {
        JobChange::Drop => Event::JobDropped { job, kind, payload },
        JobChange::Retry => Event::JobRetried { job, kind, payload },
    }
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Option<FoundJob>, store::Error> {
    find(tx, &wish.id).await
}

fn decide(wish: &Wish, found: Option<FoundJob>) -> Result<Decision, ChangeJobError> {
    let found = found.ok_or(ChangeJobError::NotFound)?;
    if matches!(&found, FoundJob::Live(job) if job.leased_by.is_some()) {
        return Err(ChangeJobError::Running);
    }
    Ok(Decision {
        found,
        change: wish.change,
        entry: wish.entry.clone(),
        now: wish.now,
    })
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<(), store::Error> {
    match (&decision.found, decision.change) {
        (FoundJob::Dead(dead), JobChange::Drop) => dead::delete(tx, dead.id).await?,
        (FoundJob::Dead(dead), JobChange::Retry) => dead::revive(tx, dead, decision.now).await?,
        (FoundJob::Live(job), JobChange::Drop) => summary::drop_waiting(tx, job.id).await?,
        (FoundJob::Live(job), JobChange::Retry) => {
            summary::hurry(tx, job.id, decision.now).await?;
        }
    }
    store::audit::append_any(tx, decision.entry.as_ref()).await
}
