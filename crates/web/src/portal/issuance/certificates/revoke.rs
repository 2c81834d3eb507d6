//! Revoking a certificate: with a reason, a tick, and a password that was typed lately (security S-23).

use acme::revocation::{Reason, RevocationError};
use askama::Template;
use axum::extract::State;
use flow::issuance::list_certificates::CertificateDetail;
use flow::issuance::revoke::{RevokeError, revoke_in_portal};
use serde::Deserialize;
use tenancy::session::set_cookie;

use super::show;
use crate::portal::gate::allowed::Allowed;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{Permitted, RevokeCertificates};
use crate::portal::gate::recent::{self, Recent};
use crate::portal::page::form::{Choice, Problems};
use crate::portal::page::frame::{Answer, add_cookie, done, not_done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Deserialize)]
pub(super) struct RevokeForm {
    #[serde(default)]
    reason: String,
    #[serde(default)]
    confirmation: String,
    #[serde(default)]
    password: String,
}

/// The form.
pub(super) async fn form(
    Allowed { who, object: found }: Allowed<RevokeCertificates, CertificateDetail>,
    State(portal): State<Portal>,
) -> Answer {
    if !show::is_revocable(&found) {
        let why = if found.is_revoked_in_portal {
            OVER.to_owned()
        } else {
            sentence(&RevokeError::NotInPortal)
        };
        return Ok(not_done(&links::certificate(found.stored.id), &why));
    }
    page(&view(&portal, &who, &found, "superseded", Problems::none()))
}

/// What the form does.
pub(super) async fn submit(
    Allowed { who, object: found }: Allowed<RevokeCertificates, CertificateDetail>,
    State(portal): State<Portal>,
    Form(typed): Form<RevokeForm>,
) -> Answer {
    let refused = |problems| refused_form(&view(&portal, &who, &found, &typed.reason, problems));
    let reason = match checked(&typed) {
        Ok(reason) => reason,
        Err(problems) => return refused(problems),
    };
    let renewed = match recent::prove(&portal, &who, typed.password).await? {
        Recent::Already => None,
        Recent::Anew(signed_in) => Some(signed_in),
        Recent::Unasked => return refused(Problems::one("password", "Type your password again.")),
        Recent::Refused(problems) => return refused(problems),
    };
    let back = links::certificate(found.stored.id);
    let revoked = revoke_in_portal(&portal.app, &who.caller, found.stored.id, reason).await;
    let mut response = match revoked {
        Ok(()) => done(&back, "The certificate is revoked."),
        Err(RevokeError::Revocation(RevocationError::Already)) => not_done(&back, OVER),
        Err(error) => return Err(error.into()),
    };
    if let Some(renewed) = renewed {
        add_cookie(&mut response, &set_cookie(&renewed.token));
    }
    Ok(response)
}

const OVER: &str = "This certificate is revoked or expired already; nothing is left to do.";

fn view(
    portal: &Portal,
    who: &Permitted<RevokeCertificates>,
    found: &CertificateDetail,
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
        name: show::title(found),
        names: show::names(found),
        serial: show::serial(found),
        reasons,
        asks_password: !recent::is_recent(portal, who),
        problems,
    }
}

fn checked(typed: &RevokeForm) -> Result<Reason, Problems> {
    let mut problems = Problems::none();
    let reason = Reason::ALL
        .into_iter()
        .find(|reason| word(*reason) == typed.reason);
    if reason.is_none() {
        problems = problems.and("reason", "Choose why it is revoked.");
    }
    if typed.confirmation != "on" {
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

/// `GET /certificates/{id}/revoke` and its failures; sent to the same path.
///
/// Fields: `reason` (a CRL reason by name, RFC 5280 §5.3.1), `confirmation` (`on` when ticked) and,
/// when asked for, `password`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/issuance/certificates/revoke.html")]
pub struct RevokePage {
    /// The frame.
    pub shell: Shell,
    /// Path of the certificate.
    pub href: String,
    /// The first name.
    pub name: String,
    /// All names.
    pub names: Vec<String>,
    /// Serial number in hex.
    pub serial: String,
    /// Reasons, with their meaning in the hint.
    pub reasons: Vec<Choice>,
    /// Whether the sign-in is too long ago for this.
    pub asks_password: bool,
    /// What is wrong; fields `reason`, `confirmation`, `password`.
    pub problems: Problems,
}

impl RevokePage {
    /// The reasons a subscriber may give, the usual one chosen.
    pub fn usual_reasons() -> Vec<Choice> {
        let reasons = [
            (
                "superseded",
                "Replaced",
                "A new certificate has taken its place.",
            ),
            (
                "keyCompromise",
                "Key compromised",
                "Somebody else may have the private key.",
            ),
            (
                "cessationOfOperation",
                "No longer used",
                "The service or the name was given up.",
            ),
            (
                "affiliationChanged",
                "Owner changed",
                "The name now belongs to somebody else.",
            ),
            ("unspecified", "Other reason", "No reason is published."),
        ];
        let choices = reasons.map(|(value, label, hint)| Choice {
            value: value.to_owned(),
            label: label.to_owned(),
            hint: hint.to_owned(),
            is_chosen: value == "superseded",
        });
        choices.to_vec()
    }
}
