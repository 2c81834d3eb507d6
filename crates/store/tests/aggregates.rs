//! Jobs, nodes, settings and CRLs: what several nodes do at once has one outcome, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use base::{JobId, NodeId, Random, Scope, Timestamp};
use store::operations::node::{self, Node};
use store::operations::setting::{self, Setting};
use store::queue::dead::{self, Burial, DeadJob};
use store::queue::job::{self, Claim, Job, Postponement};
use store::queue::schedule::{self, Schedule};
use store::queue::summary;
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

fn new_job(key: &str, due_at: Timestamp, leased_by: Option<NodeId>) -> Job {
    Job {
        id: JobId::generate(NOW, &RANDOM),
        due_at,
        priority: 1,
        attempt: i64::from(leased_by.is_some()),
        max_attempts: 8,
        leased_by,
        share_of: None,
        queue: "validate".to_owned(),
        kind: "validate".to_owned(),
        dedup_key: Some(key.to_owned()),
        payload: format!("\"{key}\""),
        last_error: None,
        request_id: None,
    }
}

async fn insert(store: &Store, job: Job) -> JobId {
    let id = job.id;
    all(store).write(job, job::insert).await.unwrap();
    id
}

async fn claim(store: &Store, node: NodeId, now: Timestamp, limit: i64) -> Vec<Job> {
    let claim = Claim {
        node,
        queue: "validate",
        now,
        lease_ends_at: now.plus(LEASE),
        limit,
    };
    all(store).write(claim, job::claim).await.unwrap()
}

async fn postpone(store: &Store, id: JobId, node: NodeId, due_at: Timestamp) {
    let postponement = Postponement {
        id,
        node,
        due_at,
        payload: None,
        attempt: 1,
        error: Some("no answer".to_owned()),
    };
    let postponed = all(store).write(postponement, job::postpone).await;
    postponed.unwrap();
}

async fn delete(tx: &mut WriteTx, id: &JobId) -> Result<(), Error> {
    job::delete(tx, *id).await
}

/// How many jobs there are, and when the next is due.
async fn backlog(store: &Store) -> (i64, Option<Timestamp>) {
    let all = all(store);
    let asked = ("validate".to_owned(), NOW);
    let standing = all.read(asked, summary::of_queue).await.unwrap();
    let next = all.read("validate".to_owned(), job::next_due).await;
    (standing.waiting + standing.running, next.unwrap())
}

fn keys(mut jobs: Vec<Job>) -> Vec<String> {
    jobs.sort_by(|a, b| a.dedup_key.cmp(&b.dedup_key));
    jobs.into_iter().filter_map(|job| job.dedup_key).collect()
}

#[tokio::test]
async fn due_jobs_are_claimed_once() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let (first, second) = nodes();
        insert(&store, new_job("a", NOW, None)).await;
        insert(&store, new_job("b", later(1), None)).await;
        insert(&store, new_job("c", later(60), Some(second))).await;
        assert_eq!(keys(claim(&store, first, NOW, 9).await), ["a"]);
        assert!(claim(&store, second, NOW, 9).await.is_empty());
        // What was claimed is due again when its lease has ended.
        let jobs = claim(&store, second, later(60), 9).await;
        let attempts = jobs.iter().map(|job| job.attempt).collect::<Vec<_>>();
        assert_eq!(attempts.iter().sum::<i64>(), 2 + 1 + 2, "{jobs:?}");
        assert_eq!(keys(jobs), ["a", "b", "c"]);
    })
    .await;
}

fn nodes() -> (NodeId, NodeId) {
    (
        NodeId::generate(NOW, &RANDOM),
        NodeId::generate(NOW, &RANDOM),
    )
}

#[tokio::test]
async fn a_claim_takes_no_more_than_asked_for_and_urgent_ones_first() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let (node, _) = nodes();
        for (seconds, key) in [(3, "c"), (1, "a"), (2, "b")] {
            insert(&store, new_job(key, later(seconds), None)).await;
        }
        let other = Job {
            queue: "issue".to_owned(),
            ..new_job("of another queue", NOW, None)
        };
        insert(&store, other).await;
        let urgent = Job {
            priority: 0,
            ..new_job("urgent", later(8), None)
        };
        insert(&store, urgent).await;
        // Then the longest due.
        assert_eq!(keys(claim(&store, node, later(9), 1).await), ["urgent"]);
        assert_eq!(keys(claim(&store, node, later(9), 2).await), ["a", "b"]);
        assert_eq!(keys(claim(&store, node, later(9), 2).await), ["c"]);
    })
    .await;
}

#[tokio::test]
async fn a_postponed_job_comes_again_and_a_deleted_one_does_not() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let (node, other) = nodes();
        let kept = insert(&store, new_job("kept", later(60), Some(node))).await;
        let ended = insert(&store, new_job("ended", later(60), Some(node))).await;
        // Not by somebody who does not have it.
        postpone(&store, kept, other, later(3)).await;
        postpone(&store, kept, node, later(5)).await;
        for _ in 0..2 {
            all(&store).write(ended, delete).await.unwrap();
        }
        assert_eq!(backlog(&store).await, (1, Some(later(5))));
        let jobs = claim(&store, node, later(5), 9).await;
        assert_eq!(jobs[0].last_error.as_deref(), Some("no answer"));
        assert_eq!(keys(jobs), ["kept"]);
    })
    .await;
}

#[tokio::test]
async fn sb7_a_lease_is_renewed_by_who_has_it() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let (node, other) = nodes();
        let id = insert(&store, new_job("long", later(60), Some(node))).await;
        let renew = async |node, attempt| {
            let renewal = (id, node, attempt, later(100));
            all(&store).write(renewal, job::renew).await.unwrap()
        };
        assert!(!renew(other, 1).await);
        assert!(!renew(node, 2).await);
        assert!(renew(node, 1).await);
        assert!(claim(&store, other, later(99), 9).await.is_empty());
        // Let go of, it is due at once.
        let released = (vec![id], node, later(50));
        all(&store).write(released, job::release).await.unwrap();
        assert_eq!(keys(claim(&store, other, later(50), 9).await), ["long"]);
        assert!(!renew(node, 1).await);
    })
    .await;
}

#[tokio::test]
async fn a_restarted_node_takes_over_what_others_had() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let (dead, alive) = nodes();
        insert(&store, new_job("dead", later(60), Some(dead))).await;
        insert(&store, new_job("alive", later(60), Some(alive))).await;
        insert(&store, new_job("waiting", later(60), None)).await;
        let taken = all(&store).write((alive, NOW), job::reclaim_all).await;
        assert_eq!(taken.unwrap(), 1);
        assert_eq!(keys(claim(&store, alive, NOW, 9).await), ["dead"]);
    })
    .await;
}

#[tokio::test]
async fn sb7_what_was_given_up_is_kept_for_the_operator() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let (node, _) = nodes();
        let id = insert(&store, new_job("hopeless", later(60), Some(node))).await;
        let bury = async |attempt| {
            let burial = Burial {
                id,
                attempt,
                error: "no answer".to_owned(),
                now: later(1),
            };
            all(&store).write(burial, dead::bury).await.unwrap();
        };
        // Somebody else's attempt is not over.
        bury(2).await;
        assert_eq!(backlog(&store).await.0, 1);
        bury(1).await;
        bury(1).await;
        assert_eq!(backlog(&store).await.0, 0);
        let letters = all(&store).read(10_i64, dead::newest).await.unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!(
            (letters[0].id, letters[0].error.as_str()),
            (id, "no answer")
        );
        revive(&store, letters[0].clone()).await;
        let again = claim(&store, node, later(9), 9).await;
        assert_eq!((again[0].id, again[0].attempt), (id, 1));
        assert!(all(&store).read(id, dead::by_id).await.unwrap().is_none());
        bury(1).await;
        let gone = all(&store).write((later(2), 9), dead::delete_old).await;
        assert_eq!(gone.unwrap(), 1);
    })
    .await;
}

async fn revive(store: &Store, dead: DeadJob) {
    async fn save(tx: &mut WriteTx, dead: &DeadJob) -> Result<(), Error> {
        dead::revive(tx, dead, later(9)).await
    }
    all(store).write(dead, save).await.unwrap();
}

#[tokio::test]
async fn sb17_of_the_same_work_one_job_waits() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let (node, _) = nodes();
        let first = insert(&store, new_job("ca", NOW, None)).await;
        claim(&store, node, NOW, 9).await;
        // Asked for while a node is at work on the first, twice: it comes when the sooner was to come.
        let second = insert(&store, new_job("ca", later(31), None)).await;
        insert(&store, new_job("ca", later(30), None)).await;
        insert(&store, new_job("ca", later(32), None)).await;
        assert_eq!(backlog(&store).await, (2, Some(later(30))));
        // The first gives way, and what it wanted sooner comes sooner.
        postpone(&store, first, node, later(7)).await;
        assert_eq!(backlog(&store).await, (1, Some(later(7))));
        let jobs = claim(&store, node, later(7), 9).await;
        assert_eq!(jobs.iter().map(|job| job.id).collect::<Vec<_>>(), [second]);
    })
    .await;
}

fn daily(name: &str) -> Schedule {
    Schedule {
        name: name.to_owned(),
        queue: "validate".to_owned(),
        kind: "validate".to_owned(),
        payload: "{}".to_owned(),
        every_seconds: 86_400,
        next_at: NOW,
        last_at: None,
    }
}

#[tokio::test]
async fn what_comes_again_keeps_its_times() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let all = all(&store);
        let ensure = |wanted: Schedule| all.write(vec![wanted], schedule::ensure);
        ensure(daily("a")).await.unwrap();
        ensure(daily("b")).await.unwrap();
        let due = all.read(NOW, schedule::due).await.unwrap();
        assert_eq!(due, [daily("a"), daily("b")]);
        let come = |due: &Schedule, at| {
            all.write(
                (due.clone(), new_job(&due.name, at, None), at),
                schedule::come,
            )
        };
        assert!(come(&due[0], later(5)).await.unwrap());
        assert!(!come(&due[0], later(5)).await.unwrap(), "it has come");
        assert_eq!(keys(claim(&store, nodes().0, later(5), 9).await), ["a"]);
        let hourly = Schedule {
            every_seconds: 3_600,
            ..daily("a")
        };
        ensure(hourly).await.unwrap();
        let found = all.read((), schedule::all).await.unwrap();
        assert_eq!(
            (found[0].every_seconds, found[0].next_at),
            (3_600, later(86_405))
        );
        assert_eq!(found[0].last_at, Some(later(5)));
        all.write("a".to_owned(), schedule::delete).await.unwrap();
        assert_eq!(all.read((), schedule::all).await.unwrap().len(), 1);
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

/// Two nodes that look at the same moment, again and again.
async fn schedule_at_once(database: Database) {
    const ROUNDS: usize = 30;
    let (one, two) = (database.open().await, database.open().await);
    one.migrate().await.unwrap();
    let (on_one, on_two) = (all(&one), all(&two));
    for round in 0..ROUNDS {
        let due = daily(&format!("ca {round}"));
        on_one
            .write(vec![due.clone()], schedule::ensure)
            .await
            .unwrap();
        let coming = || (due.clone(), new_job(&due.name, NOW, None), NOW);
        let (first, second) = tokio::join!(
            on_one.write(coming(), schedule::come),
            on_two.write(coming(), schedule::come),
        );
        assert!(first.unwrap() != second.unwrap(), "round {round}");
        // Nor does a revocation at the same moment as another one leave two.
        let job = || new_job(&due.name, NOW, None);
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
        let seen = async |moment| {
            let nodes = all.scan(moment, node::seen_since).await.unwrap();
            nodes.into_iter().map(|node| node.id).collect::<Vec<_>>()
        };
        assert_eq!(seen(NOW).await.len(), 2);
        assert_eq!(seen(later(60)).await, [other.id]);
        assert!(seen(later(61)).await.is_empty());
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
