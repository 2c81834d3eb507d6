//! Tokens by which programs act for the person who made them, with less than that person may do (security S-11, S-33,
//! S-44, S-63; bearer tokens of RFC 6750).
//!
//! What a token may do is asked at each request of its owner's roles as they are then. Its text is shown once; what is
//! stored is its digest.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use base::{
    Actor, AddressBlock, ApiTokenId, Class, Random, Refusal, Refuse, TenantId, Timestamp, UserId,
};

use crate::line;
use crate::role::Roles;
use crate::tenant::{OrganizationSuspended, TenantKind, may_sign_in};
use crate::token::{Token, TokenDigest};
use crate::user::Status;

mod networks;
mod scopes;

pub use crate::line::NameError;
pub use networks::{MAX_NETWORKS, Networks, NetworksError};
pub use scopes::{Scopes, ScopesError};

/// How many tokens that work one person may have.
pub const MAX_OF_USER: u64 = 20;
/// How many tokens that work the people of one tenant may have.
pub const MAX_OF_TENANT: u64 = 200;

/// What a program brings: 256 random bits behind a beginning by which scanners know it. Never printed by accident, never
/// stored.
#[derive(Clone)]
pub struct BearerToken(Token);

impl BearerToken {
    /// How each begins.
    pub const PREFIX: &'static str = "chy_";

    /// A fresh token.
    pub fn generate(random: &dyn Random) -> Self {
        Self(Token::generate(random))
    }

    /// Reads what [`reveal`](Self::reveal) wrote; `None` when it cannot be a token.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = text.strip_prefix(Self::PREFIX)?;
        Token::parse(digits).map(Self)
    }

    /// The text for the holder.
    pub fn reveal(&self) -> String {
        format!("{}{}", Self::PREFIX, self.0.reveal())
    }

    /// What is stored in its place.
    pub fn digest(&self) -> TokenDigest {
        self.0.digest()
    }
}

impl fmt::Debug for BearerToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(hidden)")
    }
}

/// What a person calls a token: 1 to 100 characters on one line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiTokenName(String);

impl ApiTokenName {
    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, NameError> {
        line::parse(text).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// For how many days a token works: 1 to 366.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Validity(u16);

/// Why a number of days cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "choose for how many days the token works: 1 to {}",
    Validity::MAX_DAYS
)]
pub struct ValidityError;

impl Validity {
    /// What people choose from, in days.
    pub const CHOICES: [u16; 3] = [30, 90, 365];
    /// The most days.
    pub const MAX_DAYS: u16 = 366;

    /// So many days.
    pub fn from_days(days: u16) -> Result<Self, ValidityError> {
        if (1..=Self::MAX_DAYS).contains(&days) {
            Ok(Self(days))
        } else {
            Err(ValidityError)
        }
    }

    /// Reads what a person chose or typed.
    pub fn parse(text: &str) -> Result<Self, ValidityError> {
        let days = text.trim().parse().map_err(|_| ValidityError)?;
        Self::from_days(days)
    }

    /// The days.
    pub const fn days(self) -> u16 {
        self.0
    }

    fn span(self) -> Duration {
        Duration::from_secs(u64::from(self.0) * 24 * 3600)
    }
}

/// A token of a person.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiToken {
    /// Its identifier.
    pub id: ApiTokenId,
    /// The tenant for which its owner acts.
    pub tenant: TenantId,
    /// Its owner.
    pub user: UserId,
    /// What its owner calls it.
    pub name: ApiTokenName,
    /// What it is found by.
    pub digest: TokenDigest,
    /// What it may do as long as its owner may.
    pub scopes: Scopes,
    /// From where it works; anywhere if there is none.
    pub networks: Networks,
    /// From where it was used.
    pub seen_networks: Networks,
    /// When it was made.
    pub created_at: Timestamp,
    /// Who made it.
    pub created_by: Actor,
    /// The first moment at which it does not work.
    pub expires_at: Timestamp,
    /// When it was used, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// When somebody ended it.
    pub revoked_at: Option<Timestamp>,
}

/// What a new token is to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiTokenRequest {
    /// What its owner calls it.
    pub name: ApiTokenName,
    /// What it may do.
    pub scopes: Scopes,
    /// From where it works; anywhere if there is none.
    pub networks: Networks,
    /// For how long it works.
    pub validity: Validity,
}

/// As many tokens as there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TooManyTokens {
    /// Of the tenant's people together.
    #[error("an organisation has at most {MAX_OF_TENANT} tokens; revoke some that nobody uses")]
    OfTenant,
    /// Of one person.
    #[error("a person has at most {MAX_OF_USER} tokens; revoke one that is not used")]
    OfUser,
}

impl Refuse for TooManyTokens {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::OfTenant => "api_tokens_of_tenant_full",
            Self::OfUser => "api_tokens_full",
        };
        Class::Quota.because(code, self).at("name")
    }
}

/// Whether there may be one more beside those that work now.
pub fn may_have_another(of_user: u64, of_tenant: u64) -> Result<(), TooManyTokens> {
    if of_user >= MAX_OF_USER {
        return Err(TooManyTokens::OfUser);
    }
    if of_tenant >= MAX_OF_TENANT {
        return Err(TooManyTokens::OfTenant);
    }
    Ok(())
}

/// Why a token does not work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ApiTokenRefused {
    /// Its time is over.
    #[error("the token has expired; make a new one in the portal, under Settings, API tokens")]
    Expired,
    /// It was sent from elsewhere than it may be.
    #[error(
        "the token does not work from this address; its owner chose from which networks it does"
    )]
    Network,
    /// Its owner may not sign in.
    #[error("the owner of the token cannot sign in any more; somebody else has to make a new one")]
    Owner,
    /// Its owner must have a second factor and has none.
    #[error(
        "the owner of the token has to set up a second factor first, in the portal under Settings"
    )]
    SecondFactor,
    /// Somebody ended it.
    #[error("the token was revoked; make a new one in the portal, under Settings, API tokens")]
    Revoked,
    /// The owner's tenant, or one above it, is suspended.
    #[error("the organisation of the token is suspended; ask whoever you buy from")]
    Suspended,
}

impl Refuse for ApiTokenRefused {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Expired => Class::Unauthenticated.because("api_token_expired", self),
            Self::Network => Class::Forbidden.because("api_token_network", self),
            Self::Owner => Class::Unauthenticated.because("api_token_owner", self),
            Self::SecondFactor => Class::Forbidden.because("api_token_second_factor", self),
            Self::Revoked => Class::Unauthenticated.because("api_token_revoked", self),
            Self::Suspended => Class::Forbidden.because("api_token_suspended", self),
        }
    }
}

/// How the owner of a token stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OwnerStanding {
    /// Whether they may sign in at all.
    pub status: Status,
    /// Since when their tenant or one above it is suspended.
    pub suspended_at: Option<Timestamp>,
    /// Whether they must have a second factor and have none (S-18).
    pub lacks_second_factor: bool,
}

/// What is to be noted of a use.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NotedUse {
    /// The token as it is afterwards.
    pub token: ApiToken,
    /// The network from which it was not used before.
    pub new_network: Option<AddressBlock>,
}

/// How long after a use that was noted the next one is, unless it comes from a new network.
const NOTED_EVERY: Duration = Duration::from_secs(3600);

impl ApiToken {
    /// A fresh token of a user of a tenant, and what its holder brings. The scopes were checked.
    pub fn generate(
        (user, tenant): (UserId, TenantId),
        request: ApiTokenRequest,
        created_by: Actor,
        now: Timestamp,
        random: &dyn Random,
    ) -> (Self, BearerToken) {
        let bearer = BearerToken::generate(random);
        let token = Self {
            id: ApiTokenId::generate(now, random),
            tenant,
            user,
            name: request.name,
            digest: bearer.digest(),
            scopes: request.scopes,
            networks: request.networks,
            seen_networks: Networks::default(),
            created_at: now,
            created_by,
            expires_at: now.plus(request.validity.span()),
            last_used_at: None,
            revoked_at: None,
        };
        (token, bearer)
    }

    /// Whether it may be used, given how its owner stands. How the tenant and the owner's second factor stand is told only
    /// to who could use it otherwise.
    pub fn check(
        &self,
        owner: OwnerStanding,
        from: Option<IpAddr>,
        now: Timestamp,
    ) -> Result<(), ApiTokenRefused> {
        if self.revoked_at.is_some() {
            return Err(ApiTokenRefused::Revoked);
        }
        if now >= self.expires_at {
            return Err(ApiTokenRefused::Expired);
        }
        if owner.status != Status::Active {
            return Err(ApiTokenRefused::Owner);
        }
        if !self.networks.is_empty() && !from.is_some_and(|from| self.networks.contain(from)) {
            return Err(ApiTokenRefused::Network);
        }
        may_sign_in(owner.suspended_at)
            .map_err(|OrganizationSuspended| ApiTokenRefused::Suspended)?;
        if owner.lacks_second_factor {
            return Err(ApiTokenRefused::SecondFactor);
        }
        Ok(())
    }

    /// Whether it can be used as far as it alone tells.
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && now < self.expires_at
    }

    /// What it may do, given what its owner may do now: never more than both (S-33).
    pub fn effective(&self, roles: &Roles, level: TenantKind) -> Scopes {
        self.scopes.held_by(roles, level)
    }

    /// What is to be noted of a use that was allowed: the time once an hour, and each network from which it was not used
    /// before (S-63). Whoever comes from very many networks is noted once an hour too, so that a token makes few entries.
    pub fn note(&self, from: Option<IpAddr>, now: Timestamp) -> Option<NotedUse> {
        let is_due = self
            .last_used_at
            .is_none_or(|noted| now.since(noted) >= NOTED_EVERY);
        let network = from.map(AddressBlock::around);
        let network = network.filter(|network| !self.seen_networks.has(network));
        let new_network = network.filter(|_| is_due || !self.seen_networks.is_full());
        if !is_due && new_network.is_none() {
            return None;
        }
        let mut token = self.clone();
        token.last_used_at = Some(now);
        if let Some(network) = new_network {
            token.seen_networks.push(network);
        }
        Some(NotedUse { token, new_network })
    }
}

#[cfg(test)]
mod tests;
