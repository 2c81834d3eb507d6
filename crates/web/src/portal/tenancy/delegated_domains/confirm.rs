//! The page behind the link of a mail that asks for a domain: who asks for what, and a button. Looking at it confirms nothing,
//! since programs look at the links of mails too. It says no more about who asks than the mail did.

use askama::Template;
use axum::extract::{Path, State};
use flow::tenancy::domain::confirm_domain::{
    AskedDomain, ConfirmDomainError, confirm_domain, look_at_domain_link,
};

use crate::portal::gate::csrf::{Nothing, VisitorForm};
use crate::portal::gate::permitted::Public;
use crate::portal::page::frame::{Answer, page, refused_form, secret_page};
use crate::portal::page::moment::day;
use crate::portal::page::shell::Shell;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

/// `GET /domain-proof/{token}`.
pub(super) async fn form(
    State(portal): State<Portal>,
    who: Public,
    Path(token): Path<String>,
) -> Answer {
    let asked = match look_at_domain_link(&portal.app, &token).await {
        Ok(asked) => asked,
        Err(error) => return gone(&who, error),
    };
    let shown = secret_page(&view(&who, &token, &asked));
    shown.map(|shown| who.remembered(shown))
}

/// `POST /domain-proof/{token}`.
pub(super) async fn confirm(
    State(portal): State<Portal>,
    who: Public,
    Path(token): Path<String>,
    VisitorForm(Nothing {}): VisitorForm<Nothing>,
) -> Answer {
    match confirm_domain(&portal.app, &who.caller, &token).await {
        Ok(asked) => page(&DomainConfirmedPage {
            shell: who.shell("Confirmed"),
            domain: asked.domain.name.to_string(),
            tenant: asked.tenant.name.as_str().to_owned(),
        }),
        Err(error) => gone(&who, error),
    }
}

/// A link that does not work, and why.
fn gone(who: &Public, error: ConfirmDomainError) -> Answer {
    match error {
        ConfirmDomainError::NotFound | ConfirmDomainError::NotTaken => {
            refused_form(&DomainLinkGonePage {
                shell: who.shell("Link"),
                why: sentence(&error),
            })
        }
        ConfirmDomainError::Store(_) => Err(error.into()),
    }
}

fn view(who: &Public, token: &str, asked: &AskedDomain) -> DomainProofPage {
    DomainProofPage {
        shell: who.shell("Confirm a domain"),
        domain: asked.domain.name.to_string(),
        tenant: asked.tenant.name.as_str().to_owned(),
        until: day(asked.link.expires_at),
        href: format!("/domain-proof/{token}"),
    }
}

/// `GET /domain-proof/{token}`; its form has no fields.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/delegated_domains/confirm.html")]
pub struct DomainProofPage {
    /// The frame, made by [`Shell::signed_out`].
    pub shell: Shell,
    /// The domain.
    pub domain: String,
    /// Who wants certificates for it.
    pub tenant: String,
    /// The last day of the link.
    pub until: String,
    /// Where the form goes.
    pub href: String,
}

/// A link that was confirmed.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/delegated_domains/confirmed.html")]
pub struct DomainConfirmedPage {
    /// The frame.
    pub shell: Shell,
    /// The domain.
    pub domain: String,
    /// Who may have certificates for it.
    pub tenant: String,
}

/// A link that does not work.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/tenancy/delegated_domains/link_gone.html")]
pub struct DomainLinkGonePage {
    /// The frame.
    pub shell: Shell,
    /// Why, and what to do.
    pub why: String,
}
