//! Somebody who cannot sign in asks for a link by mail (security S-07). Whatever address is typed, the same is stored and the
//! same is answered: whose it is comes out in a job, of which the visitor sees nothing.

use base::{Class, Refusal, Refuse};
use serde::{Deserialize, Serialize};
use store::access::user;
use store::queue::job::{self, Job as Row};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::tenant::Tenant;
use tenancy::user::{Email, Status, User};

use super::Sender;
use super::make_link::{MakeLinkError, make_link};
use crate::caller::system;
use crate::mail::portal::origin_of;
use crate::queue::{Cause, Done, Job, JobError, Lease, Queue};
use crate::{App, Caller};

/// Why nobody is asked to send a link.
#[derive(Debug, thiserror::Error)]
pub enum AskForLinkError {
    /// There is nobody to bring it.
    #[error(
        "this server sends no mail; ask whoever manages people in your organisation for a link"
    )]
    NoMail,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for AskForLinkError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NoMail => Class::Conflict.because("no_mail_for_link", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Asks for a link to whoever has this address; `portal` is where browsers reach the portal, unless their tenant has a host
/// name.
pub async fn ask_for_link(
    app: &App,
    caller: &Caller,
    email: Email,
    portal: &str,
) -> Result<(), AskForLinkError> {
    if app.settings().mail.is_none() {
        return Err(AskForLinkError::NoMail);
    }
    let wanted = SendLink {
        email: email.as_str().to_owned(),
        portal: portal.to_owned(),
    };
    let row = app.work.waiting(&wanted, Cause::of(caller, app.now()));
    let store = app.store(system("nobody knows yet whose the address is"));
    store.write(row, save).await?;
    app.work.wake(SendLink::QUEUE);
    Ok(())
}

async fn save(tx: &mut WriteTx, row: &Row) -> Result<(), store::Error> {
    job::insert(tx, row).await
}

/// Sends a link to whoever has an address, if somebody does who may sign in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SendLink {
    email: String,
    portal: String,
}

impl Job<App> for SendLink {
    const KIND: &'static str = "send_link";
    const QUEUE: Queue = Queue::Bulk;

    fn key(&self) -> Option<String> {
        Some(self.email.clone())
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Done<Self>, JobError> {
        let Ok(email) = Email::parse(&self.email) else {
            return Ok(Done::Finished);
        };
        let store = app.store(system("an address is one person's"));
        let found: Option<(User, Tenant)> = store.read(email, load).await?;
        let Some((user, of)) = found else {
            return Ok(Done::Finished);
        };
        let sender = Sender {
            portal: origin_of(app, &of.path).unwrap_or(self.portal),
            organization: of.name.as_str().to_owned(),
            name: String::new(),
        };
        let caller = Caller::job(lease.request, of.id);
        match make_link(app, &caller, &sender, user.id).await {
            Ok(_) | Err(MakeLinkError::Disabled | MakeLinkError::NotFound) => Ok(Done::Finished),
            Err(MakeLinkError::Limited(limited)) => {
                tracing::warn!(user.id = %user.id, why = %limited, "a link is left out");
                Ok(Done::Finished)
            }
            Err(MakeLinkError::Store(error)) => Err(error.into()),
        }
    }
}

async fn load(tx: &mut ReadTx, email: &Email) -> Result<Option<(User, Tenant)>, store::Error> {
    let found = user::by_email(tx, email).await?;
    let Some(user) = found.filter(|user| user.status == Status::Active) else {
        return Ok(None);
    };
    let of = tenant::by_id(tx, &user.tenant).await?;
    Ok(of.map(|of| (user, of)))
}
