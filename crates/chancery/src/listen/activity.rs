//! What a connection is doing: how many requests are on their way, and since when there is none.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use hyper::body::{Frame, SizeHint};
use tokio::time::Instant;

/// What one connection is doing.
#[derive(Clone, Debug)]
pub(super) struct Activity(Arc<Counts>);

#[derive(Debug)]
struct Counts {
    begun: Instant,
    busy: AtomicUsize,
    /// When the last request ended, in milliseconds after the beginning.
    idle_since: AtomicU64,
}

/// A request on its way, until its answer has been handed over.
#[derive(Debug)]
pub(super) struct Busy(Arc<Counts>);

impl Activity {
    pub(super) fn begin() -> Self {
        Self(Arc::new(Counts {
            begun: Instant::now(),
            busy: AtomicUsize::new(0),
            idle_since: AtomicU64::new(0),
        }))
    }

    /// A request begins.
    pub(super) fn request(&self) -> Busy {
        self.0.busy.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(&self.0))
    }

    pub(super) fn is_busy(&self) -> bool {
        self.0.busy.load(Ordering::Relaxed) > 0
    }

    /// Waits until nothing was asked for so long.
    pub(super) async fn idle_for(&self, patience: Duration) {
        loop {
            let since = Duration::from_millis(self.0.idle_since.load(Ordering::Relaxed));
            let end = self.0.begun + since + patience;
            let now = Instant::now();
            if self.is_busy() {
                tokio::time::sleep(patience).await;
            } else if end <= now {
                return;
            } else {
                tokio::time::sleep_until(end).await;
            }
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        let since = self.0.begun.elapsed().as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX);
        self.0.idle_since.store(since, Ordering::Relaxed);
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The body of an answer; its request is on its way until all of it was handed over.
#[derive(Debug)]
pub(super) struct AnswerBody {
    body: Body,
    _busy: Busy,
}

impl AnswerBody {
    pub(super) fn new(body: Body, busy: Busy) -> Self {
        Self { body, _busy: busy }
    }
}

impl hyper::body::Body for AnswerBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    #[tokio::test(start_paused = true)]
    async fn h4_a_connection_without_requests_is_idle_after_a_while() {
        let begun = Instant::now();
        Activity::begin().idle_for(PATIENCE).await;
        assert_eq!(begun.elapsed(), PATIENCE);
    }

    #[tokio::test(start_paused = true)]
    async fn a_request_on_its_way_is_no_idleness() {
        let (activity, begun) = (Activity::begin(), Instant::now());
        let request = activity.request();
        tokio::spawn(async move {
            tokio::time::sleep(PATIENCE * 3).await;
            drop(request);
        });
        activity.idle_for(PATIENCE).await;
        assert_eq!(begun.elapsed(), PATIENCE * 4);
    }
}
