//! What is said about an account on each of its pages.

use base::Timestamp;
use enrollment::subscription::State;
use flow::enrollment::list_subscriptions::Summary;
use tenancy::role::Permission;

use crate::portal::gate::permitted::Permitted;
use crate::portal::page::moment::day;
use crate::portal::page::part::Chip;
use crate::portal::page::words::{count, grouped};
use crate::portal::page::{account, links};

/// Title, state and tabs.
pub(super) fn head<P>(
    found: &Summary,
    who: &Permitted<P>,
    tab: Tab,
    now: Timestamp,
) -> SubscriptionHead {
    let subscription = &found.subscription;
    let state = subscription.state(now);
    let may = who.may(Permission::ManageAccounts);
    let is_running = matches!(state, State::Pending | State::Active | State::Expired);
    SubscriptionHead {
        id: subscription.id.suffix(),
        href: links::account(subscription.id),
        label: account::label(subscription),
        kind: account::kind(subscription),
        status: account::chip(subscription, now),
        facts: facts(found),
        explanation: explanation(state, found.extends_to.is_some()),
        tab,
        can_suspend: may && is_running,
        can_extend: may && found.extends_to.is_some(),
        can_resume: may && state == State::Suspended,
        can_deactivate: may && state != State::Deactivated,
    }
}

/// What there is to know about it at a glance, as label and value.
fn facts(found: &Summary) -> Vec<(&'static str, String)> {
    let subscription = &found.subscription;
    let years = count(subscription.term.years().into(), "year", "years");
    let end = match subscription.covered_until {
        Some(at) => day(at),
        None => "starts with its first domain".to_owned(),
    };
    let domains = match found.companions {
        0 => grouped(found.paid),
        free => format!("{} and {} free", grouped(found.paid), grouped(free)),
    };
    vec![
        ("Term", years),
        ("Ends", end),
        ("Domains", domains),
        ("Registered", count(found.clients, "client", "clients")),
    ]
}

/// Why it is in this state and what ends it.
fn explanation(state: State, can_extend: bool) -> String {
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
        State::Expired if can_extend => {
            "Its term is over: orders are refused until it is extended. Certificates already issued stay \
             valid until they end."
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

/// The tab that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tab {
    /// Orders of this account.
    Activity,
    /// Certificates of this account.
    Certificates,
    /// Registered clients.
    Clients,
    /// Server address and EAB values.
    Credentials,
    /// Domains in this account.
    Domains,
}

/// What all tabs show above themselves.
#[derive(Clone, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own that the page asks for"
)]
pub struct SubscriptionHead {
    /// Its id as URLs and forms use it.
    pub id: String,
    /// Path of the account, such as `/accounts/9x…`.
    pub href: String,
    /// Its label, or a stand-in.
    pub label: String,
    /// Type, such as "DV".
    pub kind: String,
    /// State of the account.
    pub status: Chip,
    /// Term, end and what is in it, as label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Why it is in this state and what ends it; empty when it is simply active.
    pub explanation: String,
    /// The open tab.
    pub tab: Tab,
    /// Whether it may be extended now.
    pub can_extend: bool,
    /// Whether it may be suspended.
    pub can_suspend: bool,
    /// Whether it may be resumed.
    pub can_resume: bool,
    /// Whether it may be deactivated for good.
    pub can_deactivate: bool,
}

impl SubscriptionHead {
    pub(crate) fn shows(&self, tab: &str) -> bool {
        let open = match self.tab {
            Tab::Activity => "activity",
            Tab::Certificates => "certificates",
            Tab::Clients => "clients",
            Tab::Credentials => "credentials",
            Tab::Domains => "domains",
        };
        open == tab
    }

    pub(crate) fn has_actions(&self) -> bool {
        self.can_extend || self.can_suspend || self.can_resume || self.can_deactivate
    }
}
