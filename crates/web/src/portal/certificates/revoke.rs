//! Revoking a certificate: with a reason, a tick, and a password that was typed lately (security S-23).

use acme::revocation::{Reason, RevocationError};
use axum::extract::{Path, State};
use base::CertificateId;
use flow::issuance::list_certificates::{Detail, certificate};
use flow::issuance::revoke::{RevokeError, revoke_in_portal};
use serde::Deserialize;
use tenancy::session::set_cookie;

use super::detail;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Permitted, RevokeCertificates};
use crate::portal::gate::recent::{self, Recent};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, not_done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Nav;
use crate::portal::state::Portal;
use crate::portal::view::certificates::RevokePage;

#[derive(Deserialize)]
pub(super) struct Fields {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    confirmation: String,
    #[serde(default)]
    password: String,
}

/// The form.
pub(super) async fn form(
    who: Permitted<RevokeCertificates>,
    State(portal): State<Portal>,
    Path(id): Path<String>,
) -> Answer {
    let found = load(&portal, &who, &id).await?;
    if !detail::is_revocable(&found) {
        return Ok(not_done(&links::certificate(found.stored.id), OVER));
    }
    page(&view(&portal, &who, &found, "superseded", Problems::none()))
}

/// What the form does.
pub(super) async fn submit(
    who: Permitted<RevokeCertificates>,
    State(portal): State<Portal>,
    Path(id): Path<String>,
    Form(fields): Form<Fields>,
) -> Answer {
    let found = load(&portal, &who, &id).await?;
    let refused = |problems| refused_form(&view(&portal, &who, &found, &fields.reason, problems));
    let reason = match checked(&fields) {
        Ok(reason) => reason,
        Err(problems) => return refused(problems),
    };
    let renewed = match recent::prove(&portal, &who, fields.password).await? {
        Recent::Already => None,
        Recent::Anew(signed_in) => Some(signed_in),
        Recent::Unasked => return refused(Problems::one("password", "Type your password again.")),
        Recent::Refused(problems) => return refused(problems),
    };
    let back = links::certificate(found.stored.id);
    let caller = who.caller();
    let revoked =
        revoke_in_portal(&portal.app, &caller, who.tenant(), found.stored.id, reason).await;
    let mut response = match revoked {
        Ok(()) => done(&back, "The certificate is revoked."),
        Err(RevokeError::Revocation(RevocationError::Already)) => not_done(&back, OVER),
        Err(error) => return Err(refusal(error)),
    };
    if let Some(renewed) = renewed {
        add_cookie(&mut response, &set_cookie(&renewed.token));
    }
    Ok(response)
}

const OVER: &str = "This certificate is revoked or expired already; nothing is left to do.";

async fn load(
    portal: &Portal,
    who: &Permitted<RevokeCertificates>,
    id: &str,
) -> Result<Detail, Refusal> {
    let id = CertificateId::from_suffix(id).map_err(|_| Refusal::NotFound)?;
    let found = certificate(&portal.app, who.tenant(), id).await?;
    found.ok_or(Refusal::NotFound)
}

fn view(
    portal: &Portal,
    who: &Permitted<RevokeCertificates>,
    found: &Detail,
    chosen: &str,
    problems: Problems,
) -> RevokePage {
    let mut reasons = RevokePage::usual_reasons();
    for reason in &mut reasons {
        reason.is_chosen = reason.value == chosen;
    }
    RevokePage {
        shell: who.shell(Nav::Certificates, "Revoke certificate"),
        href: links::certificate(found.stored.id),
        name: detail::title(found),
        names: detail::names(found),
        serial: detail::serial(found),
        reasons,
        asks_password: !recent::is_recent(portal, who),
        problems,
    }
}

fn checked(fields: &Fields) -> Result<Reason, Problems> {
    let mut problems = Problems::none();
    let reason = Reason::ALL
        .into_iter()
        .find(|reason| word(*reason) == fields.reason);
    if reason.is_none() {
        problems = problems.and("reason", "Choose why it is revoked.");
    }
    if fields.confirmation != "on" {
        let text = "Tick the box to confirm; this cannot be undone.";
        problems = problems.and("confirmation", text);
    }
    reason.filter(|_| problems.is_empty()).ok_or(problems)
}

/// The name in RFC 5280 §5.3.1.
fn word(reason: Reason) -> &'static str {
    match reason {
        Reason::Unspecified => "unspecified",
        Reason::KeyCompromise => "keyCompromise",
        Reason::AffiliationChanged => "affiliationChanged",
        Reason::Superseded => "superseded",
        Reason::CessationOfOperation => "cessationOfOperation",
    }
}

fn refusal(error: RevokeError) -> Refusal {
    match error {
        RevokeError::NotFound => Refusal::NotFound,
        RevokeError::Store(error) => Refusal::Store(error),
        RevokeError::Certificate(_) | RevokeError::Revocation(_) => Refusal::internal(error),
    }
}
