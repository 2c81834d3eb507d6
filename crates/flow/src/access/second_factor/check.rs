//! Whether what somebody typed proves their second factor, inside the transaction that relies on it: of many who bring one
//! code one wins (security S-13, S-15).

use base::{Class, Refusal, Refuse, Timestamp, UserId};
use store::access::second_factor::{self, StoredTotp, TakenStep};
use store::seal::{SealError, Sealer};
use store::{ReadTx, WriteTx};
use tenancy::recovery::RecoveryCode;
use tenancy::token::TokenDigest;
use tenancy::totp::{TotpSecret, WrongCode};

/// What somebody typed.
#[derive(Clone, Debug)]
pub enum TypedFactor {
    /// The code that their app shows.
    Code(String),
    /// One of their recovery codes.
    Recovery(String),
}

/// Why it proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The code is wrong or was used.
    #[error(transparent)]
    Code(#[from] WrongCode),
    /// No such recovery code, or not any more.
    #[error("that recovery code is not right, or was used; each works once")]
    Recovery,
    /// The secret cannot be read.
    #[error("the secret of the authenticator app cannot be opened")]
    Seal(#[from] SealError),
}

impl Refuse for SecondFactorError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Code(_) => Class::Invalid.because("wrong_code", self).at("code"),
            Self::Recovery => Class::Invalid
                .because("wrong_recovery_code", self)
                .at("recovery"),
            Self::Seal(_) => Refusal::internal(self),
        }
    }
}

impl TypedFactor {
    /// For the audit log.
    pub(in crate::access) fn kind(&self) -> &'static str {
        match self {
            Self::Code(_) => "one-time code",
            Self::Recovery(_) => "recovery code",
        }
    }

    fn digest(&self) -> Option<TokenDigest> {
        match self {
            Self::Code(_) => None,
            Self::Recovery(typed) => RecoveryCode::parse(typed)?.digest(),
        }
    }
}

/// What is stored that decides it.
#[derive(Debug)]
pub(in crate::access) struct Factors {
    totp: Option<StoredTotp>,
    /// Whether the recovery code that was typed is there.
    has_code: bool,
}

/// What is used up by a proof.
#[derive(Clone, Copy, Debug)]
pub(in crate::access) enum Second {
    Code(TakenStep),
    Recovery(UserId, TokenDigest),
}

impl Factors {
    pub(in crate::access) async fn load(
        tx: &mut ReadTx,
        user: UserId,
        typed: &TypedFactor,
    ) -> Result<Self, store::Error> {
        let has_code = match typed.digest() {
            Some(digest) => second_factor::has_code(tx, &(user, digest)).await?,
            None => false,
        };
        Ok(Self {
            totp: second_factor::totp(tx, &user).await?,
            has_code,
        })
    }

    /// What is used up, if it is right.
    pub(in crate::access) fn check(
        &self,
        user: UserId,
        typed: &TypedFactor,
        sealer: &Sealer,
        now: Timestamp,
    ) -> Result<Second, SecondFactorError> {
        match typed {
            TypedFactor::Code(code) => {
                let on = self.totp.as_ref();
                let totp = on.filter(|totp| totp.confirmed_at.is_some());
                let totp = totp.ok_or(WrongCode)?;
                let secret = TotpSecret::from_bytes(totp.open(sealer)?);
                let step = secret.verify(code, totp.last_step, now)?;
                Ok(Second::Code(TakenStep {
                    user,
                    step,
                    at: now,
                }))
            }
            TypedFactor::Recovery(_) => match typed.digest().filter(|_| self.has_code) {
                Some(digest) => Ok(Second::Recovery(user, digest)),
                None => Err(SecondFactorError::Recovery),
            },
        }
    }
}

impl Second {
    /// Uses it up; `false` when somebody else did.
    pub(in crate::access) async fn take(&self, tx: &mut WriteTx) -> Result<bool, store::Error> {
        match self {
            Self::Code(taken) => second_factor::take_step(tx, taken).await,
            Self::Recovery(user, digest) => second_factor::take_code(tx, &(*user, *digest)).await,
        }
    }
}
