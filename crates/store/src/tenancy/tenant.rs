//! Tenants: the operator, its resellers, their customers.
//!
//! Column names are spelled so that a tenant can be read from a row that holds more than it.

use base::TenantId;
use tenancy::tenant::{Status, Tenant, TenantKind, TenantName};

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// Stores a new tenant; `false` when it is an operator and there is one.
pub async fn insert(tx: &mut WriteTx, tenant: &Tenant) -> Result<bool, Error> {
    let stored = tx
        .execute(
            sql!(
                "INSERT INTO tenant (id, parent_id, kind, name, status, created_at)
                 VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING"
            ),
            &values![
                tenant.id,
                tenant.parent,
                tenant.kind.as_str(),
                tenant.name.as_str(),
                tenant.status.as_str(),
                tenant.created_at
            ],
        )
        .await?;
    Ok(stored == 1)
}

/// The tenant with this identifier.
pub async fn by_id(tx: &mut ReadTx, id: TenantId) -> Result<Option<Tenant>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id AS tenant_id, parent_id, kind, name AS tenant_name,
                   status AS tenant_status, created_at AS tenant_created_at
                 FROM tenant WHERE id = $1"
            ),
            &values![id],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The tenants of exactly this name, oldest first; names need not differ.
pub async fn by_name(tx: &mut ReadTx, name: &TenantName, limit: i64) -> Result<Vec<Tenant>, Error> {
    let rows = tx
        .rows(
            sql!(
                "SELECT id AS tenant_id, parent_id, kind, name AS tenant_name,
                   status AS tenant_status, created_at AS tenant_created_at
                 FROM tenant WHERE name = $1 ORDER BY id LIMIT $2"
            ),
            &values![name.as_str(), limit],
        )
        .await?;
    rows.iter().map(from_row).collect()
}

/// The one operator, once the installation has it.
pub async fn operator(tx: &mut ReadTx) -> Result<Option<Tenant>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id AS tenant_id, parent_id, kind, name AS tenant_name,
                   status AS tenant_status, created_at AS tenant_created_at
                 FROM tenant WHERE kind = 'operator'"
            ),
            &[],
        )
        .await?;
    row.as_ref().map(from_row).transpose()
}

/// The statuses of a tenant and of all above it, its own first; empty when there is no such tenant.
pub async fn chain(tx: &mut ReadTx, id: TenantId) -> Result<Vec<Status>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT t.status AS tenant_status, p.status AS parent_status,
                   g.status AS grandparent_status
                 FROM tenant t LEFT JOIN tenant p ON p.id = t.parent_id
                   LEFT JOIN tenant g ON g.id = p.parent_id
                 WHERE t.id = $1"
            ),
            &values![id],
        )
        .await?;
    row.as_ref().map_or_else(|| Ok(Vec::new()), chain_from_row)
}

/// Moves a tenant to another status; `false` when it is not in `from`.
pub async fn set_status(
    tx: &mut WriteTx,
    id: TenantId,
    from: Status,
    to: Status,
) -> Result<bool, Error> {
    let changed = tx
        .execute(
            sql!("UPDATE tenant SET status = $3 WHERE id = $1 AND status = $2"),
            &values![id, from.as_str(), to.as_str()],
        )
        .await?;
    Ok(changed == 1)
}

/// Reads the tenant's columns: `tenant_id`, `parent_id`, `kind`, `tenant_name`, `tenant_status`
/// and `tenant_created_at`.
pub(crate) fn from_row(row: &Row) -> Result<Tenant, Error> {
    Ok(Tenant {
        id: row.id("tenant_id")?,
        parent: row.opt_id("parent_id")?,
        kind: row.word("kind", TenantKind::parse)?,
        name: TenantName::parse(row.text("tenant_name")?)
            .map_err(|error| row.corrupt("tenant_name", error))?,
        status: row.word("tenant_status", Status::parse)?,
        created_at: row.timestamp("tenant_created_at")?,
    })
}

/// Reads `tenant_status`, `parent_status` and `grandparent_status`: the tree has three levels.
pub(crate) fn chain_from_row(row: &Row) -> Result<Vec<Status>, Error> {
    let mut chain = vec![row.word("tenant_status", Status::parse)?];
    for column in ["parent_status", "grandparent_status"] {
        if row.opt_text(column)?.is_some() {
            chain.push(row.word(column, Status::parse)?);
        }
    }
    Ok(chain)
}
