//! Begins to set up an authenticator app: a fresh secret, which asks for nothing before its first code came (feature F-016,
//! security S-12). The door has made sure that the person proved lately who they are.

use base::{Class, Refusal, Refuse, Timestamp, UserId};
use store::access::second_factor::{self, StoredTotp};
use store::seal::SealError;
use store::{ReadTx, WriteTx};
use tenancy::totp::TotpSecret;

use crate::access::SignedIn;
use crate::{App, Caller};

/// Why nothing was begun.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// Another app is in use.
    #[error("an authenticator app is set up already; switch it off first")]
    IsOn,
    /// The secret cannot be sealed or opened.
    #[error("the secret of the authenticator app cannot be sealed or opened")]
    Seal(#[from] SealError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for SetUpError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::IsOn => Class::Conflict.because("second_factor_is_on", self),
            Self::Seal(_) => Refusal::internal(self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Makes a fresh secret for the signed-in person, in place of one that was never confirmed.
pub async fn begin_set_up(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<TotpSecret, SetUpError> {
    let secret = TotpSecret::generate(app.random());
    let whose = (signed_in.user.id, signed_in.user.tenant);
    let now = app.now();
    let totp = StoredTotp::seal(
        whose,
        secret.as_bytes(),
        now,
        (&app.outside.sealer, app.random()),
    )?;
    let store = app.store(caller);
    store.decide(totp, load, decide, save).await?;
    Ok(secret)
}

/// The secret that waits for its first code, to show it again; `None` when there is none.
pub async fn waiting_secret(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<Option<TotpSecret>, SetUpError> {
    let store = app.store(caller);
    let found = store.read(signed_in.user.id, load_of).await?;
    let Some(totp) = found.filter(|totp| totp.confirmed_at.is_none()) else {
        return Ok(None);
    };
    let secret = totp.open(&app.outside.sealer)?;
    Ok(Some(TotpSecret::from_bytes(secret)))
}

async fn load_of(tx: &mut ReadTx, user: &UserId) -> Result<Option<StoredTotp>, store::Error> {
    second_factor::totp(tx, user).await
}

async fn load(tx: &mut ReadTx, totp: &StoredTotp) -> Result<Option<Timestamp>, store::Error> {
    let found = second_factor::totp(tx, &totp.user).await?;
    Ok(found.and_then(|found| found.confirmed_at))
}

fn decide(totp: &StoredTotp, since: Option<Timestamp>) -> Result<StoredTotp, SetUpError> {
    match since {
        Some(_) => Err(SetUpError::IsOn),
        None => Ok(totp.clone()),
    }
}

async fn save(tx: &mut WriteTx, totp: &StoredTotp) -> Result<(), store::Error> {
    second_factor::put_totp(tx, totp).await
}
