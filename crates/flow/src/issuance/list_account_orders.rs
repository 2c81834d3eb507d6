//! The orders list of an account (RFC 8555 §7.1.2.1), a page at a time.

use base::OrderId;
use store::issuance::order;

use crate::memory::accounts::KnownAccount;
use crate::{App, Caller};

/// A page of orders.
#[derive(Clone, Debug)]
pub struct Page {
    /// Oldest first.
    pub orders: Vec<OrderId>,
    /// Where the next page begins; `None` on the last.
    pub next: Option<OrderId>,
}

/// The account's orders after `after`, without those that became invalid.
pub async fn list_orders(
    app: &App,
    caller: &Caller,
    known: &KnownAccount,
    after: Option<OrderId>,
) -> Result<Page, store::Error> {
    let size = app.settings().orders_per_page;
    let limit = i64::try_from(size).unwrap_or(i64::MAX).saturating_add(1);
    let mut orders = app
        .store(caller)
        .read((known.id, after, limit), order::listed)
        .await?;
    let has_more = orders.len() > size;
    orders.truncate(size);
    let next = orders.last().copied().filter(|_| has_more);
    Ok(Page { orders, next })
}
