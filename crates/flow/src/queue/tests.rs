//! What becomes of jobs when nodes die, fail and end, with jobs of the test's own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base::{Clock, NodeId, Random, Scope, TenantId, Timestamp};
use serde::{Deserialize, Serialize};
use store::queue::{dead, job};
use store::testing::Database;
use store::{Error, Store, WriteTx};
use tokio::sync::Semaphore;

use super::*;
use crate::memory::measures::{JobFigures, Outcome};

/// Time that all nodes of a test share.
struct TestClock(Mutex<Timestamp>);

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl TestClock {
    fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap();
        *now = now.plus(by);
    }
}

struct TestRandom(Mutex<u64>);

impl Random for TestRandom {
    fn fill(&self, bytes: &mut [u8]) {
        let mut seed = self.0.lock().unwrap();
        for byte in bytes {
            *seed = seed
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            *byte = seed.to_be_bytes()[0];
        }
    }
}

/// What the jobs of a test do, and what was seen of them.
#[derive(Clone)]
struct World {
    gate: Arc<Semaphore>,
    fails: Arc<AtomicBool>,
    seen: Arc<Mutex<HashMap<usize, Seen>>>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    begun: usize,
    ended: usize,
    running: usize,
    most_at_once: usize,
}

impl World {
    fn new() -> Self {
        Self {
            gate: Arc::new(Semaphore::new(0)),
            fails: Arc::default(),
            seen: Arc::default(),
        }
    }

    fn see(&self, number: usize, change: impl FnOnce(&mut Seen)) {
        change(self.seen.lock().unwrap().entry(number).or_default());
    }

    fn all(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().values().copied().collect()
    }

    async fn until(&self, is_so: impl Fn(&[Seen]) -> bool) {
        for _ in 0..1_000 {
            if is_so(&self.all()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{:?}", self.all());
    }
}

/// Ends when the gate is opened.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Numbered {
    number: usize,
    left: usize,
    of: Option<TenantId>,
}

struct Running<'w>(&'w World, usize);

impl<'w> Running<'w> {
    fn begin(world: &'w World, number: usize) -> Self {
        world.see(number, |seen| {
            seen.begun += 1;
            seen.running += 1;
            seen.most_at_once = seen.most_at_once.max(seen.running);
        });
        Self(world, number)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.see(self.1, |seen| seen.running -= 1);
    }
}

impl Job<World> for Numbered {
    const KIND: &'static str = "numbered";
    const QUEUE: Queue = Queue::Validate;
    const MAX_ATTEMPTS: i64 = 3;

    fn tenant(&self) -> Option<TenantId> {
        self.of
    }

    async fn run(self, world: &World, _: &Lease) -> Result<Done<Self>, JobError> {
        let _running = Running::begin(world, self.number);
        if world.fails.load(Ordering::SeqCst) {
            return Err(std::io::Error::other("it is out of order").into());
        }
        // No permit is ever given out: it ends when the gate is closed.
        let _closed = world.gate.acquire().await;
        if let Some(left) = self.left.checked_sub(1) {
            return Ok(Done::Next(Self { left, ..self }, Duration::from_secs(60)));
        }
        world.see(self.number, |seen| seen.ended += 1);
        Ok(Done::Finished)
    }
}

struct Installation {
    database: Database,
    clock: Arc<TestClock>,
    world: World,
    nodes: Mutex<u64>,
}

impl Installation {
    async fn new(database: Database) -> Self {
        let store = database.open().await;
        store.migrate().await.unwrap();
        store.close().await;
        Self {
            database,
            clock: Arc::new(TestClock(Mutex::new(Timestamp::from_seconds(
                1_800_000_000,
            )))),
            world: World::new(),
            nodes: Mutex::default(),
        }
    }

    async fn node(&self) -> (Work<World>, Store) {
        let store = self.database.open().await;
        let number = {
            let mut nodes = self.nodes.lock().unwrap();
            *nodes += 1;
            *nodes
        };
        let random = Arc::new(TestRandom(Mutex::new(number)));
        let desk = Desk {
            store: store.clone(),
            clock: self.clock.clone(),
            node: NodeId::generate(self.clock.now(), random.as_ref()),
            random,
        };
        (
            Work::new(desk, vec![job::<World, Numbered>()], JobFigures::default()),
            store,
        )
    }

    fn cause(&self) -> Cause {
        Cause {
            request: None,
            at: self.clock.now(),
        }
    }

    /// Commits a job and starts it.
    async fn submit(&self, node: &(Work<World>, Store), job: Numbered) {
        let begun = node.0.begin(&job, self.cause());
        let row = begun.row();
        rows(&node.1).write(row, job::insert).await.unwrap();
        node.0.start::<Numbered>(&self.world, begun);
    }
}

fn rows(store: &Store) -> store::Scoped<'_> {
    store.within(Scope::System("a test"))
}

fn numbered(number: usize) -> Numbered {
    Numbered {
        number,
        left: 0,
        of: None,
    }
}

/// How many attempts ended in each way.
fn counted(node: &(Work<World>, Store)) -> [u64; 4] {
    let of = ("numbered", "validate");
    let outcomes = [
        Outcome::Done,
        Outcome::Part,
        Outcome::Failed,
        Outcome::GivenUp,
    ];
    outcomes.map(|outcome| node.0.inner.figures.attempts(of, outcome))
}

async fn on_both(test: impl AsyncFn(&Installation)) {
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres().await);
    for database in databases {
        let installation = Installation::new(database).await;
        test(&installation).await;
        installation.database.remove().await;
    }
}

const MANY: usize = 100;

/// A node that is killed with many jobs running, in a runtime of its own.
fn killed(installation: &Installation) -> tokio::runtime::Runtime {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(1).enable_all().build().unwrap();
    tokio::task::block_in_place(|| {
        runtime.block_on(async {
            let node = installation.node().await;
            for number in 0..MANY {
                installation.submit(&node, numbered(number)).await;
            }
            installation
                .world
                .until(|seen| seen.len() == MANY && seen.iter().all(|each| each.running == 1))
                .await;
        });
    });
    runtime
}

#[tokio::test(flavor = "multi_thread")]
async fn sb7_each_job_of_a_killed_node_is_done_once_more_and_never_twice_at_once() {
    on_both(async |installation| {
        let world = &installation.world;
        let runtime = killed(installation);
        let (second, store) = installation.node().await;
        // The first one is at work: nobody takes its jobs.
        assert_eq!(second.run_due(world).await.unwrap(), 0);
        runtime.shutdown_background();
        world
            .until(|seen| seen.iter().all(|each| each.running == 0))
            .await;
        let location = installation.database.location();
        if matches!(location, store::DatabaseUrl::Sqlite(_)) {
            // A restart: nobody else can hold a lease.
            let from = (second.node(), installation.clock.now());
            let taken = rows(&store).write(from, job::reclaim_all).await;
            assert_eq!(taken.unwrap(), 100);
        } else {
            assert_eq!(
                second.run_due(world).await.unwrap(),
                0,
                "its leases have not ended"
            );
            installation.clock.advance(LEASE + Duration::from_secs(1));
        }
        world.gate.close();
        while second.run_due(world).await.unwrap() > 0 {}
        let once_more = Seen {
            begun: 2,
            ended: 1,
            running: 0,
            most_at_once: 1,
        };
        assert_eq!(world.all(), [once_more; MANY]);
        store.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sb7_a_job_that_always_fails_becomes_a_dead_letter() {
    on_both(async |installation| {
        let (node, world) = (installation.node().await, &installation.world);
        world.fails.store(true, Ordering::SeqCst);
        installation.submit(&node, numbered(1)).await;
        for attempts in 1..=Numbered::MAX_ATTEMPTS {
            let attempts = usize::try_from(attempts).unwrap();
            world
                .until(|seen| {
                    seen.iter()
                        .all(|each| each.begun == attempts && each.running == 0)
                })
                .await;
            // What failed waits before it is tried again.
            wait_until_stored(&node.1, attempts == 3).await;
            assert_eq!(node.0.run_due(world).await.unwrap(), 0);
            installation.clock.advance(Duration::from_secs(601));
            node.0.run_due(world).await.unwrap();
        }
        let letters = rows(&node.1).read(9_i64, dead::newest).await.unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!(
            (letters[0].attempt, letters[0].error.as_str()),
            (3, "it is out of order")
        );
        // Tried again, it is as good as new.
        world.fails.store(false, Ordering::SeqCst);
        world.gate.close();
        revive(&node.1, letters[0].clone(), installation.clock.now()).await;
        assert_eq!(node.0.run_due(world).await.unwrap(), 1);
        assert_eq!(world.all()[0].ended, 1);
        assert_eq!(counted(&node), [1, 0, 2, 1]);
        node.1.close().await;
    })
    .await;
}

async fn wait_until_stored(store: &Store, is_dead: bool) {
    for _ in 0..500 {
        let jobs = rows(store)
            .read(("validate".to_owned(), 9), job::of_queue)
            .await
            .unwrap();
        if jobs.iter().all(|job| job.leased_by.is_none()) && jobs.is_empty() == is_dead {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("what became of the job is not stored");
}

async fn revive(store: &Store, letter: dead::DeadJob, now: Timestamp) {
    async fn save(
        tx: &mut WriteTx,
        (letter, now): &(dead::DeadJob, Timestamp),
    ) -> Result<(), Error> {
        dead::revive(tx, letter, *now).await
    }
    rows(store).write((letter, now), save).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn sb7_long_work_is_a_chain_of_small_jobs_that_carry_how_far_they_have_come() {
    on_both(async |installation| {
        let (node, world) = (installation.node().await, &installation.world);
        world.gate.close();
        let chain = Numbered {
            left: 3,
            ..numbered(1)
        };
        let row = node.0.waiting(&chain, installation.cause());
        rows(&node.1).write(row, job::insert).await.unwrap();
        for step in 1..=4 {
            assert_eq!(node.0.run_due(world).await.unwrap(), 1, "step {step}");
            assert_eq!(
                node.0.run_due(world).await.unwrap(),
                0,
                "the next one waits"
            );
            installation.clock.advance(Duration::from_secs(61));
        }
        assert_eq!(
            world.all()[0],
            Seen {
                begun: 4,
                ended: 1,
                running: 0,
                most_at_once: 1
            }
        );
        assert_eq!(node.0.run_due(world).await.unwrap(), 0);
        assert_eq!(counted(&node), [1, 3, 0, 0]);
        node.1.close().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sb7_what_a_tenant_has_no_slot_for_goes_back_without_an_attempt() {
    on_both(async |installation| {
        let (node, world) = (installation.node().await, &installation.world);
        let greedy = TenantId::generate(installation.clock.now(), node_random().as_ref());
        for number in 0..300 {
            let job = Numbered {
                of: Some(greedy),
                ..numbered(number)
            };
            installation.submit(&node, job).await;
        }
        // Half of the slots are its; the others wait.
        world.until(|seen| seen.len() == 256).await;
        let took = node.0.take_due(world, Queue::Validate).await.unwrap();
        assert!(took.running.is_empty());
        let asked = ("validate".to_owned(), 1_000);
        let waiting = rows(&node.1).read(asked, job::of_queue).await.unwrap();
        let waiting: Vec<_> = waiting
            .iter()
            .filter(|job| job.leased_by.is_none())
            .collect();
        assert_eq!(waiting.len(), 44);
        assert!(waiting.iter().all(|job| job.attempt == 0));
        world.gate.close();
        world
            .until(|seen| seen.iter().all(|each| each.ended == 1))
            .await;
        installation.clock.advance(Duration::from_secs(9));
        while node.0.run_due(world).await.unwrap() > 0 {}
        assert_eq!(world.all().len(), 300);
        node.1.close().await;
    })
    .await;
}

fn node_random() -> Arc<TestRandom> {
    Arc::new(TestRandom(Mutex::new(77)))
}
