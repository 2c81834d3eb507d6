//! Responding to a challenge (RFC 8555 §7.5.1): the client says that it is ready, the validation begins as a
//! job, and the answer waits a moment for it, since most end within milliseconds.

use acme::authorization::{Authorization, BeginError, Begun, State};
use acme::challenge::{ResponseError, Type, parse_response};
use base::{AccountId, AuthorizationId, Timestamp};
use store::WriteTx;
use store::queue::job::NewJob;

use super::account_cache::KnownAccount;
use super::authorization::read_authorization;
use super::validate::{Subject, validate};
use crate::App;
use crate::jobs::{Kind, first_attempt};

/// Why no validation began.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The authorization's state, or a type that it does not offer.
    #[error(transparent)]
    Begin(#[from] BeginError),
    /// Another account's, or none.
    #[error("there is no such challenge")]
    NotFound,
    /// The payload.
    #[error(transparent)]
    Response(#[from] ResponseError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Begins to validate; of two responses at once, one does and the other is told how it stands.
pub async fn answer_challenge(
    app: &App,
    known: &KnownAccount,
    id: AuthorizationId,
    challenge: Type,
    payload: &[u8],
) -> Result<Authorization, AnswerError> {
    parse_response(payload)?;
    let now = app.clock.now();
    let job = app.leased_job(Kind::Validate, id.to_string(), now);
    let lease = first_attempt(&job, Kind::Validate);
    let account = known.id;
    let begun = app
        .store
        .write(
            (account, id, challenge, now, job),
            |tx, (account, id, challenge, now, job)| {
                Box::pin(begin(tx, *account, *id, *challenge, *now, job))
            },
        )
        .await?;
    let record = match begun {
        Answered::Already(record) => return Ok(record),
        Answered::Begun(record) => record,
    };
    let subject = Subject {
        record: record.clone(),
        thumbprint: known.thumbprint,
    };
    let app_of_job = app.clone();
    let running = app
        .runner
        .spawn(async move { validate(&app_of_job, &lease, subject).await });
    match tokio::time::timeout(app.settings.challenge_wait, running).await {
        Ok(Ok(Some(ended))) => Ok(ended),
        Ok(_) => Ok(read_authorization(app, known, id).await?.unwrap_or(record)),
        Err(_) => Ok(record),
    }
}

async fn begin(
    tx: &mut WriteTx,
    account: AccountId,
    id: AuthorizationId,
    challenge: Type,
    now: Timestamp,
    job: &NewJob,
) -> Result<Answered, AnswerError> {
    if let Some(begun) =
        store::issuance::authorization::begin(tx, account, id, challenge, now).await?
    {
        // Whether it was to be begun follows from what it was before.
        let mut record = begun.record;
        record.state = State::Pending;
        if let Begun::Start(state) = record.begin(challenge, now)? {
            record.state = state;
        }
        store::queue::job::insert(tx, job).await?;
        return Ok(Answered::Begun(record));
    }
    let found = store::issuance::authorization::by_id(tx, id).await?;
    let found = found.filter(|found| found.account == account);
    let record = found.ok_or(AnswerError::NotFound)?.record;
    record.begin(challenge, now)?;
    Ok(Answered::Already(record))
}

enum Answered {
    Already(Authorization),
    Begun(Authorization),
}
