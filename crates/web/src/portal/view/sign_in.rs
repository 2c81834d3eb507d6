//! The door: signing in and having signed out (`ux.md` P1).

use askama::Template;

use crate::portal::page::shell::Shell;

/// Why the last attempt did not succeed.
#[derive(Clone, Debug)]
pub enum SignInProblem {
    /// Too many attempts; more are refused for some minutes, right or wrong.
    Locked {
        /// Minutes that remain, at least 1.
        minutes: u32,
    },
    /// The session ended by itself.
    SessionEnded,
    /// Right credentials, but the organisation may not use the portal.
    Suspended,
    /// Unknown user or wrong password; the page never says which.
    WrongInput,
}

impl SignInProblem {
    pub(crate) fn heading(&self) -> &'static str {
        match self {
            Self::Locked { .. } => "Too many attempts",
            Self::SessionEnded => "Please sign in again",
            Self::Suspended => "Your organisation is suspended",
            Self::WrongInput => "That did not match",
        }
    }

    pub(crate) fn text(&self) -> String {
        match self {
            Self::Locked { minutes: 1 } => {
                "Signing in is locked for another minute. Then try again.".to_owned()
            }
            Self::Locked { minutes } => {
                format!("Signing in is locked for another {minutes} minutes. Then try again.")
            }
            Self::SessionEnded => {
                "Your session ended after a time without use. Nothing was lost.".to_owned()
            }
            Self::Suspended => "Certificates already issued stay valid. \
                 Contact your provider to have access restored."
                .to_owned(),
            Self::WrongInput => "The e-mail address or the password is wrong. \
                 Check both and try again."
                .to_owned(),
        }
    }

    pub(crate) fn is_calm(&self) -> bool {
        matches!(self, Self::SessionEnded)
    }
}

/// `GET` and `POST /sign-in`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/door/sign_in.html")]
pub struct SignInPage {
    /// The frame, made by [`Shell::signed_out`].
    pub shell: Shell,
    /// What was typed, kept after a failure.
    pub email: String,
    /// Why the last attempt failed.
    pub problem: Option<SignInProblem>,
    /// Where to go afterwards; a path of this portal, checked by the handler again.
    pub next: String,
    /// Address of somebody who helps; empty shows none.
    pub contact: String,
}

/// `GET /signed-out`.
#[derive(Clone, Debug, Template)]
#[template(path = "portal/door/signed_out.html")]
pub struct SignedOutPage {
    /// The frame, made by [`Shell::signed_out`].
    pub shell: Shell,
}
