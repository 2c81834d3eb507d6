//! The load: workers with one connection and one account each, taking names from one list.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::bail;
use tokio::task::JoinSet;

use crate::acme_client::Client;
use crate::acme_client::csr::Csr;
use crate::acme_client::http_01::Answers;
use crate::acme_client::order::OrderStatus;
use crate::stopwatch::Stopwatch;

/// What one phase gave.
#[derive(Debug, Default)]
pub(crate) struct Phase {
    /// How long each finished flow took, in milliseconds.
    pub(crate) flows_ms: Vec<f64>,
    /// Signed requests.
    pub(crate) requests: u64,
    /// Flows that did not end with a certificate.
    pub(crate) failures: usize,
    /// The first of their errors.
    pub(crate) first_failure: Option<String>,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
}

/// Takes every name of `work` through one flow and gives the workers back.
pub(crate) async fn run(
    workers: Vec<Client>,
    work: Vec<Csr>,
    answers: &Answers,
) -> anyhow::Result<(Vec<Client>, Phase)> {
    let work = Arc::new(work);
    let next = Arc::new(AtomicUsize::new(0));
    let started = Stopwatch::start();
    let mut running = JoinSet::new();
    for client in workers {
        let (work, next) = (Arc::clone(&work), Arc::clone(&next));
        running.spawn(work_through(client, work, next, answers.clone()));
    }
    let mut clients = Vec::new();
    let mut phase = Phase::default();
    while let Some(ended) = running.join_next().await {
        let (client, part) = ended?;
        clients.push(client);
        phase.add(part);
    }
    phase.elapsed = started.elapsed();
    Ok((clients, phase))
}

impl Phase {
    fn add(&mut self, part: Self) {
        self.flows_ms.extend(part.flows_ms);
        self.requests += part.requests;
        self.failures += part.failures;
        self.first_failure = self.first_failure.take().or(part.first_failure);
    }
}

async fn work_through(
    mut client: Client,
    work: Arc<Vec<Csr>>,
    next: Arc<AtomicUsize>,
    answers: Answers,
) -> (Client, Phase) {
    let mut phase = Phase::default();
    let requests = client.requests();
    while let Some(csr) = work.get(next.fetch_add(1, Ordering::Relaxed)) {
        let started = Stopwatch::start();
        match issue(&mut client, csr, &answers).await {
            Ok(()) => phase
                .flows_ms
                .push(started.elapsed().as_secs_f64() * 1000.0),
            Err(error) => {
                phase.failures += 1;
                phase
                    .first_failure
                    .get_or_insert_with(|| format!("{error:#}"));
            }
        }
    }
    phase.requests = client.requests() - requests;
    (client, phase)
}

async fn issue(client: &mut Client, csr: &Csr, answers: &Answers) -> anyhow::Result<()> {
    let order = client.new_order(&csr.name).await?;
    let order = client.complete(order, csr, answers, |_| ()).await?;
    let (OrderStatus::Valid, Some(url)) = (order.status, &order.certificate) else {
        bail!("{} ended {:?}", order.url, order.status);
    };
    let chain = client.certificate(url).await?;
    if !chain.starts_with(b"-----BEGIN CERTIFICATE-----") {
        bail!("{url} is not a certificate");
    }
    Ok(())
}
