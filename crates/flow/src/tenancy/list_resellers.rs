//! The resellers of an installation, for its operator.

use base::TenantId;
use store::ReadTx;
use store::access::user::{self, Person};
use store::enrollment::subscription;
use store::tenancy::tenant;
use tenancy::tenant::{Tenant, TenantKind};

use crate::{App, Caller};

/// How many people of a reseller are shown.
const MAX_PEOPLE: i64 = 1_000;

/// A reseller with what hangs on it.
#[derive(Clone, Debug)]
pub struct ResellerDetail {
    /// Its people, oldest first.
    pub people: Vec<Person>,
    /// How many names it has enrolled.
    pub names: usize,
}

/// The resellers after this one, oldest first.
pub async fn list_resellers(
    app: &App,
    caller: &Caller,
    after: Option<TenantId>,
    limit: i64,
) -> Result<Vec<Tenant>, store::Error> {
    let store = app.store(caller);
    let asked = (TenantKind::Reseller, after, limit);
    store.scan(asked, tenant::of_kind).await
}

/// What hangs on the tenant that the caller acts for.
pub async fn show_reseller(app: &App, caller: &Caller) -> Result<ResellerDetail, store::Error> {
    app.store(caller).scan((), load).await
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<ResellerDetail, store::Error> {
    Ok(ResellerDetail {
        people: user::list(tx, &MAX_PEOPLE).await?,
        names: subscription::names(tx, &()).await?,
    })
}
