//! The mail that carries a link.

use outbound::mail::Letter;
use tenancy::invitation::{Invitation, Purpose};
use tenancy::limit::RateLimited;
use tenancy::token::Token;
use tenancy::user::User;

use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// Who sends a link, as its mail says.
#[derive(Clone, Debug)]
pub struct Sender {
    /// Where browsers reach the portal, such as `https://portal.example.com`.
    pub portal: String,
    /// The organisation that the person belongs to.
    pub organization: String,
    /// Who invites them.
    pub name: String,
}

impl Sender {
    /// The address behind a link.
    pub fn url(&self, token: &Token) -> String {
        let portal = self.portal.trim_end_matches('/');
        format!("{portal}/link/{}", token.reveal())
    }
}

/// The mail to the person; `None` where none are sent, so that the link is handed over by hand.
pub(in crate::access) fn prepare_letter(
    app: &App,
    caller: &Caller,
    sender: &Sender,
    user: &User,
    (link, token): (&Invitation, &Token),
) -> Result<Option<PreparedMail>, RateLimited> {
    let (url, ends_at) = (sender.url(token), link.expires_at);
    let letter = match link.purpose {
        Purpose::Invitation => Letter::Invitation {
            organization: sender.organization.clone(),
            invited_by: sender.name.clone(),
            link: url,
            ends_at,
        },
        Purpose::Reset => Letter::PasswordReset { link: url, ends_at },
    };
    // Each link is a mail of its own.
    let once = link.digest.to_text();
    mail::prepare(app, caller, user.into(), &letter, &once)
}
