//! What goes with every change of the catalogue: the version rises, and the operator's audit tells who did it.

use store::audit::Entry;
use store::catalog::version;
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::tenant::Tenant;

use crate::audit::Event;
use crate::caller::system;
use crate::{App, Caller};

/// The entry for what an operator changes of what is nobody else's; none before there is an operator.
pub(crate) async fn entry(
    app: &App,
    caller: &Caller,
    event: &Event,
) -> Result<Option<Entry>, store::Error> {
    let store = app.store(system("what is nobody else's is the operator's"));
    let operator = store.read((), operator).await?;
    Ok(operator.map(|operator| app.entry(caller, operator.id, event, app.now())))
}

async fn operator(tx: &mut ReadTx, (): &()) -> Result<Option<Tenant>, store::Error> {
    tenant::operator(tx).await
}

/// Ends the transaction of a change.
pub(super) async fn record(tx: &mut WriteTx, entry: Option<&Entry>) -> Result<(), store::Error> {
    version::raise_catalog(tx).await?;
    store::audit::append_any(tx, entry).await
}
