//! Certificates for the server's own names.

use base::{CaId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// A certificate for the server's own names.
#[derive(Clone, Debug)]
pub struct ServerCertificate {
    /// Its serial number.
    pub serial: Vec<u8>,
    /// Who signed it.
    pub ca: CaId,
    /// The certificate, DER.
    pub certificate: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
}

columns! { "server_certificate" server_certificate => ServerCertificate {
    serial, ca = "ca_id", certificate, created_at, not_after
} }

/// Stores one that was signed just now.
pub async fn insert(tx: &mut WriteTx, new: &ServerCertificate) -> Result<(), Error> {
    tx.insert(new).await
}

/// The one with this serial number.
pub async fn by_serial(
    tx: &mut ReadTx,
    serial: &Vec<u8>,
) -> Result<Option<ServerCertificate>, Error> {
    let statement = sql!(
        "SELECT ",
        server_certificate!(),
        " FROM server_certificate WHERE serial = $1"
    );
    tx.record(statement, &values![serial]).await
}

/// Deletes some that have ended, at most the limit.
pub async fn delete_ended(tx: &mut WriteTx, (now, limit): &(Timestamp, i64)) -> Result<u64, Error> {
    let statement = sql!(
        "DELETE FROM server_certificate WHERE serial IN
           (SELECT serial FROM server_certificate WHERE not_after < $1 ORDER BY not_after LIMIT $2)"
    );
    tx.execute(statement, &values![*now, *limit]).await
}
