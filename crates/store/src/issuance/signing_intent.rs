//! Intents to sign: stored before a signature is made, gone in the transaction that stores the certificate. Whoever
//! signs holds the fence of the intent, so that of two nodes one alone can store what it signed.

use base::{CaId, CertificateId, OrderId, ProfileVersionId, TenantId};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// An intent as stored.
#[derive(Clone, Debug)]
pub struct SigningIntent {
    /// The certificate that will be.
    pub certificate: CertificateId,
    /// The order that it ends.
    pub order: Option<OrderId>,
    /// Who owns it.
    pub tenant: TenantId,
    /// Whose key signs.
    pub ca: CaId,
    /// By which rules it was made.
    pub profile: ProfileVersionId,
    /// The serial number.
    pub serial: [u8; 16],
    /// What is signed next: `certificate`.
    pub step: String,
    /// The attempt that may store the certificate.
    pub fence: i64,
    /// The TBSCertificate, DER.
    pub tbs: Vec<u8>,
    /// When it was stored.
    pub created_at: base::Timestamp,
}

columns! { "signing_intent" signing_intent => SigningIntent {
    certificate = "certificate_id", order = "order_id", tenant = "tenant_id", ca = "ca_id",
    profile = "profile_version_id", serial, step, fence, tbs, created_at,
} }

/// The intent to sign this certificate, unless that was done.
pub async fn by_certificate(
    tx: &mut ReadTx,
    id: &CertificateId,
) -> Result<Option<SigningIntent>, Error> {
    let statement = sql!(system:
        "SELECT ", signing_intent!(), " FROM signing_intent WHERE certificate_id = $1"
    );
    tx.record(statement, &values![id]).await
}

/// Gives the intent to a later attempt; `false` when it is done, or a later one has it.
pub async fn fence(
    tx: &mut WriteTx,
    (certificate, fence): &(CertificateId, i64),
) -> Result<bool, Error> {
    let statement = sql!(system:
        "UPDATE signing_intent SET fence = $2 WHERE certificate_id = $1 AND fence < $2"
    );
    Ok(tx
        .execute(statement, &values![*certificate, *fence])
        .await?
        == 1)
}

/// Forgets an intent: its certificate is stored, or nobody will sign it.
pub async fn delete(tx: &mut WriteTx, certificate: CertificateId) -> Result<(), Error> {
    let statement = sql!(system: "DELETE FROM signing_intent WHERE certificate_id = $1");
    tx.execute_later(statement, &values![certificate]).await
}
