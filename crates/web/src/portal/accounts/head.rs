//! What is said about an account on each of its pages.

use base::Timestamp;
use enrollment::subscription::State;
use flow::enrollment::list_subscriptions::Summary;
use tenancy::role::Permission;

use crate::portal::gate::permitted::Permitted;
use crate::portal::page::moment::day;
use crate::portal::page::words::count;
use crate::portal::page::{account, links};
use crate::portal::view::account::{AccountHead, Tab};

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
        href: links::account(subscription.id),
        label: account::label(subscription),
        kind: account::kind(subscription),
        status: account::chip(subscription, now),
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
