//! What a job is.

use std::fmt;
use std::time::Duration;

use base::TenantId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Lease, Queue};

/// Work for the context `C`. The fields are what it needs to know: identifiers, and how far it has come.
pub trait Job<C>: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The word in the database, which never changes its meaning.
    const KIND: &'static str;
    /// Who runs it.
    const QUEUE: Queue;
    /// Before others of its queue, or not.
    const PRIORITY: Priority = Priority::Usual;
    /// How often it is tried before it is given up.
    const MAX_ATTEMPTS: i64 = 8;

    /// What is the same work: of a key, one job waits at most.
    fn key(&self) -> Option<String> {
        None
    }

    /// In whose share of the queue it counts.
    fn tenant(&self) -> Option<TenantId> {
        None
    }

    /// Does it, or a bounded part of it.
    fn run(
        self,
        context: &C,
        lease: &Lease,
    ) -> impl Future<Output = Result<Done<Self>, JobError>> + Send;

    /// Ends what the job was for when no attempt follows. In the transaction of that end the job goes too; otherwise
    /// it becomes a dead letter. `false`: there is nothing to end.
    fn give_up(
        self,
        context: &C,
        lease: &Lease,
        why: &str,
    ) -> impl Future<Output = Result<bool, JobError>> + Send {
        let _ = (context, lease, why);
        async { Ok(false) }
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Done<J> {
    /// The work is done.
    Finished,
    /// It is done, and the job went in the same transaction.
    FinishedInside,
    /// A part of it is done; this is the rest, to be gone on with after a while.
    Next(J, Duration),
}

/// Which of a queue's jobs come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priority {
    /// Somebody waits for it.
    Urgent,
    /// Nobody does.
    Usual,
}

impl Priority {
    /// The number in the database.
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Urgent => 0,
            Self::Usual => 1,
        }
    }
}

/// Why an attempt did not end its job: the error of its use case, for the log and the operator.
pub struct JobError(Box<dyn std::error::Error + Send + Sync>);

impl<E: std::error::Error + Send + Sync + 'static> From<E> for JobError {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl JobError {
    /// The error and what is behind it, one sentence.
    pub(super) fn chain(&self) -> String {
        base::chain(self.0.as_ref())
    }
}

impl fmt::Debug for JobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
