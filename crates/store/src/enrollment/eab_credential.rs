//! External account binding credentials: a key ID in the clear, a MAC key sealed. A key that is to go once it has bound
//! clients stands in [`eab_key`] instead, until it goes.

use base::{Actor, Random, SubscriptionId, TenantId, Timestamp};
use enrollment::eab::{EabCredential, KeyId, MacKey, Reveal};

use super::eab_key::{self, ErasableKey};
use crate::access::role_binding::covered;
use crate::seal::{SealContext, SealError, Sealer};
use crate::{Column, Error, ReadTx, Row, Value, WriteTx, columns, sql, values, word_columns};

/// How many credentials of one subscription are shown.
const MAX_SHOWN: i64 = 100;

/// A credential with its sealed MAC key.
#[derive(Clone, Debug)]
pub struct SealedCredential {
    /// The credential.
    pub credential: EabCredential,
    /// The MAC key, sealed for this credential; none where it was erased.
    pub sealed_mac_key: Option<Vec<u8>>,
}

/// One more account that was bound.
#[derive(Clone, Debug)]
pub struct Bound {
    /// With which credential.
    pub key_id: String,
    /// When.
    pub at: Timestamp,
    /// When its MAC key went, if it was the last.
    pub erased_at: Option<Timestamp>,
}

/// A credential that was shown.
#[derive(Clone, Debug)]
pub struct Revealed {
    /// Which.
    pub key_id: String,
    /// When.
    pub at: Timestamp,
}

impl SealedCredential {
    /// A credential with its MAC key sealed for its row.
    pub fn seal(
        credential: EabCredential,
        mac_key: &MacKey,
        sealer: &Sealer,
        random: &dyn Random,
    ) -> Result<Self, SealError> {
        let owner = credential.tenant.to_string();
        let context = mac_key_context(credential.key_id.as_str(), &owner);
        let sealed_mac_key = sealer.seal(context, mac_key.as_bytes(), random)?;
        Ok(Self {
            credential,
            sealed_mac_key: Some(sealed_mac_key),
        })
    }

    /// The MAC key under the newest sealing key; `None` when it is already, or was erased.
    pub fn reseal(
        &self,
        sealer: &Sealer,
        random: &dyn Random,
    ) -> Result<Option<Vec<u8>>, SealError> {
        let Some(stored) = &self.sealed_mac_key else {
            return Ok(None);
        };
        let owner = self.credential.tenant.to_string();
        let context = mac_key_context(self.credential.key_id.as_str(), &owner);
        sealer.reseal(context, stored, random)
    }

    /// The MAC key in the clear; `None` where it was erased.
    pub fn open(&self, sealer: &Sealer) -> Result<Option<MacKey>, SealError> {
        let Some(stored) = &self.sealed_mac_key else {
            return Ok(None);
        };
        let owner = self.credential.tenant.to_string();
        let context = mac_key_context(self.credential.key_id.as_str(), &owner);
        let bytes = sealer.open(context, stored)?;
        Ok(Some(MacKey::from_bytes(bytes.to_vec())))
    }

    /// The work of opening a MAC key, where there is none.
    pub fn open_none(sealer: &Sealer, key_id: &str) {
        let owner = TenantId::FIRST.to_string();
        sealer.open_nothing(mac_key_context(key_id, &owner));
    }
}

/// The same for a key that stands apart: those of before were moved there as they were.
fn mac_key_context<'a>(key_id: &'a str, tenant: &'a str) -> SealContext<'a> {
    SealContext {
        table: "eab_credential",
        column: "mac_key",
        row: key_id,
        tenant,
    }
}

word_columns!(Reveal);

impl Column for KeyId {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.word(column, Self::from_stored)
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.as_str())
    }
}

/// A row.
struct Stored {
    key_id: KeyId,
    tenant: TenantId,
    customer: Option<TenantId>,
    subscription: SubscriptionId,
    directory: Option<String>,
    mac_key: Option<Vec<u8>>,
    reveal: Reveal,
    max_bindings: Option<u32>,
    bindings: u32,
    created_at: Timestamp,
    created_by: Actor,
    revealed_at: Option<Timestamp>,
    valid_until: Option<Timestamp>,
    suspended_at: Option<Timestamp>,
    revoked_at: Option<Timestamp>,
    last_bound_at: Option<Timestamp>,
    erased_at: Option<Timestamp>,
}

columns! { "eab_credential" eab_credential => Stored {
    key_id, tenant = "tenant_id", customer = "customer_id", subscription = "subscription_id", directory, mac_key,
    reveal, max_bindings, bindings, created_at, created_by, revealed_at, valid_until, suspended_at, revoked_at,
    last_bound_at, erased_at,
} }

/// The columns, and the key that stands apart.
macro_rules! with_key {
    () => {
        concat!(
            eab_credential!(),
            ", (SELECT eab_key.mac_key FROM eab_key WHERE eab_key.key_id = eab_credential.key_id) AS held_key"
        )
    };
}

impl From<&SealedCredential> for Stored {
    fn from(sealed: &SealedCredential) -> Self {
        let credential = sealed.credential.clone();
        Self {
            key_id: credential.key_id,
            tenant: credential.tenant,
            customer: credential.customer,
            subscription: credential.subscription,
            directory: credential.directory,
            mac_key: sealed
                .sealed_mac_key
                .clone()
                .filter(|_| !stands_apart(&sealed.credential)),
            reveal: credential.reveal,
            max_bindings: credential.max_bindings,
            bindings: credential.bindings,
            created_at: credential.created_at,
            created_by: credential.created_by,
            revealed_at: credential.revealed_at,
            valid_until: credential.valid_until,
            suspended_at: credential.suspended_at,
            revoked_at: credential.revoked_at,
            last_bound_at: credential.last_bound_at,
            erased_at: credential.erased_at,
        }
    }
}

impl From<Stored> for EabCredential {
    fn from(stored: Stored) -> Self {
        Self {
            key_id: stored.key_id,
            tenant: stored.tenant,
            customer: stored.customer,
            subscription: stored.subscription,
            directory: stored.directory,
            reveal: stored.reveal,
            max_bindings: stored.max_bindings,
            bindings: stored.bindings,
            created_at: stored.created_at,
            created_by: stored.created_by,
            revealed_at: stored.revealed_at,
            valid_until: stored.valid_until,
            suspended_at: stored.suspended_at,
            revoked_at: stored.revoked_at,
            last_bound_at: stored.last_bound_at,
            erased_at: stored.erased_at,
        }
    }
}

/// Whether its key is one of those that go.
fn stands_apart(credential: &EabCredential) -> bool {
    match credential.reveal {
        Reveal::UntilBound => true,
        Reveal::Always | Reveal::Once => false,
    }
}

/// Reads a row with its key, wherever that stands.
fn sealed(row: &Row) -> Result<SealedCredential, Error> {
    let mut stored = <Stored as crate::Record>::from_row(row)?;
    let held: Option<Vec<u8>> = Column::read(row, "held_key")?;
    Ok(SealedCredential {
        sealed_mac_key: held.or(stored.mac_key.take()),
        credential: stored.into(),
    })
}

/// Stores a new credential.
pub async fn insert(tx: &mut WriteTx, sealed: &SealedCredential) -> Result<(), Error> {
    tx.insert(&Stored::from(sealed)).await?;
    match &sealed.sealed_mac_key {
        Some(mac_key) if stands_apart(&sealed.credential) => {
            let key = ErasableKey {
                key_id: sealed.credential.key_id.to_string(),
                mac_key: mac_key.clone(),
            };
            tx.insert(&key).await
        }
        Some(_) | None => Ok(()),
    }
}

/// The credential with this key ID, whoever owns it; for the ACME side, where the holder of the MAC key proves what
/// it may.
pub async fn by_key_id(tx: &mut ReadTx, key_id: &str) -> Result<Option<SealedCredential>, Error> {
    let by_key_id = sql!(system: "SELECT ", with_key!(), " FROM eab_credential WHERE key_id = $1");
    let found = tx.row(by_key_id, &values![key_id]).await?;
    found.as_ref().map(sealed).transpose()
}

/// Some credential that has its key, whoever owns it; to try the sealing key on.
pub async fn any(tx: &mut ReadTx) -> Result<Option<SealedCredential>, Error> {
    let any = sql!(system:
        "SELECT ", with_key!(), " FROM eab_credential WHERE mac_key IS NOT NULL OR key_id IN (SELECT key_id FROM eab_key) LIMIT 1"
    );
    let found = tx.row(any, &[]).await?;
    found.as_ref().map(sealed).transpose()
}

/// Credentials after a key ID, whoever owns them, in the order of key IDs.
pub async fn page(
    tx: &mut ReadTx,
    (after, limit): &(String, i64),
) -> Result<Vec<SealedCredential>, Error> {
    let page = sql!(
        system: "SELECT ", with_key!(), " FROM eab_credential WHERE key_id > $1 ORDER BY key_id LIMIT $2"
    );
    let found = tx.rows(page, &values![after.as_str(), *limit]).await?;
    found.iter().map(sealed).collect()
}

/// Stores the MAC key as it is sealed anew, unless that was done meanwhile.
pub async fn reseal(
    tx: &mut WriteTx,
    (old, sealed): &(SealedCredential, Vec<u8>),
) -> Result<(), Error> {
    let key_id = old.credential.key_id.as_str();
    let Some(from) = &old.sealed_mac_key else {
        return Ok(());
    };
    if stands_apart(&old.credential) {
        return eab_key::reseal(tx, key_id, (from, sealed)).await;
    }
    let reseal = sql!(
        system: "UPDATE eab_credential SET mac_key = $3 WHERE key_id = $1 AND mac_key = $2"
    );
    let values = values![key_id, from.as_slice(), sealed.as_slice()];
    tx.execute(reseal, &values).await.map(drop)
}

/// The tenant's credential with this key ID.
pub async fn find(tx: &mut ReadTx, key_id: &str) -> Result<Option<SealedCredential>, Error> {
    let by_key_id = sql!(
        tenant: "SELECT ", with_key!(), " FROM eab_credential WHERE key_id = $2 AND tenant_id = $1 AND ",
        covered!("subscription_id", "$3", "$4")
    );
    let (is_whole, user) = tx.bound_to();
    let values = values![key_id, is_whole, user];
    let found = tx.row(by_key_id, &values).await?;
    found.as_ref().map(sealed).transpose()
}

/// The credentials of the tenant's subscription: the one in use, then the others, newest first.
pub async fn of_subscription(
    tx: &mut ReadTx,
    subscription: &SubscriptionId,
) -> Result<Vec<EabCredential>, Error> {
    let in_order = sql!(
        tenant: "SELECT ", eab_credential!(), " FROM eab_credential WHERE subscription_id = $2 AND tenant_id = $1
         ORDER BY CASE WHEN valid_until IS NULL AND revoked_at IS NULL THEN 0 ELSE 1 END, created_at DESC, key_id
         LIMIT $3"
    );
    let values = values![*subscription, MAX_SHOWN];
    let found = tx.records::<Stored>(in_order, &values).await?;
    Ok(found.into_iter().map(EabCredential::from).collect())
}

/// The credential of each of the tenant's subscriptions that is in use, or else the newest, in their order.
pub async fn present_of(
    tx: &mut ReadTx,
    subscriptions: &[SubscriptionId],
) -> Result<Vec<Option<EabCredential>>, Error> {
    let present = sql!(
        tenant: "SELECT ", eab_credential!(), " FROM eab_credential WHERE subscription_id = $2 AND tenant_id = $1
         ORDER BY CASE WHEN valid_until IS NULL AND revoked_at IS NULL THEN 0 ELSE 1 END, created_at DESC, key_id
         LIMIT 1"
    );
    let values: Vec<_> = subscriptions
        .iter()
        .map(|id| values![*id].to_vec())
        .collect();
    let read = |row: &Row| {
        let stored = <Stored as crate::Record>::from_row(row)?;
        Ok(EabCredential::from(stored))
    };
    let rows = tx.row_each(present, &values).await?;
    rows.iter()
        .map(|row| row.as_ref().map(read).transpose())
        .collect()
}

/// Counts one more binding; `false` when the limit was reached or the credential withdrawn meanwhile. The last one takes
/// the key along where it is to go.
pub async fn count_binding(tx: &mut WriteTx, bound: &Bound) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!(
                system: "UPDATE eab_credential SET bindings = bindings + 1, last_bound_at = $2, erased_at = $3
                 WHERE key_id = $1 AND revoked_at IS NULL AND suspended_at IS NULL AND erased_at IS NULL
                   AND (valid_until IS NULL OR valid_until > $2)
                   AND (max_bindings IS NULL OR bindings < max_bindings)"
            ),
            &values![&bound.key_id, bound.at, bound.erased_at],
        )
        .await?;
    if changed == 1 && bound.erased_at.is_some() {
        eab_key::delete(tx, &bound.key_id).await?;
    }
    Ok(changed == 1)
}

/// Notes that the tenant's credential was shown.
pub async fn note_revealed(tx: &mut WriteTx, revealed: &Revealed) -> Result<(), Error> {
    tx.execute_later(
        sql!(
            tenant: "UPDATE eab_credential SET revealed_at = $3 WHERE key_id = $2 AND tenant_id = $1"
        ),
        &values![&revealed.key_id, revealed.at],
    )
    .await
}

/// Stores the last moment of a tenant's credential that another replaces.
pub async fn replace(tx: &mut WriteTx, old: &EabCredential) -> Result<(), Error> {
    let statement = sql!(
        tenant: "UPDATE eab_credential SET valid_until = $3 WHERE key_id = $2 AND tenant_id = $1"
    );
    let values = values![old.key_id.as_str(), old.valid_until];
    tx.execute_later(statement, &values).await
}

/// Stores that a tenant's credential was withdrawn.
pub async fn revoke(tx: &mut WriteTx, revoked: &EabCredential) -> Result<(), Error> {
    let statement = sql!(
        tenant: "UPDATE eab_credential SET revoked_at = $3 WHERE key_id = $2 AND tenant_id = $1"
    );
    let values = values![revoked.key_id.as_str(), revoked.revoked_at];
    tx.execute_later(statement, &values).await
}

/// Gives back one binding of a tenant's credential.
pub async fn release(tx: &mut WriteTx, key_id: &str) -> Result<(), Error> {
    let statement = sql!(
        tenant: "UPDATE eab_credential SET bindings = bindings - 1
         WHERE key_id = $2 AND tenant_id = $1 AND bindings > 0"
    );
    tx.execute_later(statement, &values![key_id]).await
}
