//! What people are told by mail of what happens to their account: whoever did not do it has to know.

use base::Timestamp;
use outbound::mail::{Letter, MailKind};
use tenancy::user::User;

use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// A password was replaced.
pub(super) fn password_changed(
    app: &App,
    caller: &Caller,
    user: &User,
    now: Timestamp,
) -> Option<PreparedMail> {
    let letter = Letter::PasswordChanged {
        from: mail::origin(caller, now),
    };
    let once = mail::once(MailKind::PasswordChanged, user.id, now);
    mail::notice(app, caller, user.into(), &letter, &once)
}

/// A second factor came or went; the text says which, in a sentence.
pub(super) fn second_factor_changed(
    app: &App,
    caller: &Caller,
    user: &User,
    what: &str,
    now: Timestamp,
) -> Option<PreparedMail> {
    let letter = Letter::SecondFactorChanged {
        what: what.to_owned(),
        from: mail::origin(caller, now),
    };
    let once = mail::once(MailKind::SecondFactorChanged, user.id, now);
    mail::notice(app, caller, user.into(), &letter, &once)
}
