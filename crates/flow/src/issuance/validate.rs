//! Proves control of a name: asks the outside, then records the outcome, what was seen and, on failure, the
//! end of the order, in one transaction.

use acme::Thumbprint;
use acme::authorization::{Authorization, Completed, Outcome, State, Status};
use acme::challenge::{Type, dns_01_value};
use acme::problem::{Kind, Problem, Subproblem};
use base::{AuthorizationId, IdError};
use store::WriteTx;
use validation::{Failure, Method, Probe};

use super::account_cache::{self, LookUpError};
use crate::App;
use crate::jobs::{Lease, retry_later};

/// What is to be proven, and by which key.
pub(super) struct Subject {
    /// The authorization, being validated.
    pub(super) record: Authorization,
    /// The account key's thumbprint.
    pub(super) thumbprint: Thumbprint,
}

/// Why the outcome was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// The job names no authorization.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The account cannot be read.
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Validates for the request that began it; a failure of the database leaves the job to be tried again.
/// Answers with the new state, if it was this attempt that ended the validation.
pub(super) async fn validate(app: &App, lease: &Lease, subject: Subject) -> Option<Authorization> {
    match attempt(app, lease, subject).await {
        Ok(ended) => ended,
        Err(error) => {
            retry_later(app, lease.id, lease.attempts, &error.into()).await;
            None
        }
    }
}

/// Goes on with a validation whose node has died.
pub async fn resume(app: &App, lease: &Lease) -> Result<(), ValidateError> {
    let id: AuthorizationId = lease.subject.parse()?;
    let found = app
        .store
        .read(id, |tx, id| {
            Box::pin(store::issuance::authorization::by_id(tx, *id))
        })
        .await?;
    let Some(found) = found.filter(|found| is_going_on(&found.record)) else {
        return drop_job(app, lease).await;
    };
    let Some(account) = account_cache::look_up(app, found.account).await? else {
        return drop_job(app, lease).await;
    };
    let subject = Subject {
        record: found.record,
        thumbprint: account.thumbprint,
    };
    attempt(app, lease, subject).await.map(|_| ())
}

fn is_going_on(record: &Authorization) -> bool {
    matches!(record.state, State::Processing { .. })
}

async fn drop_job(app: &App, lease: &Lease) -> Result<(), ValidateError> {
    app.store
        .write(lease.id, |tx, id| {
            Box::pin(store::queue::job::delete(tx, *id))
        })
        .await?;
    Ok(())
}

async fn attempt(
    app: &App,
    lease: &Lease,
    subject: Subject,
) -> Result<Option<Authorization>, ValidateError> {
    let mut record = subject.record;
    let State::Processing { challenge } = record.state else {
        drop_job(app, lease).await?;
        return Ok(None);
    };
    let outcome = probe(app, &record, challenge, subject.thumbprint).await;
    let now = app.clock.now();
    let result = match &outcome.result {
        Ok(()) => Outcome::Proven,
        Err(failure) => Outcome::Failed(problem(failure)),
    };
    let Some(completed) = record.complete(result, app.settings.authorization_lifetime, now) else {
        drop_job(app, lease).await?;
        return Ok(None);
    };
    record.state = completed.state.clone();
    record.expires = completed.expires;
    let result = ValidationResult {
        job: lease.id,
        record: record.clone(),
        completed,
        evidence: evidence_json(&outcome),
        now,
    };
    let was_going_on = app
        .store
        .write(result, |tx, result| Box::pin(write(tx, result)))
        .await?;
    Ok(was_going_on.then_some(record))
}

async fn probe(
    app: &App,
    record: &Authorization,
    challenge: Type,
    thumbprint: Thumbprint,
) -> validation::Outcome {
    let key_authorization = record.token.key_authorization(&thumbprint);
    match challenge {
        Type::Dns01 => {
            let digest = dns_01_value(&key_authorization);
            let method = Method::Dns01 { digest: &digest };
            app.validator
                .validate(Probe {
                    name: &record.name,
                    method,
                })
                .await
        }
        Type::Http01 => {
            let method = Method::Http01 {
                token: record.token.as_str(),
                key_authorization: &key_authorization,
            };
            app.validator
                .validate(Probe {
                    name: &record.name,
                    method,
                })
                .await
        }
    }
}

struct ValidationResult {
    job: base::JobId,
    record: Authorization,
    completed: Completed,
    evidence: String,
    now: base::Timestamp,
}

async fn write(tx: &mut WriteTx, result: &ValidationResult) -> Result<bool, store::Error> {
    let Completed { state, expires } = &result.completed;
    let id = result.record.id;
    let was_going_on =
        store::issuance::authorization::complete(tx, id, state, *expires, &result.evidence).await?;
    if was_going_on && result.record.status(result.now) == Status::Invalid {
        fail_order(tx, result).await?;
    }
    store::queue::job::delete(tx, result.job).await?;
    Ok(was_going_on)
}

/// A pending authorization belongs to one order, which cannot become valid any more.
async fn fail_order(tx: &mut WriteTx, result: &ValidationResult) -> Result<(), store::Error> {
    let State::Invalid { error, .. } = &result.completed.state else {
        return Ok(());
    };
    let found = store::issuance::authorization::by_id(tx, result.record.id).await?;
    if let Some(found) = found {
        let problem = order_problem(&result.record, error).to_json();
        store::issuance::order::fail(tx, found.order, &problem, result.now).await?;
    }
    Ok(())
}

fn order_problem(record: &Authorization, error: &Problem) -> Problem {
    let name = if record.is_wildcard {
        format!("*.{}", record.name)
    } else {
        record.name.to_string()
    };
    Problem::for_identifiers(vec![Subproblem {
        kind: error.kind,
        detail: format!("{name}: {}", error.detail),
        identifier: Some(acme::identifier::Requested::dns(name)),
    }])
}

/// What the client is told; the portal explains further from the stored evidence.
fn problem(failure: &Failure) -> Problem {
    let kind = match failure.problem() {
        validation::Problem::Connection => Kind::Connection,
        validation::Problem::Dns => Kind::Dns,
        validation::Problem::IncorrectResponse => Kind::IncorrectResponse,
        validation::Problem::Malformed => Kind::Malformed,
        validation::Problem::ServerInternal => Kind::ServerInternal,
        validation::Problem::Tls => Kind::Tls,
    };
    Problem::new(kind, failure.detail())
}

/// What was seen, with the sentence for people when it failed.
#[derive(serde::Serialize, serde::Deserialize, Clone, Debug)]
pub struct StoredEvidence {
    /// What validation saw.
    pub seen: validation::Evidence,
    /// What a failure means and what to do, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

fn evidence_json(outcome: &validation::Outcome) -> String {
    let stored = StoredEvidence {
        seen: outcome.evidence.clone(),
        explanation: outcome.result.as_ref().err().map(Failure::explanation),
    };
    // Strings, numbers and lists of them cannot fail to serialise.
    serde_json::to_string(&stored).unwrap_or_default()
}
