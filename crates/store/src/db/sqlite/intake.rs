//! Forms the groups of the writer thread. While the thread is busy, what comes waits. When it is free, whatever the
//! runtime has ready gets its turn first: a request that can write at once joins the group and does not begin the next.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::time::Instant;

use crate::db::work::{Group, Work};

/// What comes to the writer.
pub(super) enum Message {
    /// Finish what waits; nothing comes after it.
    Close(oneshot::Sender<()>),
    /// To be run.
    Work(Box<dyn Work>),
}

/// The door of the writer thread.
pub(super) struct Intake {
    waiting: mpsc::Receiver<Message>,
    groups: mpsc::Sender<Group>,
    answers: mpsc::Receiver<Group>,
    closing: Option<oneshot::Sender<()>>,
}

impl Intake {
    pub(super) fn new(
        waiting: mpsc::Receiver<Message>,
        groups: mpsc::Sender<Group>,
        answers: mpsc::Receiver<Group>,
    ) -> Self {
        Self {
            waiting,
            groups,
            answers,
            closing: None,
        }
    }

    /// Serves until the store is closed or given up, and what was queued before is done.
    pub(super) async fn serve(mut self) {
        while let Some(first) = self.waiting.recv().await {
            let group = self.gather(first).await;
            if group.is_empty() {
                continue;
            }
            let given = self.groups.send(group).await.is_ok();
            let Some(ended) = self.answers.recv().await.filter(|_| given) else {
                return;
            };
            for work in ended {
                work.answer();
            }
        }
        drop(self.groups);
        // The thread lets go of the database before it lets go of this.
        while self.answers.recv().await.is_some() {}
        if let Some(reply) = self.closing {
            let _ = reply.send(());
        }
    }

    /// Whatever waits, until some rounds of the runtime have brought nothing new.
    async fn gather(&mut self, first: Message) -> Group {
        let began = Instant::now();
        let mut group = Group::new();
        self.sort(first, &mut group);
        let mut quiet = 0;
        while quiet < QUIET && group.len() < GROUP && began.elapsed() < LONGEST {
            let before = group.len();
            // Comes back when all that is ready was polled, and whoever has sent something was read.
            tokio::task::yield_now().await;
            quiet += 1;
            while group.len() < GROUP
                && let Ok(message) = self.waiting.try_recv()
            {
                self.sort(message, &mut group);
            }
            if group.len() > before {
                quiet = 0;
            }
        }
        group
    }

    fn sort(&mut self, message: Message, group: &mut Group) {
        match message {
            Message::Close(reply) => {
                self.waiting.close();
                self.closing = Some(reply);
            }
            Message::Work(work) => group.push(work),
        }
    }
}

/// Closures per commit; beyond that, waiting for others costs more than the flush.
const GROUP: usize = 128;
/// Rounds of the runtime that bring nothing before a group is whole.
const QUIET: usize = 3;
/// How long the first of a group waits for others.
const LONGEST: Duration = Duration::from_millis(2);

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use futures_util::future::BoxFuture;

    use super::*;
    use crate::db::work::Outcome;
    use crate::db::{Error, WriteTx};

    /// Work that tells when it is answered.
    struct Told(oneshot::Sender<()>);

    impl Work for Told {
        fn run<'a>(&'a mut self, _: &'a mut WriteTx) -> BoxFuture<'a, Outcome> {
            async { Outcome::Keep }.boxed()
        }

        fn fail(&mut self, _: &Error) {}

        fn answer(self: Box<Self>) {
            let _ = self.0.send(());
        }
    }

    fn work() -> (Message, oneshot::Receiver<()>) {
        let (reply, answer) = oneshot::channel();
        (Message::Work(Box::new(Told(reply))), answer)
    }

    struct Thread {
        queue: mpsc::Sender<Message>,
        given: mpsc::Receiver<Group>,
        ended: mpsc::Sender<Group>,
    }

    fn start() -> Thread {
        let (queue, waiting) = mpsc::channel(1_024);
        let (groups, given) = mpsc::channel(1);
        let (ended, answers) = mpsc::channel(1);
        tokio::spawn(Intake::new(waiting, groups, answers).serve());
        Thread {
            queue,
            given,
            ended,
        }
    }

    #[tokio::test]
    async fn requests_that_are_under_way_join_the_group() {
        let mut thread = start();
        for rounds in 0..QUIET * 2 {
            let queue = thread.queue.clone();
            tokio::spawn(async move {
                for _ in 0..rounds {
                    tokio::task::yield_now().await;
                }
                queue.send(work().0).await
            });
        }
        let group = thread.given.recv().await;
        assert_eq!(group.map(|group| group.len()), Some(QUIET * 2));
    }

    #[tokio::test]
    async fn what_comes_while_the_thread_is_busy_is_the_next_group() {
        let mut thread = start();
        let (first, answered) = work();
        thread.queue.send(first).await.unwrap();
        let group = thread.given.recv().await.unwrap();
        for _ in 0..=GROUP {
            thread.queue.send(work().0).await.unwrap();
        }
        tokio::task::yield_now().await;
        assert!(thread.given.try_recv().is_err());
        thread.ended.send(group).await.unwrap();
        answered.await.unwrap();
        for size in [GROUP, 1] {
            let group = thread.given.recv().await.unwrap();
            assert_eq!(group.len(), size);
            thread.ended.send(group).await.unwrap();
        }
    }

    #[tokio::test]
    async fn a_closed_store_is_closed_when_the_thread_has_let_go() {
        let mut thread = start();
        thread.queue.send(work().0).await.unwrap();
        let (reply, mut closed) = oneshot::channel();
        thread.queue.send(Message::Close(reply)).await.unwrap();
        let group = thread.given.recv().await.unwrap();
        assert_eq!(group.len(), 1);
        thread.ended.send(group).await.unwrap();
        assert!(thread.given.recv().await.is_none());
        assert!(closed.try_recv().is_err());
        drop(thread.ended);
        closed.await.unwrap();
    }
}
