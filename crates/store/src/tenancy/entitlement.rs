//! Which products tenants may buy. A tenant's own word stands in its row; those of the tenants above bound it.

use base::TenantId;
use tenancy::tenant::entitlement::Entitlement;

use crate::{Error, ReadTx, Row, WriteTx, sql, values};

/// What the tenant that a statement calls by this name says, and what those above it say: their paths are the beginnings of
/// its path. Of a path that is shorter its own word comes again.
macro_rules! entitlement_of {
    ($tenant:ident) => {
        concat!(
            "(SELECT b.products FROM tenant b WHERE b.path = substr(",
            stringify!($tenant),
            ".path, 1, 12)) AS products_second, (SELECT b.products FROM tenant b WHERE b.path = substr(",
            stringify!($tenant),
            ".path, 1, 18)) AS products_third, (SELECT b.products FROM tenant b WHERE b.path = substr(",
            stringify!($tenant),
            ".path, 1, 24)) AS products_fourth"
        )
    };
}
pub(crate) use entitlement_of;

/// What may be bought, read from [`entitlement_of`].
pub(crate) fn entitlement_from(row: &Row) -> Result<Entitlement, Error> {
    let mut found = Entitlement::All;
    for column in ["products_second", "products_third", "products_fourth"] {
        let said = row.opt_text(column)?;
        found = found.below(&Entitlement::parse(said));
    }
    Ok(found)
}

/// Which products a tenant may buy, given all above it.
pub async fn of(tx: &mut ReadTx, id: &TenantId) -> Result<Entitlement, Error> {
    let statement = sql!(system: "SELECT ", entitlement_of!(t), " FROM tenant t WHERE t.id = $1");
    let row = tx.row(statement, &values![id]).await?;
    row.as_ref().map_or(Ok(Entitlement::All), entitlement_from)
}

/// What a tenant's own row says.
pub async fn own(tx: &mut ReadTx, id: &TenantId) -> Result<Entitlement, Error> {
    let statement = sql!(system: "SELECT products FROM tenant WHERE id = $1");
    let row = tx.row(statement, &values![id]).await?;
    let said = match &row {
        Some(row) => row.opt_text("products")?,
        None => None,
    };
    Ok(Entitlement::parse(said))
}

/// Whether a tenant has a subscription, in whatever state.
async fn has_bought(tx: &mut ReadTx, id: &TenantId) -> Result<bool, Error> {
    let statement =
        sql!(system: "SELECT id FROM subscription WHERE tenant_id = $1 ORDER BY id LIMIT 1");
    Ok(tx.row(statement, &values![id]).await?.is_some())
}

/// Whether a tenant has anything to do with what is sold: it may buy something, or has bought it.
pub(crate) async fn meets(
    tx: &mut ReadTx,
    (id, entitlement): (&TenantId, &Entitlement),
) -> Result<bool, Error> {
    Ok(!entitlement.is_nothing() || has_bought(tx, id).await?)
}

/// Says which products a tenant may buy.
pub async fn set(
    tx: &mut WriteTx,
    (id, entitlement): &(TenantId, Entitlement),
) -> Result<(), Error> {
    let set = sql!(system: "UPDATE tenant SET products = $2 WHERE id = $1");
    let products = entitlement.stored();
    let values = values![id, products.as_deref()];
    tx.execute_later(set, &values).await
}
