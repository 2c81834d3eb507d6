//! Whether what somebody typed proves their second factor, inside the transaction that relies on it: of many who bring one
//! code one wins (security S-13, S-15).

use base::{Class, Refusal, Refuse, Timestamp, UserId};
use store::access::passkey::{self, UsedPasskey};
use store::access::passkey_challenge::{self, PasskeyChallenge};
use store::access::second_factor::{self, StoredTotp, TakenStep};
use store::seal::SealError;
use store::{ReadTx, WriteTx};
use tenancy::passkey::{Assertion, ChallengePurpose, Passkey, PasskeyError, RelyingParty};
use tenancy::recovery::RecoveryCode;
use tenancy::token::TokenDigest;
use tenancy::totp::{TotpSecret, WrongCode};

use crate::{App, Caller};

/// What somebody typed.
#[derive(Clone, Debug)]
pub enum TypedFactor {
    /// The code that their app shows.
    Code(String),
    /// What their browser answered for one of their passkeys.
    Passkey(Box<Assertion>),
    /// One of their recovery codes.
    Recovery(String),
}

/// Why it proves nothing.
#[derive(Debug, thiserror::Error)]
pub enum SecondFactorError {
    /// The challenge was not given out to this person, was used, or is too old.
    #[error("that took too long; use the passkey again")]
    Challenge,
    /// The code is wrong or was used.
    #[error(transparent)]
    Code(#[from] WrongCode),
    /// The passkey proves nothing.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
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
            Self::Challenge => Class::Invalid
                .because("passkey_challenge_gone", self)
                .at("passkey"),
            Self::Code(_) => Class::Invalid.because("wrong_code", self).at("code"),
            Self::Passkey(error) => error.refusal(),
            Self::Recovery => Class::Invalid
                .because("wrong_recovery_code", self)
                .at("recovery"),
            Self::Seal(_) => Refusal::internal(self),
        }
    }
}

impl SecondFactorError {
    /// Whether it tells of a copy of a passkey.
    pub(in crate::access) fn is_copied(&self) -> bool {
        matches!(self, Self::Passkey(PasskeyError::Counter))
    }

    /// What is counted and recorded as wrong; `None` where nothing was tried.
    pub(in crate::access) fn reason(&self) -> Option<&'static str> {
        match self {
            Self::Challenge | Self::Seal(_) => None,
            Self::Code(_) | Self::Recovery => Some("wrong code"),
            Self::Passkey(error) => Some(error.reason()),
        }
    }
}

impl TypedFactor {
    /// For the audit log.
    pub(in crate::access) fn kind(&self) -> &'static str {
        match self {
            Self::Code(_) => "one-time code",
            Self::Passkey(_) => "passkey",
            Self::Recovery(_) => "recovery code",
        }
    }

    fn digest(&self) -> Option<TokenDigest> {
        match self {
            Self::Code(_) | Self::Passkey(_) => None,
            Self::Recovery(typed) => RecoveryCode::parse(typed)?.digest(),
        }
    }

    fn challenge(&self) -> Option<TokenDigest> {
        match self {
            Self::Code(_) | Self::Recovery(_) => None,
            Self::Passkey(answer) => answer.challenge().ok().map(|challenge| challenge.digest()),
        }
    }
}

/// What is stored that decides it.
#[derive(Debug)]
pub(in crate::access) struct Factors {
    totp: Option<StoredTotp>,
    /// Whether the recovery code that was typed is there.
    has_code: bool,
    /// The passkey and the challenge that an answer is about.
    passkey: Option<Passkey>,
    challenge: Option<PasskeyChallenge>,
}

/// What is used up by a proof.
#[derive(Clone, Debug)]
pub(in crate::access) enum Second {
    Code(TakenStep),
    Passkey(TokenDigest, UsedPasskey),
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
            passkey: match typed {
                TypedFactor::Passkey(answer) => {
                    passkey::of_user_by_id(tx, &(user, answer.id.clone())).await?
                }
                TypedFactor::Code(_) | TypedFactor::Recovery(_) => None,
            },
            challenge: match typed.challenge() {
                Some(digest) => passkey_challenge::by_digest(tx, &digest).await?,
                None => None,
            },
        })
    }

    /// What is used up, if it is right.
    pub(in crate::access) fn check(
        &self,
        user: UserId,
        typed: &TypedFactor,
        app: &App,
        caller: &Caller,
        now: Timestamp,
    ) -> Result<Second, SecondFactorError> {
        match typed {
            TypedFactor::Code(code) => {
                let on = self.totp.as_ref();
                let totp = on.filter(|totp| totp.confirmed_at.is_some());
                let totp = totp.ok_or(WrongCode)?;
                let secret = TotpSecret::from_bytes(totp.open(&app.outside.sealer)?);
                let step = secret.verify(code, totp.last_step, now)?;
                Ok(Second::Code(TakenStep {
                    user,
                    step,
                    at: now,
                }))
            }
            TypedFactor::Passkey(answer) => {
                let party = app.settings().relying_party(&caller.client);
                self.check_passkey(user, answer, party, now)
            }
            TypedFactor::Recovery(_) => match typed.digest().filter(|_| self.has_code) {
                Some(digest) => Ok(Second::Recovery(user, digest)),
                None => Err(SecondFactorError::Recovery),
            },
        }
    }

    /// A challenge that was given out for somebody else is none.
    fn check_passkey(
        &self,
        user: UserId,
        answer: &Assertion,
        party: Option<RelyingParty>,
        now: Timestamp,
    ) -> Result<Second, SecondFactorError> {
        let challenge = self.challenge.as_ref().filter(|challenge| {
            challenge.purpose == ChallengePurpose::SignIn
                && challenge.user.is_none_or(|of| of == user)
                && now < challenge.expires_at
        });
        let challenge = challenge.ok_or(SecondFactorError::Challenge)?;
        let passkey = self.passkey.as_ref().ok_or(PasskeyError::Foreign)?;
        let party = party.ok_or(PasskeyError::RelyingParty)?;
        let proof = UsedPasskey {
            user,
            id: passkey.id.clone(),
            counter: answer.verify(&party, passkey)?,
            at: now,
        };
        Ok(Second::Passkey(challenge.digest, proof))
    }
}

impl Second {
    /// Uses it up; `false` when somebody else did.
    pub(in crate::access) async fn take(&self, tx: &mut WriteTx) -> Result<bool, store::Error> {
        match self {
            Self::Code(taken) => second_factor::take_step(tx, taken).await,
            Self::Passkey(challenge, used) => Ok(passkey_challenge::delete(tx, challenge).await?
                && passkey::note_use(tx, used).await?),
            Self::Recovery(user, digest) => second_factor::take_code(tx, &(*user, *digest)).await,
        }
    }
}
