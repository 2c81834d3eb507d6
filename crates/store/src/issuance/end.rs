//! The end of an issuance, which touches several tables.

use base::{CertificateId, JobId, LineageId, OrderId, Timestamp};

use super::certificate::Signed;
use super::lineage::{self, Standing};
use super::{authorization, order, signing_intent};
use crate::audit::{self, Entry};
use crate::queue::job;
use crate::{Error, ReadTx, WriteTx, sql, values};

/// What the end of an issuance depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForIssue {
    /// The attempt that may store the certificate; `None` when it is stored.
    pub fence: Option<i64>,
    /// What the lineage is like.
    pub standing: Standing,
}

/// Looks at the intent and the lineage of a certificate that was signed.
pub async fn for_issue(
    tx: &mut ReadTx,
    certificate: CertificateId,
    lineage: LineageId,
) -> Result<ForIssue, Error> {
    let statement = sql!(system:
        "SELECT (SELECT i.fence FROM signing_intent i WHERE i.certificate_id = $1) AS fence,
           EXISTS (SELECT 1 FROM lineage l WHERE l.id = $2) AS is_known,
           (SELECT l.not_after FROM lineage l WHERE l.id = $2 AND l.certificate_id IS NOT NULL) AS current_until"
    );
    let row = tx.row(statement, &values![certificate, lineage]).await?;
    let Some(row) = row else {
        return Ok(ForIssue {
            fence: None,
            standing: Standing::New,
        });
    };
    Ok(ForIssue {
        fence: row.opt_int("fence")?,
        standing: match (row.opt_timestamp("current_until")?, row.bool("is_known")?) {
            (Some(until), _) => Standing::Until(until),
            (None, true) => Standing::Revoked,
            (None, false) => Standing::New,
        },
    })
}

/// An order whose intended certificate is not signed, because CAA records forbid it.
#[derive(Clone, Debug)]
pub struct Forbidden {
    /// The order.
    pub order: OrderId,
    /// The certificate that nobody has signed.
    pub certificate: CertificateId,
    /// The job that was to do it.
    pub job: JobId,
    /// The problem document that the client gets.
    pub problem: String,
    /// Who gave it up, and why.
    pub audit: Entry,
    /// When.
    pub now: Timestamp,
}

/// Ends an order without a certificate. Whoever calls this holds the fence, so that the intent can go: it is known that
/// nothing was signed.
pub async fn forbid(tx: &mut WriteTx, forbidden: &Forbidden) -> Result<(), Error> {
    order::fail(tx, forbidden.order, &forbidden.problem, forbidden.now).await?;
    signing_intent::delete(tx, forbidden.certificate).await?;
    job::delete(tx, forbidden.job).await?;
    audit::append(tx, &forbidden.audit).await
}

/// Ends an issuance: the certificate takes the place of its intent, its order is valid and its job done.
pub async fn issue(tx: &mut WriteTx, signed: &Signed, standing: Standing) -> Result<(), Error> {
    tx.insert(&signed.certificate).await?;
    for check in &signed.caa_checks {
        authorization::caa_checked(tx, check).await?;
    }
    order::complete(tx, signed.order, signed.now).await?;
    signing_intent::delete(tx, signed.certificate.id).await?;
    job::delete(tx, signed.job).await?;
    // Last: it is the only row that two issuances can have in common.
    lineage::issue(tx, signed, standing).await
}
