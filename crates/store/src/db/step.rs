//! The steps of a transaction as plain functions, passed by name: `load`, `decide`, `save`; or the one
//! step of a transaction by key.
//!
//! A step takes what it needs as one argument and captures nothing, so that it can be run again and has no effect
//! but through its transaction. `decide` has no transaction at all: it cannot change first and refuse afterwards.

use super::{Error, ReadTx, WriteTx};

/// `async fn load(tx: &mut ReadTx, input: &I) -> Result<T, E>`.
pub trait Load<'a, I, T, E>: Send + Sync {
    /// What the function returns.
    type Future: Future<Output = Result<T, E>> + Send + 'a;

    /// Calls it.
    fn call(&self, tx: &'a mut ReadTx, input: &'a I) -> Self::Future;
}

impl<'a, I: 'a, T, E, F, R> Load<'a, I, T, E> for F
where
    F: Fn(&'a mut ReadTx, &'a I) -> R + Send + Sync,
    R: Future<Output = Result<T, E>> + Send + 'a,
{
    type Future = R;

    fn call(&self, tx: &'a mut ReadTx, input: &'a I) -> R {
        self(tx, input)
    }
}

/// `async fn save(tx: &mut WriteTx, input: &I) -> Result<T, Error>`: it cannot refuse.
pub trait Save<'a, I, T>: Send + Sync {
    /// What the function returns.
    type Future: Future<Output = Result<T, Error>> + Send + 'a;

    /// Calls it.
    fn call(&self, tx: &'a mut WriteTx, input: &'a I) -> Self::Future;
}

impl<'a, I: 'a, T, F, R> Save<'a, I, T> for F
where
    F: Fn(&'a mut WriteTx, &'a I) -> R + Send + Sync,
    R: Future<Output = Result<T, Error>> + Send + 'a,
{
    type Future = R;

    fn call(&self, tx: &'a mut WriteTx, input: &'a I) -> R {
        self(tx, input)
    }
}

/// `async fn run(tx: &mut WriteTx, input: &I) -> Result<T, E>`: the whole of a transaction by key. It may refuse anywhere;
/// what it has changed by then is undone.
pub trait Keyed<'a, I, T, E>: Send + Sync {
    /// What the function returns.
    type Future: Future<Output = Result<T, E>> + Send + 'a;

    /// Calls it.
    fn call(&self, tx: &'a mut WriteTx, input: &'a I) -> Self::Future;
}

impl<'a, I: 'a, T, E, F, R> Keyed<'a, I, T, E> for F
where
    F: Fn(&'a mut WriteTx, &'a I) -> R + Send + Sync,
    R: Future<Output = Result<T, E>> + Send + 'a,
{
    type Future = R;

    fn call(&self, tx: &'a mut WriteTx, input: &'a I) -> R {
        self(tx, input)
    }
}

/// How a piece of bulk work ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress<I> {
    /// There is no more.
    Done,
    /// There is more; this is where to go on.
    More(I),
}
