//! The tenants below somebody, with what hangs on them: for the operator its resellers, for a reseller its customers.

use base::{Page, Query, TenantId};
use store::ReadTx;
use store::access::user;
use store::tenancy::below;
use tenancy::tenant::TenantKind;

use crate::{App, Caller};

pub use store::access::user::Person;
pub use store::tenancy::below::{BelowFilter, BelowQuery, TenantBelow};

/// How many people of a tenant are shown.
const MAX_PEOPLE: i64 = 1_000;

/// A page of all resellers, oldest first; whoever asks may see them all.
pub async fn list_all_resellers(
    app: &App,
    caller: &Caller,
    asked: BelowQuery,
) -> Result<Page<TenantBelow>, store::Error> {
    app.store(caller).scan(asked, below::page).await
}

/// A reseller, whosever it is.
pub async fn find_reseller(
    app: &App,
    caller: &Caller,
    id: TenantId,
) -> Result<Option<TenantBelow>, store::Error> {
    let asked = (id, TenantKind::Reseller, None);
    app.store(caller).scan(asked, below::find).await
}

/// A page of the customers directly below the caller's tenant, oldest first.
pub async fn list_customers(
    app: &App,
    caller: &Caller,
    asked: Query<String, TenantId>,
) -> Result<Page<TenantBelow>, store::Error> {
    let asked = BelowQuery {
        filter: BelowFilter {
            kind: TenantKind::Customer,
            parent: Some(caller.tenant()?),
            part: asked.filter,
        },
        slice: asked.slice,
        limit: asked.limit,
    };
    app.store(caller).scan(asked, below::page).await
}

/// A customer directly below the caller's tenant.
pub async fn find_customer(
    app: &App,
    caller: &Caller,
    id: TenantId,
) -> Result<Option<TenantBelow>, store::Error> {
    let asked = (id, TenantKind::Customer, Some(caller.tenant()?));
    app.store(caller).scan(asked, below::find).await
}

/// The people of the tenant that the caller acts for, oldest first.
pub async fn people_of(app: &App, caller: &Caller) -> Result<Vec<Person>, store::Error> {
    app.store(caller).scan((), load_people).await
}

async fn load_people(tx: &mut ReadTx, (): &()) -> Result<Vec<Person>, store::Error> {
    user::list(tx, &MAX_PEOPLE).await
}
