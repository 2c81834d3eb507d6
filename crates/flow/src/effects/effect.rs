//! What an effect is.

use std::fmt;

use base::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use store::{Error, WriteTx};

use crate::outside::Outside;

/// Something that is done to the outside once. The fields are what it needs to know: identifiers, and no secrets.
pub trait Effect: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The word in the database, which never changes its meaning; its job has it too.
    const KIND: &'static str;
    /// How often it is sent when it was not done, for certain, before that is its end. With the waits between, 14 is a day.
    const MAX_ATTEMPTS: i64 = 14;
    /// How often the other side is asked what became of it.
    const MAX_ASKED: u32 = 8;
    /// What the other side says when it was done.
    type Reply: fmt::Display + Clone + Send + Sync + 'static;

    /// What it is known by for good, here and to the other side: there is one of each kind and key.
    fn key(&self) -> String;

    /// What changes one after the other with it.
    fn serial(&self) -> String {
        self.key()
    }

    /// Does it, once.
    fn send(
        &self,
        outside: &Outside,
        key: &str,
    ) -> impl Future<Output = Answer<Self::Reply>> + Send;

    /// Asks the other side whether it was done.
    fn find(&self, outside: &Outside, key: &str)
    -> impl Future<Output = Found<Self::Reply>> + Send;

    /// Stores what follows from its end, in the transaction of it.
    fn settle(
        &self,
        tx: &mut WriteTx,
        outcome: &Outcome<Self::Reply>,
        now: Timestamp,
    ) -> impl Future<Output = Result<(), Error>> + Send;
}

/// What is known after it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<R> {
    /// It was done.
    Done(R),
    /// No answer came: nobody here can know.
    Lost(String),
    /// It was not done, for certain, and may be tried again.
    NotSent(String),
    /// It was not done and will not be.
    Refused(String),
}

/// What the other side says of one whose answer was lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found<R> {
    /// It was done.
    Done(R),
    /// It never came there, for certain.
    Never,
    /// It was refused there.
    Refused(String),
    /// It cannot be told, or not now.
    Unclear,
}

/// How it has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome<R> {
    /// A person has said that it was done.
    Closed,
    /// It was done.
    Done(R),
    /// It was not done and will not be.
    Refused(String),
}
