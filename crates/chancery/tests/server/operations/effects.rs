//! Effects whose other side can be asked: what it says brings them to their end, and nothing is done twice.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base::{Clock, EffectId, NodeId, TenantId, Timestamp};
use flow::caller::tenant;
use flow::effects::{Answer, Deliver, Effect, Found, Intended, Outcome, intend};
use flow::memory::measures::JobFigures;
use flow::queue::{Cause, Desk, LEASE, Work, job};
use flow::{App, Outside};
use serde::{Deserialize, Serialize};
use store::effects::effect::{self, EffectOutcome, EffectState};
use store::{Error, WriteTx};
use testkit::TestServer;
use testkit::random::SeededRandom;
use tokio::sync::Notify;

testkit::on_both_engines![
    what_was_done_and_not_told_is_found,
    what_never_came_is_sent_again_under_the_same_key,
    what_was_refused_and_not_told_is_found,
    what_cannot_be_told_is_asked_eight_times_and_stays_unknown,
    an_answer_that_comes_late_counts,
];

/// What the other side does, what it says, and what came there, by the key of an effect.
#[derive(Default)]
struct Other {
    answers: VecDeque<Answer<String>>,
    finds: VecDeque<Found<String>>,
    sent: usize,
    asked: usize,
    ends: Vec<Outcome<String>>,
    /// Says nothing before it may.
    gate: Option<Arc<Notify>>,
    came: Arc<Notify>,
}

static OTHERS: Mutex<Option<HashMap<String, Other>>> = Mutex::new(None);

fn others() -> MutexGuard<'static, Option<HashMap<String, Other>>> {
    OTHERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn with<T>(key: &str, look: impl FnOnce(&mut Other) -> T) -> T {
    let mut others = others();
    look(
        others
            .get_or_insert_default()
            .entry(key.to_owned())
            .or_default(),
    )
}

/// Something that the other side knows by its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Played {
    key: String,
}

impl Effect for Played {
    const KIND: &'static str = "played";
    type Reply = String;

    fn key(&self) -> String {
        self.key.clone()
    }

    async fn send(&self, _: &Outside, key: &str) -> Answer<String> {
        let (answer, gate) = with(key, |other| {
            other.sent += 1;
            other.came.notify_one();
            (other.answers.pop_front().unwrap(), other.gate.take())
        });
        if let Some(gate) = gate {
            gate.notified().await;
        }
        answer
    }

    async fn find(&self, _: &Outside, key: &str) -> Found<String> {
        with(key, |other| {
            other.asked += 1;
            other.finds.pop_front().unwrap_or(Found::Unclear)
        })
    }

    async fn settle(
        &self,
        _: &mut WriteTx,
        outcome: &Outcome<String>,
        _: Timestamp,
    ) -> Result<(), Error> {
        with(&self.key, |other| other.ends.push(outcome.clone()));
        Ok(())
    }
}

struct AppClock(App);

impl Clock for AppClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// One effect and the nodes that bring it to its end.
struct Stage<'s> {
    server: &'s TestServer,
    key: String,
    id: EffectId,
    of: TenantId,
    work: Work<App>,
}

impl<'s> Stage<'s> {
    async fn new(
        server: &'s TestServer,
        answers: impl IntoIterator<Item = Answer<String>>,
        finds: impl IntoIterator<Item = Found<String>>,
    ) -> Self {
        let of = server.reseller().await.tenant;
        let now = server.app.now();
        let id = EffectId::generate(now, server.app.random());
        // Other tests have other tenants, but the same random numbers.
        let key = format!("{id}-{:?}", std::thread::current().id());
        with(&key, |other| {
            other.answers.extend(answers);
            other.finds.extend(finds);
        });
        let work = node(server, 1);
        let cause = Cause {
            request: None,
            at: now,
        };
        let played = Played { key: key.clone() };
        let intended = Intended::new(&work, (id, of), &played, cause);
        let is_new = server.app.store(tenant(of)).write(intended, intend).await;
        assert!(is_new.unwrap());
        Self {
            server,
            key,
            id,
            of,
            work,
        }
    }

    /// Runs what is due, and what comes after some time.
    async fn run(&self) {
        for _ in 0..12 {
            while self.work.run_due(&self.server.app).await.unwrap() > 0 {}
            self.server.clock().advance(Duration::from_secs(3600));
        }
    }

    async fn check(
        &self,
        state: EffectState,
        outcome: Option<EffectOutcome>,
        (sent, asked): (usize, usize),
        ends: &[Outcome<String>],
    ) {
        let store = self.server.app.store(tenant(self.of));
        let found: Result<_, Error> = store.read(self.id, effect::by_id).await;
        let found = found.unwrap().unwrap();
        assert_eq!((found.state, found.outcome), (state, outcome));
        with(&self.key, |other| {
            assert_eq!((other.sent, other.asked), (sent, asked));
            assert_eq!(other.ends, ends);
        });
    }
}

/// Another node with this kind of effect.
fn node(server: &TestServer, number: u64) -> Work<App> {
    let random = Arc::new(SeededRandom::new(1_000 + number));
    let clock = AppClock(server.app.clone());
    let desk = Desk {
        store: server.store.clone(),
        node: NodeId::generate(clock.now(), random.as_ref()),
        clock: Arc::new(clock),
        random,
    };
    let kinds = vec![job::<App, Deliver<Played>>()];
    Work::new(desk, kinds, JobFigures::default())
}

fn lost() -> Answer<String> {
    Answer::Lost("the connection broke".to_owned())
}

fn done() -> String {
    "done".to_owned()
}

async fn what_was_done_and_not_told_is_found(server: &TestServer) {
    let finds = [Found::Unclear, Found::Done(done())];
    let stage = Stage::new(server, [lost()], finds).await;
    stage.run().await;
    let ends = [Outcome::Done(done())];
    let outcome = Some(EffectOutcome::Done);
    stage
        .check(EffectState::Resolved, outcome, (1, 2), &ends)
        .await;
}

async fn what_never_came_is_sent_again_under_the_same_key(server: &TestServer) {
    let answers = [lost(), Answer::Done(done())];
    let stage = Stage::new(server, answers, [Found::Never]).await;
    stage.run().await;
    let ends = [Outcome::Done(done())];
    let outcome = Some(EffectOutcome::Done);
    stage
        .check(EffectState::Resolved, outcome, (2, 1), &ends)
        .await;
}

async fn what_was_refused_and_not_told_is_found(server: &TestServer) {
    let no = || "no".to_owned();
    let stage = Stage::new(server, [lost()], [Found::Refused(no())]).await;
    stage.run().await;
    let ends = [Outcome::Refused(no())];
    let outcome = Some(EffectOutcome::Refused);
    stage
        .check(EffectState::Resolved, outcome, (1, 1), &ends)
        .await;
}

async fn what_cannot_be_told_is_asked_eight_times_and_stays_unknown(server: &TestServer) {
    let stage = Stage::new(server, [lost()], []).await;
    stage.run().await;
    stage.check(EffectState::Unknown, None, (1, 8), &[]).await;
}

async fn an_answer_that_comes_late_counts(server: &TestServer) {
    let stage = Stage::new(server, [Answer::Done(done())], []).await;
    let gate = Arc::new(Notify::new());
    let came = with(&stage.key, |other| {
        other.gate = Some(gate.clone());
        other.came.clone()
    });
    // The node that sends it is alive; others think that it is not.
    let (slow, app) = (stage.work.clone(), server.app.clone());
    let slow = tokio::spawn(async move { slow.run_due(&app).await });
    came.notified().await;
    server.clock().advance(LEASE + Duration::from_secs(1));
    let other = node(server, 2);
    other.run_due(&server.app).await.unwrap();
    stage.check(EffectState::Unknown, None, (1, 1), &[]).await;
    gate.notify_one();
    slow.await.unwrap().unwrap();
    let ends = [Outcome::Done(done())];
    let outcome = Some(EffectOutcome::Done);
    stage
        .check(EffectState::Resolved, outcome, (1, 1), &ends)
        .await;
    // What the other node had begun has nothing left to do.
    for _ in 0..3 {
        server.clock().advance(Duration::from_secs(3600));
        other.run_due(&server.app).await.unwrap();
    }
    stage
        .check(EffectState::Resolved, outcome, (1, 1), &ends)
        .await;
}
