//! Jobs, nodes, settings and CRLs: what several nodes do at once has one outcome, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use base::{CaId, JobId, NodeId, Random, Timestamp};
use store::catalog::ca::{Ca, Crl};
use store::operations::node::Node;
use store::queue::job::{Job, NewJob};
use store::testing::each_engine;
use store::{BoxFuture, Error, Store, WriteTx};

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

/// Reads go through a write as well: both kinds of transaction run the same statements.
async fn write<I, T, F>(store: &Store, input: I, run: F) -> T
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, Error>>
        + Send
        + Sync
        + 'static,
{
    store.write(input, run).await.unwrap()
}

fn later(seconds: u64) -> Timestamp {
    NOW.plus(Duration::from_secs(seconds))
}

fn job(subject: &str, due_at: Timestamp, leased_by: Option<NodeId>) -> NewJob {
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
    write(store, job, |tx, job| {
        Box::pin(store::queue::job::insert(tx, job))
    })
    .await;
    id
}

async fn claim(store: &Store, node: NodeId, now: Timestamp, limit: i64) -> Vec<Job> {
    let claim = (node, now, now.plus(LEASE), limit);
    let jobs = write(store, claim, |tx, (node, now, until, limit)| {
        Box::pin(store::queue::job::claim(tx, *node, *now, *until, *limit))
    });
    jobs.await
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
        insert(&store, job("a", NOW, None)).await;
        insert(&store, job("b", later(1), None)).await;
        insert(&store, job("c", later(60), Some(second))).await;
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
            insert(&store, job(subject, later(seconds), None)).await;
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
        let kept = insert(&store, job("kept", later(60), Some(node))).await;
        let ended = insert(&store, job("ended", later(60), Some(node))).await;
        write(&store, (kept, ended), |tx, (kept, ended)| {
            Box::pin(async move {
                store::queue::job::postpone(tx, *kept, later(5), "no answer").await?;
                store::queue::job::delete(tx, *ended).await?;
                store::queue::job::delete(tx, *ended).await?;
                let backlog = store::queue::job::backlog(tx).await?;
                assert_eq!(backlog, (1, Some(later(5))));
                Ok(())
            })
        })
        .await;
        assert_eq!(subjects(claim(&store, node, later(5), 9).await), ["kept"]);
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
        insert(&store, job("dead", later(60), Some(dead))).await;
        insert(&store, job("alive", later(60), Some(alive))).await;
        insert(&store, job("waiting", later(60), None)).await;
        let taken = write(&store, alive, |tx, alive| {
            Box::pin(store::queue::job::reclaim_all(tx, *alive, NOW))
        });
        assert_eq!(taken.await, 1);
        assert_eq!(subjects(claim(&store, alive, NOW, 9).await), ["dead"]);
    })
    .await;
}

#[tokio::test]
async fn periodic_jobs_are_there_once_and_can_be_brought_forward() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let jobs = (job("ca", later(9), None), job("ca", later(9), None));
        write(&store, jobs, |tx, (first, second)| {
            Box::pin(async move {
                assert!(!store::queue::job::bring_forward(tx, "validate", "ca", NOW).await?);
                assert!(store::queue::job::insert_unless_present(tx, first).await?);
                assert!(!store::queue::job::insert_unless_present(tx, second).await?);
                assert!(store::queue::job::bring_forward(tx, "validate", "ca", NOW).await?);
                assert_eq!(store::queue::job::backlog(tx).await?, (1, Some(NOW)));
                Ok(())
            })
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_nonce_prefix_belongs_to_one_node() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let node = |prefix| Node {
            id: NodeId::generate(NOW, &RANDOM),
            nonce_prefix: prefix,
            internal_url: format!("http://node-{prefix}.test"),
            started_at: NOW,
        };
        let nodes = [node(u32::MAX), node(u32::MAX), node(0)];
        write(&store, nodes, |tx, [first, same, other]| {
            Box::pin(async move {
                assert!(store::operations::node::insert(tx, first).await?);
                assert!(!store::operations::node::insert(tx, same).await?);
                assert!(store::operations::node::insert(tx, other).await?);
                store::operations::node::touch(tx, other.id, later(60)).await?;
                let found = store::operations::node::by_nonce_prefix(tx, u32::MAX)
                    .await?
                    .unwrap();
                assert_eq!(found.internal_url, first.internal_url);
                // Only the one that was not seen any more goes.
                assert_eq!(
                    store::operations::node::delete_unseen(tx, later(30)).await?,
                    1
                );
                assert!(
                    store::operations::node::by_nonce_prefix(tx, u32::MAX)
                        .await?
                        .is_none()
                );
                store::operations::node::delete(tx, other.id).await?;
                assert!(
                    store::operations::node::by_nonce_prefix(tx, 0)
                        .await?
                        .is_none()
                );
                Ok(())
            })
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn the_first_setting_counts() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        write(&store, (), |tx, ()| {
            Box::pin(async move {
                assert_eq!(store::operations::node::setting(tx, "test").await?, None);
                assert!(store::operations::node::insert_setting(tx, "test", "one").await?);
                assert!(!store::operations::node::insert_setting(tx, "test", "two").await?);
                let found = store::operations::node::setting(tx, "test").await?;
                assert_eq!(found.as_deref(), Some("one"));
                Ok(())
            })
        })
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_crl_number_is_given_once_and_old_ones_go() {
    each_engine(async |store: Store| {
        store.migrate().await.unwrap();
        let ca = Ca {
            id: CaId::generate(NOW, &RANDOM),
            parent: None,
            kind: "root".to_owned(),
            status: "active".to_owned(),
            subject: "CN=Root".to_owned(),
            certificate: vec![1],
            private_key: vec![2],
            created_at: NOW,
        };
        write(&store, ca, |tx, ca| {
            Box::pin(async move {
                store::catalog::ca::insert(tx, ca).await?;
                let crl = |number| Crl {
                    ca: ca.id,
                    number,
                    der: vec![3],
                    entries: 0,
                    this_update: NOW,
                    next_update: later(60),
                };
                assert!(store::catalog::ca::newest_crl(tx, ca.id).await?.is_none());
                for number in 1..=3 {
                    assert!(store::catalog::ca::insert_crl(tx, &crl(number)).await?);
                }
                assert!(!store::catalog::ca::insert_crl(tx, &crl(3)).await?);
                let deleted = store::catalog::ca::delete_crls_below(tx, ca.id, 3).await?;
                assert_eq!(deleted, 2);
                let newest = store::catalog::ca::newest_crl(tx, ca.id).await?.unwrap();
                assert_eq!((newest.number, newest.der), (3, vec![3]));
                Ok(())
            })
        })
        .await;
    })
    .await;
}
