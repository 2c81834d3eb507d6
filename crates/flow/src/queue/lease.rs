//! A job in the hands of this node.

use std::time::Duration;

use base::{JobId, RequestId};

/// How long a node may work on a job without renewing before others take it for dead.
pub const LEASE: Duration = Duration::from_secs(20);

/// A job in the hands of this node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The row to delete with the result.
    pub id: JobId,
    /// How often it was taken, this time included.
    pub attempt: i64,
    /// How often it may be taken.
    pub max_attempts: i64,
    /// The request that caused it.
    pub request: Option<RequestId>,
}

impl Lease {
    /// The lease of a row that this node has.
    pub fn of(job: &store::queue::job::Job) -> Self {
        Self {
            id: job.id,
            attempt: job.attempt,
            max_attempts: job.max_attempts,
            request: job.request_id,
        }
    }
}
