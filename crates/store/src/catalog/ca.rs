//! CA keys with their certificates, and the CRLs they signed.

use base::{CaId, Timestamp};

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// A CA key with its certificate; the key is sealed.
#[derive(Clone, Debug)]
pub struct Ca {
    /// The CA's identifier.
    pub id: CaId,
    /// Who signed its certificate, or for an alternate the issuing CA; `None` for a root.
    pub parent: Option<CaId>,
    /// `root`, `issuing`, or `alternate`: another certificate of the issuing CA.
    pub kind: String,
    /// `active` or `retired`.
    pub status: String,
    /// The subject's distinguished name, for people.
    pub subject: String,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// The sealed PKCS#8 key; empty when it is elsewhere.
    pub private_key: Vec<u8>,
    /// When it was made or imported.
    pub created_at: Timestamp,
}

/// A signed CRL.
#[derive(Clone, Debug)]
pub struct Crl {
    /// Who signed it.
    pub ca: CaId,
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

/// Stores an ca.
pub async fn insert(tx: &mut WriteTx, ca: &Ca) -> Result<(), Error> {
    tx.execute(
        sql!(
            "INSERT INTO ca (id, parent_id, kind, status, subject, certificate, private_key, created_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        ),
        &values![
            ca.id,
            ca.parent,
            &ca.kind,
            &ca.status,
            &ca.subject,
            &ca.certificate,
            &ca.private_key,
            ca.created_at
        ],
    )
    .await?;
    Ok(())
}

/// Every CA, oldest first as far as milliseconds tell.
pub async fn all(tx: &mut ReadTx) -> Result<Vec<Ca>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT id, parent_id, kind, status, subject, certificate, private_key, created_at
                 FROM ca ORDER BY id"
            ),
            &[],
        )
        .await?;
    rows.iter().map(ca_from_row).collect()
}

/// Stores a CRL; `false` when another node stored one with that number first.
pub async fn insert_crl(tx: &mut WriteTx, crl: &Crl) -> Result<bool, Error> {
    let stored = tx
        .execute(
            sql!(
                "INSERT INTO crl (ca_id, number, der, entries, this_update, next_update)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
            ),
            &values![
                crl.ca,
                crl.number,
                &crl.der,
                crl.entries,
                crl.this_update,
                crl.next_update
            ],
        )
        .await?;
    Ok(stored == 1)
}

/// Removes CRLs that nobody is served any more.
pub async fn delete_crls_below(tx: &mut WriteTx, ca: CaId, number: i64) -> Result<u64, Error> {
    tx.execute(
        sql!("DELETE FROM crl WHERE ca_id = $1 AND number < $2"),
        &values![ca, number],
    )
    .await
}

/// The newest CRL of an ca.
pub async fn newest_crl(tx: &mut ReadTx, ca: CaId) -> Result<Option<Crl>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT ca_id, number, der, entries, this_update, next_update FROM crl
                 WHERE ca_id = $1 ORDER BY number DESC LIMIT 1"
            ),
            &values![ca],
        )
        .await?;
    row.as_ref().map(crl_from_row).transpose()
}

fn ca_from_row(row: &Row) -> Result<Ca, Error> {
    Ok(Ca {
        id: row.id("id")?,
        parent: row.opt_id("parent_id")?,
        kind: row.text("kind")?.to_owned(),
        status: row.text("status")?.to_owned(),
        subject: row.text("subject")?.to_owned(),
        certificate: row.bytes("certificate")?.to_vec(),
        private_key: row.bytes("private_key")?.to_vec(),
        created_at: row.timestamp("created_at")?,
    })
}

fn crl_from_row(row: &Row) -> Result<Crl, Error> {
    Ok(Crl {
        ca: row.id("ca_id")?,
        number: row.int("number")?,
        der: row.bytes("der")?.to_vec(),
        entries: row.int("entries")?,
        this_update: row.timestamp("this_update")?,
        next_update: row.timestamp("next_update")?,
    })
}
