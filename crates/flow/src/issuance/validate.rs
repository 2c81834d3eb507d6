//! Proves control of a name: asks the outside, then records the outcome, what was seen and, on failure, the
//! end of the order, in one transaction.

use acme::Thumbprint;
use acme::authorization::{Authorization, Outcome, State};
use acme::challenge::{Type, dns_01_value};
use acme::problem::{Kind as ProblemKind, Problem, Subproblem};
use base::{
    AccountId, AuthorizationId, IdError, JobId, OrderId, TenantId, Timestamp, ValidationId,
};
use store::issuance::authorization::{self, Ending};
use store::issuance::order;
use store::queue::job::{self, NewJob};
use store::{ReadTx, WriteTx};
use validation::{Failure, Method, Probe};

use super::account_cache::{self, LookUpError};
use crate::App;
use crate::caller::{system, tenant};
use crate::jobs::{Kind, Lease, first_attempt};

/// What is to be proven, and by which key.
pub(super) struct Subject {
    /// The authorization, being validated.
    pub(super) record: Authorization,
    /// Whose control is to be proven.
    pub(super) account: AccountId,
    /// Who owns the subscription.
    pub(super) tenant: TenantId,
    /// The account key's thumbprint.
    pub(super) thumbprint: Thumbprint,
    /// When the client asked for it.
    pub(super) begun_at: Timestamp,
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

/// Goes on with a validation whose node has died.
pub async fn resume(app: &App, lease: &Lease) -> Result<(), ValidateError> {
    let id: AuthorizationId = lease.subject.parse()?;
    let found = app
        .store(system("a job"))
        .read(id, authorization::by_id)
        .await?;
    let Some(found) = found.filter(|found| is_going_on(&found.record)) else {
        return drop_job(app, lease).await;
    };
    let Some(account) = account_cache::look_up(app, found.account).await? else {
        return drop_job(app, lease).await;
    };
    let subject = Subject {
        account: found.account,
        tenant: found.tenant,
        thumbprint: account.thumbprint,
        begun_at: found.begun_at.unwrap_or_else(|| app.clock.now()),
        record: found.record,
    };
    let outcome = outcome_of(app, &subject).await;
    record(app, &subject, outcome, Some(lease)).await?;
    Ok(())
}

fn is_going_on(record: &Authorization) -> bool {
    matches!(record.state, State::Processing { .. })
}

async fn drop_job(app: &App, lease: &Lease) -> Result<(), ValidateError> {
    app.store(system("a job"))
        .write(lease.id, delete_job)
        .await?;
    Ok(())
}

async fn delete_job(tx: &mut WriteTx, id: &JobId) -> Result<(), store::Error> {
    job::delete(tx, *id).await
}

/// Asks the outside.
pub(super) async fn outcome_of(app: &App, subject: &Subject) -> validation::Outcome {
    let State::Processing { challenge } = subject.record.state else {
        return probe(app, &subject.record, Type::Http01, subject.thumbprint).await;
    };
    probe(app, &subject.record, challenge, subject.thumbprint).await
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
                    identifier: &record.identifier,
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
                    identifier: &record.identifier,
                    method,
                })
                .await
        }
    }
}

/// Records that a validation takes longer, with a job that goes on with it; the record as it stands, and no lease when
/// it is not to be gone on with.
pub(super) async fn begin(
    app: &App,
    subject: &Subject,
) -> Result<(Authorization, Option<Lease>), store::Error> {
    let now = app.clock.now();
    let id = subject.record.id;
    let job = app.leased_job(Kind::Validate, id.to_string(), now);
    let lease = first_attempt(&job, Kind::Validate);
    let beginning = Beginning {
        record: subject.record.clone(),
        begun_at: subject.begun_at,
        job,
    };
    let store = app.store(tenant(subject.tenant));
    let begun = store.decide(beginning, load_beginning, decide_beginning, save_beginning);
    match begun.await? {
        Begun::Now(record) => Ok((record, Some(lease))),
        Begun::Not(record) => Ok((record, None)),
    }
}

struct Beginning {
    record: Authorization,
    begun_at: Timestamp,
    job: NewJob,
}

enum Begun {
    Not(Authorization),
    Now(Authorization),
}

async fn load_beginning(
    tx: &mut ReadTx,
    beginning: &Beginning,
) -> Result<Option<authorization::Authorization>, store::Error> {
    authorization::by_id(tx, &beginning.record.id).await
}

fn decide_beginning(
    beginning: &Beginning,
    found: Option<authorization::Authorization>,
) -> Result<(Option<(Timestamp, NewJob)>, Authorization), store::Error> {
    match found {
        Some(found) if found.record.state != State::Pending => Ok((None, found.record)),
        Some(_) => {
            let change = (beginning.begun_at, beginning.job.clone());
            Ok((Some(change), beginning.record.clone()))
        }
        None => Ok((None, beginning.record.clone())),
    }
}

async fn save_beginning(
    tx: &mut WriteTx,
    (change, record): &(Option<(Timestamp, NewJob)>, Authorization),
) -> Result<Begun, store::Error> {
    let (Some((begun_at, job)), State::Processing { challenge }) = (change, &record.state) else {
        return Ok(Begun::Not(record.clone()));
    };
    authorization::begin(tx, record.id, *challenge, *begun_at).await?;
    job::insert(tx, job).await?;
    Ok(Begun::Now(record.clone()))
}

/// Records the outcome, and with it the end of the job that there may be. The authorization as it is from now on, which
/// is another one's word when somebody was faster.
pub(super) async fn record(
    app: &App,
    subject: &Subject,
    outcome: validation::Outcome,
    lease: Option<&Lease>,
) -> Result<Authorization, store::Error> {
    let now = app.clock.now();
    let result = match &outcome.result {
        Ok(()) => Outcome::Proven,
        Err(failure) => Outcome::Failed(problem(failure)),
    };
    let mut ended = subject.record.clone();
    let reuse = app.settings.authorization_lifetime;
    if let Some(completed) = ended.complete(result, reuse, now) {
        ended.state = completed.state;
        ended.expires = completed.expires;
    }
    let result = ValidationResult {
        ending: Ending {
            record: ended,
            account: subject.account,
            tenant: subject.tenant,
            begun_at: subject.begun_at,
            validation: ValidationId::generate(now, app.random.as_ref()),
            evidence: evidence_json(&outcome),
            now,
        },
        job: lease.map(|lease| lease.id),
    };
    let store = app.store(tenant(subject.tenant));
    store.decide(result, load, decide, save).await
}

struct ValidationResult {
    ending: Ending,
    job: Option<JobId>,
}

enum Decision {
    /// The outcome counts; an order that cannot become valid any more ends with it.
    End(Ending, Option<(OrderId, String)>, Option<JobId>),
    /// It ended in another way meanwhile.
    Leave(Authorization, Option<JobId>),
}

async fn load(
    tx: &mut ReadTx,
    result: &ValidationResult,
) -> Result<Option<authorization::Authorization>, store::Error> {
    authorization::by_id(tx, &result.ending.record.id).await
}

fn decide(
    result: &ValidationResult,
    found: Option<authorization::Authorization>,
) -> Result<Decision, store::Error> {
    let ending = &result.ending;
    let Some(found) = found else {
        return Ok(Decision::Leave(ending.record.clone(), result.job));
    };
    match found.record.state {
        State::Pending | State::Processing { .. } => {}
        State::Deactivated | State::Invalid { .. } | State::Revoked | State::Valid { .. } => {
            return Ok(Decision::Leave(found.record, result.job));
        }
    }
    // A pending authorization belongs to one order.
    let failed = match &ending.record.state {
        State::Invalid { error, .. } => {
            let problem = order_problem(&ending.record, error).to_json();
            Some((found.order, problem))
        }
        State::Deactivated
        | State::Pending
        | State::Processing { .. }
        | State::Revoked
        | State::Valid { .. } => None,
    };
    Ok(Decision::End(ending.clone(), failed, result.job))
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Authorization, store::Error> {
    let (record, job) = match decision {
        Decision::Leave(record, job) => (record, job),
        Decision::End(ending, failed, job) => {
            authorization::complete(tx, ending).await?;
            if let Some((order, problem)) = failed {
                order::fail(tx, *order, problem, ending.now).await?;
            }
            (&ending.record, job)
        }
    };
    if let Some(job) = job {
        job::delete(tx, *job).await?;
    }
    Ok(record.clone())
}

fn order_problem(record: &Authorization, error: &Problem) -> Problem {
    let ordered = record.ordered();
    Problem::for_identifiers(vec![Subproblem {
        kind: error.kind,
        detail: format!("{}: {}", ordered.value, error.detail),
        identifier: Some(ordered),
    }])
}

/// What the client is told; the portal explains further from the stored evidence.
fn problem(failure: &Failure) -> Problem {
    let kind = match failure.problem() {
        validation::Problem::Connection => ProblemKind::Connection,
        validation::Problem::Dns => ProblemKind::Dns,
        validation::Problem::IncorrectResponse => ProblemKind::IncorrectResponse,
        validation::Problem::Malformed => ProblemKind::Malformed,
        validation::Problem::ServerInternal => ProblemKind::ServerInternal,
        validation::Problem::Tls => ProblemKind::Tls,
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
