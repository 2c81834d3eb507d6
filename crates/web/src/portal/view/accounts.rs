//! The list of ACME accounts and the form for a new one (`ux.md` R8).

use askama::Template;

use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::listing::{FilterGroup, Paging};
use crate::portal::page::part::{Chip, When};
use crate::portal::page::shell::Shell;

/// One ACME account in the list.
#[derive(Clone, Debug)]
pub struct AccountRow {
    /// Path of its page.
    pub href: String,
    /// Its label, or a stand-in.
    pub label: String,
    /// Type, such as "DV".
    pub kind: String,
    /// EAB key ID.
    pub key_id: String,
    /// Such as "128 + 41 free".
    pub domains: String,
    /// Clients registered with it, such as "2".
    pub clients: String,
    /// End of its term.
    pub ends: When,
    /// When a client last used it.
    pub last_used: Option<When>,
    /// State of the account.
    pub status: Chip,
}

/// `GET /accounts`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/account/list.html")]
pub struct AccountsPage {
    /// The frame.
    pub shell: Shell,
    /// Status filter.
    pub filters: Vec<FilterGroup>,
    /// Accounts, newest first.
    pub rows: Vec<AccountRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// Whether a filter is set, which makes an empty list mean something else.
    pub is_filtered: bool,
}

/// `GET /accounts/new` and its failures; sent to `POST /accounts`.
///
/// Fields: `kind`, `label`, `term_years` (1, 2, 3). Companions are decided domain by domain.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/account/new.html")]
pub struct NewAccountPage {
    /// The frame.
    pub shell: Shell,
    /// Types on offer.
    pub kinds: Vec<Choice>,
    /// What was typed.
    pub label: String,
    /// Terms on offer, with their end in the hint.
    pub terms: Vec<Choice>,
    /// What is wrong; fields `kind`, `label`, `term_years`.
    pub problems: Problems,
}
