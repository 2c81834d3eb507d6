//! Signs an intended certificate and ends its order, in one transaction: `ready` becomes `valid` with the
//! certificate or `invalid` with a reason, also after a crash.

use std::sync::Arc;
use std::time::Duration;

use acme::Problem;
use acme::order::Progress;
use acme::problem::Kind;
use base::{
    AccountId, CaId, CertificateId, OrderId, ProfileVersionId, Refuse as _, TenantId, Timestamp,
};
use enrollment::{admission, delegated};
use pki::{Linted, Subject, TbsCertificate, Validity};
use serde::{Deserialize, Serialize};
use store::audit::Entry;
use store::catalog::ca::Trust;
use store::enrollment::order_facts::{self, Asked, ForCertificate};
use store::issuance::authorization::{Authorization, CaaCheck};
use store::issuance::certificate::{NewCertificate, Signed, Validations, hexadecimal};
use store::issuance::end::{self, ForIssue, Forbidden};
use store::issuance::lineage::Standing;
use store::issuance::order::{self, Order};
use store::issuance::signing_intent::{self, SigningIntent};
use store::queue::dead::{self, Burial};
use store::{ReadTx, WriteTx};
use tokio::time::Instant;

use super::challenge::check_caa::{Asker, Refused, ask_again, due};
use super::find_account::{LookUpError, find_account};
use crate::audit::{Event, Text};
use crate::caller::{system, tenant};
use crate::memory::catalog::Ca;
use crate::memory::clock_watch::ClockLeapt;
use crate::queue::{Done, Job, JobError, Lease, Priority, Queue};
use crate::{App, Caller};

/// A linted certificate whose serial number and content are stored.
pub(super) struct Issuing {
    /// The order that it ends.
    pub(super) order: Order,
    /// The certificate, but for what the signature adds.
    pub(super) certificate: NewCertificate,
    /// The attempt that this is.
    pub(super) fence: i64,
    /// The proofs for which CAA records have to be asked for again first.
    pub(super) caa_due: Vec<Authorization>,
    /// What to sign.
    pub(super) linted: Linted<TbsCertificate>,
    /// Who signs.
    pub(super) ca: Arc<Ca>,
}

/// A certificate whose signature waited longer is not signed any more: it would be valid from a moment long past
/// (BR 7.1.2.7 allows 48 hours).
const OLDEST: Duration = Duration::from_secs(24 * 3600);

/// The certificate that an intent leads to, before it is signed.
pub(super) fn unsigned(
    order: &Order,
    authorizations: &[Authorization],
    intent: &SigningIntent,
    validity: Validity,
) -> NewCertificate {
    let validations = authorizations.iter().filter_map(|each| each.validation);
    NewCertificate {
        id: intent.certificate,
        not_before: validity.not_before,
        not_after: validity.not_after,
        crl_shard: Some(0),
        lineage: order.lineage,
        tenant: order.tenant,
        subscription: Some(order.subscription),
        account: Some(order.account),
        order: Some(order.id),
        ca: Some(intent.ca),
        profile: Some(intent.profile),
        serial: Some(intent.serial),
        validations: Validations(validations.collect()),
        source: "acme".to_owned(),
        der: None,
    }
}

/// Why an order was not ended.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// Whoever ordered it.
    #[error("account {0} is gone")]
    AccountGone(AccountId),
    /// The account cannot be read.
    #[error(transparent)]
    LookUp(#[from] LookUpError),
    /// Nobody knows what time it is.
    #[error(transparent)]
    Clock(#[from] ClockLeapt),
    /// The stored content cannot be read.
    #[error("the stored content of certificate {0} cannot be signed")]
    Content(CertificateId, #[source] pki::TbsError),
    /// The signature.
    #[error(transparent)]
    Issuer(#[from] pki::IssuerError),
    /// The CA that was to sign is gone.
    #[error("CA {0} is not active any more")]
    CaGone(CaId),
    /// The profile that it was made by is unknown to this node.
    #[error("version {0} of a profile is not known")]
    ProfileGone(ProfileVersionId),
    /// The stored content no longer passes.
    #[error("the stored certificate did not pass its lints: {0}")]
    Lint(#[from] pki::Findings),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The thread that signed went away.
    #[error("the signing thread did not answer")]
    Thread,
}

/// Signs an intended certificate.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Issue {
    /// The order that it is for.
    pub order: OrderId,
    /// Whose order that is.
    #[serde(default)]
    pub tenant: Option<TenantId>,
}

impl Issue {
    pub(super) fn of(order: &Order) -> Self {
        Self {
            order: order.id,
            tenant: Some(order.tenant),
        }
    }
}

impl Job<App> for Issue {
    const KIND: &'static str = "issue";
    const QUEUE: Queue = Queue::Issue;
    const PRIORITY: Priority = Priority::Urgent;

    fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Done<Self>, JobError> {
        Ok(resume(app, self.order, lease).await?)
    }

    async fn give_up(self, app: &App, lease: &Lease, why: &str) -> Result<bool, JobError> {
        let Some(found) = unfinished(app, self.order).await? else {
            return Ok(false);
        };
        fail_order(app, lease, &found.order, why).await?;
        Ok(true)
    }
}

/// Goes on with an order whose node has died, whose signature failed, or that waited for its turn.
async fn resume(app: &App, order: OrderId, lease: &Lease) -> Result<Done<Issue>, IssueError> {
    let Some(found) = unfinished(app, order).await? else {
        return Ok(Done::Finished);
    };
    // From here on nobody can store what an earlier attempt has signed.
    let claim = (found.intent.certificate, lease.attempt);
    let store = app.store(system("a job"));
    if store.write(claim, signing_intent::fence).await? {
        if let Some(refused) = readmit(app, &found).await? {
            let of = (&found.order, found.intent.certificate, lease.attempt);
            forbid(app, *lease, of, refused).await?;
            return Ok(Done::FinishedInside);
        }
        let issuing = reload_intent(app, found, lease.attempt)?;
        issue(app, *lease, issuing).await?;
    }
    Ok(Done::FinishedInside)
}

/// Whether an order that waited for its signature is still to be had. What was admitted when it was taken may be
/// suspended, removed or blocked since then; and what is older than this is dated back by more than anybody expects.
async fn readmit(app: &App, found: &Found) -> Result<Option<Refused>, IssueError> {
    let (order, now) = (&found.order, app.now());
    if now.since(found.intent.created_at) > OLDEST {
        let detail = "the certificate could not be signed in time; place a new order";
        return Ok(Some(Refused(Problem::new(Kind::ServerInternal, detail))));
    }
    let account = find_account(app, order.account).await?;
    let account = account.ok_or(IssueError::AccountGone(order.account))?;
    let catalog = app.catalog();
    let Some(directory) = catalog.directory(&account.directory) else {
        let detail = "the directory of this order is gone; place a new order in another one";
        return Ok(Some(Refused(Problem::new(Kind::Unauthorized, detail))));
    };
    let whose = (account.tenant, directory.coverage(account.is_bound));
    let asked = catalog.asked(directory, whose, &order.names, now);
    let intent = &found.intent;
    let key = TbsCertificate::from_der(&intent.tbs).and_then(|tbs| tbs.key_fingerprint());
    let key = key.map_err(|error| IssueError::Content(intent.certificate, error))?;
    let store = app.store(tenant(order.tenant));
    let wish = (order.clone(), asked, key);
    let facts = store.read(wish, load_admission).await?;
    if facts.is_key_blocked {
        let detail = "the key of this order was reported as compromised while it waited; place a new one with another key";
        return Ok(Some(Refused(Problem::new(Kind::BadCsr, detail))));
    }
    let admitted = admission::decide(&facts.admission, &order.names, now);
    let profile = &directory.profile.profile;
    // The content names the organization as it was; whether it may be named at all is asked again.
    let named = Subject::for_profile(facts.organization.as_ref(), profile);
    let refusals = admitted.err().map(|refused| refused.refusal());
    let refusal = refusals.or_else(|| named.err().map(|refused| refused.refusal()));
    Ok(refusal.map(|refusal| {
        let told = Problem::telling(refusal, |code| {
            let is_of_names = code == "name_not_enrolled" || delegated::CODES.contains(&code);
            is_of_names.then_some(Kind::RejectedIdentifier)
        });
        Refused(told)
    }))
}

async fn load_admission(
    tx: &mut ReadTx,
    (order, asked, key): &(Order, Asked, [u8; 32]),
) -> Result<ForCertificate, store::Error> {
    order_facts::for_certificate(tx, (order, asked), key).await
}

/// An order that was taken and has not ended, with its intent.
async fn unfinished(app: &App, order: OrderId) -> Result<Option<Found>, store::Error> {
    let found = app.store(system("a job")).read(order, load_intent).await?;
    Ok(found.filter(|found| found.order.progress() == Progress::Processing))
}

struct Found {
    order: Order,
    authorizations: Vec<Authorization>,
    intent: SigningIntent,
}

async fn load_intent(tx: &mut ReadTx, id: &OrderId) -> Result<Option<Found>, store::Error> {
    let Some((order, authorizations)) = order::with_authorizations(tx, id).await? else {
        return Ok(None);
    };
    let Some(certificate) = order.certificate else {
        return Ok(None);
    };
    let intent = signing_intent::by_certificate(tx, &certificate).await?;
    Ok(intent.map(|intent| Found {
        order,
        authorizations,
        intent,
    }))
}

/// Reads the stored content back; it has to pass the lints of its own profile again.
fn reload_intent(app: &App, found: Found, fence: i64) -> Result<Issuing, IssueError> {
    let Found {
        order,
        authorizations,
        intent,
    } = found;
    let caa_due = due(&authorizations, app.now());
    let catalog = app.catalog();
    let ca = catalog
        .signer(intent.ca)
        .cloned()
        .ok_or(IssueError::CaGone(intent.ca))?;
    let profile = catalog
        .profile_version(intent.profile)
        .ok_or(IssueError::ProfileGone(intent.profile))?;
    let tbs = TbsCertificate::from_der(&intent.tbs)
        .map_err(|error| IssueError::Content(intent.certificate, error))?;
    let linted = ca.issuer.lint(tbs, &profile.profile, intent.created_at)?;
    let validity = linted.content().validity();
    Ok(Issuing {
        certificate: unsigned(&order, &authorizations, &intent, validity),
        order,
        fence,
        caa_due,
        linted,
        ca,
    })
}

/// Signs and ends the order. Answers with the moment at which it ended, if it was this attempt that ended it.
pub(super) async fn issue(
    app: &App,
    lease: Lease,
    issuing: Issuing,
) -> Result<Option<Timestamp>, IssueError> {
    let Issuing {
        order,
        mut certificate,
        fence,
        caa_due,
        linted,
        ca,
    } = issuing;
    let caa_checks = match ask_caa(app, &order, caa_due).await? {
        Ok(checks) => checks,
        Err(refused) => {
            forbid(app, lease, (&order, certificate.id, fence), refused).await?;
            return Ok(None);
        }
    };
    app.memory.clock.now()?;
    let evidence = caa_checks.iter().map(|check| check.id);
    certificate.validations.0.extend(evidence);
    let (ca_id, is_test) = (ca.id, ca.trust == Trust::Test);
    let (key, begun) = (ca.issuer.key_algorithm(), Instant::now());
    let issued = sign(ca, linted).await?;
    app.memory.measures.proofs.signed(key, begun.elapsed());
    certificate.der = Some(issued.der.clone());
    let now = app.now();
    let (scope, id) = (tenant(order.tenant), certificate.id);
    let issuance = Issuance::of(&order, &certificate);
    let with_fence = Issued {
        signed: Signed {
            certificate,
            names: order.names,
            subscription: order.subscription,
            order: order.id,
            job: lease.id,
            caa_checks,
            is_test,
            now,
        },
        fence,
    };
    // Another node may have taken the job over; then its signature counts.
    let is_ours = app
        .store(scope)
        .decide(with_fence, load, decide, save)
        .await?;
    if is_ours {
        let recent = &app.memory.recent;
        recent.keep_certificate(id, order.account, (ca_id, issued.der), now);
        issuance.log();
    }
    Ok(is_ours.then_some(now))
}

/// What the log is told of a certificate once it is stored.
struct Issuance {
    order: OrderId,
    account: AccountId,
    tenant: TenantId,
    certificate: CertificateId,
    serial: String,
    names: usize,
    first_name: Option<String>,
}

impl Issuance {
    fn of(order: &Order, certificate: &NewCertificate) -> Self {
        Self {
            order: order.id,
            account: order.account,
            tenant: order.tenant,
            certificate: certificate.id,
            serial: hexadecimal(certificate.serial.as_ref().map_or(&[], |serial| serial)),
            names: order.names.len(),
            first_name: order.names.first().map(ToString::to_string),
        }
    }

    fn log(&self) {
        tracing::info!(
            certificate.id = %self.certificate,
            certificate.serial = self.serial,
            certificate.names = self.names,
            certificate.first_name = self.first_name,
            order.id = %self.order,
            account.id = %self.account,
            tenant.id = %self.tenant,
            "certificate issued"
        );
    }
}

/// Asks for CAA records again where that is due. Of an order that waited, too: its names may have changed hands.
async fn ask_caa(
    app: &App,
    order: &Order,
    due: Vec<Authorization>,
) -> Result<Result<Vec<CaaCheck>, Refused>, IssueError> {
    if due.is_empty() {
        return Ok(Ok(Vec::new()));
    }
    let account = find_account(app, order.account).await?;
    let account = account.ok_or(IssueError::AccountGone(order.account))?;
    match Asker::of(app, &account) {
        Some(asker) => Ok(ask_again(app, &asker, due).await),
        None => Ok(Ok(Vec::new())),
    }
}

/// Ends the order without a certificate, unless another node has taken it over.
async fn forbid(
    app: &App,
    lease: Lease,
    (order, certificate, fence): (&Order, CertificateId, i64),
    Refused(problem): Refused,
) -> Result<(), store::Error> {
    let now = app.now();
    let details = problem.subproblems.iter().map(|each| each.detail.as_str());
    let why: Vec<_> = details.collect();
    let event = Event::OrderFailed {
        order: order.id,
        why: Text::new(why.join("; ")),
    };
    let caller = Caller::job(lease.request, order.tenant);
    let forbidden = Forbidden {
        order: order.id,
        certificate,
        job: lease.id,
        problem: problem.to_json(),
        audit: app.entry(&caller, order.tenant, &event, now),
        now,
    };
    app.memory.recent.forget_order(order.id);
    let store = app.store(&caller);
    let holding = (forbidden, fence);
    store
        .decide(holding, load_fence, decide_forbid, save_forbid)
        .await
}

async fn load_fence(
    tx: &mut ReadTx,
    (forbidden, _): &(Forbidden, i64),
) -> Result<Option<i64>, store::Error> {
    let intent = signing_intent::by_certificate(tx, &forbidden.certificate).await?;
    Ok(intent.map(|intent| intent.fence))
}

fn decide_forbid(
    (forbidden, fence): &(Forbidden, i64),
    found: Option<i64>,
) -> Result<Option<Forbidden>, store::Error> {
    Ok((found == Some(*fence)).then(|| forbidden.clone()))
}

async fn save_forbid(tx: &mut WriteTx, decision: &Option<Forbidden>) -> Result<(), store::Error> {
    match decision {
        Some(forbidden) => end::forbid(tx, forbidden).await,
        None => Ok(()),
    }
}

struct Issued {
    signed: Signed,
    fence: i64,
}

async fn load(tx: &mut ReadTx, issued: &Issued) -> Result<ForIssue, store::Error> {
    let certificate = &issued.signed.certificate;
    end::for_issue(tx, certificate.id, certificate.lineage).await
}

fn decide(issued: &Issued, facts: ForIssue) -> Result<Option<(Signed, Standing)>, store::Error> {
    let is_ours = facts.fence == Some(issued.fence);
    Ok(is_ours.then(|| (issued.signed.clone(), facts.standing)))
}

async fn save(
    tx: &mut WriteTx,
    decision: &Option<(Signed, Standing)>,
) -> Result<bool, store::Error> {
    let Some((signed, standing)) = decision else {
        return Ok(false);
    };
    end::issue(tx, signed, *standing).await?;
    Ok(true)
}

/// An RSA signature takes a millisecond and would hold up every other request.
async fn sign(
    ca: Arc<Ca>,
    linted: Linted<TbsCertificate>,
) -> Result<pki::IssuedCertificate, IssueError> {
    match ca.issuer.key_algorithm() {
        pki::KeyAlgorithm::EcdsaP256 | pki::KeyAlgorithm::EcdsaP384 => {
            Ok(ca.issuer.issue(linted)?)
        }
        pki::KeyAlgorithm::Rsa { .. } => {
            tokio::task::spawn_blocking(move || ca.issuer.issue(linted))
                .await
                .map_err(|_| IssueError::Thread)?
                .map_err(IssueError::from)
        }
    }
}

/// Ends the order invalid. The intent stays: whether it was signed is not known for certain.
async fn fail_order(
    app: &App,
    lease: &Lease,
    order: &Order,
    why: &str,
) -> Result<(), store::Error> {
    let now = app.now();
    let problem = Problem::new(
        Kind::ServerInternal,
        "the certificate could not be signed; place a new order and tell the operator if it happens again",
    );
    let caller = Caller::job(lease.request, order.tenant);
    let event = Event::OrderFailed {
        order: order.id,
        why: Text::new(why),
    };
    let audit = app.entry(&caller, order.tenant, &event, now);
    let failure = Failure {
        job: Burial {
            id: lease.id,
            attempt: lease.attempt,
            error: why.to_owned(),
            now,
        },
        order: order.id,
        problem: problem.to_json(),
        audit,
        now,
    };
    app.store(&caller).write(failure, save_failure).await
}

struct Failure {
    job: Burial,
    order: OrderId,
    problem: String,
    audit: Entry,
    now: Timestamp,
}

async fn save_failure(tx: &mut WriteTx, failure: &Failure) -> Result<(), store::Error> {
    order::fail(tx, failure.order, &failure.problem, failure.now).await?;
    dead::bury(tx, &failure.job).await?;
    store::audit::append(tx, &failure.audit).await
}
