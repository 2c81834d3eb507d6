//! The people of a tenant.

use base::{Timestamp, UserId};
use store::ReadTx;
use store::access::sign_in_lock;
use store::access::user::{self, Person};
use tenancy::user::Status;

use super::MAX_PEOPLE;
use crate::access::attempt::address_key;
use crate::{App, Caller};

/// A person of a tenant, and whether they can sign in.
#[derive(Clone, Debug)]
pub struct Member {
    /// The person.
    pub person: Person,
    /// Until when failed sign-ins lock them out.
    pub locked_until: Option<Timestamp>,
}

/// The people of the caller's tenant, oldest first, without those who were removed.
pub async fn list_team(app: &App, caller: &Caller) -> Result<Vec<Person>, store::Error> {
    app.store(caller).scan((), load_all).await
}

async fn load_all(tx: &mut ReadTx, (): &()) -> Result<Vec<Person>, store::Error> {
    user::list(tx, &i64::from(MAX_PEOPLE)).await
}

/// One of them.
pub async fn show_member(
    app: &App,
    caller: &Caller,
    id: UserId,
) -> Result<Option<Member>, store::Error> {
    let store = app.store(caller);
    store.read((id, app.now()), load).await
}

async fn load(
    tx: &mut ReadTx,
    (id, now): &(UserId, Timestamp),
) -> Result<Option<Member>, store::Error> {
    let found = user::person_by_id(tx, id).await?;
    let Some(person) = found.filter(|person| person.user.status != Status::Removed) else {
        return Ok(None);
    };
    let key = address_key(person.user.email.as_str());
    let counted = sign_in_lock::load(tx, &[key.clone(), key]).await?;
    let locked = counted
        .first()
        .and_then(|lockout| lockout.check(*now).err());
    Ok(Some(Member {
        person,
        locked_until: locked.map(|locked| locked.until),
    }))
}
