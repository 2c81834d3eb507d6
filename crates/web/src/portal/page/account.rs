//! An ACME account as pages name it: its label, its state, and the filter by it that several lists have.

use base::Timestamp;
use enrollment::subscription::{State, Subscription};
use flow::Caller;
use flow::enrollment::list_subscriptions::choices;

use super::listing::{FilterGroup, ListQuery};
use super::part::{Chip, Tone};
use super::refused::Refusal;
use crate::portal::state::Portal;

/// What stands in for a label that its owner left empty.
pub(crate) const NO_LABEL: &str = "Without a label";

/// The menu of a list at `path`.
pub(crate) async fn filter(
    portal: &Portal,
    caller: &Caller,
    query: &ListQuery,
    path: &str,
) -> Result<FilterGroup, Refusal> {
    let mut chips = vec![query.chip(path, "account", ("", "All"), query.account.is_empty())];
    for account in choices(&portal.app, caller).await? {
        let value = account.id.suffix();
        let is_current = query.account == value;
        let label = label_or_stand_in(account.label.as_str());
        chips.push(query.chip(path, "account", (&value, &label), is_current));
    }
    Ok(FilterGroup {
        label: "Account".to_owned(),
        chips,
        is_menu: true,
    })
}

/// The label, or a stand-in.
pub(crate) fn label_or_stand_in(label: &str) -> String {
    let shown = if label.is_empty() { NO_LABEL } else { label };
    shown.to_owned()
}

/// The owner's name for it, or a stand-in.
pub(crate) fn label(subscription: &Subscription) -> String {
    label_or_stand_in(subscription.label.as_str())
}

/// The product as people write it: its code in capitals.
pub(crate) fn kind(subscription: &Subscription) -> String {
    subscription.product.as_str().to_uppercase()
}

/// The state as one word.
pub(crate) fn word(state: State) -> &'static str {
    match state {
        State::Pending => "Pending",
        State::Active => "Active",
        State::Suspended => "Suspended",
        State::Expired => "Expired",
        State::Deactivated => "Deactivated",
    }
}

/// The state with its colour.
pub(crate) fn chip(subscription: &Subscription, now: Timestamp) -> Chip {
    let state = subscription.state(now);
    let tone = match state {
        State::Pending => Tone::Busy,
        State::Active => Tone::Good,
        State::Suspended => Tone::Warn,
        State::Expired | State::Deactivated => Tone::Idle,
    };
    Chip::new(tone, word(state))
}
