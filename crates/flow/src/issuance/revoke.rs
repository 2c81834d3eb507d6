//! revokeCert (RFC 8555 §7.6): by the account that ordered, by an account with authorizations for all the
//! names, by the certificate's own key, or by its owner in the portal. The CRL follows at once. A key that calls itself
//! compromised is blocked, and its other certificates follow.

pub mod compromised;
pub mod covered;

use acme::Jwk;
use acme::revocation::{Granted, Reason, Requester, Revocation, RevocationError};
use base::{AccountId, Actor, CaId, CertificateId, Class, Identifier, Refusal, Refuse, Timestamp};
use enrollment::policy::PortalRevoke;
use store::audit::Entry;
use store::catalog::offer::{self, Policies};
use store::enrollment::subscription;
use store::issuance::blocked_key::{self, BlockedKey};
use store::issuance::certificate::{self, Certificate, Status};
use store::issuance::{authorization, revocation};
use store::queue::job::{self, Job as Row};
use store::{ReadTx, WriteTx};

use self::compromised::RevokeCompromised;
use super::publish_crl::PublishCrl;
use crate::audit::{Event, Text};
use crate::caller::{system, tenant};
use crate::memory::accounts::KnownAccount;
use crate::queue::{Cause, Queue};
use crate::{App, Caller};

/// Who signed the request.
pub enum Signed<'a> {
    /// An account.
    Account(&'a KnownAccount),
    /// A bare key.
    Key(&'a Jwk),
}

/// Why nothing was revoked.
#[derive(Debug, thiserror::Error)]
pub enum RevokeError {
    /// The certificate in the request cannot be read.
    #[error("the certificate in the request is not a valid X.509 certificate")]
    Certificate(#[from] pki::CertificateError),
    /// We did not issue it, or it is another tenant's.
    #[error("this certificate was not issued here")]
    NotFound,
    /// The policies of its subscription.
    #[error(
        "certificates of this ACME account are revoked by its ACME clients only, not in the portal"
    )]
    NotInPortal,
    /// The request, or who asks.
    #[error(transparent)]
    Revocation(#[from] RevocationError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for RevokeError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Certificate(_) => Class::Invalid.because("certificate_malformed", self),
            Self::NotFound => Class::NotFound.because("certificate_not_found", self),
            Self::NotInPortal => Class::Forbidden.because("not_revoked_in_portal", self),
            Self::Revocation(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Revokes the certificate in the payload.
pub async fn revoke(
    app: &App,
    by: &Caller,
    signed: Signed<'_>,
    payload: &[u8],
) -> Result<(), RevokeError> {
    let request = Revocation::parse(payload)?;
    let sent = pki::Certificate::from_der(&request.certificate)?;
    let found = by_serial(app, sent.serial.to_ascii_lowercase()).await?;
    let found = found.filter(|found| found.der == request.certificate);
    let found = found.ok_or(RevokeError::NotFound)?;
    let requester = requester(app, &signed, &found, &sent).await?;
    let granted = request.decide(requester, found.status == Status::Revoked)?;
    revoke_granted(app, by, &found, granted, *sent.key.fingerprint()).await
}

/// Revokes a tenant's certificate for a person who may do that.
pub async fn revoke_in_portal(
    app: &App,
    by: &Caller,
    id: CertificateId,
    reason: Reason,
) -> Result<(), RevokeError> {
    let asked = (id, app.catalog().policies());
    let found = app.store(by).read(asked, load_with_policy).await?;
    let (found, portal_revoke) = found.ok_or(RevokeError::NotFound)?;
    if portal_revoke == PortalRevoke::No {
        return Err(RevokeError::NotInPortal);
    }
    revoke_by_word(app, by, found, reason).await
}

/// Revokes a tenant's certificate for the operator of the CA, whatever its subscription says about people.
pub async fn revoke_as_operator(
    app: &App,
    by: &Caller,
    id: CertificateId,
    reason: Reason,
) -> Result<(), RevokeError> {
    let found = app.store(by).read(id, certificate::of_tenant).await;
    let found = found.map_err(|error: store::Error| error)?;
    revoke_by_word(app, by, found.ok_or(RevokeError::NotFound)?, reason).await
}

/// By the word of a person.
async fn revoke_by_word(
    app: &App,
    by: &Caller,
    found: Certificate,
    reason: Reason,
) -> Result<(), RevokeError> {
    if found.status == Status::Revoked {
        return Err(RevocationError::Already.into());
    }
    let key = pki::Certificate::from_der(&found.der)?.key;
    // Only the key itself can prove that it is lost; a person's word blocks nothing.
    let granted = Granted {
        reason,
        blocks_key: false,
    };
    revoke_granted(app, by, &found, granted, *key.fingerprint()).await
}

/// A tenant's certificate, and what its subscription says about people who would revoke it.
async fn load_with_policy(
    tx: &mut ReadTx,
    (id, policies): &(CertificateId, Policies),
) -> Result<Option<(Certificate, PortalRevoke)>, store::Error> {
    let Some(found) = certificate::of_tenant(tx, id).await? else {
        return Ok(None);
    };
    let subscription = subscription::find(tx, &found.subscription).await?;
    let portal_revoke = match subscription {
        Some(of) => {
            offer::policy(tx, of.offer_version, policies)
                .await?
                .portal_revoke
        }
        None => PortalRevoke::Role,
    };
    Ok(Some((found, portal_revoke)))
}

async fn by_serial(app: &App, serial: String) -> Result<Option<Certificate>, store::Error> {
    let store = app.store(system("whoever has a certificate's key may revoke it"));
    store.read(serial, certificate::by_serial).await
}

async fn requester(
    app: &App,
    signed: &Signed<'_>,
    found: &Certificate,
    sent: &pki::Certificate,
) -> Result<Requester, store::Error> {
    match signed {
        Signed::Key(key) if key.spki_der() == sent.key.spki() => Ok(Requester::CertificateKey),
        Signed::Key(_) => Ok(Requester::OtherAccount),
        Signed::Account(account) if account.id == found.account => Ok(Requester::Subscriber),
        Signed::Account(account) => {
            let now = app.now();
            let asked = (account.id, found.names.clone(), now);
            let holds_all = app
                .store(tenant(account.tenant))
                .read(asked, holds_all)
                .await?;
            Ok(if holds_all {
                Requester::AuthorizedAccount
            } else {
                Requester::OtherAccount
            })
        }
    }
}

async fn holds_all(
    tx: &mut ReadTx,
    (account, names, now): &(AccountId, Vec<Identifier>, Timestamp),
) -> Result<bool, store::Error> {
    let held = authorization::reusable(tx, *account, names, *now).await?;
    Ok(held.iter().all(Option::is_some))
}

async fn revoke_granted(
    app: &App,
    by: &Caller,
    found: &Certificate,
    granted: Granted,
    key_digest: [u8; 32],
) -> Result<(), RevokeError> {
    let now = app.now();
    let reason = granted.reason.code();
    let event = Event::CertificateRevoked {
        certificate: found.id,
        serial: Text::new(&found.serial),
        reason: u64::from(reason),
    };
    let audit = app.entry(by, found.tenant, &event, now);
    let wish = Wish {
        certificate: found.clone(),
        granted,
        key_digest,
        requested_by: by.actor,
        job: crl_job(app, found.ca, Cause::of(by, now)),
        others: granted
            .blocks_key
            .then(|| others_job(app, found.id, Cause::of(by, now))),
        audit,
        now,
    };
    let store = app.store(tenant(found.tenant));
    let revoked = store.decide(wish, load, decide, save).await;
    app.work.wake(Queue::Crl);
    app.work.wake(Queue::Bulk);
    if revoked.is_ok() {
        log_revoked(by, found, reason);
    }
    revoked
}

fn log_revoked(by: &Caller, found: &Certificate, reason: u8) {
    tracing::info!(
        certificate.id = %found.id,
        certificate.serial = found.serial,
        tenant.id = %found.tenant,
        reason,
        actor = %by.actor,
        client.address = by.client.address_text(),
        request.id = by.client.request_id.map(tracing::field::display),
        "certificate revoked"
    );
}

/// The CRL that the revocation comes on.
fn crl_job(app: &App, ca: CaId, cause: Cause) -> Row {
    app.work
        .later(&PublishCrl { ca }, cause, app.settings().crl_wait)
}

/// What revokes the other certificates with the key of this one.
fn others_job(app: &App, certificate: CertificateId, cause: Cause) -> Row {
    let job = RevokeCompromised {
        certificate,
        after: None,
    };
    app.work.waiting(&job, cause)
}

#[derive(Clone)]
struct Wish {
    certificate: Certificate,
    granted: Granted,
    key_digest: [u8; 32],
    requested_by: Actor,
    job: Row,
    /// The job for other certificates with the key, if it is compromised.
    others: Option<Row>,
    audit: Entry,
    now: Timestamp,
}

#[derive(Clone, Copy)]
struct Facts {
    is_revoked: bool,
    is_blocked: bool,
}

async fn load(tx: &mut ReadTx, wish: &Wish) -> Result<Facts, store::Error> {
    Ok(Facts {
        is_revoked: revocation::exists(tx, wish.certificate.id).await?,
        is_blocked: blocked_key::exists(tx, &wish.key_digest).await?,
    })
}

/// What to write, and whether the certificate is revoked already: then only its reason changes.
fn decide(wish: &Wish, facts: Facts) -> Result<(Wish, bool), RevokeError> {
    let is_news = wish.granted.blocks_key && !facts.is_blocked;
    if facts.is_revoked && !is_news {
        return Err(RevocationError::Already.into());
    }
    Ok((wish.clone(), facts.is_revoked))
}

async fn save(tx: &mut WriteTx, (wish, is_revoked): &(Wish, bool)) -> Result<(), store::Error> {
    let reason = i64::from(wish.granted.reason.code());
    let (certificate, now) = (&wish.certificate, wish.now);
    if *is_revoked {
        revocation::change_reason(tx, certificate.id, reason).await?;
    } else {
        revocation::insert(tx, certificate, reason, wish.requested_by, now).await?;
    }
    if wish.granted.blocks_key {
        let key = BlockedKey {
            digest: wish.key_digest.to_vec(),
            reason: "keyCompromise".to_owned(),
            created_at: now,
        };
        blocked_key::insert(tx, &key).await?;
    }
    job::insert(tx, &wish.job).await?;
    if let Some(others) = &wish.others {
        job::insert(tx, others).await?;
    }
    store::audit::append(tx, &wish.audit).await
}
