//! Makes a token for a person, who may give it no more than they hold themselves. The door has made sure that they
//! proved lately who they are (security S-23).

use base::{Class, Refusal, Refuse, Timestamp, UserId};
use store::access::api_token::{self, LiveTokens};
use store::access::user::{self, Person};
use store::audit::{self, Entry};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::api_token::{
    ApiToken, ApiTokenRequest, BearerToken, ScopesError, TooManyTokens, may_have_another,
};
use tenancy::tenant::TenantKind;
use tenancy::user::Status;

use crate::audit::{Document, Event, Text};
use crate::{App, Caller};

/// Why no token was made.
#[derive(Debug, thiserror::Error)]
pub enum CreateTokenError {
    /// Whoever cannot sign in has no tokens either.
    #[error("only somebody who can sign in can have a token")]
    Owner,
    /// It would hold what its owner does not.
    #[error(transparent)]
    Scopes(#[from] ScopesError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There are as many as there may be.
    #[error(transparent)]
    TooMany(#[from] TooManyTokens),
}

impl Refuse for CreateTokenError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Owner => Class::Conflict.because("api_token_owner_inactive", self),
            Self::Scopes(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::TooMany(error) => error.refusal(),
        }
    }
}

/// A token that was made just now.
#[derive(Clone, Debug)]
pub struct CreatedToken {
    /// The token.
    pub token: ApiToken,
    /// What its holder brings; nobody can be shown it again.
    pub bearer: BearerToken,
}

/// Makes a token for a user of the caller's tenant, which has this level.
pub async fn create_token(
    app: &App,
    caller: &Caller,
    (owner, level): (UserId, TenantKind),
    request: ApiTokenRequest,
) -> Result<CreatedToken, CreateTokenError> {
    let (now, of) = (app.now(), caller.tenant()?);
    let (token, bearer) = ApiToken::generate((owner, of), request, caller.actor, now, app.random());
    let event = Event::TokenCreated {
        token: token.id,
        user: owner,
        name: Text::new(token.name.as_str()),
        scopes: Document::new(&token.scopes),
        networks: Document::new(&token.networks),
        expires_at: token.expires_at,
    };
    let creating = Creating {
        entry: app.entry(caller, of, &event, now),
        token: token.clone(),
        level,
        now,
    };
    let store = app.store(caller);
    store.decide(creating, load, decide, save).await?;
    Ok(CreatedToken { token, bearer })
}

#[derive(Clone)]
struct Creating {
    token: ApiToken,
    level: TenantKind,
    entry: Entry,
    now: Timestamp,
}

struct Facts {
    owner: Option<Person>,
    live: LiveTokens,
}

async fn load(tx: &mut ReadTx, creating: &Creating) -> Result<Facts, store::Error> {
    let owner = creating.token.user;
    Ok(Facts {
        owner: user::person_by_id(tx, &owner).await?,
        live: api_token::count_live(tx, &(owner, creating.now)).await?,
    })
}

fn decide(creating: &Creating, facts: Facts) -> Result<Creating, CreateTokenError> {
    let owner = facts
        .owner
        .filter(|owner| owner.user.status == Status::Active)
        .ok_or(CreateTokenError::Owner)?;
    creating.token.scopes.check(&owner.roles, creating.level)?;
    may_have_another(facts.live.of_user, facts.live.of_tenant)?;
    Ok(creating.clone())
}

async fn save(tx: &mut WriteTx, creating: &Creating) -> Result<(), store::Error> {
    // Of two who make the last that there may be one comes second, and is asked again.
    tenant::lock(tx, &creating.token.tenant).await?;
    api_token::insert(tx, &creating.token).await?;
    audit::append(tx, &creating.entry).await
}
