//! Signing out, and having signed out (`ux.md` P1).

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use flow::access::session;
use tenancy::session::clear_cookie;

use crate::portal::gate::csrf::{Form, Nothing};
use crate::portal::gate::permitted::{Leaving, Permitted, Public};
use crate::portal::page::frame::{Answer, add_cookie, page};
use crate::portal::page::refused::Refusal;
use crate::portal::page::shell::Shell;
use crate::portal::state::Portal;

/// `POST /sign-out`.
pub(super) async fn sign_out(
    State(portal): State<Portal>,
    who: Permitted<Leaving>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refusal> {
    session::sign_out(&portal.app, &who.caller, &who.signed_in).await?;
    let mut response = Redirect::to("/signed-out").into_response();
    add_cookie(&mut response, &clear_cookie());
    Ok(response)
}

/// `GET /signed-out`.
pub(super) async fn signed_out(who: Public) -> Answer {
    page(&SignedOutPage {
        shell: who.shell("Signed out"),
    })
}

/// `GET /signed-out`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/access/session/sign_out.html")]
pub struct SignedOutPage {
    /// The frame, made by [`Shell::signed_out`].
    pub shell: Shell,
}
