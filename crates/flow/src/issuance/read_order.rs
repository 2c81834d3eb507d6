//! Reading an order (RFC 8555 §7.4).

use base::OrderId;
use store::issuance::authorization::Authorization;
use store::issuance::order::{Order, with_authorizations};

use super::order_view::OrderView;
use crate::memory::accounts::KnownAccount;
use crate::{App, Caller};

/// The account's order with its authorizations as the database has them.
pub(super) async fn load_stored(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: OrderId,
) -> Result<Option<(Order, Vec<Authorization>)>, store::Error> {
    let found = app.store(caller).read(id, with_authorizations).await?;
    Ok(found.filter(|(order, _)| order.account == known.id))
}

/// The account's order as it stands.
pub async fn read_order(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    id: OrderId,
) -> Result<Option<OrderView>, store::Error> {
    let now = app.now();
    let found = load_stored(app, caller, known, id).await?;
    Ok(found.map(|(order, authorizations)| OrderView::of(&order, &authorizations, now)))
}
