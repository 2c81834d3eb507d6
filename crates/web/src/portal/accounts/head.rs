//! What is said about an account on each of its pages.

use base::{SubscriptionId, Timestamp};
use enrollment::subscription::{Label, Product, State, Subscription};
use flow::enrollment::list_subscriptions::Summary;
use tenancy::role::Permission;

use super::super::accounts_menu::label_or_stand_in;
use super::super::moment::{count, day};
use super::super::permitted::Permitted;
use super::super::view::account::{AccountHead, Tab};
use super::super::view::{Chip, Tone};

/// Path of an account's pages.
pub(in super::super) fn account_href(id: SubscriptionId) -> String {
    format!("/accounts/{}", id.suffix())
}

/// The owner's name for it, or a stand-in.
pub(in super::super) fn label(subscription: &Subscription) -> String {
    label_or_stand_in(subscription.label.as_ref().map_or("", Label::as_str))
}

/// Such as "DV".
pub(super) fn kind(subscription: &Subscription) -> String {
    match subscription.product {
        Product::Dv => "DV".to_owned(),
    }
}

/// The state as one word.
pub(super) fn word(state: State) -> &'static str {
    match state {
        State::Pending => "Pending",
        State::Active => "Active",
        State::Suspended => "Suspended",
        State::Expired => "Expired",
        State::Deactivated => "Deactivated",
    }
}

/// The state with its colour.
pub(in super::super) fn chip(subscription: &Subscription, now: Timestamp) -> Chip {
    let state = subscription.state(now);
    let tone = match state {
        State::Pending => Tone::Busy,
        State::Active => Tone::Good,
        State::Suspended => Tone::Warn,
        State::Expired | State::Deactivated => Tone::Idle,
    };
    Chip::new(tone, word(state))
}

/// Title, state and tabs.
pub(super) fn head<P>(
    found: &Summary,
    who: &Permitted<P>,
    tab: Tab,
    now: Timestamp,
) -> AccountHead {
    let subscription = &found.subscription;
    let state = subscription.state(now);
    let may = who.may(Permission::ManageAccounts);
    let is_running = matches!(state, State::Pending | State::Active | State::Expired);
    AccountHead {
        id: subscription.id.suffix(),
        href: account_href(subscription.id),
        label: label(subscription),
        kind: kind(subscription),
        status: chip(subscription, now),
        summary: summary(found),
        explanation: explanation(state),
        tab,
        can_suspend: may && is_running,
        can_resume: may && state == State::Suspended,
        can_deactivate: may && state != State::Deactivated,
    }
}

fn summary(found: &Summary) -> String {
    let subscription = &found.subscription;
    let years = subscription.term.years();
    let end = match subscription.ends_at {
        Some(at) => format!("ends {}", day(at)),
        None => "starts with its first domain".to_owned(),
    };
    let domains = count(found.paid + found.companions, "domain", "domains");
    let clients = count(found.clients, "client", "clients");
    format!("{years}-year term, {end}. {domains}, {clients} registered.")
}

/// Why it is in this state and what ends it.
fn explanation(state: State) -> String {
    let text = match state {
        State::Active => "",
        State::Pending => {
            "No domain was added yet. The term starts with the first one, and orders are accepted \
             from then on."
        }
        State::Suspended => {
            "It is suspended: orders are refused until somebody resumes it. Certificates already \
             issued stay valid."
        }
        State::Expired => {
            "Its term is over: orders are refused. Certificates already issued stay valid until \
             they end."
        }
        State::Deactivated => {
            "It was deactivated for good. Create another ACME account to issue for these domains."
        }
    };
    text.to_owned()
}
