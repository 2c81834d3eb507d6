//! A mail before its transaction: counted, written, sealed.

use base::{EffectId, MailId, TenantId, Timestamp, UserId, chain};
use outbound::mail::letter::Origin;
use outbound::mail::{Letter, MailKind};
use store::effects::mail::{self, Mail, context};
use store::seal::SealError;
use store::{Error, WriteTx};
use tenancy::limit::RateLimited;
use tenancy::user::{Email, User};

use super::SendMail;
use crate::effects::{self, Intended};
use crate::memory::limits::Charge;
use crate::queue::Cause;
use crate::{App, Caller};

/// For whom a mail is.
#[derive(Clone, Copy, Debug)]
pub struct Recipient<'a> {
    /// Whose person they are; the transaction is in this scope, or in a system's.
    pub tenant: TenantId,
    /// The address.
    pub email: &'a Email,
}

impl<'a> From<&'a User> for Recipient<'a> {
    fn from(user: &'a User) -> Self {
        Self {
            tenant: user.tenant,
            email: &user.email,
        }
    }
}

/// A mail for the transaction of its cause.
#[derive(Clone, Debug)]
pub struct PreparedMail {
    mail: Mail,
    intended: Intended,
}

/// Prepares a mail; `None` where none are sent. What has the same key to the same person is one mail, however often it is
/// prepared. Refused when the person gets too many of its kind.
pub fn prepare(
    app: &App,
    caller: &Caller,
    to: Recipient<'_>,
    letter: &Letter,
    dedup: &str,
) -> Result<Option<PreparedMail>, RateLimited> {
    if app.settings().mail.is_none() {
        return Ok(None);
    }
    let (kind, now) = (letter.kind(), app.now());
    let charge = Charge::mail(kind.as_str(), to.email.as_str(), to.tenant);
    app.memory.limits.spend(charge, now)?;
    let id = MailId::generate(now, app.random());
    let body = match sealed(app, id, to.tenant, letter) {
        Ok(body) => body,
        Err(error) => {
            tracing::error!(
                mail.kind = kind.as_str(),
                error = chain(&error),
                "a mail cannot be sealed and is not sent"
            );
            return Ok(None);
        }
    };
    let effect = SendMail {
        mail: id,
        tenant: to.tenant,
    };
    let of = (EffectId::generate(now, app.random()), to.tenant);
    Ok(Some(PreparedMail {
        intended: Intended::new(&app.work, of, &effect, Cause::of(caller, now)),
        mail: Mail {
            id,
            tenant: to.tenant,
            kind: kind.as_str().to_owned(),
            recipient: to.email.as_str().to_owned(),
            dedup_key: dedup.to_owned(),
            body: Some(body),
            sent_at: None,
            error: None,
        },
    }))
}

/// The same for a mail that is left out when the person gets too many of its kind.
pub fn notice(
    app: &App,
    caller: &Caller,
    to: Recipient<'_>,
    letter: &Letter,
    dedup: &str,
) -> Option<PreparedMail> {
    prepare(app, caller, to, letter, dedup).unwrap_or_else(|limited| {
        tracing::warn!(mail.kind = letter.kind().as_str(), tenant.id = %to.tenant, why = %limited, "a mail is left out");
        None
    })
}

/// Where something was done from, for the person to know it again.
pub fn origin(caller: &Caller, at: Timestamp) -> Origin {
    Origin {
        address: caller.client.address_text(),
        browser: caller.client.agent.clone(),
        at,
    }
}

/// What is the same mail: there is one for each thing that happens to somebody at some moment.
pub fn once(kind: MailKind, user: UserId, at: Timestamp) -> String {
    format!("{kind}.{user}.{}", at.as_micros())
}

/// There may be a link in it that opens something. It is written when it leaves, in the name of whoever counts for the
/// tenant then.
fn sealed(app: &App, id: MailId, tenant: TenantId, letter: &Letter) -> Result<Vec<u8>, SealError> {
    let (row, of) = (id.to_string(), tenant.to_string());
    // Texts cannot fail to serialise.
    let text = serde_json::to_vec(letter).unwrap_or_default();
    let sealer = &app.outside.sealer;
    sealer.seal(context(&row, &of), &text, app.random())
}

/// Intends a mail in the transaction of its cause, unless the same one to the same person is there. It leaves within a
/// second of the commit.
pub(crate) async fn intend(tx: &mut WriteTx, prepared: Option<&PreparedMail>) -> Result<(), Error> {
    if let Some(PreparedMail { mail, intended }) = prepared
        && mail::insert(tx, mail).await?
    {
        effects::intend(tx, intended).await?;
    }
    Ok(())
}
