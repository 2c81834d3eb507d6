//! What comes again and again, whichever nodes there are.

use std::time::Duration;

use base::{JobId, Timestamp};
use store::queue::job::Job as Waiting;
use store::queue::schedule::Schedule as Row;

use super::{Job, Priority};

/// A job that comes again and again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    name: String,
    queue: &'static str,
    kind: &'static str,
    payload: String,
    every: Duration,
}

/// A job that comes every so often, the first time at once. There is one of its kind and key.
pub fn every<C, J: Job<C>>(every: Duration, job: &J) -> Schedule {
    let name = match job.key() {
        Some(key) => format!("{}/{key}", J::KIND),
        None => J::KIND.to_owned(),
    };
    Schedule {
        name,
        queue: J::QUEUE.as_str(),
        kind: J::KIND,
        // Identifiers, numbers and words cannot fail to serialise.
        payload: serde_json::to_string(job).unwrap_or_default(),
        every,
    }
}

/// The job of one whose moment has come.
pub(super) fn job_of(due: &Row, id: JobId, now: Timestamp) -> Waiting {
    let prefix = format!("{}/", due.kind);
    let key = due.name.strip_prefix(&prefix);
    Waiting {
        id,
        due_at: now,
        priority: Priority::Usual.number(),
        attempt: 0,
        max_attempts: 8,
        leased_by: None,
        share_of: None,
        queue: due.queue.clone(),
        kind: due.kind.clone(),
        dedup_key: key.map(str::to_owned),
        payload: due.payload.clone(),
        last_error: None,
        request_id: None,
    }
}

impl Schedule {
    pub(super) fn row(&self, now: Timestamp) -> Row {
        Row {
            name: self.name.clone(),
            queue: self.queue.to_owned(),
            kind: self.kind.to_owned(),
            payload: self.payload.clone(),
            every_seconds: i64::try_from(self.every.as_secs()).unwrap_or(i64::MAX),
            next_at: now,
            last_at: None,
        }
    }
}
