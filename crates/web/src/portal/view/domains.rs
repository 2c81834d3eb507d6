//! Domains: the list, adding, and one domain (`ux.md` R10, R11, R13).

use askama::Template;

use crate::portal::issuance::certificates::table::CertificateRow;
use crate::portal::issuance::orders::table::OrderRow;
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::listing::{FilterGroup, Paging, Search};
use crate::portal::page::part::{Chip, Tone, When};
use crate::portal::page::shell::Shell;

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

/// `GET /domains`, with `q`, `account`, `status`, `after`, `before`, `size`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/domain/list.html")]
pub struct DomainsPage {
    /// The frame.
    pub shell: Shell,
    /// The search field.
    pub search: Search,
    /// Status and account.
    pub filters: Vec<FilterGroup>,
    /// Domains by name.
    pub domains: Vec<DomainRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// Whether a search or filter is set.
    pub is_filtered: bool,
}

/// `GET /domains/new` and its failures; sent to `POST /domains`, or to `POST /domains/preview`.
///
/// Fields: `account`, `names` (one per line), `only_this_name` (`on` when ticked).
#[derive(Clone, Debug, Template)]
#[template(path = "portal/domain/new.html")]
pub struct NewDomainsPage {
    /// The frame.
    pub shell: Shell,
    /// Accounts that take domains; empty leads to creating one.
    pub accounts: Vec<Choice>,
    /// What was typed, one name per line.
    pub names: String,
    /// Whether companions are left out.
    pub is_only_this_name: bool,
    /// What is wrong; fields `account`, `names`.
    pub problems: Problems,
}

/// What becomes, or became, of one name that was typed or came along.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The name as typed, or the companion's name.
    pub name: String,
    /// "New", "Included", "Already there", "Invalid".
    pub result: Chip,
    /// One sentence: why.
    pub detail: String,
    /// Companions stand indented below the name they come with.
    pub is_companion: bool,
}

/// Answer to `POST /domains/preview` and to `POST /domains`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/domain/verdicts.html")]
pub struct VerdictsPage {
    /// The frame.
    pub shell: Shell,
    /// Label of the ACME account.
    pub account: String,
    /// Path of that account.
    pub account_href: String,
    /// The account's id, sent on as `account`.
    pub account_id: String,
    /// What was typed, sent on as `names`.
    pub names: String,
    /// Sent on as `only_this_name`.
    pub is_only_this_name: bool,
    /// Whether nothing was changed yet.
    pub is_preview: bool,
    /// Whether there is anything to add.
    pub can_add: bool,
    /// Such as "2 new names, 1 free companion, 1 invalid line".
    pub outcome: String,
    /// One per name.
    pub verdicts: Vec<Verdict>,
}

/// `GET /domains/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/domain/detail.html")]
pub struct DomainPage {
    /// The frame.
    pub shell: Shell,
    /// The domain itself.
    pub domain: DomainRow,
    /// The answer first, such as "Covered and renewing normally."
    pub headline: String,
    /// Colour of the headline.
    pub headline_tone: Tone,
    /// What to know or do about it.
    pub detail: String,
    /// Names that certificates may contain because of it, such as "any one label before".
    pub coverage: Vec<String>,
    /// Free companions that came with it.
    pub companions: Vec<String>,
    /// Last orders with this name.
    pub orders: Vec<OrderRow>,
    /// Certificates with this name.
    pub certificates: Vec<CertificateRow>,
    /// Whether it may be removed.
    pub can_remove: bool,
}
