//! Ten new recovery codes; those before are void (security S-15). The door has made sure that the person proved lately who
//! they are.

use base::{Class, Refusal, Refuse};
use store::access::passkey;
use store::access::second_factor::{self, NewRecoveryCodes};
use store::audit::{self, Entry};
use store::{ReadTx, WriteTx};
use tenancy::recovery::RecoveryCode;
use tenancy::token::TokenDigest;

use crate::access::SignedIn;
use crate::access::notice::second_factor_changed;
use crate::audit::Event;
use crate::mail::{self, PreparedMail};
use crate::{App, Caller};

/// What the person is told.
const MADE: &str = "New recovery codes were made. Those before work no more.";

/// Why there are none.
#[derive(Debug, thiserror::Error)]
pub enum NewCodesError {
    /// There is nothing that they would stand in for.
    #[error("recovery codes are for whoever has a second factor; set one up first")]
    IsOff,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for NewCodesError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::IsOff => Class::Conflict.because("second_factor_is_off", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Makes them; they are shown once.
pub async fn make_new_codes(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<Vec<RecoveryCode>, NewCodesError> {
    let codes = RecoveryCode::generate_all(app.random());
    let (user, tenant, now) = (signed_in.user.id, signed_in.user.tenant, app.now());
    let event = Event::RecoveryCodesMade { user };
    let mail = second_factor_changed(app, caller, &signed_in.user, MADE, now);
    let making = Making {
        mail,
        codes: NewRecoveryCodes {
            user,
            tenant,
            digests: digests(&codes),
            at: now,
        },
        entry: app.entry(caller, tenant, &event, now),
    };
    app.store(caller).decide(making, load, decide, save).await?;
    Ok(codes)
}

/// What is stored of them.
pub(super) fn digests(codes: &[RecoveryCode]) -> Vec<TokenDigest> {
    codes.iter().filter_map(RecoveryCode::digest).collect()
}

#[derive(Clone)]
struct Making {
    mail: Option<PreparedMail>,
    codes: NewRecoveryCodes,
    entry: Entry,
}

/// Whether there is something that they stand in for.
async fn load(tx: &mut ReadTx, making: &Making) -> Result<bool, store::Error> {
    let user = &making.codes.user;
    let totp = second_factor::totp(tx, user).await?;
    let has_app = totp.is_some_and(|totp| totp.confirmed_at.is_some());
    Ok(has_app || !passkey::of_user(tx, user).await?.is_empty())
}

fn decide(making: &Making, is_on: bool) -> Result<Making, NewCodesError> {
    if is_on {
        Ok(making.clone())
    } else {
        Err(NewCodesError::IsOff)
    }
}

async fn save(tx: &mut WriteTx, making: &Making) -> Result<(), store::Error> {
    second_factor::replace_codes(tx, &making.codes).await?;
    audit::append(tx, &making.entry).await?;
    mail::intend(tx, making.mail.as_ref()).await
}
