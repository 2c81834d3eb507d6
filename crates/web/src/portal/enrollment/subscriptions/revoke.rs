//! Withdrawing a credential, ending a client, and giving back the binding that a client holds (features C1, C2).

use axum::extract::{Path, State};
use base::{AccountId, SubscriptionId};
use enrollment::eab::EabCredential;
use flow::enrollment::list_subscriptions;
use flow::enrollment::release_binding::{ReleaseError, release_binding};
use flow::enrollment::revoke_client::{RevokeClientError, find_client, revoke_client};
use flow::enrollment::revoke_credential::{
    RevokeCredentialError, find_credential, revoke_credential,
};
use serde::Deserialize;

use super::state::about_account;
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageAccounts, Permitted};
use crate::portal::gate::recent;
use crate::portal::page::account::label;
use crate::portal::page::confirm::{ConfirmPage, Extras};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, not_done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::{Nav, Shell};
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct EndForm {
    password: String,
}

/// What a page here is about: the account that it belongs to, and its name.
pub struct EndView {
    /// The account's label.
    pub label: String,
    /// The account's path.
    pub href: String,
    /// A key ID, or a client's identifier.
    pub name: String,
    /// The path of the credential or client.
    pub own_href: String,
}

/// `GET /credentials/{id}/revoke`.
pub(super) async fn credential_form(
    State(portal): State<Portal>,
    who: Permitted<ManageAccounts>,
    Path(id): Path<String>,
) -> Answer {
    let view = credential_view(&portal, &who, &id).await?;
    let shell = who.shell(Nav::Accounts, "Revoke credential");
    page(&credential_page(
        shell,
        &view,
        extras(&portal, &who, Problems::none()),
    ))
}

/// `POST /credentials/{id}/revoke`.
pub(super) async fn credential(
    State(portal): State<Portal>,
    who: Permitted<ManageAccounts>,
    Path(id): Path<String>,
    Form(typed): Form<EndForm>,
) -> Answer {
    let view = credential_view(&portal, &who, &id).await?;
    let cookie = match recent::prove_field(&portal, &who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => {
            let shell = who.shell(Nav::Accounts, "Revoke credential");
            return refused_form(&credential_page(
                shell,
                &view,
                extras(&portal, &who, problems),
            ));
        }
    };
    let revoked = revoke_credential(&portal.app, &who.caller, &id).await;
    let back = format!("{}/credentials", view.href);
    let response = match revoked {
        Ok(_) => done(
            &back,
            "The credential is revoked; it binds no more clients.",
        ),
        Err(RevokeCredentialError::Already(error)) => not_done(&back, &sentence(&error)),
        Err(error) => return Err(error.into()),
    };
    Ok(with_cookie(response, cookie))
}

/// `GET /clients/{id}/revoke`.
pub(super) async fn client_form(
    State(portal): State<Portal>,
    who: Permitted<ManageAccounts>,
    Path(id): Path<String>,
) -> Answer {
    let (_, view) = client_view(&portal, &who, &id).await?;
    let shell = who.shell(Nav::Accounts, "Revoke client");
    page(&client_page(
        shell,
        &view,
        extras(&portal, &who, Problems::none()),
    ))
}

/// `POST /clients/{id}/revoke`.
pub(super) async fn client(
    State(portal): State<Portal>,
    who: Permitted<ManageAccounts>,
    Path(id): Path<String>,
    Form(typed): Form<EndForm>,
) -> Answer {
    let (id, view) = client_view(&portal, &who, &id).await?;
    let cookie = match recent::prove_field(&portal, &who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => {
            let shell = who.shell(Nav::Accounts, "Revoke client");
            return refused_form(&client_page(shell, &view, extras(&portal, &who, problems)));
        }
    };
    let revoked = revoke_client(&portal.app, &who.caller, id).await;
    let back = format!("{}/clients", view.href);
    let response = match revoked {
        Ok(_) => done(&back, "The client is revoked; its requests are refused."),
        Err(error @ RevokeClientError::Already) => not_done(&back, &sentence(&error)),
        Err(error) => return Err(error.into()),
    };
    Ok(with_cookie(response, cookie))
}

/// `GET /clients/{id}/release`.
pub(super) async fn release_form(
    State(portal): State<Portal>,
    who: Permitted<ManageAccounts>,
    Path(id): Path<String>,
) -> Answer {
    let (_, view) = client_view(&portal, &who, &id).await?;
    let shell = who.shell(Nav::Accounts, "Release binding");
    page(&release_page(
        shell,
        &view,
        extras(&portal, &who, Problems::none()),
    ))
}

/// `POST /clients/{id}/release`.
pub(super) async fn release(
    State(portal): State<Portal>,
    who: Permitted<ManageAccounts>,
    Path(id): Path<String>,
    Form(typed): Form<EndForm>,
) -> Answer {
    let (id, view) = client_view(&portal, &who, &id).await?;
    let cookie = match recent::prove_field(&portal, &who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(problems) => {
            let shell = who.shell(Nav::Accounts, "Release binding");
            return refused_form(&release_page(shell, &view, extras(&portal, &who, problems)));
        }
    };
    let released = release_binding(&portal.app, &who.caller, id).await;
    let back = format!("{}/clients", view.href);
    let response = match released {
        Ok(_) => done(
            &back,
            "The binding is released; another client can register.",
        ),
        Err(error @ ReleaseError::Nothing) => not_done(&back, &sentence(&error)),
        Err(error) => return Err(error.into()),
    };
    Ok(with_cookie(response, cookie))
}

fn extras(portal: &Portal, who: &Permitted<ManageAccounts>, problems: Problems) -> Extras {
    Extras {
        choosing: None,
        asks_password: !recent::is_recent(portal, who),
        problems,
    }
}

fn with_cookie(
    mut response: axum::response::Response,
    cookie: Option<String>,
) -> axum::response::Response {
    if let Some(cookie) = cookie {
        add_cookie(&mut response, &cookie);
    }
    response
}

async fn credential_view(
    portal: &Portal,
    who: &Permitted<ManageAccounts>,
    key_id: &str,
) -> Result<EndView, Refusal> {
    let found = find_credential(&portal.app, &who.caller, key_id).await?;
    let found: EabCredential = found.ok_or(Refusal::NotFound)?;
    let own_href = links::credential(key_id);
    about(
        portal,
        who,
        found.subscription,
        (key_id.to_owned(), own_href),
    )
    .await
}

async fn client_view(
    portal: &Portal,
    who: &Permitted<ManageAccounts>,
    id: &str,
) -> Result<(AccountId, EndView), Refusal> {
    let id = AccountId::from_suffix(id).map_err(|_| Refusal::NotFound)?;
    let found = find_client(&portal.app, &who.caller, id).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    let own = (id.to_string(), links::client(id));
    Ok((id, about(portal, who, found.subscription, own).await?))
}

async fn about(
    portal: &Portal,
    who: &Permitted<ManageAccounts>,
    subscription: SubscriptionId,
    (name, own_href): (String, String),
) -> Result<EndView, Refusal> {
    let found = list_subscriptions::find(&portal.app, &who.caller, subscription).await?;
    let found = found.ok_or(Refusal::NotFound)?;
    Ok(EndView {
        label: label(&found.subscription),
        href: links::account(subscription),
        name,
        own_href,
    })
}

/// The page of `GET` and failed `POST /credentials/{id}/revoke`.
pub fn credential_page(shell: Shell, view: &EndView, extras: Extras) -> ConfirmPage {
    ConfirmPage {
        lead: format!(
            "EAB key ID {} of “{}” will be revoked for good.",
            view.name, view.label
        ),
        consequences: [
            "No further client can register with it, from the next request on.",
            "Clients that registered with it go on; revoke those that should not.",
            "Rotate gives the account a new credential.",
        ]
        .map(str::to_owned)
        .to_vec(),
        action: "Revoke credential".to_owned(),
        ..question(shell, view, ("credentials", "revoke"), extras)
    }
}

/// The page of `GET` and failed `POST /clients/{id}/revoke`.
pub fn client_page(shell: Shell, view: &EndView, extras: Extras) -> ConfirmPage {
    ConfirmPage {
        lead: format!(
            "The client {} of “{}” will be revoked for good.",
            view.name, view.label
        ),
        consequences: [
            "Its requests are refused within a second; orders that it began come to nothing.",
            "Certificates already issued stay valid until they end, but it cannot renew them.",
            "Its binding stays used up; release it if another client is to have it.",
            "The server can register again with another account key.",
        ]
        .map(str::to_owned)
        .to_vec(),
        action: "Revoke client".to_owned(),
        ..question(shell, view, ("clients", "revoke"), extras)
    }
}

/// The page of `GET` and failed `POST /clients/{id}/release`.
pub fn release_page(shell: Shell, view: &EndView, extras: Extras) -> ConfirmPage {
    ConfirmPage {
        lead: format!(
            "The binding that the client {} of “{}” holds will be given back.",
            view.name, view.label
        ),
        consequences: [
            "The client is revoked for good: its requests are refused within a second.",
            "One more client can register with the credential.",
            "Certificates already issued stay valid until they end, but it cannot renew them.",
        ]
        .map(str::to_owned)
        .to_vec(),
        action: "Release binding".to_owned(),
        ..question(shell, view, ("clients", "release"), extras)
    }
}

fn question(
    shell: Shell,
    view: &EndView,
    (tab, verb): (&str, &str),
    extras: Extras,
) -> ConfirmPage {
    ConfirmPage {
        back: (view.label.clone(), format!("{}/{tab}", view.href)),
        action_href: format!("{}/{verb}", view.own_href),
        is_dangerous: true,
        extras,
        ..about_account(shell, &view.label, &view.href, verb)
    }
}
