//! CRLs: one for each CA, served from the database, signed anew long before the old one ends and at once
//! after a revocation.

use std::time::Duration;

use base::{CaId, Timestamp};
use pki::{CrlRequest, RevocationReason, RevokedCertificate, SerialNumber};
use serde::{Deserialize, Serialize};
use store::ReadTx;
use store::issuance::crl::{self, Crl};
use store::issuance::revocation::{self, Revoked};

use crate::App;
use crate::caller::system;
use crate::memory::catalog::Ca;
use crate::memory::clock_watch::ClockLeapt;
use crate::queue::{Done, Job, JobError, Lease, Queue};

/// How often a CRL is signed when nothing is revoked.
pub const INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// How long an entry stays after the last CRL before which its certificate ended. It has to be on one regular CRL issued
/// after that (RFC 5280 §3.3); those that follow a revocation are not regular, and whoever fetches may miss one.
const LOOK_BACK: Duration = INTERVAL.saturating_mul(2);
/// How often another node may be faster before the job is put back.
const RACES: usize = 4;
/// How many old CRLs are kept.
const KEEP: i64 = 8;

/// Why there is no new CRL.
#[derive(Debug, thiserror::Error)]
pub enum PublishCrlError {
    /// Nobody knows what time it is.
    #[error(transparent)]
    Clock(#[from] ClockLeapt),
    /// A stored serial number cannot be read.
    #[error("a revoked serial number cannot be read")]
    Serial(#[from] pki::SerialError),
    /// Another node signed one with the same number at the same time.
    #[error("another node published CRL {0} first")]
    Raced(i64),
    /// The signature.
    #[error("the CRL could not be signed")]
    Signer(#[from] pki::SignerError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Signs and stores the next CRL of a CA.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PublishCrl {
    /// The CA.
    pub ca: CaId,
}

impl Job<App> for PublishCrl {
    const KIND: &'static str = "publish_crl";
    const QUEUE: Queue = Queue::Crl;

    fn key(&self) -> Option<String> {
        Some(self.ca.to_string())
    }

    async fn run(self, app: &App, _: &Lease) -> Result<Done<Self>, JobError> {
        publish_next(app, self.ca).await?;
        Ok(Done::Finished)
    }
}

async fn publish_next(app: &App, ca: CaId) -> Result<(), PublishCrlError> {
    let catalog = app.catalog();
    // A CA that is no more had its last one.
    let Some(ca) = catalog.signer(ca) else {
        return Ok(());
    };
    for _ in 1..RACES {
        match publish(app, ca, app.memory.clock.now()?).await {
            // What was revoked since the other node has looked is not on its list.
            Err(PublishCrlError::Raced(_)) => {}
            ended => return ended,
        }
    }
    publish(app, ca, app.memory.clock.now()?).await
}

/// Publishes the CRLs that were never published, so that no certificate points to one that is not there, and those whose
/// newest one is of a time to come: a clock was wrong when it was signed.
pub async fn publish_first(app: &App) -> Result<(), PublishCrlError> {
    for id in app.catalog().crl_signers() {
        let now = app.memory.clock.now()?;
        let newest = newest(app, id).await?;
        let is_missing = newest.is_none_or(|newest| newest.this_update > now);
        let catalog = app.catalog();
        let Some(ca) = catalog.signer(id).filter(|_| is_missing) else {
            continue;
        };
        match publish(app, ca, now).await {
            // Another node was faster, so that there is one now.
            Ok(()) | Err(PublishCrlError::Raced(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The newest CRL of a CA, DER.
pub async fn newest(app: &App, ca: CaId) -> Result<Option<Crl>, store::Error> {
    let store = app.store(system("everybody may read a CRL"));
    store.read(ca, crl::newest).await
}

async fn publish(app: &App, ca: &Ca, now: Timestamp) -> Result<(), PublishCrlError> {
    let id = ca.id;
    let store = app.store(system("a CRL is about all tenants"));
    let (last, revoked) = store.scan((id, now), load).await?;
    let number = last.saturating_add(1);
    let crl = sign(ca, number, &revoked, now)?;
    let published = store.write((crl, KEEP), crl::publish).await?;
    if published {
        Ok(())
    } else {
        Err(PublishCrlError::Raced(number))
    }
}

async fn load(
    tx: &mut ReadTx,
    (ca, now): &(CaId, Timestamp),
) -> Result<(i64, Vec<Revoked>), store::Error> {
    let last = crl::newest(tx, ca).await?;
    let before = last.as_ref().map_or(*now, |last| last.this_update);
    let valid_at = before.min(*now).minus(LOOK_BACK);
    let revoked = revocation::listed(tx, *ca, valid_at).await?;
    Ok((last.map_or(0, |last| last.number), revoked))
}

fn sign(ca: &Ca, number: i64, revoked: &[Revoked], now: Timestamp) -> Result<Crl, PublishCrlError> {
    let number_on_list = u64::try_from(number).unwrap_or(0);
    let mut request = CrlRequest::new(number_on_list, now, &ca.crl_url);
    request.scope = ca.scope;
    let entries = revoked.iter().map(entry).collect::<Result<Vec<_>, _>>()?;
    let count = i64::try_from(entries.len()).unwrap_or(i64::MAX);
    Ok(Crl {
        ca: ca.id,
        shard: 0,
        number,
        der: ca.issuer.sign_crl(&request, entries)?,
        entries: count,
        this_update: request.this_update,
        next_update: request.next_update,
    })
}

fn entry(revoked: &Revoked) -> Result<RevokedCertificate, pki::SerialError> {
    let code = u64::try_from(revoked.reason).unwrap_or(0);
    Ok(RevokedCertificate {
        serial: SerialNumber::from_bytes(&revoked.serial)?,
        revoked_at: revoked.revoked_at,
        reason: RevocationReason::from_code(code).unwrap_or(RevocationReason::Unspecified),
    })
}
