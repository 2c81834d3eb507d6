//! One domain: what it admits, what was issued for it, what was asked for it.

use askama::Template;
use axum::extract::State;
use base::{EnrolledDomainId, Timestamp};
use enrollment::subscription::State as AccountState;
use flow::enrollment::list_domains::{self, DomainDetail, DomainLine};
use tenancy::role::Permission;

use super::table::{DomainRow, row};
use crate::portal::gate::allowed::{Allowed, Object};
use crate::portal::gate::permitted::ViewDomains;
use crate::portal::issuance::certificates::table::CertificateRow;
use crate::portal::issuance::orders::table::OrderRow;
use crate::portal::issuance::{certificates, orders};
use crate::portal::page::frame::{Answer, page};
use crate::portal::page::menu::Nav;
use crate::portal::page::moment::day;
use crate::portal::page::part::Tone;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;
use flow::Caller;

/// `GET /domains/{id}`.
pub(super) async fn show(
    State(portal): State<Portal>,
    Allowed { who, object: found }: Allowed<ViewDomains, DomainDetail>,
) -> Answer {
    let DomainDetail {
        line,
        companions,
        certificates_left,
    } = found;
    let (account, name) = (line.subscription.id, &line.domain.name);
    let certificates = certificates::list::of_name(&portal, &who, account, name).await?;
    let orders = orders::list::of_name(&portal, &who, account, name).await?;
    let now = portal.app.now();
    let (tone, headline, detail) = answer(&line, &certificates, now);
    page(&DomainPage {
        shell: who.shell(Nav::Domains, name.as_str()),
        headline: headline.to_owned(),
        headline_tone: tone,
        detail,
        coverage: coverage(&line),
        companions: companions
            .iter()
            .map(|other| other.name.to_string())
            .collect(),
        orders,
        certificates,
        certificates_left: certificates_left
            .map(|left| left.to_string())
            .unwrap_or_default(),
        anchor: line.domain.anchor.clone(),
        can_remove: line.domain.is_active() && who.may(Permission::ManageDomains),
        domain: row(&line, now),
    })
}

impl Object for DomainDetail {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = EnrolledDomainId::from_suffix(id) else {
            return Ok(None);
        };
        Ok(list_domains::find(&portal.app, caller, id).await?)
    }
}

/// The answer first: may it be used, and is it?
fn answer(
    line: &DomainLine,
    certificates: &[CertificateRow],
    now: Timestamp,
) -> (Tone, &'static str, String) {
    if let Some(at) = line.domain.removed_at {
        let detail = format!(
            "It was removed on {}. Nothing can be issued for it; certificates issued before stay \
             valid until they end. It can be added again.",
            day(at)
        );
        return (Tone::Idle, "Removed.", detail);
    }
    let state = line.subscription.state(now);
    let has_valid = certificates.iter().any(|row| row.status.tone == Tone::Good);
    match state {
        AccountState::Active | AccountState::Pending if has_valid => {
            (Tone::Good, "Covered by a valid certificate.", String::new())
        }
        AccountState::Active | AccountState::Pending => (
            Tone::Idle,
            "Ready to be issued for.",
            "No valid certificate contains this name now. Run a client with the credentials of \
             its ACME account."
                .to_owned(),
        ),
        AccountState::Suspended => (
            Tone::Warn,
            "On hold.",
            "Its ACME account is suspended; orders are refused until it is resumed.".to_owned(),
        ),
        AccountState::Expired => (
            Tone::Bad,
            "Nothing can be issued.",
            "The term of its ACME account is over.".to_owned(),
        ),
        AccountState::Deactivated => (
            Tone::Bad,
            "Nothing can be issued.",
            "Its ACME account was deactivated for good.".to_owned(),
        ),
    }
}

fn coverage(line: &DomainLine) -> Vec<String> {
    let name = &line.domain.name;
    if name.is_wildcard() {
        let base = name.base();
        vec![name.to_string(), format!("any one label before .{base}")]
    } else {
        vec![name.to_string()]
    }
}

/// `GET /domains/{id}`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/enrollment/domains/show.html")]
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
    /// Such as "498 of 500 left" of the certificates for new sets of names below its registered domain, in 7 days; empty when
    /// that is not limited.
    pub certificates_left: String,
    /// The number of the pre-validation that it stands on, if any.
    pub anchor: Option<String>,
    /// Whether it may be removed.
    pub can_remove: bool,
}
