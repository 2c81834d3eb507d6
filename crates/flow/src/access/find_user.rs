//! A person as the operator sees them.

use base::Timestamp;
use store::ReadTx;
use store::access::sign_in_lock;
use store::access::user::{self, Person};
use store::tenancy::tenant;
use tenancy::lockout::AttemptKey;
use tenancy::tenant::Tenant;
use tenancy::user::Email;

use super::attempt::address_key;
use crate::{App, Caller};

/// A person, and whether they can sign in.
#[derive(Clone, Debug)]
pub struct UserDetail {
    /// The person.
    pub person: Person,
    /// Whose they are.
    pub tenant: Tenant,
    /// Until when failed sign-ins lock them out.
    pub locked_until: Option<Timestamp>,
}

/// The person with this address, whosever they are.
pub async fn find_user(
    app: &App,
    caller: &Caller,
    email: Email,
) -> Result<Option<UserDetail>, store::Error> {
    let key = address_key(email.as_str());
    let store = app.store(caller);
    let found = store.read((email, key, app.now()), load);
    found.await
}

async fn load(
    tx: &mut ReadTx,
    (email, key, now): &(Email, AttemptKey, Timestamp),
) -> Result<Option<UserDetail>, store::Error> {
    let Some(person) = user::person_by_email(tx, email).await? else {
        return Ok(None);
    };
    let Some(tenant) = tenant::by_id(tx, &person.user.tenant).await? else {
        return Ok(None);
    };
    let keys = [key.clone(), key.clone()];
    let counted = sign_in_lock::load(tx, &keys).await?;
    let locked = counted
        .first()
        .and_then(|lockout| lockout.check(*now).err());
    Ok(Some(UserDetail {
        person,
        tenant,
        locked_until: locked.map(|locked| locked.until),
    }))
}
