//! Orders as the rows of a table, which several pages have.

use base::Timestamp;
use flow::issuance::list_orders::{Row, Stage};

use super::explain;
use crate::portal::page::account::label_or_stand_in;
use crate::portal::page::part::{Chip, Tone, When};
use crate::portal::page::words::more;
use crate::portal::page::{links, moment};

/// An order as a row.
pub(crate) fn row(row: &Row, now: Timestamp) -> OrderRow {
    OrderRow {
        href: links::order(row.id),
        name: row.names.first().cloned().unwrap_or_default(),
        more: more(&row.names),
        account: label_or_stand_in(&row.label),
        agent: agent(&row.client_agent),
        stage: match row.problem.as_ref() {
            Some(problem) if row.stage == Stage::Failed => explain::title(problem),
            _ => stage_text(row.stage).to_owned(),
        },
        status: chip(row.stage),
        when: moment::when(row.created_at, now),
    }
}

/// The name and version that a client goes by, out of all that it says about itself.
pub(super) fn agent(text: &str) -> String {
    let product = text.split_whitespace().next().unwrap_or_default();
    match product.strip_prefix("CertbotACMEClient") {
        Some(version) => format!("certbot{version}"),
        None => product.to_owned(),
    }
}

pub(super) fn chip(stage: Stage) -> Chip {
    match stage {
        Stage::Expired => Chip::new(Tone::Idle, "Expired"),
        Stage::Failed => Chip::new(Tone::Bad, "Failed"),
        Stage::Issued => Chip::new(Tone::Good, "Issued"),
        Stage::Ready | Stage::Signing | Stage::Validating | Stage::Waiting => {
            Chip::new(Tone::Busy, "Running")
        }
    }
}

/// How far an order came, in a list.
fn stage_text(stage: Stage) -> &'static str {
    match stage {
        Stage::Expired => "Given up by the client",
        Stage::Failed => "No certificate was issued",
        Stage::Issued => "Certificate issued",
        Stage::Ready => "Waiting for the client's request",
        Stage::Signing => "Making the certificate",
        Stage::Validating => "Validating",
        Stage::Waiting => "Waiting for the client",
    }
}

/// One order in a list.
#[derive(Clone, Debug)]
pub struct OrderRow {
    /// Path of its page.
    pub href: String,
    /// The first name.
    pub name: String,
    /// Such as "and 2 more"; empty for a single name.
    pub more: String,
    /// Label of the ACME account.
    pub account: String,
    /// Such as "certbot/5.8.0"; empty when unknown.
    pub agent: String,
    /// How far it came, such as "Validating" or "Issued"; when failed, why, in a few words.
    pub stage: String,
    /// Its state.
    pub status: Chip,
    /// When it began.
    pub when: When,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clients_go_by_name_and_version() {
        let certbot = "CertbotACMEClient/2.1.0 (certbot; Debian GNU/Linux 12) Py/3.11.2";
        assert_eq!(agent(certbot), "certbot/2.1.0");
        assert_eq!(
            agent("Caddy/2.10.0 CertMagic acmez (linux; amd64)"),
            "Caddy/2.10.0"
        );
        assert_eq!(agent(""), "");
    }
}
