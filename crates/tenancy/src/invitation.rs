//! A link with which a person sets a password, the first or a new one (features F-011, F-030;
//! security S-06, S-07).
//!
//! Whoever sends it never learns the password. Only the token's digest is kept.

use std::time::Duration;

use base::{Actor, Class, Random, Refusal, Refuse, TenantId, Timestamp, UserId};

use crate::token::{Token, TokenDigest};
use base::words;

words! {
    /// Why the link was sent.
    pub enum Purpose {
        /// The person is new.
        Invitation = "invitation",
        /// The person forgot the password.
        Reset = "reset",
    }
}

impl Purpose {
    /// How long the link works: 72 hours for an invitation, one for a reset.
    pub const fn lifetime(self) -> Duration {
        match self {
            Self::Invitation => Duration::from_secs(72 * 3600),
            Self::Reset => Duration::from_secs(3600),
        }
    }
}

/// A link that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invitation {
    /// What the token in the link is found by.
    pub digest: TokenDigest,
    /// Whose password it sets.
    pub user: UserId,
    /// The tenant for which they act.
    pub tenant: TenantId,
    /// Why it was sent.
    pub purpose: Purpose,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: Actor,
    /// The first moment at which it does not work.
    pub expires_at: Timestamp,
    /// When it was used.
    pub used_at: Option<Timestamp>,
}

/// Why a link does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedeemError {
    /// Too late.
    #[error("the link has expired; ask for a new one")]
    Expired,
    /// A second time.
    #[error("the link was already used; sign in, or ask for a new one")]
    Used,
}

impl Refuse for RedeemError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Expired => Class::Invalid.because("link_expired", self),
            Self::Used => Class::Conflict.because("link_used", self),
        }
    }
}

impl Invitation {
    /// A fresh link for a user of a tenant, and the token for it.
    pub fn generate(
        (user, tenant): (UserId, TenantId),
        purpose: Purpose,
        created_by: Actor,
        now: Timestamp,
        random: &dyn Random,
    ) -> (Self, Token) {
        let token = Token::generate(random);
        let invitation = Self {
            digest: token.digest(),
            user,
            tenant,
            purpose,
            created_at: now,
            created_by,
            expires_at: now.plus(purpose.lifetime()),
            used_at: None,
        };
        (invitation, token)
    }

    /// The link after its one use.
    pub fn redeem(&self, now: Timestamp) -> Result<Self, RedeemError> {
        if self.used_at.is_some() {
            return Err(RedeemError::Used);
        }
        if now >= self.expires_at {
            return Err(RedeemError::Expired);
        }
        Ok(Self {
            used_at: Some(now),
            ..self.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(9);
        }
    }

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

    #[test]
    fn s06_links_work_once_and_for_72_hours_at_most() {
        for purpose in Purpose::ALL {
            let whose = (
                UserId::generate(NOW, &Fixed),
                TenantId::generate(NOW, &Fixed),
            );
            let (link, token) =
                Invitation::generate(whose, *purpose, Actor::CommandLine, NOW, &Fixed);
            assert_eq!(link.digest, token.digest());
            assert!(link.expires_at <= NOW.plus(Duration::from_secs(72 * 3600)));
            let last = link.expires_at.minus(Duration::from_micros(1));
            let redeemed = link.redeem(last).unwrap();
            assert_eq!(redeemed.used_at, Some(last));
            assert_eq!(redeemed.redeem(last), Err(RedeemError::Used));
            assert_eq!(link.redeem(link.expires_at), Err(RedeemError::Expired));
        }
    }
}
