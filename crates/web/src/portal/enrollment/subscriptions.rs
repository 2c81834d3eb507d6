//! Subscriptions with their credentials (`ux.md` R8, R9). People know them as ACME accounts; what
//! RFC 8555 calls an account is a client of a subscription.

pub mod activity;
pub mod certificates;
pub mod clients;
pub mod command;
pub mod credentials;
pub mod domains;
pub mod extend;
pub mod head;
pub mod list;
pub mod new;
pub mod organization;
pub mod revoke;
pub mod rotate;
mod show;
pub mod state;

use crate::portal::gate::permitted::{
    ManageAccounts, RevealSecrets, RotateCredentials, ViewAccounts, ViewActivity, ViewCertificates,
    ViewDomains,
};
use crate::portal::table::Table;

pub(super) fn routes() -> Table {
    Table::default()
        .get("/accounts", ViewAccounts, list::list)
        .post("/accounts", ManageAccounts, new::create)
        .get("/accounts/new", ManageAccounts, new::form)
        .get("/accounts/{id}", ViewAccounts, show::redirect)
        .get(
            "/accounts/{id}/credentials",
            ViewAccounts,
            credentials::show,
        )
        .get("/accounts/{id}/reveal", ViewAccounts, show::redirect)
        .post("/accounts/{id}/reveal", RevealSecrets, credentials::reveal)
        .get("/accounts/{id}/domains", ViewDomains, domains::show)
        .get(
            "/accounts/{id}/certificates",
            ViewCertificates,
            certificates::show,
        )
        .get("/accounts/{id}/activity", ViewActivity, activity::show)
        .get("/accounts/{id}/clients", ViewAccounts, clients::show)
        .and(changes())
}

/// What is done to a subscription, its credentials and its clients.
fn changes() -> Table {
    Table::default()
        .get("/accounts/{id}/rotate", RotateCredentials, rotate::form)
        .post("/accounts/{id}/rotate", RotateCredentials, rotate::rotate)
        .post(
            "/accounts/{id}/organization",
            ManageAccounts,
            organization::assign,
        )
        .get(
            "/accounts/{id}/suspend",
            ManageAccounts,
            state::suspend_form,
        )
        .post("/accounts/{id}/suspend", ManageAccounts, state::suspend)
        .get("/accounts/{id}/extend", ManageAccounts, extend::form)
        .post("/accounts/{id}/extend", ManageAccounts, extend::extend)
        .get("/accounts/{id}/resume", ManageAccounts, state::resume_form)
        .post("/accounts/{id}/resume", ManageAccounts, state::resume)
        .get(
            "/accounts/{id}/deactivate",
            ManageAccounts,
            state::deactivate_form,
        )
        .post(
            "/accounts/{id}/deactivate",
            ManageAccounts,
            state::deactivate,
        )
        .get(
            "/credentials/{id}/revoke",
            RotateCredentials,
            revoke::credential_form,
        )
        .post(
            "/credentials/{id}/revoke",
            RotateCredentials,
            revoke::credential,
        )
        .get("/clients/{id}/revoke", ManageAccounts, revoke::client_form)
        .post("/clients/{id}/revoke", ManageAccounts, revoke::client)
        .get(
            "/clients/{id}/release",
            RotateCredentials,
            revoke::release_form,
        )
        .post("/clients/{id}/release", RotateCredentials, revoke::release)
}
