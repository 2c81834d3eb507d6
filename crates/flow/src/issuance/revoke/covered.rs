//! Revokes certificates that a subscription has covered, where its offer says so: those of a name that was removed, or all of
//! them once its term is over. A certificate with other names too is revoked as a whole.

use std::time::Duration;

use acme::revocation::{Granted, Reason, RevocationError};
use base::{CertificateId, DnsName, Identifier, SubscriptionId, TenantId};
use enrollment::coverage;
use serde::{Deserialize, Serialize};
use store::enrollment::enrolled_domain::{self, NamesOf};
use store::issuance::certificate::{self, Certificate, Covered};

use super::{RevokeError, revoke_granted};
use crate::caller::tenant;
use crate::queue::{Done, Job, JobError, Lease, Queue};
use crate::{App, Caller};

/// How many certificates are read at a time.
const PIECE: i64 = 50;

/// Goes through the valid certificates of a subscription.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RevokeCovered {
    /// Whose.
    pub tenant: TenantId,
    /// What covered their names.
    pub subscription: SubscriptionId,
    /// The name that was removed; none when the term is over.
    #[serde(default)]
    pub name: Option<String>,
    /// The certificate that was looked at last.
    #[serde(default)]
    pub after: Option<CertificateId>,
}

impl RevokeCovered {
    /// Those of a name that was removed.
    pub fn of_name(tenant: TenantId, subscription: SubscriptionId, name: &DnsName) -> Self {
        Self {
            name: Some(name.to_string()),
            ..Self::all(tenant, subscription)
        }
    }

    /// All of them.
    pub fn all(tenant: TenantId, subscription: SubscriptionId) -> Self {
        Self {
            tenant,
            subscription,
            name: None,
            after: None,
        }
    }
}

impl Job<App> for RevokeCovered {
    const KIND: &'static str = "revoke_covered";
    const QUEUE: Queue = Queue::Bulk;

    fn tenant(&self) -> Option<TenantId> {
        Some(self.tenant)
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Done<Self>, JobError> {
        let removed = self.name.as_deref().map(DnsName::parse).transpose();
        // It was a name when it was stored.
        let Ok(removed) = removed else {
            return Ok(Done::Finished);
        };
        let now = app.now();
        let asked = Covered {
            subscription: self.subscription,
            name: removed.clone(),
            after: self.after.unwrap_or(CertificateId::FIRST),
            now,
            limit: PIECE,
        };
        let store = app.store(tenant(self.tenant));
        let found = store.scan(asked, certificate::covered).await?;
        for certificate in &found {
            let is_lost = match &removed {
                None => true,
                Some(name) => has_lost(app, certificate, name).await?,
            };
            if is_lost {
                revoke_one(app, lease, certificate).await?;
            }
        }
        if i64::try_from(found.len()).is_ok_and(|count| count < PIECE) {
            return Ok(Done::Finished);
        }
        let after = found.last().map(|last| last.id);
        Ok(Done::Next(Self { after, ..self }, Duration::ZERO))
    }
}

/// Whether a certificate has a name that the removed one admitted and that nothing else of the subscription admits now: it
/// may have been added again, itself or by a wildcard.
async fn has_lost(
    app: &App,
    certificate: &Certificate,
    removed: &DnsName,
) -> Result<bool, store::Error> {
    let was_admitted = |name: &&DnsName| coverage::candidates(name).any(|each| each == *removed);
    let names = certificate.names.iter().map(|Identifier::Dns(name)| name);
    let names: Vec<_> = names.filter(was_admitted).cloned().collect();
    let asked = NamesOf {
        subscription: certificate.subscription,
        names: names.iter().flat_map(coverage::candidates).collect(),
    };
    let store = app.store(tenant(certificate.tenant));
    let enrolled = store.read(asked, enrolled_domain::active_by_names).await?;
    let enrolled: Vec<_> = enrolled
        .into_iter()
        .flatten()
        .map(|each| each.name)
        .collect();
    let is_enrolled = |name: &DnsName| enrolled.contains(name);
    let mut names = names.iter();
    Ok(names.any(|name| coverage::covering(name, is_enrolled).is_none()))
}

/// Somebody else may have been faster.
async fn revoke_one(app: &App, lease: &Lease, found: &Certificate) -> Result<(), RevokeError> {
    let granted = Granted {
        reason: Reason::CessationOfOperation,
        blocks_key: false,
    };
    let by = Caller::job(lease.request, found.tenant);
    let key = pki::Certificate::from_der(&found.der)?.key;
    match revoke_granted(app, &by, found, granted, *key.fingerprint()).await {
        Err(RevokeError::Revocation(RevocationError::Already)) => Ok(()),
        revoked => revoked,
    }
}
