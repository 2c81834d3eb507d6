//! Passkeys: asked for by a challenge, added, named and removed by their owner, and good for signing in alone or after the
//! password (security S-16 to S-18).

pub mod add;
pub mod ask;
pub mod remove;
pub mod rename;

use tenancy::passkey::{CredentialId, Passkey};

use base::{Actor, UserId};
use store::ReadTx;
use store::access::passkey;

use crate::{App, Caller};

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
pub(in crate::access) fn ids(passkeys: Vec<Passkey>) -> Vec<CredentialId> {
    passkeys.into_iter().map(|passkey| passkey.id).collect()
}
