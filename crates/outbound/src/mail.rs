//! Mail: what a server is given, what it says, and what letters look like.

pub mod letter;
mod message;
pub mod smtp;

use std::fmt;

use base::Timestamp;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use serde::{Deserialize, Serialize};

pub use letter::{Letter, MailKind};
pub use smtp::SmtpMailer;

/// Gives mails to whoever delivers them.
pub trait Mailer: Send + Sync {
    /// Gives one away, once. Whatever is tried again, whoever calls this tries.
    fn send<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Delivery>;

    /// Goes as far as it can without a mail; says what it met.
    fn greet(&self) -> BoxFuture<'_, Result<String, MailerError>>;
}

/// What is known after one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// The mail left and no answer came: nobody here can know.
    Lost(String),
    /// The mail was not taken, for certain; it may be later.
    NotSent(String),
    /// It was not taken and will not be, for certain.
    Refused(String),
    /// A server has it; these are its words.
    Taken(String),
}

/// Why there is nobody to give mails to.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct MailerError(pub(crate) String);

/// What a mail says.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// One line.
    pub subject: String,
    /// For programs that show text.
    pub text: String,
    /// For programs that show pages.
    pub html: String,
}

/// A mail as it is given away.
#[derive(Clone, Debug)]
pub struct Message {
    /// Names it for good, so that one that came twice can be told.
    pub id: String,
    /// When it was written.
    pub date: Timestamp,
    /// In whose name it is sent, where that is not the name that the settings have: answers go to nobody then.
    pub sender: Option<String>,
    /// The address.
    pub to: String,
    /// What it says.
    pub body: Body,
}

/// There may be a secret in the link.
impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body")
            .field("subject", &self.subject)
            .finish_non_exhaustive()
    }
}

/// For an installation that sends no mail.
#[derive(Debug)]
pub struct NoMailer;

impl Mailer for NoMailer {
    fn send<'a>(&'a self, _message: &'a Message) -> BoxFuture<'a, Delivery> {
        ready(Delivery::NotSent(NOBODY.to_owned())).boxed()
    }

    fn greet(&self) -> BoxFuture<'_, Result<String, MailerError>> {
        ready(Err(MailerError(NOBODY.to_owned()))).boxed()
    }
}

const NOBODY: &str = "no mail server is set";
