//! Passkeys: asked for by a challenge, added, named and removed by their owner, and good for signing in alone or after the
//! password (security S-16 to S-18).

pub mod add;
pub mod ask;
pub mod remove;
pub mod rename;
pub mod sign_in;

use tenancy::passkey::{CredentialId, Passkey, RelyingParty};

use base::{Actor, UserId};
use store::ReadTx;
use store::access::passkey;

use crate::{App, Caller};

/// The portal as passkeys know it; `None` where it is reached in a way for which browsers have none.
pub fn relying_party(app: &App) -> Option<RelyingParty> {
    RelyingParty::at(&app.settings().portal_origin)
}

/// A passkey of the person who asks, by its name in links; a colleague's is not there.
pub async fn own_passkey(
    app: &App,
    caller: &Caller,
    shown: &str,
) -> Result<Option<Passkey>, store::Error> {
    let Actor::User(user) = caller.actor else {
        return Ok(None);
    };
    let all = app.store(caller).read(user, load_all).await?;
    Ok(all.into_iter().find(|passkey| passkey.id.shown() == shown))
}

async fn load_all(tx: &mut ReadTx, user: &UserId) -> Result<Vec<Passkey>, store::Error> {
    passkey::of_user(tx, user).await
}

/// What browsers are told of passkeys that are there.
fn ids(passkeys: Vec<Passkey>) -> Vec<CredentialId> {
    passkeys.into_iter().map(|passkey| passkey.id).collect()
}
