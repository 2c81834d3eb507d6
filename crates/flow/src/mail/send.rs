//! A mail that is its own cause.

use base::{Class, Refusal, Refuse};
use outbound::mail::Letter;
use store::WriteTx;
use tenancy::limit::RateLimited;

use super::prepare::{PreparedMail, Recipient, intend, prepare};
use crate::caller::tenant;
use crate::{App, Caller};

/// Why no mail is sent.
#[derive(Debug, thiserror::Error)]
pub enum SendMailError {
    /// The person gets too many of its kind.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// There is no mail server.
    #[error(
        "this installation sends no mails; an operator names a mail server with host in [mail]"
    )]
    Off,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for SendMailError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Limited(error) => error.refusal(),
            Self::Off => Class::Conflict.because("mail_is_off", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Intends a mail, unless the same one to the same person was intended before.
pub async fn send(
    app: &App,
    caller: &Caller,
    to: Recipient<'_>,
    letter: &Letter,
    dedup: &str,
) -> Result<(), SendMailError> {
    let prepared = prepare(app, caller, to, letter, dedup)?.ok_or(SendMailError::Off)?;
    let store = app.store(tenant(to.tenant));
    Ok(store.write(Some(prepared), save).await?)
}

async fn save(tx: &mut WriteTx, prepared: &Option<PreparedMail>) -> Result<(), store::Error> {
    intend(tx, prepared.as_ref()).await
}
