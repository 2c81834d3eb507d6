//! What an operator sees of the work beside requests.

use base::{JobId, Timestamp};
use store::queue::dead::{self, DeadJob};
use store::queue::job::{self, Job};
use store::queue::schedule::{self, Schedule};
use store::queue::summary::{self, QueueStanding};
use store::{Error, ReadTx};

use crate::App;
use crate::caller::system;
use crate::queue::Queue;

/// How many jobs and dead letters a list shows.
pub const SHOWN: i64 = 100;

/// How a queue stands.
#[derive(Clone, Debug)]
pub struct QueueItem {
    /// Which one.
    pub queue: Queue,
    /// How many wait and run.
    pub standing: QueueStanding,
    /// When the job was made whose turn is next, if one is due.
    pub waits_since: Option<Timestamp>,
}

/// A job, wherever it is.
#[derive(Clone, Debug)]
pub enum FoundJob {
    /// It was given up.
    Dead(DeadJob),
    /// It waits or runs.
    Live(Job),
}

/// How all queues stand.
pub async fn list_queues(app: &App) -> Result<Vec<QueueItem>, Error> {
    let store = app.store(system("jobs are everybody's"));
    let mut items = Vec::new();
    for queue in Queue::ALL {
        let asked = (queue.as_str().to_owned(), app.now());
        let standing = store.scan(asked, summary::of_queue).await?;
        items.push(QueueItem {
            queue,
            standing,
            waits_since: standing.next.map(JobId::made_at),
        });
    }
    Ok(items)
}

/// The first jobs of a queue in the order of their turns.
pub async fn list_jobs(app: &App, queue: Queue) -> Result<Vec<Job>, Error> {
    let store = app.store(system("jobs are everybody's"));
    let asked = (queue.as_str().to_owned(), SHOWN);
    store.scan(asked, job::of_queue).await
}

/// The jobs that were given up last.
pub async fn list_dead(app: &App) -> Result<Vec<DeadJob>, Error> {
    let store = app.store(system("jobs are everybody's"));
    store.scan(SHOWN, dead::newest).await
}

/// What comes again and again.
pub async fn list_schedules(app: &App) -> Result<Vec<Schedule>, Error> {
    let store = app.store(system("schedules are everybody's"));
    store.scan((), schedule::all).await
}

/// One job.
pub async fn show_job(app: &App, id: JobId) -> Result<Option<FoundJob>, Error> {
    let store = app.store(system("jobs are everybody's"));
    store.read(id, find).await
}

pub(super) async fn find(tx: &mut ReadTx, id: &JobId) -> Result<Option<FoundJob>, Error> {
    if let Some(dead) = dead::by_id(tx, id).await? {
        return Ok(Some(FoundJob::Dead(dead)));
    }
    Ok(job::by_id(tx, id).await?.map(FoundJob::Live))
}
