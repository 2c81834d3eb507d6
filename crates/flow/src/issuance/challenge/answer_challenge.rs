//! A response to a challenge (RFC 8555 §7.5.1): validation starts at once. One that ends while the client waits for
//! the answer is recorded with its outcome in one transaction; a longer one is recorded as begun, with a job that goes
//! on with it should this node die.

use std::pin::pin;

use acme::authorization::{Authorization as Record, BeginError, Begun};
use acme::challenge::{ResponseError, Type, parse_response};
use base::{AuthorizationId, Class, Refusal, Refuse, Timestamp};
use store::issuance::authorization::Authorization;
use tenancy::limit::RateLimited;
use tokio::sync::oneshot;

use super::check_caa::Asker;
use super::validate::{Subject, Validate, begin, is_test, outcome_of, record};
use crate::issuance::authorization::load_stored;
use crate::memory::accounts::KnownAccount;
use crate::memory::limits::Charge;
use crate::queue::{JobError, Queue, Slot};
use crate::{App, Caller};

/// Why nothing is validated.
#[derive(Debug, thiserror::Error)]
pub enum AnswerError {
    /// The challenge, or where its authorization stands.
    #[error(transparent)]
    Begin(#[from] BeginError),
    /// Validations of the name failed too often.
    #[error(transparent)]
    Limited(#[from] RateLimited),
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

impl Refuse for AnswerError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Begin(error) => error.refusal(),
            Self::Limited(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("challenge_not_found", self),
            Self::Response(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Begins to validate; of two responses at once, one does and the other is told how it stands.
pub async fn answer_challenge(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: AuthorizationId,
    challenge: Type,
    payload: &[u8],
) -> Result<Record, AnswerError> {
    parse_response(payload)?;
    let now = app.now();
    let (mut authorization, begun) = find(app, caller, known, id, challenge, now).await?;
    let Begun::Start(state) = begun else {
        return Ok(authorization.record);
    };
    let is_test = is_test(app, known);
    let name = &authorization.record.identifier;
    let failure = Charge::failure(known.id, known.tenant, name, is_test);
    app.memory.limits.look(failure, now)?;
    authorization.record.state = state;
    authorization.begun_at = Some(now);
    let Some(claim) = app.memory.validating.claim(id) else {
        // Another request of this moment has it.
        return Ok(authorization.record);
    };
    let subject = Subject {
        authorization,
        challenge,
        thumbprint: known.thumbprint,
        is_test,
        asker: Asker::of(app, known),
        request: caller.client.request_id,
    };
    let Some(slot) = app.work.slot(&Validate::of(&subject.authorization)) else {
        return Ok(wait(app, &subject).await?);
    };
    let (answer, answered) = oneshot::channel();
    let app_of_job = app.clone();
    // Whoever asked may go away; what was begun is brought to its end.
    app.work.spawn(async move {
        prove(&app_of_job, subject, slot, answer).await;
        drop(claim);
    });
    match answered.await {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(store::Error::Closed.into()),
    }
}

/// The authorization, and what is to be done about it; a copy is not asked why nothing is.
async fn find(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: AuthorizationId,
    challenge: Type,
    now: Timestamp,
) -> Result<(Authorization, Begun), AnswerError> {
    if let Some(found) = app.memory.recent.authorization(known.id, id, now)
        && let Ok(begun @ Begun::Start(_)) = found.record.begin(challenge, now)
    {
        return Ok((found, begun));
    }
    let found = load_stored(app, caller, known, id).await?;
    let found = found.ok_or(AnswerError::NotFound)?;
    let begun = found.record.begin(challenge, now)?;
    Ok((found, begun))
}

type Answer = Result<Record, store::Error>;

/// Its tenant has as many validations at work as there is room for: this one waits for its turn.
async fn wait(app: &App, subject: &Subject) -> Answer {
    let job = Validate::of(&subject.authorization);
    let begun = app.work.begin_with(None, &job, subject.cause(app.now()));
    let (record, _) = begin(app, subject, &begun).await?;
    app.work.wake(Queue::Validate);
    Ok(record)
}

async fn prove(app: &App, subject: Subject, slot: Slot, answer: oneshot::Sender<Answer>) {
    let mut probing = pin!(outcome_of(app, &subject));
    let quick = tokio::time::timeout(app.settings().challenge_wait, &mut probing).await;
    // Whoever asked may have gone.
    if let Ok(outcome) = quick {
        let _ = answer.send(record(app, &subject, outcome, None).await);
        return;
    }
    let job = Validate::of(&subject.authorization);
    let begun = app
        .work
        .begin_with(Some(slot), &job, subject.cause(app.now()));
    let recorded = begin(app, &subject, &begun).await;
    // Nothing to do when the client has given the authorization up meanwhile.
    let goes_on = matches!(recorded, Ok((_, true)));
    let _ = answer.send(recorded.map(|(record, _)| record));
    let Some(lease) = begun.lease().filter(|_| goes_on) else {
        return;
    };
    let ending = async {
        let outcome = probing.await;
        Ok::<_, JobError>(record(app, &subject, outcome, Some(&lease)).await?)
    };
    app.work.hold::<Validate, _>(lease, ending).await;
    drop(begun);
}
