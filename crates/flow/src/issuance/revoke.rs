//! revokeCert (RFC 8555 §7.6): by the account that ordered, by an account with authorizations for all the
//! names, by the certificate's own key, or by its owner in the portal. The CRL follows at once.

use acme::Jwk;
use acme::revocation::{Granted, Reason, Requester, Revocation, RevocationError};
use base::{AccountId, CertificateId, JobId, TenantId, Timestamp};
use serde_json::json;
use store::issuance::certificate::{Certificate, Status};
use store::queue::job::NewJob;
use store::{ReadTx, WriteTx};

use super::account_cache::KnownAccount;
use crate::jobs::Kind;
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
    /// The request, or who asks.
    #[error(transparent)]
    Revocation(#[from] RevocationError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Revokes the certificate in the payload.
pub async fn revoke(
    app: &App,
    caller: &Caller,
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
    revoke_granted(app, caller, &found, granted, *sent.key.fingerprint()).await
}

/// Revokes a tenant's certificate for a person who may do that.
pub async fn revoke_in_portal(
    app: &App,
    caller: &Caller,
    tenant: TenantId,
    id: CertificateId,
    reason: Reason,
) -> Result<(), RevokeError> {
    let found = app
        .store
        .read(id, |tx, id| {
            Box::pin(store::issuance::certificate::by_id(tx, *id))
        })
        .await?;
    let found = found.filter(|found| found.tenant == tenant && found.status != Status::Intended);
    let found = found.ok_or(RevokeError::NotFound)?;
    if found.status == Status::Revoked {
        return Err(RevocationError::Already.into());
    }
    let key = pki::Certificate::from_der(&found.der)?.key;
    // Only the key itself can prove that it is lost; a person's word blocks nothing.
    let granted = Granted {
        reason,
        blocks_key: false,
    };
    revoke_granted(app, caller, &found, granted, *key.fingerprint()).await
}

async fn by_serial(app: &App, serial: String) -> Result<Option<Certificate>, store::Error> {
    app.store
        .read(serial, |tx, serial| {
            Box::pin(store::issuance::certificate::by_serial(tx, serial))
        })
        .await
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
            let now = app.clock.now();
            let input = (account.id, found.names.clone(), now);
            let holds_all = app
                .store
                .read(input, |tx, (account, names, now)| {
                    Box::pin(holds_all(tx, *account, names, *now))
                })
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
    account: AccountId,
    names: &[base::DnsName],
    now: Timestamp,
) -> Result<bool, store::Error> {
    let held = store::issuance::authorization::reusable(tx, account, names, now).await?;
    Ok(held.iter().all(Option::is_some))
}

async fn revoke_granted(
    app: &App,
    caller: &Caller,
    found: &Certificate,
    granted: Granted,
    key_fingerprint: [u8; 32],
) -> Result<(), RevokeError> {
    let now = app.clock.now();
    let detail = json!({ "serial": found.serial, "reason": granted.reason.code() });
    let object = found.id.to_string();
    let audit = app.audit_entry(
        caller,
        found.tenant,
        "certificate.revoke",
        object,
        &detail,
        now,
    );
    let order = RevocationOrder {
        id: found.id,
        granted,
        key_fingerprint,
        job: NewJob {
            id: JobId::generate(now, app.random.as_ref()),
            kind: Kind::PublishCrl.as_str(),
            subject: found.ca.to_string(),
            due_at: now,
            leased_by: None,
            created_at: now,
        },
        now,
    };
    app.store
        .write((order, audit), |tx, (order, audit)| {
            Box::pin(async move {
                write(tx, order).await?;
                store::audit::append(tx, audit).await?;
                Ok::<_, RevokeError>(())
            })
        })
        .await
}

struct RevocationOrder {
    id: CertificateId,
    granted: Granted,
    key_fingerprint: [u8; 32],
    job: NewJob,
    now: Timestamp,
}

async fn write(tx: &mut WriteTx, order: &RevocationOrder) -> Result<(), RevokeError> {
    let reason = i64::from(order.granted.reason.code());
    if !store::issuance::certificate::revoke(tx, order.id, reason, order.now).await? {
        return Err(RevocationError::Already.into());
    }
    if order.granted.blocks_key {
        store::issuance::certificate::block_key(
            tx,
            &order.key_fingerprint,
            "keyCompromise",
            order.now,
        )
        .await?;
    }
    // The periodic job exists; it only has to come sooner.
    if !store::queue::job::bring_forward(tx, order.job.kind, &order.job.subject, order.now).await? {
        store::queue::job::insert(tx, &order.job).await?;
    }
    Ok(())
}
