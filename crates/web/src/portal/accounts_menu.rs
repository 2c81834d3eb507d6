//! The filter by ACME account that several lists have.

use base::{SubscriptionId, TenantId};
use enrollment::subscription::Label;
use flow::enrollment::list_subscriptions::choices;

use super::Portal;
use super::error::Refusal;
use super::listing::ListQuery;
use super::view::FilterGroup;

/// What stands in for a label that its owner left empty.
pub(super) const NO_LABEL: &str = "Without a label";

/// The menu of a list at `path`.
pub(super) async fn filter(
    portal: &Portal,
    tenant: TenantId,
    query: &ListQuery,
    path: &str,
) -> Result<FilterGroup, Refusal> {
    let mut chips = vec![query.chip(path, "account", ("", "All"), query.account.is_empty())];
    for account in choices(&portal.app, tenant).await? {
        let value = account.id.suffix();
        let is_current = query.account == value;
        let label = label_or_stand_in(account.label.as_ref().map_or("", Label::as_str));
        chips.push(query.chip(path, "account", (&value, &label), is_current));
    }
    Ok(FilterGroup {
        label: "Account".to_owned(),
        chips,
        is_menu: true,
    })
}

/// The path of an account.
pub(super) fn href(account: SubscriptionId) -> String {
    format!("/accounts/{}", account.suffix())
}

/// The label, or a stand-in.
pub(super) fn label_or_stand_in(label: &str) -> String {
    let shown = if label.is_empty() { NO_LABEL } else { label };
    shown.to_owned()
}
