//! The one operator of an installation.

use store::ReadTx;
use store::tenancy::tenant;
use tenancy::tenant::Tenant;

use crate::{App, Caller};

/// The operator, once the installation has one.
pub async fn find_operator(app: &App, caller: &Caller) -> Result<Option<Tenant>, store::Error> {
    app.store(caller).read((), load).await
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<Option<Tenant>, store::Error> {
    tenant::operator(tx).await
}
