//! Two attempts at one certificate, of which the first one's lease has ended: what the later one signs counts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use base::{CertificateId, Clock, NodeId, Timestamp};
use flow::caller::system;
use flow::issuance::issue::Issue;
use flow::operations::node::{shut_down, start};
use flow::queue::{Job as _, LEASE, Lease};
use flow::{App, Outside};
use outbound::identity::NoProviders;
use outbound::mail::NoMailer;
use store::Store;
use store::issuance::certificate::{self, Certificate};
use store::issuance::signing_intent;
use store::queue::job::{self, Claim};
use testkit::peers::FakePeers;
use testkit::random::SeededRandom;
use testkit::validator::FakeValidator;
use testkit::{AcmeClient, Key, Order, TestServer};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::crash::{leave, left_behind};

testkit::on_both_engines![
    sb11_of_two_attempts_the_later_one_stores,
    sb11_an_attempt_whose_fence_is_gone_stores_nothing,
];

/// A clock that stands still, and holds up who next asks for the time: an attempt does when it has signed and is about
/// to store.
struct Gate {
    now: Timestamp,
    next: Mutex<Option<Held>>,
}

/// Says that somebody is held up, and waits for the word to go on.
type Held = (oneshot::Sender<()>, mpsc::Receiver<()>);

impl Gate {
    fn next(&self) -> MutexGuard<'_, Option<Held>> {
        self.next.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Gate {
    fn now(&self) -> Timestamp {
        let next = self.next().take();
        if let Some((arrived, go_on)) = next {
            arrived.send(()).unwrap();
            go_on.recv().unwrap();
        }
        self.now
    }
}

/// An attempt of another node that has signed.
struct Slow {
    go_on: mpsc::Sender<()>,
    ended: JoinHandle<()>,
}

impl Slow {
    /// Takes the job of an order whose lease has ended, and signs.
    async fn start(server: &TestServer) -> Self {
        let (arrived, has_signed) = oneshot::channel();
        let (go_on, waiting) = mpsc::channel();
        let node = Node::of(server);
        // It is held up with its thread.
        let ended = tokio::task::spawn_blocking(move || {
            let mut runtime = tokio::runtime::Builder::new_current_thread();
            let runtime = runtime.enable_all().build().unwrap();
            runtime.block_on(node.attempt((arrived, waiting)));
        });
        has_signed.await.unwrap();
        Self { go_on, ended }
    }

    /// Lets it go on to its end.
    async fn finish(self) {
        self.go_on.send(()).unwrap();
        self.ended.await.unwrap();
    }
}

/// What the other node is made of, but for its database.
struct Node {
    location: store::DatabaseUrl,
    settings: flow::Settings,
    sealer: store::seal::Sealer,
    now: Timestamp,
}

impl Node {
    fn of(server: &TestServer) -> Self {
        Self {
            location: server.location().clone(),
            settings: server.app.settings().clone(),
            sealer: server.sealer(),
            now: server.clock().now(),
        }
    }

    async fn attempt(self, gate: Held) {
        let options = store::Options {
            postgres_connections: 8,
            ..store::Options::default()
        };
        let clock = Arc::new(Gate {
            now: self.now,
            next: Mutex::new(None),
        });
        let outside = Outside {
            store: Store::open(&self.location, options).await.unwrap(),
            clock: clock.clone(),
            random: Arc::new(SeededRandom::new(1_000)),
            validator: Arc::new(FakeValidator::new(clock.clone())),
            peers: Arc::new(FakePeers::default()),
            mailer: Arc::new(NoMailer),
            providers: Arc::new(NoProviders),
            sealer: self.sealer,
            internal_url: "http://slow.test".to_owned(),
            settings: self.settings,
        };
        let app = start(outside, flow::jobs::all()).await.unwrap();
        let (work, lease) = claim(&app).await;
        *clock.next() = Some(gate);
        work.run(&app, &lease).await.unwrap();
        assert!(clock.next().is_none(), "it did not sign");
        shut_down(&app).await;
    }
}

/// Takes the one job to sign that is due.
async fn claim(app: &App) -> (Issue, Lease) {
    let now = app.now();
    let claim = Claim {
        node: NodeId::generate(now, app.random()),
        queue: "issue",
        now,
        lease_ends_at: now.plus(LEASE),
        limit: 32,
    };
    let claimed = app.store(system("a test")).write(claim, job::claim).await;
    let claimed = claimed.unwrap();
    let job = claimed.first().unwrap();
    (serde_json::from_str(&job.payload).unwrap(), Lease::of(job))
}

/// An order with an intent that its node did not live to sign, and whose lease has ended.
async fn intended(server: &TestServer) -> (AcmeClient, Order, CertificateId) {
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let left = left_behind(server, &order, &Key::generate()).await;
    let certificate = left.intent.certificate;
    leave(server, left).await;
    server.run_jobs().await;
    lease_ends(server);
    (client, order, certificate)
}

fn lease_ends(server: &TestServer) {
    server.clock().advance(LEASE + Duration::from_secs(1));
}

async fn certificates(server: &TestServer) -> Vec<Certificate> {
    let store = server.app.store(system("a test"));
    store.scan((None, 10), certificate::page).await.unwrap()
}

async fn sb11_of_two_attempts_the_later_one_stores(server: &TestServer) {
    let (client, order, id) = intended(server).await;
    let slow = Slow::start(server).await;
    lease_ends(server);
    server.run_jobs().await;
    assert_eq!(client.read(&order).await.member("status"), "valid");
    let stored = certificates(server).await;
    assert_eq!(stored.len(), 1);
    assert_eq!(stored[0].id, id);
    slow.finish().await;
    // A signature differs each time.
    let after = certificates(server).await;
    assert_eq!(after.len(), 1);
    assert_eq!(after[0].der, stored[0].der);
    client.revoke(&stored[0].der, 0).await.expect(200);
}

async fn sb11_an_attempt_whose_fence_is_gone_stores_nothing(server: &TestServer) {
    let (client, order, id) = intended(server).await;
    let slow = Slow::start(server).await;
    lease_ends(server);
    // The later attempt has only just begun.
    let (_, later) = claim(&server.app).await;
    let fence = (id, later.attempt);
    let store = server.app.store(system("a test"));
    assert!(store.write(fence, signing_intent::fence).await.unwrap());
    slow.finish().await;
    assert_eq!(client.read(&order).await.member("status"), "processing");
    assert!(certificates(server).await.is_empty());
    lease_ends(server);
    server.run_jobs().await;
    assert_eq!(client.read(&order).await.member("status"), "valid");
    assert_eq!(certificates(server).await.len(), 1);
}
