//! One kill: load, the end of the process, its restart, and the questions that follow.

use std::time::Duration;

use anyhow::{Context, anyhow, bail};
use aws_lc_rs::rand;
use tokio::task::JoinSet;

use super::audit::Audit;
use super::worker::Worker;
use crate::acme_client::Client;
pub(super) use crate::acme_client::http_01::Answers;
use crate::acme_client::order::POLL_LIMIT;
use crate::server::chancery::Chancery;

/// No round is shorter, so that each sees some load.
const SHORTEST_LOAD_MS: u32 = 20;
/// After each restart this many orders per worker are read again, the newest first; all of them are
/// at the end.
const RECENT: usize = 40;
/// How long a worker may take to notice that the server is gone.
const NOTICE_LIMIT: Duration = Duration::from_secs(60);

/// A server with its clients.
pub(crate) struct Site {
    chancery: Chancery,
    answers: Answers,
    workers: Vec<Worker>,
}

impl Site {
    /// Furnishes the server and registers the workers.
    pub(crate) async fn open(
        chancery: Chancery,
        answers: Answers,
        workers: usize,
    ) -> anyhow::Result<Self> {
        let access = chancery.furnish().await?;
        let mut site = Self {
            chancery,
            answers,
            workers: Vec::new(),
        };
        for number in 0..workers {
            let external = Some(&access.external);
            let client = Client::register(&access.directory_url, &access.trust, external);
            site.workers.push(Worker::new(client.await?, number));
        }
        Ok(site)
    }

    /// Lets all workers work for a while, then kills the server under them.
    pub(crate) async fn load_and_kill(&mut self, load: Duration) -> anyhow::Result<()> {
        let mut working = JoinSet::new();
        for mut worker in self.workers.drain(..) {
            let answers = self.answers.clone();
            working.spawn(async move {
                let error = worker.work(&answers).await;
                (worker, error)
            });
        }
        tokio::select! {
            () = tokio::time::sleep(load) => {}
            Some(ended) = working.join_next() => {
                let (_, error) = ended?;
                return Err(error.context("a request failed before the server was killed"));
            }
        }
        if !self.chancery.is_running() {
            bail!(
                "the server ended by itself:\n{}",
                self.chancery.last_words()
            );
        }
        self.chancery.kill()?;
        while let Some(ended) = tokio::time::timeout(NOTICE_LIMIT, working.join_next())
            .await
            .context("a worker does not notice that the server is gone")?
        {
            self.workers.push(ended?.0);
        }
        Ok(())
    }

    /// Starts the server on what is left.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<Duration> {
        self.chancery.restart().await
    }

    /// Takes every order that was cut off to its end, all workers at once.
    pub(crate) async fn finish_orders(&mut self, audit: &mut Audit) -> anyhow::Result<()> {
        let mut finishing = JoinSet::new();
        for mut worker in self.workers.drain(..) {
            let answers = self.answers.clone();
            finishing.spawn(async move {
                let ends = finish_all(&mut worker, &answers).await;
                (worker, ends)
            });
        }
        while let Some(ended) = finishing.join_next().await {
            let (worker, ends) = ended?;
            for end in ends {
                audit.resumes();
                if let Err((url, error)) = end {
                    audit.hangs(&url, &error);
                }
            }
            self.workers.push(worker);
        }
        Ok(())
    }

    /// Reads the newest orders and certificates again and compares the list of all certificates.
    pub(crate) async fn check_recent(&mut self, audit: &mut Audit) -> anyhow::Result<()> {
        self.check(audit, RECENT).await
    }

    /// Reads every order and certificate again.
    pub(crate) async fn check_everything(&mut self, audit: &mut Audit) -> anyhow::Result<()> {
        self.check(audit, usize::MAX).await
    }

    async fn check(&mut self, audit: &mut Audit, newest: usize) -> anyhow::Result<()> {
        for worker in &mut self.workers {
            for record in worker.records.iter().rev().take(newest) {
                match worker.client.order(&record.url).await {
                    Ok(order) => audit.compares(record, order.status),
                    Err(error) => audit.misses(record, &error),
                }
                if let Some(held) = &record.certificate {
                    let again = worker.client.certificate(&held.url).await;
                    audit.downloads(record, again);
                }
            }
        }
        let listed = self.chancery.certificates().await?;
        let records = self.workers.iter().flat_map(|worker| &worker.records);
        let has_all_orders = self.workers.iter().all(Worker::is_at_rest);
        audit.lists(records, &listed, has_all_orders);
        Ok(())
    }
}

/// How one order ended; its URL and the reason when it did not.
type End = Result<(), (String, anyhow::Error)>;

async fn finish_all(worker: &mut Worker, answers: &Answers) -> Vec<End> {
    let mut ends = Vec::new();
    for index in worker.unfinished() {
        let finished = tokio::time::timeout(POLL_LIMIT, worker.finish(index, answers)).await;
        let end = match finished {
            Ok(end) => end,
            Err(_) => Err(anyhow!("not done after {} s", POLL_LIMIT.as_secs())),
        };
        ends.push(end.map_err(|error| (worker.url(index), error)));
    }
    ends
}

/// A random time between the shortest load and `longest_ms`.
pub(super) fn random_pause(longest_ms: u32) -> anyhow::Result<Duration> {
    let mut bytes = [0; 4];
    rand::fill(&mut bytes).map_err(|_| anyhow!("no random numbers"))?;
    let span = longest_ms.saturating_sub(SHORTEST_LOAD_MS).max(1);
    let pause = SHORTEST_LOAD_MS + u32::from_le_bytes(bytes) % span;
    Ok(Duration::from_millis(pause.into()))
}
