//! Proves control of a name: asks the outside, then records the outcome, what was seen and, on failure, the
//! end of the order, in one transaction.

use std::pin::pin;

use acme::Thumbprint;
use acme::authorization::{self as rules, Authorization as Record, State};
use acme::challenge::{Type, dns_01_value};
use acme::problem::{Kind, Problem, Subproblem};
use base::{AuthorizationId, JobId, OrderId, RequestId, TenantId, Timestamp, ValidationId};
use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};
use store::issuance::authorization::{self, Authorization, Ending};
use store::issuance::order;
use store::queue::job::{self, Job as Row};
use store::{ReadTx, WriteTx};
use tokio::time::Instant;
use validation::{ACME_LABEL, CaaOutcome, Method, Outcome, Probe};

use super::check_caa::{Asker, ask};
use super::evidence::problem;
use crate::App;
use crate::caller::{system, tenant};
use crate::issuance::find_account::{LookUpError, find_account};
use crate::memory::accounts::KnownAccount;
use crate::memory::limits::Charge;
use crate::queue::{Begun, Cause, Done, Job, JobError, Lease, Priority, Queue};

/// What is to be proven, and by which key.
pub(super) struct Subject {
    /// The authorization, being validated.
    pub(super) authorization: Authorization,
    /// By which type of challenge.
    pub(super) challenge: Type,
    /// The account key's thumbprint.
    pub(super) thumbprint: Thumbprint,
    /// Whether it is for a test directory.
    pub(super) is_test: bool,
    /// As whom CAA records know who asks, unless they are not asked for.
    pub(super) asker: Option<Asker>,
    /// The request that asked for it.
    pub(super) request: Option<RequestId>,
}

impl Subject {
    /// What makes its job come.
    pub(super) fn cause(&self, now: Timestamp) -> Cause {
        Cause {
            request: self.request,
            at: now,
        }
    }
}

/// Why the outcome was not recorded.
#[derive(Debug, thiserror::Error)]
pub enum ValidateError {
    /// The account cannot be read.
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Proves control of a name, for an authorization that a client has asked to be validated.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Validate {
    /// The authorization.
    pub authorization: AuthorizationId,
    /// Whose it is.
    #[serde(default)]
    pub tenant: Option<TenantId>,
}

impl Validate {
    pub(super) fn of(authorization: &Authorization) -> Self {
        Self {
            authorization: authorization.record.id,
            tenant: Some(authorization.tenant),
        }
    }
}

impl Job<App> for Validate {
    const KIND: &'static str = "validate";
    const QUEUE: Queue = Queue::Validate;
    const PRIORITY: Priority = Priority::Urgent;

    fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Done<Self>, JobError> {
        Ok(resume(app, self.authorization, lease).await?)
    }
}

/// Begins a validation that waited, or goes on with one whose node has died.
async fn resume(
    app: &App,
    id: AuthorizationId,
    lease: &Lease,
) -> Result<Done<Validate>, ValidateError> {
    let found = app
        .store(system("a job"))
        .read(id, authorization::by_id)
        .await?;
    let going_on = found.and_then(|found| Some((going_on(&found.record)?, found)));
    let Some((challenge, authorization)) = going_on else {
        return Ok(Done::Finished);
    };
    let Some(account) = find_account(app, authorization.account).await? else {
        return Ok(Done::Finished);
    };
    let subject = Subject {
        authorization,
        challenge,
        thumbprint: account.thumbprint,
        is_test: is_test(app, &account),
        asker: Asker::of(app, &account),
        request: lease.request,
    };
    let outcome = outcome_of(app, &subject).await;
    record(app, &subject, outcome, Some(lease)).await?;
    Ok(Done::FinishedInside)
}

/// Whether an account is of a test directory.
pub(super) fn is_test(app: &App, account: &KnownAccount) -> bool {
    let catalog = app.catalog();
    let directory = catalog.directory(&account.directory);
    directory.is_some_and(|directory| directory.is_test)
}

fn going_on(record: &Record) -> Option<Type> {
    match record.state {
        State::Processing { challenge } => Some(challenge),
        State::Deactivated
        | State::Invalid { .. }
        | State::Pending
        | State::Revoked
        | State::Valid { .. } => None,
    }
}

/// Asks the outside, for CAA records beside the probe. A probe that fails says most, so nobody waits for more then.
pub(super) async fn outcome_of(app: &App, subject: &Subject) -> Outcome {
    let record = &subject.authorization.record;
    let key_authorization = record.token.key_authorization(&subject.thumbprint);
    let digest;
    let method = match subject.challenge {
        Type::Dns01 => {
            digest = dns_01_value(&key_authorization);
            Method::Dns01 {
                label: ACME_LABEL,
                digest: &digest,
            }
        }
        // No order offers a proof by mail; were one asked for, a file would have to be there.
        Type::Http01 | Type::Mail => Method::Http01 {
            token: record.token.as_str(),
            key_authorization: &key_authorization,
        },
    };
    let identifier = &record.identifier;
    let probe = Probe { identifier, method };
    let begun = Instant::now();
    let probing = app.outside.validator.validate(probe);
    let outcome = match &subject.asker {
        None => probing.await,
        Some(asker) => with_caa(probing, ask(app, asker, record, subject.challenge)).await,
    };
    let proofs = &app.memory.measures.proofs;
    proofs.validated(subject.challenge, &outcome.result, begun.elapsed());
    outcome
}

async fn with_caa(
    probing: impl Future<Output = Outcome>,
    asking: impl Future<Output = CaaOutcome>,
) -> Outcome {
    let (mut outcome, caa) = match select(pin!(probing), pin!(asking)).await {
        Either::Left((outcome, _)) if outcome.result.is_err() => return outcome,
        Either::Left((outcome, asking)) => (outcome, asking.await),
        Either::Right((caa, probing)) => (probing.await, caa),
    };
    outcome.result = outcome.result.and(caa.result);
    outcome.evidence.caa = Some(caa.evidence);
    outcome
}

/// Records that a validation was begun, with a job that goes on with it; the record as it stands, and whether it is to
/// be gone on with.
pub(super) async fn begin(
    app: &App,
    subject: &Subject,
    begun: &Begun,
) -> Result<(Record, bool), store::Error> {
    let now = app.now();
    let beginning = Beginning {
        authorization: subject.authorization.clone(),
        challenge: subject.challenge,
        job: begun.row(),
    };
    let store = app.store(tenant(subject.authorization.tenant));
    let recorded = store.decide(beginning, load_beginning, decide_beginning, save_beginning);
    let (authorization, has_begun) = recorded.await?;
    let record = authorization.record.clone();
    app.memory.recent.keep_authorization(authorization, now);
    Ok((record, has_begun))
}

struct Beginning {
    authorization: Authorization,
    challenge: Type,
    job: Row,
}

/// What is stored, if it begins now, and the authorization as it is from now on.
type Recorded = (Option<(Type, Row)>, Authorization);

async fn load_beginning(
    tx: &mut ReadTx,
    beginning: &Beginning,
) -> Result<Option<Authorization>, store::Error> {
    authorization::by_id(tx, &beginning.authorization.record.id).await
}

fn decide_beginning(
    beginning: &Beginning,
    found: Option<Authorization>,
) -> Result<Recorded, store::Error> {
    let own = beginning.authorization.clone();
    Ok(match found {
        Some(found) if found.record.state != State::Pending => (None, found),
        Some(_) => (Some((beginning.challenge, beginning.job.clone())), own),
        None => (None, own),
    })
}

async fn save_beginning(
    tx: &mut WriteTx,
    (change, authorization): &Recorded,
) -> Result<(Authorization, bool), store::Error> {
    if let (Some((challenge, job)), Some(begun_at)) = (change, authorization.begun_at) {
        authorization::begin(tx, authorization.record.id, *challenge, begun_at).await?;
        job::insert(tx, job).await?;
    }
    Ok((authorization.clone(), change.is_some()))
}

/// Records the outcome, and with it the end of the job that there may be. The authorization as it is from now on, which
/// is another one's word when somebody was faster.
pub(super) async fn record(
    app: &App,
    subject: &Subject,
    outcome: Outcome,
    lease: Option<&Lease>,
) -> Result<Record, store::Error> {
    let now = app.now();
    let result = ValidationResult {
        authorization: ended(app, subject, &outcome, now),
        evidence: outcome.to_json(),
        job: lease.map(|lease| lease.id),
        now,
    };
    let store = app.store(tenant(subject.authorization.tenant));
    let authorization = store.decide(result, load, decide, save).await?;
    let record = authorization.record.clone();
    if let State::Invalid { error, .. } = &record.state {
        count_failure(app, subject, error, now);
        // Its order has ended too.
        if let Some(order) = authorization.order {
            app.memory.recent.forget_order(order);
        }
    }
    app.memory.recent.keep_authorization(authorization, now);
    Ok(record)
}

/// Counts a failure, unless it is ours.
fn count_failure(app: &App, subject: &Subject, error: &Problem, now: Timestamp) {
    if error.kind == Kind::ServerInternal {
        return;
    }
    let of = &subject.authorization;
    let name = &of.record.identifier;
    let charge = Charge::failure(of.account, of.tenant, name, subject.is_test);
    // One more than may be is a client that had begun before.
    let _counted = app.memory.limits.spend(charge, now);
}

/// The authorization with the outcome.
fn ended(app: &App, subject: &Subject, outcome: &Outcome, now: Timestamp) -> Authorization {
    let mut ended = subject.authorization.clone();
    let result = match &outcome.result {
        Ok(()) => rules::Outcome::Proven,
        Err(failure) => rules::Outcome::Failed(problem(failure, outcome.detail())),
    };
    let reuse = app.settings().authorization_lifetime;
    if let Some(completed) = ended.record.complete(result, reuse, now) {
        if matches!(completed.state, State::Valid { .. }) {
            ended.validation = Some(ValidationId::generate(now, app.random()));
            ended.caa_checked_at = outcome.evidence.caa.as_ref().map(|caa| caa.checked_at);
        }
        ended.record.state = completed.state;
        ended.record.expires = completed.expires;
    }
    ended
}

struct ValidationResult {
    /// With the outcome.
    authorization: Authorization,
    /// What was seen, JSON.
    evidence: String,
    job: Option<JobId>,
    now: Timestamp,
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
) -> Result<Option<Authorization>, store::Error> {
    authorization::by_id(tx, &result.authorization.record.id).await
}

fn decide(
    result: &ValidationResult,
    found: Option<Authorization>,
) -> Result<Decision, store::Error> {
    let ended = &result.authorization;
    let Some(found) = found else {
        return Ok(Decision::Leave(ended.clone(), result.job));
    };
    match found.record.state {
        State::Pending | State::Processing { .. } => {}
        State::Deactivated | State::Invalid { .. } | State::Revoked | State::Valid { .. } => {
            return Ok(Decision::Leave(found, result.job));
        }
    }
    // A pending authorization belongs to one order, or was asked for ahead of any.
    let failed = match &ended.record.state {
        State::Invalid { error, .. } => {
            let problem = order_problem(&ended.record, error).to_json();
            found.order.map(|order| (order, problem))
        }
        State::Deactivated
        | State::Pending
        | State::Processing { .. }
        | State::Revoked
        | State::Valid { .. } => None,
    };
    let ending = Ending {
        authorization: ended.clone(),
        evidence: result.evidence.clone(),
        now: result.now,
    };
    Ok(Decision::End(ending, failed, result.job))
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Authorization, store::Error> {
    let (authorization, job) = match decision {
        Decision::Leave(authorization, job) => (authorization, job),
        Decision::End(ending, failed, job) => {
            authorization::complete(tx, ending).await?;
            if let Some((order, problem)) = failed {
                order::fail(tx, *order, problem, ending.now).await?;
            }
            (&ending.authorization, job)
        }
    };
    if let Some(job) = job {
        job::delete(tx, *job).await?;
    }
    Ok(authorization.clone())
}

fn order_problem(record: &Record, error: &Problem) -> Problem {
    let ordered = record.ordered();
    Problem::for_identifiers(vec![Subproblem {
        kind: error.kind,
        detail: format!("{}: {}", ordered.value, error.detail),
        identifier: Some(ordered),
    }])
}
