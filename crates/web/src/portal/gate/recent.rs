//! What is secret or cannot be undone asks for a password that was typed lately (security S-23).

use flow::access::reauthenticate::{ReauthenticateError, reauthenticate};
use flow::access::{ProofError, SignedIn};
use tenancy::password::Password;
use tenancy::session::set_cookie;

use super::permitted::Permitted;
use crate::portal::page::form::Problems;
use crate::portal::page::moment::minutes_until;
use crate::portal::page::refused::Refusal;
use crate::portal::page::words::sentence;
use crate::portal::state::Portal;

/// Whether a person proved lately who they are.
pub(crate) enum Recent {
    /// They did when they signed in.
    Already,
    /// They did now; their session goes on under a new token.
    Anew(Box<SignedIn>),
    /// No password came with the form, which must ask for it.
    Unasked,
    /// What is wrong with the field `password`.
    Refused(Problems),
}

/// Whether a form need not ask for the password.
pub(crate) fn is_recent<P>(portal: &Portal, who: &Permitted<P>) -> bool {
    let now = portal.app.now();
    who.signed_in.session.is_recently_authenticated(now)
}

/// Tries the password that came with a form, unless the sign-in is recent enough.
pub(crate) async fn prove<P>(
    portal: &Portal,
    who: &Permitted<P>,
    password: String,
) -> Result<Recent, Refusal> {
    if is_recent(portal, who) {
        return Ok(Recent::Already);
    }
    if password.is_empty() {
        return Ok(Recent::Unasked);
    }
    let password = Password::new(password);
    let (app, caller) = (&portal.app, &who.caller);
    match reauthenticate(app, caller, &who.signed_in, &password, who.address()).await {
        Ok(signed_in) => Ok(Recent::Anew(Box::new(signed_in))),
        Err(ReauthenticateError::Ended) => Err(Refusal::SignIn {
            next: "/".to_owned(),
            has_ended: true,
        }),
        Err(ReauthenticateError::Proof(error)) => {
            let message = proof_problem(error, portal)?;
            Ok(Recent::Refused(Problems::one("password", &message)))
        }
        Err(error @ ReauthenticateError::Store(_)) => Err(error.into()),
    }
}

/// The same for forms of which the password is one field of several: the cookie of the session that goes on under a
/// new token, if it does, or what is wrong with the field.
pub(crate) async fn prove_field<P>(
    portal: &Portal,
    who: &Permitted<P>,
    password: String,
) -> Result<Result<Option<String>, Problems>, Refusal> {
    Ok(match prove(portal, who, password).await? {
        Recent::Already => Ok(None),
        Recent::Anew(signed_in) => Ok(Some(set_cookie(&signed_in.token))),
        Recent::Unasked => Err(Problems::one("password", "Type your password again.")),
        Recent::Refused(problems) => Err(problems),
    })
}

/// The same for forms whose answer is made for the session that goes on.
pub(crate) async fn prove_and_go_on<P>(
    portal: &Portal,
    who: &mut Permitted<P>,
    password: String,
) -> Result<Result<Option<String>, Problems>, Refusal> {
    Ok(match prove(portal, who, password).await? {
        Recent::Already => Ok(None),
        Recent::Anew(signed_in) => {
            let cookie = set_cookie(&signed_in.token);
            who.signed_in = *signed_in;
            Ok(Some(cookie))
        }
        Recent::Unasked => Err(Problems::one("password", "Type your password again.")),
        Recent::Refused(problems) => Err(problems),
    })
}

/// What is wrong with a password that was typed to prove oneself.
pub(crate) fn proof_problem(error: ProofError, portal: &Portal) -> Result<String, Refusal> {
    match error {
        ProofError::Locked(locked) => {
            let minutes = minutes_until(locked.until, portal.app.now());
            let unit = if minutes == 1 { "minute" } else { "minutes" };
            Ok(format!("Too many attempts. Try again in {minutes} {unit}."))
        }
        ProofError::WrongPassword => Ok(sentence(&error)),
        ProofError::Password(_) | ProofError::Store(_) => Err(error.into()),
    }
}
