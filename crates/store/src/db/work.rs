//! Work that waits to be run in a transaction, and the way back to whoever waits for it. Both engines run several
//! in one transaction, so that one commit serves them all.

use std::marker::PhantomData;
use std::panic::AssertUnwindSafe;

use base::Scope;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::oneshot;

use super::step::{Keyed, Load, Save};
use super::{Error, WriteTx};

/// Work that waits to be run, or for the commit of what it did.
pub(super) trait Work: Send {
    /// Runs it and says whether to keep what it did. It may be run again.
    fn run<'a>(&'a mut self, tx: &'a mut WriteTx) -> BoxFuture<'a, Outcome>;
    /// Replaces the result: what was done did not last.
    fn fail(&mut self, error: &Error);
    /// Tells whoever waits.
    fn answer(self: Box<Self>);
}

/// Work that shares a transaction.
pub(super) type Group = Vec<Box<dyn Work>>;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Keep,
    Undo,
}

/// The steps of one transaction.
pub(super) trait Steps: Send + Sync + 'static {
    /// What they lead to.
    type Answer: Send + 'static;
    /// Why they may not.
    type Error: From<Error> + Send + 'static;

    /// Takes them.
    fn run<'a>(
        &'a mut self,
        tx: &'a mut WriteTx,
    ) -> impl Future<Output = Result<Self::Answer, Self::Error>> + Send + 'a;
}

/// A change that cannot refuse.
pub(super) struct Saving<I, T, S> {
    input: I,
    save: S,
    answer: PhantomData<fn() -> T>,
}

impl<I, T, S> Saving<I, T, S> {
    pub(super) fn new(input: I, save: S) -> Self {
        Self {
            input,
            save,
            answer: PhantomData,
        }
    }
}

impl<I, T, S> Steps for Saving<I, T, S>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    S: for<'a> Save<'a, I, T> + 'static,
{
    type Answer = T;
    type Error = Error;

    fn run<'a>(
        &'a mut self,
        tx: &'a mut WriteTx,
    ) -> impl Future<Output = Result<T, Error>> + Send + 'a {
        self.save.call(tx, &self.input)
    }
}

/// The one step of a transaction by key.
pub(super) struct Running<I, T, E, R> {
    input: I,
    run: R,
    types: Types<(), T, E>,
}

impl<I, T, E, R> Running<I, T, E, R> {
    pub(super) fn new(input: I, run: R) -> Self {
        Self {
            input,
            run,
            types: PhantomData,
        }
    }
}

impl<I, T, E, R> Steps for Running<I, T, E, R>
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    R: for<'a> Keyed<'a, I, T, E> + 'static,
{
    type Answer = T;
    type Error = E;

    fn run<'a>(
        &'a mut self,
        tx: &'a mut WriteTx,
    ) -> impl Future<Output = Result<T, E>> + Send + 'a {
        self.run.call(tx, &self.input)
    }
}

/// Load, decide, save.
pub(super) struct Deciding<I, F, D, T, E, L, J, S> {
    input: I,
    load: L,
    decide: J,
    save: S,
    /// Kept here, because what is saved borrows it.
    decision: Option<D>,
    types: Types<F, T, E>,
}

impl<I, F, D, T, E, L, J, S> Deciding<I, F, D, T, E, L, J, S> {
    pub(super) fn new(input: I, load: L, decide: J, save: S) -> Self {
        Self {
            input,
            load,
            decide,
            save,
            decision: None,
            types: PhantomData,
        }
    }
}

/// Types that appear in the signatures of steps only.
pub(super) type Types<F, T, E> = PhantomData<fn() -> (F, T, E)>;

impl<I, F, D, T, E, L, J, S> Steps for Deciding<I, F, D, T, E, L, J, S>
where
    I: Send + Sync + 'static,
    F: Send + 'static,
    D: Send + Sync + 'static,
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    L: for<'a> Load<'a, I, F, Error> + 'static,
    J: Fn(&I, F) -> Result<D, E> + Send + Sync + 'static,
    S: for<'a> Save<'a, D, T> + 'static,
{
    type Answer = T;
    type Error = E;

    async fn run<'a>(&'a mut self, tx: &'a mut WriteTx) -> Result<T, E> {
        let facts = self.load.call(tx, &self.input).await?;
        let decision = self.decision.insert((self.decide)(&self.input, facts)?);
        Ok(self.save.call(tx, decision).await?)
    }
}

type Reply<S> = Result<<S as Steps>::Answer, <S as Steps>::Error>;

struct Queued<S: Steps> {
    scope: Scope,
    steps: S,
    result: Option<Reply<S>>,
    reply: oneshot::Sender<Reply<S>>,
}

/// Packs steps; their answer comes to the receiver, unless the store is closed meanwhile.
pub(super) fn queued<S: Steps>(
    scope: Scope,
    steps: S,
) -> (Box<dyn Work>, oneshot::Receiver<Reply<S>>) {
    let (reply, answer) = oneshot::channel();
    let work = Queued {
        scope,
        steps,
        result: None,
        reply,
    };
    (Box::new(work), answer)
}

impl<S: Steps> Work for Queued<S> {
    fn run<'a>(&'a mut self, tx: &'a mut WriteTx) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            tx.enter(self.scope);
            // Not even the making of the future may take the others along.
            let run = async { self.steps.run(tx).await };
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
