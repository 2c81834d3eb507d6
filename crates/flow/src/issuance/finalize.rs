//! finalize (RFC 8555 §7.4): checks the CSR, prepares and lints the certificate, and takes the order: from
//! here on exactly one certificate comes of it. The serial number and the content are stored before the
//! signature; signing is the job [`issue`](super::issue).

use std::collections::HashSet;

use acme::order::{
    CsrNamesError, NotReady, PayloadError, Progress, check_csr_names, parse_finalize,
};
use base::{CaId, CertificateId, OrderId, Timestamp};
use pki::{
    Csr, Findings, IssuanceRequest, KeyPolicyError, Linted, RequestedValidity, SerialNumber,
    TbsCertificate, Validity,
};
use store::WriteTx;
use store::issuance::authorization::Authorization;
use store::issuance::certificate::{Certificate, Status};
use store::issuance::order::Order;
use store::queue::job::NewJob;

use super::account_cache::KnownAccount;
use super::issue::{Intent, issue};
use super::new_order::{NewOrderError, admit};
use super::order_view::{OrderView, authorization_statuses, facts, identifiers};
use super::read_order::{load, read_order};
use crate::App;
use crate::jobs::{Kind, first_attempt};
use crate::memory::catalog::Ca;

/// Why the order was not taken; it can be finalized again, unless its state says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum FinalizeError {
    /// The key is the account's own.
    #[error("the CSR has the account's key; make a key of its own for the certificate")]
    AccountKey,
    /// The subscription no longer covers the names.
    #[error(transparent)]
    Admission(#[from] NewOrderError),
    /// The key was reported as known to others.
    #[error("the key in the CSR is blocked because it was reported as compromised; make a new one")]
    BlockedKey,
    /// The CSR.
    #[error(transparent)]
    Csr(#[from] pki::CsrError),
    /// The key.
    #[error(transparent)]
    KeyPolicy(#[from] KeyPolicyError),
    /// What we prepared is not what the profile's rules allow; our fault.
    #[error("the prepared certificate did not pass its lints: {0}")]
    Lint(#[from] Findings),
    /// The names.
    #[error(transparent)]
    Names(#[from] CsrNamesError),
    /// Another account's order, or none.
    #[error("there is no such order")]
    NotFound,
    /// The order's state.
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// The payload.
    #[error(transparent)]
    Payload(#[from] PayloadError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The wished validity cannot be granted any more.
    #[error(transparent)]
    Validity(#[from] pki::ValidityError),
}

/// Takes the order and issues; answers as soon as the certificate is there, or with `processing`.
pub async fn finalize(
    app: &App,
    known: &KnownAccount,
    id: OrderId,
    payload: &[u8],
) -> Result<OrderView, FinalizeError> {
    let csr = parse_finalize(payload)?;
    let (order, authorizations) = load(app, known, id).await?.ok_or(FinalizeError::NotFound)?;
    let now = app.clock.now();
    check_ready(&order, &authorizations, now)?;
    let csr = check_csr(app, known, &order, &csr)?;
    let issuing = app.catalog().issuing().clone();
    let validity = validity(app, &order, now)?;
    let linted = prepare(app, csr.clone(), validity, &issuing, now)?;
    let finalization = Finalization {
        certificate: intended(app, &order, &linted, validity, issuing.id, now),
        key_fingerprint: *csr.key().fingerprint(),
        job: app.leased_job(Kind::Issue, order.id.to_string(), now),
        admits_all: app.settings.open_house.is_some(),
        now,
    };
    let lease = first_attempt(&finalization.job, Kind::Issue);
    let certificate = finalization.certificate.id;
    let intent = Intent {
        order: order.id,
        certificate,
        linted,
        issuing,
    };
    app.store
        .write(finalization, |tx, finalization| {
            Box::pin(take(tx, finalization))
        })
        .await?;

    let app_of_job = app.clone();
    let running = app
        .runner
        .spawn(async move { issue(&app_of_job, &lease, intent).await });
    match tokio::time::timeout(app.settings.finalize_wait, running).await {
        Ok(Ok(Some(ended_at))) => return Ok(ended(order, certificate, &authorizations, ended_at)),
        Ok(_) => {}
        Err(_) => {
            tracing::info!(order.id = %id, "the certificate takes longer; the client will poll");
        }
    }
    read_order(app, known, id)
        .await?
        .ok_or(FinalizeError::NotFound)
}

/// The order as it was stored with its certificate.
fn ended(
    mut order: Order,
    certificate: CertificateId,
    authorizations: &[Authorization],
    ended_at: Timestamp,
) -> OrderView {
    order.progress = Progress::Valid;
    order.certificate = Some(certificate);
    order.ended_at = Some(ended_at);
    OrderView::of(&order, authorizations, ended_at)
}

fn check_ready(
    order: &Order,
    authorizations: &[Authorization],
    now: Timestamp,
) -> Result<(), NotReady> {
    let statuses = authorization_statuses(order, authorizations, now);
    facts(order, &statuses).finalize(now)
}

fn check_csr(
    app: &App,
    known: &KnownAccount,
    order: &Order,
    der: &[u8],
) -> Result<Csr, FinalizeError> {
    let csr = Csr::parse(der)?;
    let ordered = identifiers(&order.names).ok_or(FinalizeError::NotFound)?;
    check_csr_names(&ordered, csr.names())?;
    if csr.key().spki() == known.jwk.spki_der() {
        return Err(FinalizeError::AccountKey);
    }
    // Blocked keys are looked up in the transaction that takes the order.
    app.settings.key_policy.check(csr.key(), &HashSet::new())?;
    Ok(csr)
}

fn validity(app: &App, order: &Order, now: Timestamp) -> Result<Validity, pki::ValidityError> {
    let requested = RequestedValidity {
        not_before: order.not_before,
        not_after: order.not_after,
    };
    app.settings.profile.validity(requested, now)
}

fn prepare(
    app: &App,
    csr: Csr,
    validity: Validity,
    issuing: &Ca,
    now: Timestamp,
) -> Result<Linted<TbsCertificate>, Findings> {
    let profile = &app.settings.profile;
    let must_staple = csr.wants_must_staple();
    // The ordered names in the order of the CSR: many programs take the first one for the certificate's name.
    let (key, names) = csr.into_parts();
    let request = IssuanceRequest {
        serial: SerialNumber::generate(app.random.as_ref()),
        names,
        key,
        validity,
        must_staple,
        crl_url: issuing.crl_url.clone(),
    };
    let tbs = issuing.issuer.prepare(profile, &request);
    issuing.issuer.lint(tbs, profile, now)
}

/// What is stored when an order is taken.
struct Finalization {
    certificate: Certificate,
    key_fingerprint: [u8; 32],
    job: NewJob,
    admits_all: bool,
    now: Timestamp,
}

fn intended(
    app: &App,
    order: &Order,
    linted: &Linted<TbsCertificate>,
    validity: Validity,
    ca: CaId,
    now: Timestamp,
) -> Certificate {
    let content = linted.content();
    Certificate {
        id: CertificateId::generate(now, app.random.as_ref()),
        serial: content.serial().to_string(),
        ca,
        tenant: order.tenant,
        subscription: order.subscription,
        account: order.account,
        order: order.id,
        status: Status::Intended,
        profile: app.settings.profile.name.clone(),
        names: order.names.clone(),
        not_before: validity.not_before,
        not_after: validity.not_after,
        der: content.der().to_vec(),
        created_at: now,
        issued_at: None,
        revoked_at: None,
        revocation_reason: None,
    }
}

/// Of two finalize calls at once, the second finds the order taken.
async fn take(tx: &mut WriteTx, finalization: &Finalization) -> Result<(), FinalizeError> {
    let certificate = &finalization.certificate;
    let look = store::issuance::order_facts::take_for_certificate(
        tx,
        certificate,
        &finalization.key_fingerprint,
    )
    .await?;
    if !finalization.admits_all {
        admit(&look.coverage, &certificate.names, finalization.now)?;
    }
    if look.is_key_blocked {
        return Err(FinalizeError::BlockedKey);
    }
    if !look.has_begun {
        let found = store::issuance::order::with_authorizations(tx, certificate.order).await?;
        let (order, authorizations) = found.ok_or(FinalizeError::NotFound)?;
        check_ready(&order, &authorizations, finalization.now)?;
        return Err(NotReady::Processing.into());
    }
    store::issuance::certificate::intend(tx, certificate).await?;
    store::queue::job::insert(tx, &finalization.job).await?;
    Ok(())
}
