//! One ACME account: credentials, domains, certificates, activity, clients (`ux.md` R9).

use askama::Template;

use super::command::ClientCommand;
use super::domains::DomainRow;
use crate::portal::issuance::certificates::table::CertificateRow;
use crate::portal::issuance::orders::show::LastOrder;
use crate::portal::issuance::orders::table::OrderRow;
use crate::portal::page::form::Problems;
use crate::portal::page::listing::Paging;
use crate::portal::page::part::{Chip, When};
use crate::portal::page::shell::Shell;

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
pub struct AccountHead {
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
    /// Such as "2-year term, ends 14 March 2028. 38 domains, 121 certificates issued."
    pub summary: String,
    /// Why it is in this state and what ends it; empty when it is simply active.
    pub explanation: String,
    /// The open tab.
    pub tab: Tab,
    /// Whether it may be suspended.
    pub can_suspend: bool,
    /// Whether it may be resumed.
    pub can_resume: bool,
    /// Whether it may be deactivated for good.
    pub can_deactivate: bool,
}

impl AccountHead {
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
        self.can_suspend || self.can_resume || self.can_deactivate
    }
}

/// The EAB MAC key, as far as it may be seen.
#[derive(Clone, Debug)]
pub enum MacKey {
    /// Masked, with a Reveal button.
    Hidden,
    /// Masked; Reveal needs the password again. Holds what was wrong with the last try.
    NeedsPassword(Problems),
    /// In clear, base64url, for 60 seconds.
    Revealed(String),
}

impl MacKey {
    pub(crate) fn revealed(&self) -> &str {
        match self {
            Self::Revealed(key) => key,
            Self::Hidden | Self::NeedsPassword(_) => "",
        }
    }

    pub(crate) fn is_revealed(&self) -> bool {
        matches!(self, Self::Revealed(_))
    }

    /// Problems of the password question; none while it is not asked.
    pub(crate) fn question(&self) -> Option<&Problems> {
        match self {
            Self::NeedsPassword(problems) => Some(problems),
            Self::Hidden | Self::Revealed(_) => None,
        }
    }
}

/// `GET /accounts/{id}/credentials` and `POST /accounts/{id}/reveal`.
///
/// The reveal form sends `csrf` and, when asked for, `password`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/account/credentials.html")]
pub struct CredentialsPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: AccountHead,
    /// ACME directory address.
    pub server_url: String,
    /// EAB key ID.
    pub key_id: String,
    /// EAB MAC key.
    pub mac_key: MacKey,
    /// Ready-made commands, from [`super::command::for_account`].
    pub commands: Vec<ClientCommand>,
    /// None before the first order.
    pub last_order: Option<LastOrder>,
}

/// `GET /accounts/{id}/domains`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/account/domains.html")]
pub struct AccountDomainsPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: AccountHead,
    /// Domains in this account.
    pub domains: Vec<DomainRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
    /// Where to add one to this account.
    pub add_href: String,
}

/// `GET /accounts/{id}/certificates`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/account/certificates.html")]
pub struct AccountCertificatesPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: AccountHead,
    /// Certificates issued for this account.
    pub certificates: Vec<CertificateRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
}

/// `GET /accounts/{id}/activity`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/account/activity.html")]
pub struct AccountActivityPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: AccountHead,
    /// Orders of this account.
    pub orders: Vec<OrderRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
}

/// An ACME account (RFC 8555) that a client registered with the credentials.
#[derive(Clone, Debug)]
pub struct ClientRow {
    /// Thumbprint of its key (RFC 7638).
    pub thumbprint: String,
    /// Its contact addresses; empty when it gave none.
    pub contact: String,
    /// Such as "certbot/5.8.0"; empty when unknown.
    pub agent: String,
    /// Where it last came from; empty when unknown.
    pub address: String,
    /// When it registered.
    pub first_seen: When,
    /// When it last asked for something.
    pub last_seen: Option<When>,
    /// valid, deactivated or revoked.
    pub status: Chip,
}

/// `GET /accounts/{id}/clients`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/account/clients.html")]
pub struct AccountClientsPage {
    /// The frame.
    pub shell: Shell,
    /// Title, state, tabs.
    pub head: AccountHead,
    /// Clients, newest first.
    pub clients: Vec<ClientRow>,
    /// Links to the pages before and after.
    pub paging: Paging,
}
