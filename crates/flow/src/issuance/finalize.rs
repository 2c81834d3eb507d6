//! finalize (RFC 8555 §7.4): checks the CSR, prepares and lints the certificate, and takes the order: from
//! here on exactly one certificate comes of it. The serial number and the content are stored before the
//! signature; signing is the job [`issue`](super::issue).

use std::collections::HashSet;
use std::sync::Arc;

use acme::order::{
    CsrNamesError, NotReady, PayloadError, Progress, check_csr_names, parse_finalize,
};
use base::{CertificateId, Class, OrderId, Refusal, Refuse, SubscriptionId, Timestamp};
use enrollment::admission;
use pki::{
    Csr, Findings, IssuanceRequest, KeyPolicyError, Linted, OrganizationError, RequestedValidity,
    SerialNumber, Subject, TbsCertificate, Validity, ValidityLimits,
};
use store::enrollment::order_facts::{self, Asked, ForCertificate};
use store::issuance::authorization::Authorization;
use store::issuance::order::{self, Order};
use store::issuance::signing_intent::SigningIntent;
use store::queue::job::{self, Job as Row};
use store::{ReadTx, WriteTx};
use tenancy::limit::RateLimited;

use super::challenge::check_caa::due;
use super::issue::{Issue, Issuing, issue, unsigned};
use super::order_view::{OrderView, authorization_statuses, facts};
use super::read_order::{load_stored, read_order};
use crate::memory::accounts::KnownAccount;
use crate::memory::catalog::{Directory, VersionedProfile};
use crate::memory::clock_watch::ClockLeapt;
use crate::memory::limits::Charge;
use crate::queue::{Begun, Cause, Lease};
use crate::{App, Caller};

/// Why the order was not taken; it can be finalized again, unless its state says otherwise.
#[derive(Debug, thiserror::Error)]
pub enum FinalizeError {
    /// The key is the account's own.
    #[error("the CSR has the account's key; make a key of its own for the certificate")]
    AccountKey,
    /// The subscription no longer covers the names.
    #[error(transparent)]
    Admission(#[from] admission::Refused),
    /// The key was reported as known to others.
    #[error("the key in the CSR is blocked because it was reported as compromised; make a new one")]
    BlockedKey,
    /// Nobody knows what time it is.
    #[error(transparent)]
    Clock(#[from] ClockLeapt),
    /// The CSR.
    #[error(transparent)]
    Csr(#[from] pki::CsrError),
    /// The key.
    #[error(transparent)]
    KeyPolicy(#[from] KeyPolicyError),
    /// What we prepared is not what the profile's rules allow; our fault.
    #[error("the prepared certificate did not pass its lints: {0}")]
    Lint(#[from] Findings),
    /// As many certificates as may be.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// The CSR asks for must-staple, and the profile does not honour it (RFC 8555 §7.4).
    #[error(
        "the CSR asks for must-staple (the TLS feature extension), which certificates here do not carry; make a CSR \
         without it"
    )]
    MustStaple,
    /// The names.
    #[error(transparent)]
    Names(#[from] CsrNamesError),
    /// Another account's order, or none.
    #[error("there is no such order")]
    NotFound,
    /// The order's state.
    #[error(transparent)]
    NotReady(#[from] NotReady),
    /// The organization that the certificate names.
    #[error(transparent)]
    Organization(#[from] OrganizationError),
    /// It was validated anew, or no longer is, since the content was made.
    #[error("what is known of the organization changed a moment ago; finalize the order again")]
    OrganizationChanged,
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

impl Refuse for FinalizeError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::AccountKey => Class::Invalid.because("key_is_the_accounts", self),
            Self::Admission(error) => error.refusal(),
            Self::BlockedKey => Class::Invalid.because("key_reported", self),
            Self::Clock(error) => error.refusal(),
            Self::Csr(error) => error.refusal(),
            Self::KeyPolicy(error) => error.refusal(),
            Self::Lint(error) => Refusal::internal(error),
            Self::Limited(error) => error.refusal(),
            Self::MustStaple => Class::Invalid.because("must_staple_not_honoured", self),
            Self::Names(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("order_not_found", self),
            Self::NotReady(error) => error.refusal(),
            Self::Organization(error) => error.refusal(),
            Self::OrganizationChanged => Class::Conflict.because("organization_changed", self),
            Self::Payload(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Validity(error) => error.refusal(),
        }
    }
}

/// Takes the order and issues; answers as soon as the certificate is there, or with `processing`.
pub async fn finalize(
    app: &App,
    caller: &Caller,
    directory: &Directory,
    known: &KnownAccount,
    (id, payload): (OrderId, &[u8]),
) -> Result<OrderView, FinalizeError> {
    let csr = parse_finalize(payload)?;
    let now = app.memory.clock.now()?;
    let (order, authorizations) = find_ready(app, caller, known, id, now).await?;
    let csr = check_csr(directory, known, &order, &csr)?;
    let validity = validity(directory, &order, known.limits(), now)?;
    let (set, below) = charges(&order, directory.is_test);
    let is_over = |charge: &Charge| app.memory.limits.look(*charge, now).err();
    let asked = asked(app, directory, known, &order, now);
    let subject = subject(app, caller, directory, (&order, &asked)).await?;
    let linted = prepare(
        app,
        directory,
        csr.clone(),
        (subject.clone(), validity),
        now,
    )?;
    let begun = app.work.begin(&Issue::of(&order), Cause::of(caller, now));
    let fence = begun.lease().map_or(0, |lease| lease.attempt);
    let intent = intent(app, directory, &order, &linted, (fence, now));
    let issuing = Issuing {
        certificate: unsigned(&order, &authorizations, &intent, validity),
        order: order.clone(),
        fence: intent.fence,
        caa_due: caa_due(directory, &authorizations, now),
        linted,
        ca: directory.issuing.clone(),
    };
    let certificate = intent.certificate;
    let finalization = Finalization {
        order: order.clone(),
        intent,
        key_digest: *csr.key().fingerprint(),
        job: begun.row(),
        profile: directory.profile.clone(),
        subject,
        asked,
        domains: below.iter().find_map(is_over),
        now,
    };
    app.memory.limits.spend(set, now)?;
    let store = app.store(caller);
    let taken = store.decide(finalization, load, decide, save).await;
    app.memory.recent.forget_order(id);
    count(app, (set, &below), &taken, now);
    taken?;

    if let Some(ended_at) = issue_at_once(app, begun, issuing).await {
        return Ok(ended(order, certificate, &authorizations, ended_at));
    }
    read_order(app, caller, known, id)
        .await?
        .ok_or(FinalizeError::NotFound)
}

/// The proofs for which CAA records are to be asked for again; none where nobody is called anything in them.
fn caa_due(
    directory: &Directory,
    authorizations: &[Authorization],
    now: Timestamp,
) -> Vec<Authorization> {
    if directory.meta.caa_identities.is_empty() {
        return Vec::new();
    }
    due(authorizations, now)
}

/// What a certificate counts for: its set of names, and each registered domain above them.
fn charges(order: &Order, is_test: bool) -> (Charge, Vec<Charge>) {
    (
        Charge::certificate(order, is_test),
        Charge::certificate_below(order, is_test),
    )
}

/// Counts a certificate for its registered domains unless it is a renewal, or gives back what there will be none for.
fn count(
    app: &App,
    (set, below): (Charge, &[Charge]),
    taken: &Result<bool, FinalizeError>,
    now: Timestamp,
) {
    let limits = &app.memory.limits;
    match taken {
        Ok(true) => {}
        Ok(false) => {
            for charge in below {
                // Whether there was room was asked before; who came in between counts as well.
                let _counted = limits.spend(*charge, now);
            }
        }
        Err(_) => limits.refund(set, now),
    }
}

/// Signs, unless too many do; when the order has ended, if that was soon.
async fn issue_at_once(app: &App, begun: Begun, issuing: Issuing) -> Option<Timestamp> {
    let (app_of_job, id) = (app.clone(), issuing.order.id);
    let sign = |lease: Lease| async move { Ok(issue(&app_of_job, lease, issuing).await?) };
    let running = app.work.carry_out::<Issue, _, _>(begun, sign)?;
    let soon = tokio::time::timeout(app.settings().finalize_wait, running).await;
    if soon.is_err() {
        tracing::info!(order.id = %id, "the certificate takes longer; the client will poll");
    }
    soon.ok()?.ok().flatten().flatten()
}

/// The order as it was stored with its certificate.
fn ended(
    mut order: Order,
    certificate: CertificateId,
    authorizations: &[Authorization],
    ended_at: Timestamp,
) -> OrderView {
    order.certificate = Some(certificate);
    order.finalized_at = Some(ended_at);
    order.ended_at = Some(ended_at);
    OrderView::of(&order, authorizations, ended_at)
}

/// The order with its authorizations, if it can be finalized; a copy is not asked why it cannot.
async fn find_ready(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: OrderId,
    now: Timestamp,
) -> Result<(Order, Vec<Authorization>), FinalizeError> {
    if let Some((order, authorizations)) = app.memory.recent.order(known.id, id, now)
        && check_ready(&order, &authorizations, now).is_ok()
    {
        return Ok((order, authorizations));
    }
    let found = load_stored(app, caller, known, id).await?;
    let (order, authorizations) = found.ok_or(FinalizeError::NotFound)?;
    check_ready(&order, &authorizations, now)?;
    Ok((order, authorizations))
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
    directory: &Directory,
    known: &KnownAccount,
    order: &Order,
    der: &[u8],
) -> Result<Csr, FinalizeError> {
    let csr = Csr::parse(der)?;
    check_csr_names(&order.names, csr.names())?;
    if csr.key().spki() == known.jwk.spki_der() {
        return Err(FinalizeError::AccountKey);
    }
    if csr.wants_must_staple() && !directory.profile.profile.honours_must_staple {
        return Err(FinalizeError::MustStaple);
    }
    // Blocked keys are looked up in the transaction that takes the order.
    directory.keys.check(csr.key(), &HashSet::new())?;
    Ok(csr)
}

fn validity(
    directory: &Directory,
    order: &Order,
    limits: ValidityLimits,
    now: Timestamp,
) -> Result<Validity, pki::ValidityError> {
    let requested = RequestedValidity {
        not_before: order.not_before,
        not_after: order.not_after,
    };
    let profile = &directory.profile.profile;
    profile.validity_within(requested, limits, now)
}

/// Whom the certificate names: nobody, or the organization that is validated for the subscription. A directory that names
/// nobody asks nothing.
async fn subject(
    app: &App,
    caller: &Caller,
    directory: &Directory,
    (order, asked): (&Order, &Asked),
) -> Result<Option<Subject>, FinalizeError> {
    if asked.certificate_type.is_none() {
        return Ok(None);
    }
    let of = (order.subscription, asked.clone());
    let organization = app.store(caller).read(of, load_organization).await?;
    let profile = &directory.profile.profile;
    Ok(Subject::for_profile(organization.as_ref(), profile)?)
}

async fn load_organization(
    tx: &mut ReadTx,
    (subscription, asked): &(SubscriptionId, Asked),
) -> Result<Option<Subject>, store::Error> {
    order_facts::organization(tx, *subscription, asked).await
}

fn prepare(
    app: &App,
    directory: &Directory,
    csr: Csr,
    (subject, validity): (Option<Subject>, Validity),
    now: Timestamp,
) -> Result<Linted<TbsCertificate>, Findings> {
    let (issuing, profile) = (&directory.issuing, &directory.profile.profile);
    let must_staple = csr.wants_must_staple();
    // The ordered names in the order of the CSR: many programs take the first one for the certificate's name.
    let (key, names) = csr.into_parts();
    let request = IssuanceRequest {
        serial: SerialNumber::generate(app.random()),
        names,
        subject,
        key,
        validity,
        must_staple,
        crl_url: issuing.crl_url.clone(),
    };
    let tbs = issuing.issuer.prepare(profile, &request);
    issuing.issuer.lint(tbs, profile, now)
}

/// What is stored before the signature.
fn intent(
    app: &App,
    directory: &Directory,
    order: &Order,
    linted: &Linted<TbsCertificate>,
    (fence, now): (i64, Timestamp),
) -> SigningIntent {
    let content = linted.content();
    SigningIntent {
        certificate: CertificateId::generate(now, app.random()),
        order: Some(order.id),
        tenant: order.tenant,
        ca: directory.issuing.id,
        profile: directory.profile.id,
        serial: *content.serial().as_bytes(),
        step: "certificate".to_owned(),
        fence,
        tbs: content.der().to_vec(),
        created_at: now,
    }
}

fn asked(
    app: &App,
    directory: &Directory,
    known: &KnownAccount,
    order: &Order,
    now: Timestamp,
) -> Asked {
    let whose = (known.tenant, directory.coverage(known.is_bound));
    app.catalog().asked(directory, whose, &order.names, now)
}

/// What is stored when an order is taken.
struct Finalization {
    order: Order,
    intent: SigningIntent,
    key_digest: [u8; 32],
    job: Row,
    asked: Asked,
    profile: Arc<VersionedProfile>,
    /// Whom the intent's content names.
    subject: Option<Subject>,
    /// The bound of a registered domain that was reached.
    domains: Option<RateLimited>,
    now: Timestamp,
}

/// An order that is taken, the intent and the job that go with it.
struct Taken {
    is_renewal: bool,
    order: Order,
    intent: SigningIntent,
    job: Row,
    now: Timestamp,
}

async fn load(
    tx: &mut ReadTx,
    finalization: &Finalization,
) -> Result<ForCertificate, store::Error> {
    let order = (&finalization.order, &finalization.asked);
    order_facts::for_certificate(tx, order, &finalization.key_digest).await
}

/// Of two finalize calls at once, the second finds the order taken.
fn decide(finalization: &Finalization, facts: ForCertificate) -> Result<Taken, FinalizeError> {
    let ForCertificate {
        progress,
        admission,
        is_key_blocked,
        organization,
    } = facts;
    admission::decide(&admission, &finalization.order.names, finalization.now)?;
    let profile = &finalization.profile.profile;
    if Subject::for_profile(organization.as_ref(), profile)? != finalization.subject {
        return Err(FinalizeError::OrganizationChanged);
    }
    if is_key_blocked {
        return Err(FinalizeError::BlockedKey);
    }
    match progress {
        Some(Progress::Pending) => {}
        Some(Progress::Invalid) => return Err(NotReady::Failed.into()),
        Some(Progress::Processing) => return Err(NotReady::Processing.into()),
        Some(Progress::Valid) => return Err(NotReady::Valid.into()),
        None => return Err(FinalizeError::NotFound),
    }
    let is_renewal = admission.is_renewal;
    let limited = finalization.domains.filter(|_| !is_renewal);
    limited.map_or(Ok(()), Err)?;
    Ok(Taken {
        is_renewal,
        order: finalization.order.clone(),
        intent: finalization.intent.clone(),
        job: finalization.job.clone(),
        now: finalization.now,
    })
}

/// Whether it renews a certificate.
async fn save(tx: &mut WriteTx, taken: &Taken) -> Result<bool, store::Error> {
    order::take(tx, &taken.order, taken.intent.certificate, taken.now).await?;
    tx.insert(&taken.intent).await?;
    job::insert(tx, &taken.job).await?;
    Ok(taken.is_renewal)
}
