//! newAccount, the account resource and keyChange (RFC 8555 §7.3).

use acme::account::{AccountObject, Contact};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use base::AccountId;
use flow::App;
use flow::issuance::change_key::change_key;
use flow::issuance::register_account::Account;
use flow::issuance::register_account::register_account;
use flow::issuance::update_account::{read_account, update_account};
use serde_json::value::RawValue;

use super::door::{ById, In};
use super::problem::{Refusal, change_key_refusal};
use super::respond::{Extend, json};
use super::signed::{Signed, SignedByKey};

pub(crate) async fn new_account(
    State(app): State<App>,
    signed: SignedByKey,
) -> Result<Response, Refusal> {
    let sent = (signed.url.as_str(), signed.payload.bytes());
    let registered = register_account(&app, &signed.caller, &signed.at, signed.key, sent).await?;
    let status = if registered.is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    Ok(represent(&signed.at, &registered.account)?.status(status))
}

pub(crate) async fn account(
    State(app): State<App>,
    Path(ById { id }): Path<ById>,
    signed: Signed,
) -> Result<Response, Refusal> {
    if AccountId::from_suffix(&id).ok() != Some(signed.account.id) {
        return Err(Refusal::malformed("this is another account's URL").with_status(403));
    }
    if signed.payload.is_post_as_get() {
        return represent(
            &signed.at,
            &read_account(&app, &signed.caller, &signed.account).await?,
        );
    }
    let account = update_account(
        &app,
        &signed.caller,
        &signed.account,
        signed.payload.bytes(),
    )
    .await?;
    represent(&signed.at, &account)
}

pub(crate) async fn key_change(
    State(app): State<App>,
    signed: Signed,
) -> Result<Response, Refusal> {
    let (at, payload) = (&signed.at, signed.payload.bytes());
    let account_url = at.urls().account(signed.account.id);
    let urls = (signed.payload.url(), account_url.as_str());
    let whose = (&**at, &*signed.account);
    let account = change_key(&app, &signed.caller, whose, urls, payload)
        .await
        .map_err(|error| change_key_refusal(&at.urls(), signed.account.id, &error))?;
    represent(at, &account)
}

fn represent(at: &In, account: &Account) -> Result<Response, Refusal> {
    let urls = at.urls();
    // What is stored was parsed before it was stored.
    let contact: Vec<Contact> = account
        .contact
        .0
        .iter()
        .filter_map(|url| Contact::parse(url).ok())
        .collect();
    // Accounts of a test server may have none.
    let binding = account.external_account_binding.as_deref();
    let binding = binding.map(raw).transpose()?;
    let document = AccountObject {
        status: account.status(),
        key: raw(&account.jwk)?,
        contact: &contact,
        terms_of_service_agreed: account.terms_agreed_at.is_some(),
        external_account_binding: binding,
        orders: urls.orders(account.id),
    };
    Ok(json(&document)?.location(&urls.account(account.id)))
}

/// What was JSON when it was stored.
fn raw(stored: &str) -> Result<&RawValue, Refusal> {
    serde_json::from_str(stored).map_err(|error| Refusal::internal(&error))
}
