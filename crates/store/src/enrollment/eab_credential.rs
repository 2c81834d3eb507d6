//! External account binding credentials: a key ID in the clear, a MAC key sealed.

use base::{Random, SubscriptionId, TenantId, Timestamp};
use enrollment::eab::{EabCredential, KeyId, MacKey, Status};

use crate::seal::{SealContext, SealError, Sealer};
use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// A credential with its sealed MAC key.
#[derive(Clone, Debug)]
pub struct Stored {
    /// The credential.
    pub credential: EabCredential,
    /// Who owns the subscription.
    pub tenant: TenantId,
    /// The MAC key, sealed for this row.
    pub sealed_mac_key: Vec<u8>,
}

impl Stored {
    /// A credential of a tenant, with its MAC key sealed for its row.
    pub fn seal(
        credential: EabCredential,
        tenant: TenantId,
        mac_key: &MacKey,
        sealer: &Sealer,
        random: &dyn Random,
    ) -> Result<Self, SealError> {
        let owner = tenant.to_string();
        let context = mac_key_context(credential.key_id.as_str(), &owner);
        let sealed_mac_key = sealer.seal(context, mac_key.as_bytes(), random)?;
        Ok(Self {
            credential,
            tenant,
            sealed_mac_key,
        })
    }

    /// The MAC key in the clear.
    pub fn open(&self, sealer: &Sealer) -> Result<MacKey, SealError> {
        let owner = self.tenant.to_string();
        let context = mac_key_context(self.credential.key_id.as_str(), &owner);
        let bytes = sealer.open(context, &self.sealed_mac_key)?;
        Ok(MacKey::from_bytes(bytes.to_vec()))
    }
}

fn mac_key_context<'a>(key_id: &'a str, tenant: &'a str) -> SealContext<'a> {
    SealContext {
        table: "eab_credential",
        column: "mac_key",
        row: key_id,
        tenant,
    }
}

/// Stores a new credential.
pub async fn insert(tx: &mut WriteTx, stored: &Stored) -> Result<(), Error> {
    let credential = &stored.credential;
    tx.execute(
        sql!(
            "INSERT INTO eab_credential (key_id, subscription_id, tenant_id, mac_key, status, valid_until,
               max_bindings, bindings, created_at, last_used_at)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
        ),
        &values![
            credential.key_id.as_str(),
            credential.subscription,
            stored.tenant,
            &stored.sealed_mac_key,
            credential.status.as_str(),
            credential.status.valid_until(),
            credential.max_bindings,
            credential.bindings,
            credential.created_at,
            credential.last_used_at
        ],
    )
    .await?;
    Ok(())
}

/// The credential with this key ID.
pub async fn by_key_id(tx: &mut ReadTx, key_id: &str) -> Result<Option<Stored>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT key_id, subscription_id, tenant_id, mac_key, status, valid_until, max_bindings, bindings,
                   created_at, last_used_at
                 FROM eab_credential WHERE key_id = $1"
            ),
            &values![key_id],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The credentials of a tenant's subscription, newest first.
pub async fn by_subscription(
    tx: &mut ReadTx,
    tenant: TenantId,
    subscription: SubscriptionId,
) -> Result<Vec<Stored>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT key_id, subscription_id, tenant_id, mac_key, status, valid_until, max_bindings, bindings,
                   created_at, last_used_at
                 FROM eab_credential WHERE subscription_id = $2 AND tenant_id = $1
                 ORDER BY created_at DESC, key_id LIMIT 100"
            ),
            &values![tenant, subscription],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// Counts one more binding; `false` when the limit was reached or the credential withdrawn meanwhile.
pub async fn count_binding(tx: &mut WriteTx, key_id: &str, now: Timestamp) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!(
                "UPDATE eab_credential SET bindings = bindings + 1, last_used_at = $2
                 WHERE key_id = $1 AND status <> 'revoked' AND (max_bindings IS NULL OR bindings < max_bindings)"
            ),
            &values![key_id, now],
        )
        .await?;
    Ok(changed == 1)
}

fn from_row(row: &Row) -> Result<Stored, Error> {
    let valid_until = row.opt_timestamp("valid_until")?;
    let small =
        |column: &str, value: i64| u32::try_from(value).map_err(|error| row.corrupt(column, error));
    let max_bindings = row.opt_int("max_bindings")?;
    Ok(Stored {
        credential: EabCredential {
            key_id: row.word("key_id", KeyId::from_stored)?,
            subscription: row.id("subscription_id")?,
            status: row.word("status", |word| Status::parse(word, valid_until))?,
            max_bindings: max_bindings
                .map(|value| small("max_bindings", value))
                .transpose()?,
            bindings: small("bindings", row.int("bindings")?)?,
            created_at: row.timestamp("created_at")?,
            last_used_at: row.opt_timestamp("last_used_at")?,
        },
        tenant: row.id("tenant_id")?,
        sealed_mac_key: row.bytes("mac_key")?.to_vec(),
    })
}
