//! Work that outlives its request. A job is inserted with its cause and leased to the inserting node,
//! which starts it at once; whatever a node leaves behind is taken by another when the lease ends.
//! Jobs carry identifiers only and may run twice: every result is a guarded update.

mod runner;

use std::time::Duration;

use base::{JobId, Timestamp};
pub use runner::{AttemptError, Runner, run_due, run_until_stopped, schedule_periodic};
pub(crate) use runner::{reschedule, retry_later, under_lease};
use store::queue::job::NewJob;

use crate::App;

/// How long a node may work on a job before others take it for dead. A validation ends within half of it.
pub const LEASE: Duration = Duration::from_secs(20);

/// What a job does. The word is what the database holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// End what was begun for a removed name; the subject is the enrolled domain.
    EndOrders,
    /// Sign an intended certificate; the subject is its order.
    Issue,
    /// Delete what has expired; periodic.
    Prune,
    /// Sign a fresh CRL; the subject is the CA. Periodic, and brought forward by a revocation.
    PublishCrl,
    /// Prove control of a name; the subject is the authorization.
    Validate,
}

impl Kind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EndOrders => "end_orders",
            Self::Issue => "issue",
            Self::Prune => "prune",
            Self::PublishCrl => "publish_crl",
            Self::Validate => "validate",
        }
    }

    /// Reads the word in the database.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "end_orders" => Some(Self::EndOrders),
            "issue" => Some(Self::Issue),
            "prune" => Some(Self::Prune),
            "publish_crl" => Some(Self::PublishCrl),
            "validate" => Some(Self::Validate),
            _ => None,
        }
    }
}

/// A job in the hands of this node.
#[derive(Clone, Debug)]
pub struct Lease {
    /// The row to delete with the result.
    pub id: JobId,
    /// What to do.
    pub kind: Kind,
    /// To what.
    pub subject: String,
    /// How often it was taken, this time included.
    pub attempts: i64,
}

impl App {
    /// A job that this node will start at once, for the transaction of its cause.
    pub fn leased_job(&self, kind: Kind, subject: String, now: Timestamp) -> NewJob {
        NewJob {
            id: JobId::generate(now, self.random()),
            kind: kind.as_str(),
            subject,
            due_at: now.plus(LEASE),
            leased_by: Some(self.node),
            created_at: now,
        }
    }
}

/// The lease for a job that was just inserted by [`App::leased_job`].
pub fn first_attempt(job: &NewJob, kind: Kind) -> Lease {
    Lease {
        id: job.id,
        kind,
        subject: job.subject.clone(),
        attempts: 1,
    }
}
