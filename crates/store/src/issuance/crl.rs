//! Certificate revocation lists, as they were signed.

use base::{CaId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// A signed CRL.
#[derive(Clone, Debug)]
pub struct Crl {
    /// Who signed it.
    pub ca: CaId,
    /// Which part of the CA's certificates it is about.
    pub shard: i64,
    /// CRL number (RFC 5280 §5.2.3), growing by one.
    pub number: i64,
    /// The `CertificateList`, DER.
    pub der: Vec<u8>,
    /// How many certificates it lists.
    pub entries: i64,
    /// When it was made.
    pub this_update: Timestamp,
    /// By when the next one is out.
    pub next_update: Timestamp,
}

columns! { "crl" crl => Crl { ca = "ca_id", shard, number, der, entries, this_update, next_update } }

/// Stores a CRL and removes those that nobody is served any more; `false` when another node stored one with that
/// number first.
pub async fn publish(tx: &mut WriteTx, (crl, keep): &(Crl, i64)) -> Result<bool, Error> {
    let insert = sql!(
        "INSERT INTO crl (",
        crl!(),
        ") VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING"
    );
    if tx.execute(insert, &crate::Record::values(crl)).await? != 1 {
        return Ok(false);
    }
    let delete = sql!("DELETE FROM crl WHERE ca_id = $1 AND shard = $2 AND number < $3");
    let oldest = crl.number.saturating_sub(*keep);
    tx.execute_later(delete, &values![crl.ca, crl.shard, oldest])
        .await?;
    Ok(true)
}

/// The newest CRL of a CA.
pub async fn newest(tx: &mut ReadTx, ca: &CaId) -> Result<Option<Crl>, Error> {
    let statement = sql!(
        "SELECT ",
        crl!(),
        " FROM crl WHERE ca_id = $1 AND shard = 0 ORDER BY number DESC LIMIT 1"
    );
    tx.record(statement, &values![ca]).await
}
