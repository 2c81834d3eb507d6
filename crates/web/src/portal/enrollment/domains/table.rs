//! Domains as the rows of a table, which several pages have.

use base::Timestamp;
use enrollment::subscription::State as AccountState;
use flow::enrollment::list_domains::DomainLine;

use crate::portal::page::account::{chip, label};
use crate::portal::page::links;
use crate::portal::page::moment::when;
use crate::portal::page::part::{Chip, Tone, When};

pub(super) fn row(line: &DomainLine, now: Timestamp) -> DomainRow {
    let domain = &line.domain;
    let kind = match (domain.is_companion(), domain.name.is_wildcard()) {
        (true, _) => "Included",
        (false, true) => "Wildcard",
        (false, false) => "Single",
    };
    DomainRow {
        href: links::domain(domain.id),
        name: domain.name.to_string(),
        kind: kind.to_owned(),
        companion_of: line.companion_of.clone(),
        account: label(&line.subscription),
        account_href: links::account(line.subscription.id),
        added: when(domain.added_at, now),
        last_issued: line.last_issued_at.map(|at| when(at, now)),
        status: status(line, now),
    }
}

fn status(line: &DomainLine, now: Timestamp) -> Chip {
    match (line.domain.is_active(), line.subscription.state(now)) {
        (false, _) => Chip::new(Tone::Idle, "Removed"),
        (true, AccountState::Active | AccountState::Pending) => Chip::new(Tone::Good, "Active"),
        (true, AccountState::Suspended) => Chip::new(Tone::Warn, "On hold"),
        (true, AccountState::Expired | AccountState::Deactivated) => chip(&line.subscription, now),
    }
}

/// One enrolled domain in a list.
#[derive(Clone, Debug)]
pub struct DomainRow {
    /// Path of its page.
    pub href: String,
    /// The name.
    pub name: String,
    /// "Single", "Wildcard" or "Included".
    pub kind: String,
    /// The name it came with, for a free companion.
    pub companion_of: Option<String>,
    /// Label of its ACME account.
    pub account: String,
    /// Path of that account.
    pub account_href: String,
    /// When it was added.
    pub added: When,
    /// When a certificate was last issued for it.
    pub last_issued: Option<When>,
    /// State of the domain.
    pub status: Chip,
}
