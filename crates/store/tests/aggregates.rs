//! Jobs, nodes, settings and CRLs: what several nodes do at once has one outcome, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use base::{JobId, NodeId, Random, Scope, Timestamp};
use store::operations::node::{self, Node};
use store::operations::setting::{self, Setting};
use store::queue::job::{self, Claim, Job, NewJob, Postponement, SameWork};
use store::testing::{Database, each_engine};
use store::{Error, ReadTx, Scoped, Store, WriteTx};

/// Other bytes every time.
struct Count(AtomicU8);

impl Random for Count {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

static RANDOM: Count = Count(AtomicU8::new(1));
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const LEASE: Duration = Duration::from_secs(60);

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

/// Jobs, nodes and settings have no tenant.
fn all(store: &Store) -> Scoped<'_> {
    store.within(Scope::System("a test"))
}

fn new_job(subject: &str, due_at: Timestamp, leased_by: Option<NodeId>) -> NewJob {
    NewJob {
        id: JobId::generate(NOW, &RANDOM),
        kind: "validate",
        subject: subject.to_owned(),
        due_at,
        leased_by,
        created_at: NOW,
    }
}

async fn insert(store: &Store, job: NewJob) -> JobId {
    let id = job.id;
    all(store).write(job, job::insert).await.unwrap();
    id
}

async fn claim(store: &Store, node: NodeId, now: Timestamp, limit: i64) -> Vec<Job> {
    let claim = Claim {
        node,
        now,
        lease_ends_at: now.plus(LEASE),
        limit,
    };
    all(store).write(claim, job::claim).await.unwrap()
}

async fn postpone(store: &Store, id: JobId, due_at: Timestamp) {
    let postponement = Postponement {
        id,
        due_at,
        error: "no answer".to_owned(),
    };
    let postponed = all(store).write(postponement, job::postpone).await;
    postponed.unwrap();
}

async fn delete(tx: &mut WriteTx, id: &JobId) -> Result<(), Error> {
    job::delete(tx, *id).await
}

/// Whether a job was waiting.
async fn bring_forward(store: &Store, subject: &'static str) -> bool {
    async fn save(tx: &mut WriteTx, subject: &&str) -> Result<bool, Error> {
        job::bring_forward(tx, "validate", subject, NOW).await
    }
    all(store).write(subject, save).await.unwrap()
}

async fn backlog(store: &Store) -> (i64, Option<Timestamp>) {
    all(store).read((), job::backlog).await.unwrap()
}

fn subjects(mut jobs: Vec<Job>) -> Vec<String> {
    jobs.sort_by(|a, b| a.subject.cmp(&b.subject));
    jobs.into_iter().map(|job| job.subject).collect()
}

#[tokio::test]
async fn due_jobs_are_claimed_once() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let (first, second) = (
            NodeId::generate(NOW, &RANDOM),
            NodeId::generate(NOW, &RANDOM),
        );
        insert(&store, new_job("a", NOW, None)).await;
        insert(&store, new_job("b", later(1), None)).await;
        insert(&store, new_job("c", later(60), Some(second))).await;
        assert_eq!(subjects(claim(&store, first, NOW, 9).await), ["a"]);
        assert!(claim(&store, second, NOW, 9).await.is_empty());
        // What was claimed is due again when its lease has ended.
        let jobs = claim(&store, second, later(60), 9).await;
        let attempts = jobs.iter().map(|job| job.attempts).collect::<Vec<_>>();
        assert_eq!(attempts.iter().sum::<i64>(), 2 + 1 + 2, "{jobs:?}");
        assert_eq!(subjects(jobs), ["a", "b", "c"]);
    })
    .await;
}

#[tokio::test]
async fn a_claim_takes_no_more_than_asked_for() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let node = NodeId::generate(NOW, &RANDOM);
        for (seconds, subject) in [(3, "c"), (1, "a"), (2, "b")] {
            insert(&store, new_job(subject, later(seconds), None)).await;
        }
        // The longest due first.
        assert_eq!(subjects(claim(&store, node, later(9), 2).await), ["a", "b"]);
        assert_eq!(subjects(claim(&store, node, later(9), 2).await), ["c"]);
    })
    .await;
}

#[tokio::test]
async fn a_postponed_job_comes_again_and_a_deleted_one_does_not() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let node = NodeId::generate(NOW, &RANDOM);
        let kept = insert(&store, new_job("kept", later(60), Some(node))).await;
        let ended = insert(&store, new_job("ended", later(60), Some(node))).await;
        postpone(&store, kept, later(5)).await;
        for _ in 0..2 {
            all(&store).write(ended, delete).await.unwrap();
        }
        assert_eq!(backlog(&store).await, (1, Some(later(5))));
        let jobs = claim(&store, node, later(5), 9).await;
        assert_eq!(jobs[0].last_error.as_deref(), Some("no answer"));
        assert_eq!(subjects(jobs), ["kept"]);
    })
    .await;
}

#[tokio::test]
async fn a_restarted_node_takes_over_what_others_had() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let (dead, alive) = (
            NodeId::generate(NOW, &RANDOM),
            NodeId::generate(NOW, &RANDOM),
        );
        insert(&store, new_job("dead", later(60), Some(dead))).await;
        insert(&store, new_job("alive", later(60), Some(alive))).await;
        insert(&store, new_job("waiting", later(60), None)).await;
        let taken = all(&store).write((alive, NOW), job::reclaim_all).await;
        assert_eq!(taken.unwrap(), 1);
        assert_eq!(subjects(claim(&store, alive, NOW, 9).await), ["dead"]);
    })
    .await;
}

#[tokio::test]
async fn periodic_jobs_are_there_once_and_can_be_brought_forward() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let all = all(&store);
        let schedule = || all.write(new_job("ca", later(9), None), job::insert_unless_present);
        assert!(!bring_forward(&store, "ca").await);
        assert!(schedule().await.unwrap());
        assert!(!schedule().await.unwrap());
        assert!(bring_forward(&store, "ca").await);
        assert_eq!(backlog(&store).await, (1, Some(NOW)));
        // Not while a node is at work on it either.
        let node = NodeId::generate(NOW, &RANDOM);
        assert_eq!(claim(&store, node, NOW, 9).await.len(), 1);
        assert!(!bring_forward(&store, "ca").await);
        assert!(!schedule().await.unwrap());
        assert_eq!(backlog(&store).await.0, 1);
    })
    .await;
}

#[tokio::test]
async fn sb17_of_the_same_work_one_job_waits() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let node = NodeId::generate(NOW, &RANDOM);
        let first = insert(&store, new_job("ca", NOW, None)).await;
        claim(&store, node, NOW, 9).await;
        // Asked for while a node is at work on the first, twice.
        let second = insert(&store, new_job("ca", later(30), None)).await;
        insert(&store, new_job("ca", later(31), None)).await;
        assert_eq!(backlog(&store).await.0, 2);
        // The first gives way, and what it wanted sooner comes sooner.
        postpone(&store, first, later(7)).await;
        assert_eq!(backlog(&store).await, (1, Some(later(7))));
        let jobs = claim(&store, node, later(7), 9).await;
        assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [second]);
        // What has been done for others need not be done again.
        insert(&store, new_job("ca", later(9), None)).await;
        let done = SameWork {
            kind: "validate",
            subject: "ca".to_owned(),
            id: second,
            before: later(1),
        };
        let deleted = all(&store).write(done, job::delete_same).await;
        assert_eq!(deleted.unwrap(), 1);
        postpone(&store, second, later(99)).await;
        assert_eq!(backlog(&store).await, (1, Some(later(99))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sb17_a_periodic_job_is_there_once() {
    schedule_at_once(Database::sqlite()).await;
    if let Some(database) = Database::postgres().await {
        schedule_at_once(database).await;
    }
}

/// Two nodes that start at the same moment, again and again.
async fn schedule_at_once(database: Database) {
    const ROUNDS: usize = 30;
    let (one, two) = (database.open().await, database.open().await);
    one.migrate().await.unwrap();
    let (on_one, on_two) = (all(&one), all(&two));
    for round in 0..ROUNDS {
        let job = || new_job(&format!("ca {round}"), NOW, None);
        let (first, second) = tokio::join!(
            on_one.write(job(), job::insert_unless_present),
            on_two.write(job(), job::insert_unless_present),
        );
        assert!(first.unwrap() != second.unwrap(), "round {round}");
        // Nor does a revocation at the same moment as another one leave two.
        let (first, second) = tokio::join!(
            on_one.write(job(), job::insert),
            on_two.write(job(), job::insert),
        );
        first.and(second).unwrap();
    }
    assert_eq!(usize::try_from(backlog(&one).await.0), Ok(ROUNDS));
    one.close().await;
    two.close().await;
    database.remove().await;
}

#[tokio::test]
async fn a_nonce_prefix_belongs_to_one_node() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let all = all(&store);
        let new_node = |prefix| Node {
            id: NodeId::generate(NOW, &RANDOM),
            nonce_prefix: prefix,
            internal_url: format!("http://node-{prefix}.test"),
            started_at: NOW,
            seen_at: NOW,
        };
        let (first, other) = (new_node(u32::MAX), new_node(0));
        let insert = |node: &Node| all.write(node.clone(), node::insert);
        let found = |prefix| all.read(prefix, node::by_nonce_prefix);
        assert!(insert(&first).await.unwrap());
        assert!(!insert(&new_node(u32::MAX)).await.unwrap());
        assert!(insert(&other).await.unwrap());
        let touched = all.write((other.id, later(60)), node::touch).await;
        touched.unwrap();
        let one = found(u32::MAX).await.unwrap().unwrap();
        assert_eq!(one.internal_url, first.internal_url);
        // Only the one that was not seen any more goes.
        let gone = all.write(later(30), node::delete_unseen).await;
        assert_eq!(gone.unwrap(), 1);
        assert!(found(u32::MAX).await.unwrap().is_none());
        assert_eq!(found(0).await.unwrap().unwrap().seen_at, later(60));
        all.write(other.id, node::delete).await.unwrap();
        assert!(found(0).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn the_first_setting_counts() {
    async fn value(tx: &mut ReadTx, (): &()) -> Result<Option<String>, Error> {
        let found = setting::by_name(tx, "test").await?;
        Ok(found.map(|setting| setting.value))
    }
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let all = all(&store);
        let insert = |value: &str| {
            let (name, value) = ("test".to_owned(), value.to_owned());
            all.write(Setting { name, value }, setting::insert)
        };
        assert_eq!(all.read((), value).await.unwrap(), None);
        assert!(insert("one").await.unwrap());
        assert!(!insert("two").await.unwrap());
        assert_eq!(all.read((), value).await.unwrap().as_deref(), Some("one"));
    })
    .await;
}
