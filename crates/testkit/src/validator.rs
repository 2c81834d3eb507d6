//! Proofs of control as the test scripts them, name by name, with a count of the probes.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::{Clock, DnsName};
use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, watch};
use validation::evidence::Hop;
use validation::{
    CaaEvidence, CaaOutcome, CaaQuestion, ContactsOutcome, Evidence, Failure, MAIL, Method,
    Outcome, Probe, Validator,
};

/// What one probe was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// `http-01` or `dns-01`.
    pub challenge: &'static str,
    /// The key authorization, or the digest that its TXT record holds.
    pub expected: String,
}

/// Every name is proven unless a test says otherwise.
pub struct FakeValidator {
    clock: Arc<dyn Clock>,
    scripts: Mutex<HashMap<String, Script>>,
    caa: Mutex<Option<Arc<dyn Validator>>>,
    asked: watch::Sender<HashMap<String, Vec<Asked>>>,
}

#[derive(Clone)]
enum Script {
    Fail(Failure, Option<SocketAddr>),
    Hang(Arc<Semaphore>),
}

impl FakeValidator {
    /// A validator with this clock for its evidence.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            scripts: Mutex::default(),
            caa: Mutex::default(),
            asked: watch::Sender::default(),
        }
    }

    /// Probes of `name` fail from now on.
    pub fn fail(&self, name: &str, failure: Failure) {
        self.scripts()
            .insert(name.to_owned(), Script::Fail(failure, None));
    }

    /// The same with an address that has answered.
    pub fn fail_at(&self, name: &str, failure: Failure, address: SocketAddr) {
        let script = Script::Fail(failure, Some(address));
        self.scripts().insert(name.to_owned(), script);
    }

    /// Probes of `name` do not end until they are released.
    pub fn hang(&self, name: &str) {
        let gate = Script::Hang(Arc::new(Semaphore::new(0)));
        self.scripts().insert(name.to_owned(), gate);
    }

    /// Probes of `name` succeed from now on, those that hang too.
    pub fn release(&self, name: &str) {
        if let Some(Script::Hang(gate)) = self.scripts().remove(name) {
            gate.close();
        }
    }

    /// Another one asks for CAA records and contacts from now on; until then no name has any.
    pub fn ask_caa_of(&self, other: Arc<dyn Validator>) {
        *self.caa.lock().unwrap_or_else(PoisonError::into_inner) = Some(other);
    }

    /// How often `name` was probed.
    pub fn probes(&self, name: &str) -> usize {
        self.asked(name).len()
    }

    /// What the probes of `name` asked, oldest first.
    pub fn asked(&self, name: &str) -> Vec<Asked> {
        self.asked.borrow().get(name).cloned().unwrap_or_default()
    }

    /// Waits until `name` was probed `count` times.
    pub async fn probed(&self, name: &str, count: usize) {
        let mut changes = self.asked.subscribe();
        let enough = changes
            .wait_for(|asked| asked.get(name).is_some_and(|asked| asked.len() >= count))
            .await;
        enough.expect("the validator is there");
    }

    fn scripts(&self) -> MutexGuard<'_, HashMap<String, Script>> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, probe: Probe<'_>) -> Outcome {
        let (challenge, expected) = match probe.method {
            Method::Dns01 { digest, .. } => ("dns-01", digest),
            Method::Http01 {
                key_authorization, ..
            } => ("http-01", key_authorization),
        };
        let name = probe.identifier.to_string();
        let question = Asked {
            challenge,
            expected: expected.to_owned(),
        };
        let script = self.scripts().get(&name).cloned();
        self.asked
            .send_modify(|asked| asked.entry(name).or_default().push(question));
        let mut evidence = Evidence::new(self.clock.now(), challenge);
        let result = match script {
            None => Ok(()),
            Some(Script::Fail(failure, address)) => {
                evidence.hops.extend(address.map(|address| Hop {
                    address: Some(address),
                    ..Hop::default()
                }));
                Err(failure)
            }
            Some(Script::Hang(gate)) => {
                // No permit is ever given out: it ends when the gate is closed.
                let _closed = gate.acquire().await;
                Ok(())
            }
        };
        Outcome { result, evidence }
    }
}

impl FakeValidator {
    /// Who answers questions about CAA records and contacts, if somebody does.
    fn other(&self) -> Option<Arc<dyn Validator>> {
        let other = self.caa.lock();
        other.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Validator for FakeValidator {
    fn validate<'a>(&'a self, probe: Probe<'a>) -> BoxFuture<'a, Outcome> {
        self.run(probe).boxed()
    }

    fn caa<'a>(&'a self, question: CaaQuestion<'a>) -> BoxFuture<'a, CaaOutcome> {
        let other = self.other();
        let now = self.clock.now();
        async move {
            match other {
                Some(other) => other.caa(question).await,
                None => CaaOutcome {
                    result: Ok(()),
                    evidence: CaaEvidence::new(now),
                },
            }
        }
        .boxed()
    }

    fn contacts<'a>(&'a self, domain: &'a DnsName) -> BoxFuture<'a, ContactsOutcome> {
        let other = self.other();
        let now = self.clock.now();
        async move {
            match other {
                Some(other) => other.contacts(domain).await,
                None => ContactsOutcome {
                    result: Ok(Vec::new()),
                    evidence: Evidence::new(now, MAIL),
                },
            }
        }
        .boxed()
    }
}
