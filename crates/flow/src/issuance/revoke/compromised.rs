//! Revokes every certificate with a key that has proven itself compromised, whoever ordered it (TLS BR 4.9.1.1). The key is
//! blocked since the request that proved it, so that no further one comes; this job goes through the certificates that are
//! valid now, in pieces. No index knows certificates by key: it would cost each issuance a page, for what is rare.

use std::time::Duration;

use acme::revocation::{Granted, Reason, RevocationError};
use base::{CertificateId, Timestamp};
use pki::PublicKey;
use serde::{Deserialize, Serialize};
use store::issuance::certificate::{self, Certificate, Status};

use super::{RevokeError, revoke_granted};
use crate::caller::system;
use crate::queue::{Done, Job, JobError, Lease, Queue};
use crate::{App, Caller};

/// How many certificates are read at a time.
const PIECE: i64 = 250;
/// How many pieces one run reads; the rest is for the next.
const PIECES: usize = 20;

/// Goes through the certificates that are valid now.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevokeCompromised {
    /// A certificate with the key.
    pub certificate: CertificateId,
    /// The certificate that was looked at last.
    #[serde(default)]
    pub after: Option<CertificateId>,
}

impl Job<App> for RevokeCompromised {
    const KIND: &'static str = "revoke_compromised";
    const QUEUE: Queue = Queue::Bulk;

    async fn run(self, app: &App, lease: &Lease) -> Result<Done<Self>, JobError> {
        let store = app.store(system("a compromised key may be in anybody's certificate"));
        let Some(proven) = store.read(self.certificate, certificate::by_id).await? else {
            return Ok(Done::Finished);
        };
        let key = pki::Certificate::from_der(&proven.der)?.key;
        let mut after = self.after;
        for _ in 0..PIECES {
            let page = store.scan((after, PIECE), certificate::page).await?;
            for found in &page {
                if is_to_revoke(found, &key, app.now()) {
                    revoke_one(app, lease, found, &key).await?;
                }
            }
            if i64::try_from(page.len()).is_ok_and(|count| count < PIECE) {
                return Ok(Done::Finished);
            }
            after = page.last().map(|found| found.id);
        }
        Ok(Done::Next(Self { after, ..self }, Duration::ZERO))
    }
}

fn is_to_revoke(found: &Certificate, key: &PublicKey, now: Timestamp) -> bool {
    found.status == Status::Issued
        && found.not_after >= now
        && pki::Certificate::from_der(&found.der).is_ok_and(|read| read.key == *key)
}

/// Somebody else may have been faster.
async fn revoke_one(
    app: &App,
    lease: &Lease,
    found: &Certificate,
    key: &PublicKey,
) -> Result<(), RevokeError> {
    let granted = Granted {
        reason: Reason::KeyCompromise,
        blocks_key: false,
    };
    let by = Caller::job(lease.request, found.tenant);
    match revoke_granted(app, &by, found, granted, *key.fingerprint()).await {
        Err(RevokeError::Revocation(RevocationError::Already)) => Ok(()),
        revoked => revoked,
    }
}
