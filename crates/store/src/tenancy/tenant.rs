//! Tenants: the operator and all below it.

use base::{Actor, TenantId, TenantPath, Timestamp};
use enrollment::admission::Standing;
use serde_json::Map;
use tenancy::tenant::{Tenant, TenantKind, TenantName, TenantSwitch};

use crate::{
    Column, Error, ReadTx, Row, Value, WriteTx, columns, sql, text_columns, values, word_columns,
};

columns! {
    "tenant" tenant => TenantRow {
        id, parent_id, path, kind, name, config, created_at, suspended_at, billing_hold_at, archived_at
    }
}
word_columns!(TenantKind);
text_columns!(TenantName);
pub(crate) use tenant;

/// The tenant that a statement calls by this name and all above it, called `above`: their paths are the beginnings of its
/// path, and the tree has four levels (F-028).
macro_rules! chain {
    ($tenant:ident) => {
        concat!(
            "FROM tenant above WHERE above.path IN (",
            concat!("substr(", stringify!($tenant), ".path, 1, 6), "),
            concat!("substr(", stringify!($tenant), ".path, 1, 12), "),
            concat!("substr(", stringify!($tenant), ".path, 1, 18), "),
            concat!("substr(", stringify!($tenant), ".path, 1, 24))"),
        )
    };
}
pub(crate) use chain;

/// Since when the tenant that a statement calls by this name, or one above it, is suspended: NULL when none is.
macro_rules! chain_suspended_at {
    ($tenant:ident) => {
        concat!(
            "(SELECT MIN(above.suspended_at) ",
            $crate::tenancy::tenant::chain!($tenant),
            ")"
        )
    };
}
pub(crate) use chain_suspended_at;

/// How the tenant that a statement calls by this name stands with all above it: 0 when one of them is suspended, 1 when
/// one is on hold, 2 when nothing is against any.
macro_rules! chain_standing {
    ($tenant:ident) => {
        concat!(
            "(SELECT MIN(CASE WHEN above.suspended_at IS NOT NULL THEN CAST(0 AS BIGINT)
               WHEN above.billing_hold_at IS NOT NULL THEN 1 ELSE 2 END) ",
            $crate::tenancy::tenant::chain!($tenant),
            ")"
        )
    };
}
pub(crate) use chain_standing;

/// How a tenant stands, read from [`chain_standing`].
pub(crate) fn standing_of(row: &Row, column: &str) -> Result<Standing, Error> {
    match row.int(column)? {
        0 => Ok(Standing::Suspended),
        1 => Ok(Standing::OnHold),
        2 => Ok(Standing::Good),
        other => Err(row.corrupt(column, format!("unknown standing {other}"))),
    }
}

/// How the tenant of a subscription stands with all above it; `None` when there is no such tenant.
pub async fn standing(tx: &mut ReadTx, id: &TenantId) -> Result<Option<Standing>, Error> {
    let statement =
        sql!(system: "SELECT ", chain_standing!(t), " AS standing FROM tenant t WHERE t.id = $1");
    let row = tx.row(statement, &values![id]).await?;
    row.map(|row| standing_of(&row, "standing")).transpose()
}

/// Puts a tenant on hold, and with it all below it; `false` when it is on hold already.
pub async fn hold(tx: &mut WriteTx, (id, now): &(TenantId, Timestamp)) -> Result<bool, Error> {
    let hold = sql!(
        system: "UPDATE tenant SET billing_hold_at = $2 WHERE id = $1 AND billing_hold_at IS NULL"
    );
    Ok(tx.execute(hold, &values![id, *now]).await? == 1)
}

/// Lets a tenant on hold go on; `false` when it is not on hold.
pub async fn release(tx: &mut WriteTx, id: &TenantId) -> Result<bool, Error> {
    let release = sql!(
        system: "UPDATE tenant SET billing_hold_at = NULL WHERE id = $1 AND billing_hold_at IS NOT NULL"
    );
    Ok(tx.execute(release, &values![id]).await? == 1)
}

/// What a tenant decides for itself, as a document whose other members are kept.
#[derive(Clone, Debug, Default)]
pub(crate) struct TenantConfig(Map<String, serde_json::Value>);

impl TenantConfig {
    fn is_on(&self, switch: TenantSwitch) -> bool {
        let said = self.0.get(switch.as_str());
        said.and_then(serde_json::Value::as_bool).unwrap_or(false)
    }

    fn with(mut self, switch: TenantSwitch, is_on: bool) -> Self {
        if is_on {
            self.0.insert(switch.as_str().to_owned(), is_on.into());
        } else {
            self.0.remove(switch.as_str());
        }
        self
    }

    fn text(&self) -> String {
        serde_json::Value::from(self.0.clone()).to_string()
    }
}

impl Column for TenantConfig {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.parsed(column, |text| serde_json::from_str(text).map(Self))
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.text())
    }
}

/// What a tenant decides for itself from now on.
#[derive(Clone, Copy, Debug)]
pub struct Switched {
    /// The tenant.
    pub tenant: TenantId,
    /// About what.
    pub switch: TenantSwitch,
    /// How.
    pub is_on: bool,
}

/// Stores what a tenant decides for itself.
pub async fn switch(tx: &mut WriteTx, switched: &Switched) -> Result<(), Error> {
    let found = sql!(system: "SELECT config FROM tenant WHERE id = $1");
    let Some(row) = tx.row(found, &values![switched.tenant]).await? else {
        return Ok(());
    };
    let config = TenantConfig::read(&row, "config")?;
    let config = config.with(switched.switch, switched.is_on);
    let set = sql!(system: "UPDATE tenant SET config = $2 WHERE id = $1");
    let values = values![switched.tenant, config.text()];
    tx.execute(set, &values).await.map(|_| ())
}

/// A row of the table.
pub(crate) struct TenantRow {
    id: TenantId,
    parent_id: Option<TenantId>,
    path: TenantPath,
    kind: TenantKind,
    name: TenantName,
    /// What it decides for itself.
    config: TenantConfig,
    created_at: Timestamp,
    suspended_at: Option<Timestamp>,
    /// Since when it owes too much to be sold more.
    billing_hold_at: Option<Timestamp>,
    archived_at: Option<Timestamp>,
}

impl From<&Tenant> for TenantRow {
    fn from(tenant: &Tenant) -> Self {
        Self {
            id: tenant.id,
            parent_id: tenant.parent,
            path: tenant.path.clone(),
            kind: tenant.kind,
            name: tenant.name.clone(),
            config: TenantSwitch::ALL
                .iter()
                .fold(TenantConfig::default(), |config, switch| {
                    config.with(*switch, tenant.is_on(*switch))
                }),
            created_at: tenant.created_at,
            suspended_at: tenant.suspended_at,
            billing_hold_at: None,
            archived_at: None,
        }
    }
}

impl From<TenantRow> for Tenant {
    fn from(row: TenantRow) -> Self {
        Self {
            id: row.id,
            parent: row.parent_id,
            path: row.path,
            kind: row.kind,
            name: row.name,
            created_at: row.created_at,
            suspended_at: row.suspended_at,
            requires_second_factor: row.config.is_on(TenantSwitch::RequireSecondFactor),
            renews_pre_validations: row.config.is_on(TenantSwitch::RenewPreValidations),
        }
    }
}

/// Stores a new tenant; `false` when it is an operator and there is one, or when its path is taken.
pub async fn insert(tx: &mut WriteTx, tenant: &Tenant) -> Result<bool, Error> {
    tx.insert_new(&TenantRow::from(tenant)).await
}

/// The tenant with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: &TenantId) -> Result<Option<Tenant>, Error> {
    let statement = sql!(system: "SELECT ", tenant!(), " FROM tenant WHERE id = $1");
    let row: Option<TenantRow> = tx.record(statement, &values![id]).await?;
    Ok(row.map(Tenant::from))
}

/// The tenants of exactly this name, oldest first; names need not differ.
pub async fn by_name(
    tx: &mut ReadTx,
    (name, limit): &(TenantName, i64),
) -> Result<Vec<Tenant>, Error> {
    let statement = sql!(
        system: "SELECT ", tenant!(), " FROM tenant WHERE name = $1 ORDER BY id LIMIT $2"
    );
    let rows: Vec<TenantRow> = tx
        .records(statement, &values![name.as_str(), *limit])
        .await?;
    Ok(rows.into_iter().map(Tenant::from).collect())
}

/// The tenants of a level after this one, oldest first.
pub async fn of_kind(
    tx: &mut ReadTx,
    (kind, after, limit): &(TenantKind, Option<TenantId>, i64),
) -> Result<Vec<Tenant>, Error> {
    let statement = sql!(
        system: "SELECT ", tenant!(), " FROM tenant WHERE kind = $1 AND id > $2 ORDER BY id LIMIT $3"
    );
    let after = after.unwrap_or(TenantId::FIRST);
    let values = values![kind.as_str(), after, *limit];
    let rows: Vec<TenantRow> = tx.records(statement, &values).await?;
    Ok(rows.into_iter().map(Tenant::from).collect())
}

/// How many tenants there are right below one.
pub async fn count_below(tx: &mut ReadTx, id: &TenantId) -> Result<u64, Error> {
    let statement = sql!(system: "SELECT COUNT(*) AS tenants FROM tenant WHERE parent_id = $1");
    let row = tx.row(statement, &values![id]).await?;
    let count = row.map_or(Ok(0), |row| row.int("tenants"))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Lets of several transactions that decide by how many of something the tenant has one be stored after the
/// other: PostgreSQL runs the second again.
pub async fn lock(tx: &mut WriteTx, id: &TenantId) -> Result<(), Error> {
    let lock = sql!(system: "UPDATE tenant SET config = config WHERE id = $1");
    tx.execute(lock, &values![id]).await.map(|_| ())
}

/// The one operator, once the installation has it.
pub async fn operator(tx: &mut ReadTx) -> Result<Option<Tenant>, Error> {
    let statement = sql!(system: "SELECT ", tenant!(), " FROM tenant WHERE kind = 'operator'");
    let row: Option<TenantRow> = tx.record(statement, &[]).await?;
    Ok(row.map(Tenant::from))
}

/// Suspends a tenant, and with it all below it; `false` when it is suspended already.
pub async fn suspend(
    tx: &mut WriteTx,
    (id, now, by): &(TenantId, Timestamp, Actor),
) -> Result<bool, Error> {
    let suspend = sql!(
        system: "UPDATE tenant SET suspended_at = $2, suspended_by = $3 WHERE id = $1 AND suspended_at IS NULL"
    );
    Ok(tx.execute(suspend, &values![id, *now, *by]).await? == 1)
}

/// Who suspended a tenant; none where it is not suspended, or was before that was kept.
pub async fn suspended_by(tx: &mut ReadTx, id: &TenantId) -> Result<Option<Actor>, Error> {
    let statement = sql!(
        system: "SELECT suspended_by FROM tenant WHERE id = $1 AND suspended_by IS NOT NULL"
    );
    let row = tx.row(statement, &values![id]).await?;
    row.map(|row| Actor::read(&row, "suspended_by")).transpose()
}

/// Lets a suspended tenant go on; `false` when it is not suspended.
pub async fn resume(tx: &mut WriteTx, id: &TenantId) -> Result<bool, Error> {
    let resume = sql!(
        system: "UPDATE tenant SET suspended_at = NULL, suspended_by = NULL WHERE id = $1 AND suspended_at IS NOT NULL"
    );
    Ok(tx.execute(resume, &values![id]).await? == 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s17_other_members_of_the_document_stay() {
        let read = |text: &str| TenantConfig(serde_json::from_str(text).unwrap());
        let other = r#"{"zone":"Europe/Helsinki"}"#;
        let switch = TenantSwitch::RequireSecondFactor;
        let with = read(other).with(switch, true);
        assert!(with.is_on(switch) && !read(other).is_on(switch));
        assert_eq!(
            with.text(),
            r#"{"second_factor_required":true,"zone":"Europe/Helsinki"}"#
        );
        assert_eq!(with.with(switch, false).text(), other);
    }
}
