//! Passkeys of users, rows of `credential` each: found by what its authenticator calls it, for whoever signs in by it alone.

use base::{TenantId, Timestamp, UserId};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use tenancy::passkey::{CredentialId, Passkey, PasskeyKey, PasskeyName, ProvenKey, UserHandle};

use crate::{Column, Error, ReadTx, Row, Value, WriteTx, columns, sql, text_columns, values};

columns! {
    "credential" passkey => PasskeyRow {
        user = "user_id", tenant = "tenant_id", kind, id = "lookup", name = "label", half = "proof", counter, created_at,
        changed_at, confirmed_at, last_used_at
    }
}
text_columns!(PasskeyName);

/// A row of the table.
struct PasskeyRow {
    user: UserId,
    tenant: TenantId,
    kind: String,
    id: CredentialId,
    name: PasskeyName,
    half: PublicHalf,
    counter: u32,
    created_at: Timestamp,
    changed_at: Timestamp,
    confirmed_at: Option<Timestamp>,
    last_used_at: Option<Timestamp>,
}

/// What is known of a passkey and never changes.
#[derive(Serialize, Deserialize)]
struct PublicHalf {
    handle: String,
    key: String,
    is_backup_eligible: bool,
}

/// A proof that was right, after which the passkey counts anew.
#[derive(Clone, Debug)]
pub struct UsedPasskey {
    /// Whose.
    pub user: UserId,
    /// Which.
    pub id: CredentialId,
    /// What it counts now.
    pub counter: u32,
    /// When.
    pub at: Timestamp,
}

const PASSKEY: &str = "passkey";

impl Column for CredentialId {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.word(column, Self::parse)
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.to_text())
    }
}

impl Column for PublicHalf {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.parsed(column, |text| serde_json::from_str(text))
    }

    fn value(&self) -> Value<'_> {
        serde_json::to_string(self).unwrap_or_default().into()
    }
}

impl From<&Passkey> for PasskeyRow {
    fn from(passkey: &Passkey) -> Self {
        Self {
            user: passkey.user,
            tenant: passkey.tenant,
            kind: PASSKEY.to_owned(),
            id: passkey.id.clone(),
            name: passkey.name.clone(),
            half: PublicHalf {
                handle: passkey.handle.to_text(),
                key: URL_SAFE_NO_PAD.encode(passkey.proven.key.as_bytes()),
                is_backup_eligible: passkey.proven.is_backup_eligible,
            },
            counter: passkey.proven.counter,
            created_at: passkey.created_at,
            changed_at: passkey.created_at,
            confirmed_at: Some(passkey.created_at),
            last_used_at: passkey.last_used_at,
        }
    }
}

impl PublicHalf {
    fn open(&self, counter: u32) -> Option<(UserHandle, ProvenKey)> {
        let cose = URL_SAFE_NO_PAD.decode(&self.key).ok()?;
        let proven = ProvenKey {
            key: PasskeyKey::parse(&cose).ok()?,
            counter,
            is_backup_eligible: self.is_backup_eligible,
        };
        Some((UserHandle::parse(&self.handle)?, proven))
    }
}

impl PasskeyRow {
    /// `None` where the key cannot be read, which then proves nothing.
    fn open(self) -> Option<Passkey> {
        let (handle, proven) = self.half.open(self.counter)?;
        Some(Passkey {
            user: self.user,
            tenant: self.tenant,
            id: self.id,
            name: self.name,
            handle,
            proven,
            created_at: self.created_at,
            last_used_at: self.last_used_at,
        })
    }
}

/// Stores a new passkey.
pub async fn insert(tx: &mut WriteTx, passkey: &Passkey) -> Result<(), Error> {
    tx.insert(&PasskeyRow::from(passkey)).await
}

/// The passkeys of a user, the oldest first.
pub async fn of_user(tx: &mut ReadTx, user: &UserId) -> Result<Vec<Passkey>, Error> {
    let statement = sql!(
        tenant: "SELECT ", passkey!(), " FROM credential
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'passkey' ORDER BY created_at, lookup"
    );
    let rows: Vec<PasskeyRow> = tx.records(statement, &values![user]).await?;
    Ok(rows.into_iter().filter_map(PasskeyRow::open).collect())
}

/// A passkey of a user.
pub async fn of_user_by_id(
    tx: &mut ReadTx,
    (user, id): &(UserId, CredentialId),
) -> Result<Option<Passkey>, Error> {
    let statement = sql!(
        tenant: "SELECT ", passkey!(), " FROM credential
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'passkey' AND lookup = $3"
    );
    let values = values![user, id.to_text()];
    let row: Option<PasskeyRow> = tx.record(statement, &values).await?;
    Ok(row.and_then(PasskeyRow::open))
}

/// Whose passkey it is that an authenticator calls so.
pub async fn owner(tx: &mut ReadTx, id: &CredentialId) -> Result<Option<UserId>, Error> {
    let statement = sql!(
        system: "SELECT user_id FROM credential WHERE kind = 'passkey' AND lookup = $1"
    );
    let row = tx.row(statement, &values![id.to_text()]).await?;
    row.map(|row| row.id("user_id")).transpose()
}

/// Calls a passkey something else; `false` when it is gone.
pub async fn rename(
    tx: &mut WriteTx,
    (user, id, name): &(UserId, CredentialId, PasskeyName),
) -> Result<bool, Error> {
    let rename = sql!(
        tenant: "UPDATE credential SET label = $4
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'passkey' AND lookup = $3"
    );
    let values = values![user, id.to_text(), name.as_str()];
    Ok(tx.execute(rename, &values).await? == 1)
}

/// Notes a proof; `false` when the passkey is gone, or one that counts at least as far was there before.
pub async fn note_use(tx: &mut WriteTx, used: &UsedPasskey) -> Result<bool, Error> {
    let note = sql!(
        tenant: "UPDATE credential SET counter = $4, last_used_at = $5
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'passkey' AND lookup = $3
           AND (counter < $4 OR counter = 0 AND $4 = 0)"
    );
    let id = used.id.to_text();
    let values = values![used.user, id, i64::from(used.counter), used.at];
    Ok(tx.execute(note, &values).await? == 1)
}

/// Takes a passkey away; `false` when it was before.
pub async fn delete(tx: &mut WriteTx, (user, id): &(UserId, CredentialId)) -> Result<bool, Error> {
    let delete = sql!(
        tenant: "DELETE FROM credential
         WHERE tenant_id = $1 AND user_id = $2 AND kind = 'passkey' AND lookup = $3"
    );
    Ok(tx.execute(delete, &values![user, id.to_text()]).await? == 1)
}

/// Takes all passkeys of a user away.
pub async fn delete_of_user(tx: &mut WriteTx, user: &UserId) -> Result<(), Error> {
    let delete = sql!(
        tenant: "DELETE FROM credential WHERE tenant_id = $1 AND user_id = $2 AND kind = 'passkey'"
    );
    tx.execute(delete, &values![user]).await.map(|_| ())
}
