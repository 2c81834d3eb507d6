//! Ends a token. It counts at its next request.

use store::WriteTx;
use store::access::api_token;
use store::audit::{self, Entry};
use tenancy::api_token::ApiToken;

use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Ends a token of the caller's tenant; `false` when somebody did before.
pub async fn revoke_token(
    app: &App,
    caller: &Caller,
    token: &ApiToken,
) -> Result<bool, store::Error> {
    let now = app.now();
    let event = Event::TokenRevoked {
        token: token.id,
        user: token.user,
        name: Text::new(token.name.as_str()),
    };
    let revoking = Revoking {
        entry: app.entry(caller, token.tenant, &event, now),
        token: token.clone(),
    };
    app.store(caller).write(revoking, save).await
}

struct Revoking {
    token: ApiToken,
    entry: Entry,
}

async fn save(tx: &mut WriteTx, revoking: &Revoking) -> Result<bool, store::Error> {
    let ended = (revoking.token.id, revoking.entry.at);
    let has_ended = api_token::revoke(tx, &ended).await?;
    if has_ended {
        audit::append(tx, &revoking.entry).await?;
    }
    Ok(has_ended)
}
