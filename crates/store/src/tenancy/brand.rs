//! How tenants show themselves, and at which host names of the portal.

use base::{DnsName, TenantId, TenantPath, Timestamp};
use tenancy::tenant::TenantKind;
use tenancy::tenant::brand::{Brand, BrandContact, BrandName};

use crate::{
    Column, Error, ReadTx, Record as _, Row, Value, WriteTx, columns, sql, text_columns, values,
};

columns! {
    "brand" brand => BrandRow { tenant = "tenant_id", name, contact, changed_at }
}
columns! {
    "brand_host" brand_host => BrandHostRow { host, tenant = "tenant_id", added_at }
}
text_columns!(BrandName);

impl Column for BrandContact {
    fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        let contact = Self::parse(row.text(column)?);
        contact.map_err(|error| row.corrupt(column, error))
    }

    fn value(&self) -> Value<'_> {
        Value::from(self.as_str())
    }
}

/// How a tenant shows itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrandRow {
    /// The tenant.
    pub tenant: TenantId,
    /// What people call it.
    pub name: BrandName,
    /// Whom they ask.
    pub contact: BrandContact,
    /// When it was changed last.
    pub changed_at: Timestamp,
}

impl From<BrandRow> for Brand {
    fn from(row: BrandRow) -> Self {
        Self {
            name: row.name,
            contact: row.contact,
        }
    }
}

/// A host name at which the portal shows a brand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrandHostRow {
    /// The name.
    pub host: DnsName,
    /// Whose brand.
    pub tenant: TenantId,
    /// Since when.
    pub added_at: Timestamp,
}

/// A brand with the place of its tenant in the tree.
#[derive(Clone, Debug)]
pub struct PlacedBrand {
    /// The tenant.
    pub tenant: TenantId,
    /// Where it stands.
    pub path: TenantPath,
    /// Its level.
    pub kind: TenantKind,
    /// How it shows itself.
    pub brand: Brand,
}

/// Every brand of the installation, for the picture that each node has.
pub async fn all(tx: &mut ReadTx, (): &()) -> Result<Vec<PlacedBrand>, Error> {
    let statement = sql!(
        system: "SELECT ", brand!(b), ", t.path, t.kind FROM brand b JOIN tenant t ON t.id = b.tenant_id"
    );
    let rows = tx.rows(statement, &[]).await?;
    rows.iter().map(placed).collect()
}

fn placed(row: &Row) -> Result<PlacedBrand, Error> {
    let brand = BrandRow::from_joined(row)?;
    Ok(PlacedBrand {
        tenant: brand.tenant,
        path: TenantPath::read(row, "path")?,
        kind: TenantKind::read(row, "kind")?,
        brand: brand.into(),
    })
}

/// Every host name of the installation, those of a tenant from the oldest on.
pub async fn all_hosts(tx: &mut ReadTx, (): &()) -> Result<Vec<BrandHostRow>, Error> {
    let statement = sql!(
        system: "SELECT ", brand_host!(), " FROM brand_host ORDER BY tenant_id, added_at, host"
    );
    tx.records(statement, &[]).await
}

/// The brand of the tenant.
pub async fn of_tenant(tx: &mut ReadTx, (): &()) -> Result<Option<Brand>, Error> {
    let statement = sql!(tenant: "SELECT ", brand!(), " FROM brand WHERE tenant_id = $1");
    let row: Option<BrandRow> = tx.record(statement, &[]).await?;
    Ok(row.map(Brand::from))
}

/// The host names of the tenant, from the oldest on.
pub async fn hosts_of_tenant(tx: &mut ReadTx, (): &()) -> Result<Vec<DnsName>, Error> {
    let statement = sql!(
        tenant: "SELECT ", brand_host!(), " FROM brand_host WHERE tenant_id = $1 ORDER BY added_at, host"
    );
    let rows: Vec<BrandHostRow> = tx.records(statement, &[]).await?;
    Ok(rows.into_iter().map(|row| row.host).collect())
}

/// The brand that counts for a tenant: its own, or that of the nearest one above it.
pub async fn nearest(tx: &mut ReadTx, tenant: &TenantId) -> Result<Option<PlacedBrand>, Error> {
    let statement = sql!(
        system: "SELECT ", brand!(b), ", above.path, above.kind FROM tenant t
         JOIN tenant above ON above.path IN
           (substr(t.path, 1, 6), substr(t.path, 1, 12), substr(t.path, 1, 18), substr(t.path, 1, 24))
         JOIN brand b ON b.tenant_id = above.id
         WHERE t.id = $1 ORDER BY above.path DESC LIMIT 1"
    );
    let row = tx.row(statement, &values![tenant]).await?;
    row.as_ref().map(placed).transpose()
}

/// Stores the brand of a tenant in place of the one before.
pub async fn put(tx: &mut WriteTx, brand: &BrandRow) -> Result<(), Error> {
    let put = sql!(
        insert: "INSERT INTO brand (", brand!(), ") VALUES ($1, $2, $3, $4)
         ON CONFLICT (tenant_id) DO UPDATE
         SET name = excluded.name, contact = excluded.contact, changed_at = excluded.changed_at"
    );
    tx.execute(put, &brand.values()).await.map(drop)
}

/// Takes the brand of the tenant away, with its host names; `false` when it has none.
pub async fn delete(tx: &mut WriteTx, (): &()) -> Result<bool, Error> {
    let hosts = sql!(tenant: "DELETE FROM brand_host WHERE tenant_id = $1");
    tx.execute(hosts, &[]).await?;
    let delete = sql!(tenant: "DELETE FROM brand WHERE tenant_id = $1");
    Ok(tx.execute(delete, &[]).await? == 1)
}

/// Stores a host name; `false` when it shows a brand already, whosever.
pub async fn insert_host(tx: &mut WriteTx, host: &BrandHostRow) -> Result<bool, Error> {
    tx.insert_new(host).await
}

/// Takes a host name of the tenant away; `false` when it has no such name.
pub async fn delete_host(tx: &mut WriteTx, host: &DnsName) -> Result<bool, Error> {
    let delete = sql!(tenant: "DELETE FROM brand_host WHERE tenant_id = $1 AND host = $2");
    Ok(tx.execute(delete, &values![host.as_str()]).await? == 1)
}
