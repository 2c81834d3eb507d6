//! How a tenant stands that somebody above it stops and lets go on: resellers and customers alike.

use flow::Caller;
use flow::tenancy::list_below::TenantBelow;
use flow::tenancy::suspend_tenant::{Suspension, SuspensionError, suspend_tenant};

use crate::portal::page::confirm::{ConfirmPage, Extras};
use crate::portal::page::frame::{Answer, done, not_done};
use crate::portal::page::part::{Chip, Tone};
use crate::portal::page::shell::Shell;
use crate::portal::page::words::{count, sentence};
use crate::portal::state::Portal;

/// How a tenant stands, by what was done to itself.
pub(super) fn status(found: &TenantBelow) -> Chip {
    match (found.tenant.suspended_at, found.held_at) {
        (Some(_), _) => Chip::new(Tone::Idle, "Suspended"),
        (None, Some(_)) => Chip::new(Tone::Warn, "On hold"),
        (None, None) => Chip::new(Tone::Good, "Active"),
    }
}

/// Suspends a tenant or lets it go on, and leads back to its page.
pub(super) async fn suspend_or_lift(
    portal: &Portal,
    caller: &Caller,
    (found, href): (&TenantBelow, &str),
    suspension: Suspension,
) -> Answer {
    let message = match suspension {
        Suspension::Put => {
            "It is suspended: nobody of it can sign in, and it gets no certificates."
        }
        Suspension::Lift => "It goes on.",
    };
    let there = caller.within(found.tenant.id);
    match suspend_tenant(&portal.app, &there, suspension).await {
        Ok(()) => Ok(done(href, message)),
        Err(
            error @ (SuspensionError::Already(_)
            | SuspensionError::ByOperator(_)
            | SuspensionError::NotSuspended(_)),
        ) => Ok(not_done(href, &sentence(&error))),
        Err(
            error @ (SuspensionError::NotFound(_)
            | SuspensionError::Operator(_)
            | SuspensionError::Store(_)),
        ) => Err(error.into()),
    }
}

/// What is stopped.
#[derive(Clone, Debug)]
pub struct Stopping {
    /// The tenant's name.
    pub name: String,
    /// The path of its page.
    pub href: String,
    /// How many people it has.
    pub people: i64,
    /// How many ACME accounts.
    pub accounts: i64,
    /// How many domains.
    pub names: i64,
    /// How many tenants are below it.
    pub below: i64,
}

impl Stopping {
    /// A tenant whose page stands at that path.
    pub(super) fn of(found: &TenantBelow, href: String) -> Self {
        Self {
            name: found.tenant.name.as_str().to_owned(),
            href,
            people: found.people,
            accounts: found.accounts,
            names: found.names,
            below: found.below,
        }
    }
}

/// The question before a tenant is suspended.
pub fn suspend_page(shell: Shell, found: &Stopping) -> ConfirmPage {
    let Stopping { name, href, .. } = found;
    let mut consequences = vec![
        format!(
            "{} cannot sign in from now on, and their sessions end.",
            count(found.people, "person", "people")
        ),
        format!(
            "New orders of {} with {} are refused.",
            count(found.accounts, "ACME account", "ACME accounts"),
            count(found.names, "domain", "domains")
        ),
        "Certificates that were issued stay valid.".to_owned(),
    ];
    if found.below > 0 {
        let customers = count(found.below, "customer", "customers");
        consequences.push(format!("The same for its {customers}."));
    }
    ConfirmPage {
        shell,
        back: (name.clone(), href.clone()),
        lead: format!("{name} is stopped as a whole, until you let it go on."),
        consequences,
        names: Vec::new(),
        names_title: String::new(),
        typed: None,
        extras: Extras::default(),
        action_href: format!("{href}/suspend"),
        action: "Suspend".to_owned(),
        is_dangerous: true,
    }
}
