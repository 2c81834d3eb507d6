//! Tokens as their owners and operators see them: never with what their holders bring.

use base::{Actor, ApiTokenId, UserId};
use store::access::api_token;
use tenancy::api_token::{ApiToken, MAX_OF_TENANT};

use crate::{App, Caller};

/// How many tokens of one person are shown: those that work, and some that ended within a day.
const SHOWN_OF_USER: i64 = 100;
/// The same of a tenant.
const SHOWN_OF_TENANT: u64 = 10 * MAX_OF_TENANT;

/// The tokens of a user of the caller's tenant, the newest first.
pub async fn list_tokens(
    app: &App,
    caller: &Caller,
    of: UserId,
) -> Result<Vec<ApiToken>, store::Error> {
    let asked = (of, SHOWN_OF_USER);
    app.store(caller).scan(asked, api_token::of_user).await
}

/// The tokens of all people of the caller's tenant, by person.
pub async fn list_tokens_of_tenant(
    app: &App,
    caller: &Caller,
) -> Result<Vec<ApiToken>, store::Error> {
    let most = i64::try_from(SHOWN_OF_TENANT).unwrap_or(i64::MAX);
    app.store(caller).scan(most, api_token::of_tenant).await
}

/// A token of the person who asks; a colleague's is not there.
pub async fn own_token(
    app: &App,
    caller: &Caller,
    id: ApiTokenId,
) -> Result<Option<ApiToken>, store::Error> {
    let Actor::User(user) = caller.actor else {
        return Ok(None);
    };
    let store = app.store(caller);
    store.read((user, id), api_token::of_user_by_id).await
}

/// A token, whosever it is, for an operator at the command line.
pub async fn find_token(
    app: &App,
    caller: &Caller,
    id: ApiTokenId,
) -> Result<Option<ApiToken>, store::Error> {
    app.store(caller).read(id, api_token::by_id).await
}
