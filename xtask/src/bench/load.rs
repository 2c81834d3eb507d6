//! The load: workers with one connection and one account each, taking names from a list.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::bail;

use crate::acme_client::Client;
use crate::acme_client::csr::Csr;
use crate::acme_client::http_01::Answers;
use crate::acme_client::order::OrderStatus;
use crate::server::chancery::DOMAIN;
use crate::stopwatch::Stopwatch;

/// Names to go through, which one worker has to itself or several share.
pub(crate) struct Work {
    requests: Vec<Csr>,
    next: AtomicUsize,
}

/// When a finished flow began and ended, by the stopwatch of its phase.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    /// Before newOrder.
    pub(crate) begun: Duration,
    /// After the download.
    pub(crate) ended: Duration,
}

/// What one phase gave.
#[derive(Debug, Default)]
pub(crate) struct Phase {
    /// Every finished flow.
    pub(crate) flows: Vec<Flow>,
    /// Signed requests.
    pub(crate) requests: u64,
    /// Flows that did not end with a certificate.
    pub(crate) failures: usize,
    /// The first of their errors.
    pub(crate) first_failure: Option<String>,
    /// From the first request to the last answer.
    pub(crate) elapsed: Duration,
}

impl Work {
    /// All of these, once each.
    pub(crate) fn new(requests: Vec<Csr>) -> Self {
        Self {
            requests,
            next: AtomicUsize::new(0),
        }
    }

    /// Names that differ in their first label.
    pub(crate) fn fresh(prefix: &str, count: usize) -> anyhow::Result<Self> {
        let name = |index| Csr::make(format!("{prefix}-{index:06}.{DOMAIN}"));
        Ok(Self::new((0..count).map(name).collect::<Result<_, _>>()?))
    }

    /// The same name so many times, under one key.
    pub(crate) fn repeated(request: &Csr, count: usize) -> Self {
        Self::new(vec![request.clone(); count])
    }

    /// Shares them out among so many workers.
    pub(crate) fn split(mut self, workers: usize) -> Vec<Arc<Self>> {
        let size = self.requests.len().div_ceil(workers).max(1);
        let mut parts = Vec::new();
        for _ in 0..workers {
            let rest = self.requests.split_off(size.min(self.requests.len()));
            parts.push(Arc::new(Self::new(self.requests)));
            self.requests = rest;
        }
        parts
    }

    /// The same ones for another phase.
    pub(crate) fn again(&self) -> Arc<Self> {
        Arc::new(Self::new(self.requests.clone()))
    }

    /// Lets nobody begin another one.
    pub(crate) fn stop(&self) {
        self.next.store(self.requests.len(), Ordering::Relaxed);
    }

    fn take(&self) -> Option<&Csr> {
        self.requests.get(self.next.fetch_add(1, Ordering::Relaxed))
    }
}

impl Flow {
    /// How long it took, in milliseconds.
    pub(crate) fn ms(self) -> f64 {
        self.ended.saturating_sub(self.begun).as_secs_f64() * 1000.0
    }
}

impl Phase {
    /// How long each finished flow took, in milliseconds.
    pub(crate) fn flows_ms(&self) -> Vec<f64> {
        self.flows.iter().map(|flow| flow.ms()).collect()
    }

    /// Fails if a flow did, saying what was done.
    pub(crate) fn check(&self, what: &str) -> anyhow::Result<()> {
        if let Some(failure) = &self.first_failure {
            bail!("{what}: {} flows failed: {failure}", self.failures);
        }
        Ok(())
    }

    fn add(&mut self, part: Self) {
        self.flows.extend(part.flows);
        self.requests += part.requests;
        self.failures += part.failures;
        self.first_failure = self.first_failure.take().or(part.first_failure);
    }
}

/// The same work for each of so many workers: whoever comes first takes the next name.
pub(crate) fn shared(work: Work, workers: usize) -> Vec<Arc<Work>> {
    let work = Arc::new(work);
    vec![work; workers]
}

/// Takes every name of `work`, which all share, through one flow and gives the workers back.
pub(crate) async fn run(
    workers: Vec<Client>,
    work: Work,
    answers: &Answers,
) -> anyhow::Result<(Vec<Client>, Phase)> {
    let shared = shared(work, workers.len());
    run_each(workers, shared, answers, Stopwatch::start()).await
}

/// The same where each worker has names of its own; flows are timed by `clock`.
pub(crate) async fn run_each(
    workers: Vec<Client>,
    work: Vec<Arc<Work>>,
    answers: &Answers,
    clock: Stopwatch,
) -> anyhow::Result<(Vec<Client>, Phase)> {
    let started = clock.elapsed();
    let begin = |(client, work)| tokio::spawn(work_through(client, work, answers.clone(), clock));
    let running: Vec<_> = workers.into_iter().zip(work).map(begin).collect();
    let mut clients = Vec::new();
    let mut phase = Phase::default();
    for worker in running {
        let (client, part) = worker.await?;
        clients.push(client);
        phase.add(part);
    }
    phase.elapsed = clock.elapsed().saturating_sub(started);
    Ok((clients, phase))
}

async fn work_through(
    mut client: Client,
    work: Arc<Work>,
    answers: Answers,
    clock: Stopwatch,
) -> (Client, Phase) {
    let mut phase = Phase::default();
    let requests = client.requests();
    while let Some(csr) = work.take() {
        let begun = clock.elapsed();
        match issue(&mut client, csr, &answers).await {
            Ok(()) => phase.flows.push(Flow {
                begun,
                ended: clock.elapsed(),
            }),
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

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_split(names: usize, workers: usize, expected: &[usize]) {
        let csr = Csr {
            name: "a.example".to_owned(),
            encoded: String::new(),
        };
        let parts = Work::repeated(&csr, names).split(workers);
        let sizes: Vec<usize> = parts.iter().map(|part| part.requests.len()).collect();
        assert_eq!(sizes, expected);
    }

    #[test]
    fn work_is_shared_out_among_all_workers() {
        check_split(6, 3, &[2, 2, 2]);
        check_split(5, 3, &[2, 2, 1]);
        check_split(1, 3, &[1, 0, 0]);
        check_split(0, 2, &[0, 0]);
    }

    #[test]
    fn work_that_was_stopped_gives_nothing_more() {
        let work = Work::fresh("t", 3).unwrap();
        assert!(work.take().is_some());
        work.stop();
        assert!(work.take().is_none());
        assert!(work.again().take().is_some());
    }
}
