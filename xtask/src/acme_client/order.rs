//! One order from its start, or from wherever it is, to its certificate (RFC 8555 §7.1.6, §7.4).

use std::time::Duration;

use anyhow::{Context, bail};
use bytes::Bytes;
use serde::Deserialize;

use super::csr::Csr;
use super::http_01::Answers;
use super::{Client, parse};
use crate::stopwatch::Stopwatch;

/// The first pause between two polls; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(256);
/// An order that has not moved for this long counts as hanging.
pub(crate) const POLL_LIMIT: Duration = Duration::from_secs(30);

/// RFC 8555 §7.1.6, in the order in which an order moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OrderStatus {
    /// Waits for authorizations.
    Pending,
    /// Waits for finalize.
    Ready,
    /// Is being issued.
    Processing,
    /// Has a certificate.
    Valid,
    /// Will never have one.
    Invalid,
}

/// An order as the server last showed it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Order {
    /// Where it is; not part of the object.
    #[serde(skip)]
    pub(crate) url: String,
    /// Its state.
    pub(crate) status: OrderStatus,
    /// Where the certificate is, once there is one.
    pub(crate) certificate: Option<String>,
    authorizations: Vec<String>,
    finalize: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum ProofStatus {
    Deactivated,
    Expired,
    Invalid,
    Pending,
    Processing,
    Revoked,
    Valid,
}

#[derive(Debug, Deserialize)]
struct Authorization {
    status: ProofStatus,
    challenges: Vec<Challenge>,
}

#[derive(Debug, Deserialize)]
struct Challenge {
    r#type: String,
    url: String,
    status: ProofStatus,
    #[serde(default)]
    token: String,
    #[serde(default)]
    error: Option<serde_json::Value>,
}

impl Client {
    /// Opens an order for one name.
    pub(crate) async fn new_order(&mut self, name: &str) -> anyhow::Result<Order> {
        self.new_order_of(&[name.to_owned()]).await
    }

    /// Opens an order for several names.
    pub(crate) async fn new_order_of(&mut self, names: &[String]) -> anyhow::Result<Order> {
        let url = self.directory.new_order.clone();
        let identifiers: Vec<_> = names
            .iter()
            .map(|name| format!(r#"{{"type":"dns","value":"{name}"}}"#))
            .collect();
        let payload = format!(r#"{{"identifiers":[{}]}}"#, identifiers.join(","));
        let reply = self.post(&url, &payload).await.context("newOrder")?;
        let mut order: Order = parse(&reply)?;
        order.url = reply.location.context("newOrder has no Location")?;
        Ok(order)
    }

    /// Reads an order.
    pub(crate) async fn order(&mut self, url: &str) -> anyhow::Result<Order> {
        let reply = self.post(url, "").await.context("order")?;
        let mut order: Order = parse(&reply)?;
        url.clone_into(&mut order.url);
        Ok(order)
    }

    /// Downloads a chain.
    pub(crate) async fn certificate(&mut self, url: &str) -> anyhow::Result<Bytes> {
        Ok(self.post(url, "").await.context("certificate")?.body)
    }

    /// Takes an order from any state to its end. `seen` is told of every state that the server
    /// has acknowledged on the way.
    pub(crate) async fn complete(
        &mut self,
        mut order: Order,
        csr: &Csr,
        answers: &Answers,
        mut seen: impl FnMut(&Order),
    ) -> anyhow::Result<Order> {
        let started = Stopwatch::start();
        let mut pause = FIRST_PAUSE;
        loop {
            match order.status {
                OrderStatus::Pending => {
                    self.make_ready(&order, answers).await?;
                    // Valid authorizations make an order ready (RFC 8555 §7.1.6).
                    order.status = OrderStatus::Ready;
                }
                OrderStatus::Ready => {
                    order = self.finalize(&order, csr).await?;
                    seen(&order);
                }
                OrderStatus::Processing => {
                    wait(&mut pause, started).await.context(order.url.clone())?;
                    order = self.order(&order.url).await?;
                    seen(&order);
                }
                OrderStatus::Invalid | OrderStatus::Valid => return Ok(order),
            }
        }
    }

    /// Proves the names of an order and leaves it there.
    pub(crate) async fn make_ready(
        &mut self,
        order: &Order,
        answers: &Answers,
    ) -> anyhow::Result<()> {
        for url in &order.authorizations {
            self.prove(url, answers).await?;
        }
        Ok(())
    }

    /// Asks for the http-01 validation of every name of an order, and waits for none; how many.
    pub(crate) async fn answer_all(&mut self, order: &Order) -> anyhow::Result<usize> {
        for url in &order.authorizations {
            let authorization = self.authorization(url).await?;
            let mut challenges = authorization.challenges.iter();
            let challenge = challenges.find(|challenge| challenge.r#type == "http-01");
            let challenge = challenge.context("no http-01 is offered")?;
            self.post(&challenge.url, "{}").await.context("challenge")?;
        }
        Ok(order.authorizations.len())
    }

    async fn finalize(&mut self, order: &Order, csr: &Csr) -> anyhow::Result<Order> {
        let payload = format!(r#"{{"csr":"{}"}}"#, csr.encoded);
        let reply = self.post(&order.finalize, &payload).await?;
        let mut finalized: Order = parse(&reply)?;
        finalized.url.clone_from(&order.url);
        Ok(finalized)
    }

    /// Proves one name by http-01 if that is offered. The authorization is read once more even when the challenge
    /// came back valid, as the common clients do.
    async fn prove(&mut self, url: &str, answers: &Answers) -> anyhow::Result<()> {
        let authorization = self.authorization(url).await?;
        if authorization.status == ProofStatus::Valid {
            return Ok(());
        }
        // A wildcard has none of http-01, and where proofs are assumed any will do.
        let challenges = authorization.challenges;
        let http_01 = |challenge: &Challenge| challenge.r#type != "http-01";
        let challenge = challenges
            .into_iter()
            .min_by_key(http_01)
            .context("no challenge is offered")?;
        let proof = self.account.key.key_authorization(&challenge.token);
        answers.add(&challenge.token, proof);
        // After an error the answer stays: the server may still ask, and the flow may go on.
        self.await_proof(url, &challenge).await?;
        answers.remove(&challenge.token);
        Ok(())
    }

    async fn await_proof(&mut self, url: &str, challenge: &Challenge) -> anyhow::Result<()> {
        if challenge.status == ProofStatus::Pending {
            self.post(&challenge.url, "{}").await.context("challenge")?;
        }
        let started = Stopwatch::start();
        let mut pause = FIRST_PAUSE;
        loop {
            let authorization = self.authorization(url).await?;
            match authorization.status {
                ProofStatus::Valid => return Ok(()),
                ProofStatus::Pending | ProofStatus::Processing => {
                    wait(&mut pause, started).await.context(url.to_owned())?;
                }
                ProofStatus::Deactivated
                | ProofStatus::Expired
                | ProofStatus::Invalid
                | ProofStatus::Revoked => bail!("{url}: {}", reasons(&authorization)),
            }
        }
    }

    async fn authorization(&mut self, url: &str) -> anyhow::Result<Authorization> {
        let reply = self.post(url, "").await.context("authorization")?;
        parse(&reply)
    }
}

/// Waits for the next poll, each time twice as long, and fails when it has been too long.
async fn wait(pause: &mut Duration, started: Stopwatch) -> anyhow::Result<()> {
    if started.elapsed() > POLL_LIMIT {
        bail!("still not done after {} s", POLL_LIMIT.as_secs());
    }
    tokio::time::sleep(*pause).await;
    *pause = (*pause * 2).min(LONGEST_PAUSE);
    Ok(())
}

fn reasons(authorization: &Authorization) -> String {
    let errors = authorization.challenges.iter();
    let errors: Vec<String> = errors
        .filter_map(|challenge| challenge.error.as_ref())
        .map(ToString::to_string)
        .collect();
    format!("{:?} {}", authorization.status, errors.join(" "))
}
