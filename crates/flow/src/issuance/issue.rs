//! Signs an intended certificate and ends its order, in one transaction: `ready` becomes `valid` with the
//! certificate or `invalid` with a reason, also after a crash.

use std::sync::Arc;

use acme::Problem;
use acme::order::Progress;
use acme::problem::Kind;
use base::{CaId, CertificateId, IdError, JobId, OrderId, Timestamp};
use pki::{Linted, TbsCertificate};
use serde_json::json;
use store::audit::Entry;
use store::issuance::order::Order;

use crate::jobs::{Lease, retry_later};
use crate::memory::catalog::Ca;
use crate::{App, Caller};

/// How often an order is tried before it ends invalid.
const MAX_ATTEMPTS: i64 = 8;

/// A linted certificate whose serial number and content are stored.
pub(super) struct Intent {
    /// The order that it ends.
    pub(super) order: OrderId,
    /// The certificate.
    pub(super) certificate: CertificateId,
    /// What to sign.
    pub(super) linted: Linted<TbsCertificate>,
    /// Who signs.
    pub(super) issuing: Arc<Ca>,
}

/// Why an order was not ended.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// The stored content cannot be read.
    #[error("the stored content of certificate {0} cannot be signed")]
    Content(CertificateId, #[source] pki::TbsError),
    /// The job names no order.
    #[error(transparent)]
    Id(#[from] IdError),
    /// The signature.
    #[error(transparent)]
    Issuer(#[from] pki::IssuerError),
    /// The CA that was to sign is gone.
    #[error("CA {0} is not active any more")]
    CaGone(CaId),
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

/// Issues for the request that finalized; a failure leaves the job to be tried again. Answers with the moment
/// at which the order ended, if it was this attempt that ended it.
pub(super) async fn issue(app: &App, lease: &Lease, intent: Intent) -> Option<Timestamp> {
    match attempt(app, lease.id, intent).await {
        Ok(ended_at) => ended_at,
        Err(error) => {
            retry_later(app, lease.id, lease.attempts, &error.into()).await;
            None
        }
    }
}

/// Goes on with an order whose node has died or whose signature failed.
pub async fn resume(app: &App, lease: &Lease) -> Result<(), IssueError> {
    let order: OrderId = lease.subject.parse()?;
    let found = app
        .store
        .read(order, |tx, order| {
            Box::pin(async move {
                let order = store::issuance::order::by_id(tx, *order).await?;
                let id = order.as_ref().and_then(|order| order.certificate);
                let certificate = match id {
                    Some(id) => store::issuance::certificate::by_id(tx, id).await?,
                    None => None,
                };
                Ok::<_, store::Error>(order.zip(certificate))
            })
        })
        .await?;
    let going_on = found.filter(|(order, _)| order.progress == Progress::Processing);
    let Some((order, certificate)) = going_on else {
        app.store
            .write(lease.id, |tx, id| {
                Box::pin(store::queue::job::delete(tx, *id))
            })
            .await?;
        return Ok(());
    };
    let tried = async {
        let intent = reload_intent(app, &order, &certificate)?;
        attempt(app, lease.id, intent).await.map(|_| ())
    };
    match tried.await {
        Err(error) if lease.attempts >= MAX_ATTEMPTS => {
            tracing::error!(order.id = %order.id, error = %error, "giving the order up");
            fail_order(app, lease.id, &order).await
        }
        other => other,
    }
}

/// Reads the stored content back; it has to pass the lints again.
fn reload_intent(
    app: &App,
    order: &Order,
    certificate: &store::issuance::certificate::Certificate,
) -> Result<Intent, IssueError> {
    let issuing = app
        .catalog()
        .signer(certificate.ca)
        .cloned()
        .ok_or(IssueError::CaGone(certificate.ca))?;
    let tbs = TbsCertificate::from_der(&certificate.der)
        .map_err(|error| IssueError::Content(certificate.id, error))?;
    let linted = issuing
        .issuer
        .lint(tbs, &app.settings.profile, certificate.created_at)?;
    Ok(Intent {
        order: order.id,
        certificate: certificate.id,
        linted,
        issuing,
    })
}

async fn attempt(app: &App, job: JobId, intent: Intent) -> Result<Option<Timestamp>, IssueError> {
    let Intent {
        order,
        certificate,
        linted,
        issuing,
    } = intent;
    let issued = sign(issuing, linted).await?;
    let issued = Issued {
        job,
        order,
        certificate,
        der: issued.der,
        now: app.clock.now(),
    };
    let now = issued.now;
    // Another node may have taken the job over and been faster; then its signature counts.
    let is_ours = app
        .store
        .write(issued, |tx, issued| {
            Box::pin(store::issuance::order_facts::complete(
                tx,
                issued.certificate,
                issued.order,
                issued.job,
                &issued.der,
                issued.now,
            ))
        })
        .await?;
    Ok(is_ours.then_some(now))
}

/// An RSA signature takes a millisecond and would hold up every other request.
async fn sign(
    issuing: Arc<Ca>,
    linted: Linted<TbsCertificate>,
) -> Result<pki::IssuedCertificate, IssueError> {
    match issuing.issuer.key_algorithm() {
        pki::KeyAlgorithm::EcdsaP256 | pki::KeyAlgorithm::EcdsaP384 => {
            Ok(issuing.issuer.issue(linted)?)
        }
        pki::KeyAlgorithm::Rsa { .. } => {
            tokio::task::spawn_blocking(move || issuing.issuer.issue(linted))
                .await
                .map_err(|_| IssueError::Thread)?
                .map_err(IssueError::from)
        }
    }
}

struct Issued {
    job: JobId,
    order: OrderId,
    certificate: CertificateId,
    der: Vec<u8>,
    now: Timestamp,
}

/// Ends the order invalid. The intent stays: whether it was signed is not known for certain.
async fn fail_order(app: &App, job: JobId, order: &Order) -> Result<(), IssueError> {
    let now = app.clock.now();
    let problem = Problem::new(
        Kind::ServerInternal,
        "the certificate could not be signed; place a new order and tell the operator if it happens again",
    );
    let audit: Entry = app.audit_entry(
        &Caller::system(),
        order.tenant,
        "order.fail",
        order.id.to_string(),
        &json!({}),
        now,
    );
    app.store
        .write(
            (job, order.id, problem.to_json(), now, audit),
            |tx, (job, order, problem, now, audit)| {
                Box::pin(async move {
                    store::issuance::order::fail(tx, *order, problem, *now).await?;
                    store::queue::job::delete(tx, *job).await?;
                    store::audit::append(tx, audit).await
                })
            },
        )
        .await?;
    Ok(())
}
