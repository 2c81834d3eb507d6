//! Withdrawing a credential, ending a client, and giving back the binding that a client holds (features C1, C2).

use acme::jwk::Thumbprint;
use axum::extract::State;
use axum::response::Response;
use base::{AccountId, SubscriptionId};
use flow::Caller;
use flow::enrollment::list_subscriptions;
use flow::enrollment::release_binding::{ReleaseError, release_binding};
use flow::enrollment::revoke_client::{RevokeClientError, find_client, revoke_client};
use flow::enrollment::revoke_credential::{
    RevokeCredentialError, find_credential, revoke_credential,
};
use serde::Deserialize;

use super::state::about_account;
use crate::portal::gate::allowed::{Allowed, Object};
use crate::portal::gate::csrf::Form;
use crate::portal::gate::permitted::{ManageAccounts, Permitted, RotateCredentials};
use crate::portal::gate::recent;
use crate::portal::page::account::label;
use crate::portal::page::confirm::{ConfirmPage, Extras};
use crate::portal::page::form::Problems;
use crate::portal::page::frame::{Answer, add_cookie, done, not_done, page, refused_form};
use crate::portal::page::links;
use crate::portal::page::menu::Nav;
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
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
    /// A key ID, or a client in words.
    pub name: String,
    /// The path of the credential or client.
    pub own_href: String,
}

/// What the pages here end.
#[derive(Clone, Copy)]
enum End {
    Credential,
    Client,
    Binding,
}

/// `GET /credentials/{id}/revoke`.
pub(super) async fn credential_form(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<RotateCredentials, CredentialEnd>,
) -> Answer {
    let CredentialEnd(view) = object;
    page(&End::Credential.ask(&portal, &who, &view, Problems::none()))
}

/// `POST /credentials/{id}/revoke`.
pub(super) async fn credential(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<RotateCredentials, CredentialEnd>,
    Form(typed): Form<EndForm>,
) -> Answer {
    let CredentialEnd(view) = object;
    let cookie = match recent::prove_field(&portal, &who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(wrong) => return refused_form(&End::Credential.ask(&portal, &who, &view, wrong)),
    };
    let outcome = match revoke_credential(&portal.app, &who.caller, &view.name).await {
        Ok(_) => Ok("The credential is revoked; it binds no more clients."),
        Err(RevokeCredentialError::Already(error)) => Err(sentence(&error)),
        Err(error) => return Err(error.into()),
    };
    Ok(End::Credential.answer(&view, outcome, cookie))
}

/// `GET /clients/{id}/revoke`.
pub(super) async fn client_form(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<ManageAccounts, ClientEnd>,
) -> Answer {
    let ClientEnd(_, view) = object;
    page(&End::Client.ask(&portal, &who, &view, Problems::none()))
}

/// `POST /clients/{id}/revoke`.
pub(super) async fn client(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<ManageAccounts, ClientEnd>,
    Form(typed): Form<EndForm>,
) -> Answer {
    let ClientEnd(id, view) = object;
    let cookie = match recent::prove_field(&portal, &who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(wrong) => return refused_form(&End::Client.ask(&portal, &who, &view, wrong)),
    };
    let outcome = match revoke_client(&portal.app, &who.caller, id).await {
        Ok(_) => Ok("The client is revoked; its requests are refused."),
        Err(error @ RevokeClientError::Already) => Err(sentence(&error)),
        Err(error) => return Err(error.into()),
    };
    Ok(End::Client.answer(&view, outcome, cookie))
}

/// `GET /clients/{id}/release`.
pub(super) async fn release_form(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<RotateCredentials, ClientEnd>,
) -> Answer {
    let ClientEnd(_, view) = object;
    page(&End::Binding.ask(&portal, &who, &view, Problems::none()))
}

/// `POST /clients/{id}/release`.
pub(super) async fn release(
    State(portal): State<Portal>,
    Allowed { who, object }: Allowed<RotateCredentials, ClientEnd>,
    Form(typed): Form<EndForm>,
) -> Answer {
    let ClientEnd(id, view) = object;
    let cookie = match recent::prove_field(&portal, &who, typed.password).await? {
        Ok(cookie) => cookie,
        Err(wrong) => return refused_form(&End::Binding.ask(&portal, &who, &view, wrong)),
    };
    let outcome = match release_binding(&portal.app, &who.caller, id).await {
        Ok(released) if released.credential.erased_at.is_some() => Ok(
            "The binding is released. The MAC key was erased: rotate the credential before another client registers.",
        ),
        Ok(_) => Ok("The binding is released; another client can register."),
        Err(error @ ReleaseError::Nothing) => Err(sentence(&error)),
        Err(error) => return Err(error.into()),
    };
    Ok(End::Binding.answer(&view, outcome, cookie))
}

impl End {
    /// The question, again with what is wrong with the answer.
    fn ask<P>(
        self,
        portal: &Portal,
        who: &Permitted<P>,
        view: &EndView,
        problems: Problems,
    ) -> ConfirmPage {
        let extras = Extras {
            choosing: None,
            asks_password: !recent::is_recent(portal, who),
            problems,
        };
        let (title, page): (_, fn(Shell, &EndView, Extras) -> ConfirmPage) = match self {
            Self::Credential => ("Revoke credential", credential_page),
            Self::Client => ("Revoke client", client_page),
            Self::Binding => ("Release binding", release_page),
        };
        page(who.shell(Nav::Accounts, title), view, extras)
    }

    /// Back to the list that it was chosen from, with what was done or why not.
    fn answer(
        self,
        view: &EndView,
        outcome: Result<&str, String>,
        cookie: Option<String>,
    ) -> Response {
        let tab = match self {
            Self::Credential => "credentials",
            Self::Client | Self::Binding => "clients",
        };
        let back = format!("{}/{tab}", view.href);
        let mut response = match outcome {
            Ok(said) => done(&back, said),
            Err(why) => not_done(&back, &why),
        };
        if let Some(cookie) = cookie {
            add_cookie(&mut response, &cookie);
        }
        response
    }
}

/// A credential that can be ended.
pub(super) struct CredentialEnd(EndView);

impl Object for CredentialEnd {
    async fn load(portal: &Portal, caller: &Caller, key_id: &str) -> Result<Option<Self>, Refusal> {
        let found = find_credential(&portal.app, caller, key_id).await?;
        let Some(found) = found else {
            return Ok(None);
        };
        let own = (key_id.to_owned(), links::credential(key_id));
        let view = about(portal, caller, found.subscription, own).await?;
        Ok(view.map(Self))
    }
}

/// A client that can be ended.
pub(super) struct ClientEnd(AccountId, EndView);

impl Object for ClientEnd {
    async fn load(portal: &Portal, caller: &Caller, id: &str) -> Result<Option<Self>, Refusal> {
        let Ok(id) = AccountId::from_suffix(id) else {
            return Ok(None);
        };
        let Some(found) = find_client(&portal.app, caller, id).await? else {
            return Ok(None);
        };
        let words = client_words(&found.client_agent, &found.thumbprint);
        let own = (words, links::client(id));
        let view = about(portal, caller, found.subscription, own).await?;
        Ok(view.map(|view| Self(id, view)))
    }
}

/// A client as the list of clients shows it.
fn client_words(agent: &str, thumbprint: &Thumbprint) -> String {
    let key = format!("with the key {thumbprint}");
    if agent.is_empty() {
        key
    } else {
        format!("{agent} {key}")
    }
}

async fn about(
    portal: &Portal,
    caller: &Caller,
    subscription: SubscriptionId,
    (name, own_href): (String, String),
) -> Result<Option<EndView>, Refusal> {
    let found = list_subscriptions::find(&portal.app, caller, subscription).await?;
    Ok(found.map(|found| EndView {
        label: label(&found.subscription),
        href: links::account(subscription),
        name,
        own_href,
    }))
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
