//! A closure that waits to be run in a transaction, and the way back to whoever waits for it. Both
//! engines run several in one transaction, so that one commit serves them all.

use std::panic::AssertUnwindSafe;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::{Error, WriteTx};

/// A closure that waits to be run, or for the commit of what it did.
pub(super) trait Work: Send {
    /// Runs the closure and says whether to keep what it did. It may be run again.
    fn run<'a>(&'a mut self, tx: &'a mut WriteTx) -> BoxFuture<'a, Outcome>;
    /// Replaces the result: what was done did not last.
    fn fail(&mut self, error: &Error);
    /// Tells whoever waits.
    fn answer(self: Box<Self>);
}

/// Closures that share a transaction.
pub(super) type Group = Vec<Box<dyn Work>>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Keep,
    Undo,
}

struct Closure<I, T, E, F> {
    input: I,
    run: F,
    result: Option<Result<T, E>>,
    reply: oneshot::Sender<Result<T, E>>,
}

/// Packs a closure; its answer comes to the receiver, unless the store is closed meanwhile.
pub(super) fn work<I, T, E, F>(input: I, run: F) -> (Box<dyn Work>, oneshot::Receiver<Result<T, E>>)
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync + 'static,
{
    let (reply, answer) = oneshot::channel();
    let work = Closure {
        input,
        run,
        result: None,
        reply,
    };
    (Box::new(work), answer)
}

impl<I, T, E, F> Work for Closure<I, T, E, F>
where
    I: Send + Sync,
    T: Send,
    E: From<Error> + Send,
    F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, E>> + Send + Sync,
{
    fn run<'a>(&'a mut self, tx: &'a mut WriteTx) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            // Not even the making of the future may take the others along.
            let run = async { (self.run)(tx, &self.input).await };
            let caught = AssertUnwindSafe(run).catch_unwind().await;
            let result = caught.unwrap_or_else(|panic| Err(Error::panicked(panic.as_ref()).into()));
            let result = match (result, tx.take_failure()) {
                (Ok(_), Some(error)) => Err(error.into()),
                (result, _) => result,
            };
            let outcome = if result.is_ok() {
                Outcome::Keep
            } else {
                Outcome::Undo
            };
            self.result = Some(result);
            outcome
        })
    }

    fn fail(&mut self, error: &Error) {
        self.result = Some(Err(error.clone().into()));
    }

    fn answer(self: Box<Self>) {
        if let Some(result) = self.result {
            // Whoever asked may have gone; what is committed stays committed.
            let _ = self.reply.send(result);
        }
    }
}
