//! What a signed-in person has as second factor.

use base::{Timestamp, UserId};
use store::ReadTx;
use store::access::{passkey, second_factor};
use tenancy::passkey::Passkey;

use crate::access::SignedIn;
use crate::{App, Caller};

/// What somebody has.
#[derive(Clone, Debug, Default)]
pub struct OwnFactors {
    /// Since when a code of their authenticator app is asked for; `None` when it is not.
    pub totp_since: Option<Timestamp>,
    /// Their passkeys, the oldest first.
    pub passkeys: Vec<Passkey>,
    /// How many recovery codes are left.
    pub codes_left: u32,
    /// When those were made.
    pub codes_made_at: Option<Timestamp>,
}

/// What the signed-in person has.
pub async fn own_factors(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<OwnFactors, store::Error> {
    app.store(caller).read(signed_in.user.id, load).await
}

async fn load(tx: &mut ReadTx, user: &UserId) -> Result<OwnFactors, store::Error> {
    let totp = second_factor::totp(tx, user).await?;
    let (codes_left, codes_made_at) = second_factor::codes_left(tx, user).await?;
    Ok(OwnFactors {
        totp_since: totp.and_then(|totp| totp.confirmed_at),
        passkeys: passkey::of_user(tx, user).await?,
        codes_left,
        codes_made_at,
    })
}
