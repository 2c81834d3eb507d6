//! Who is behind a request to the API, as of now: nothing is remembered between two, so that whatever ends a token or
//! takes a role away counts at the next request, on every node.

use base::{Class, Refusal, Refuse, Timestamp};
use store::WriteTx;
use store::access::api_token;
use store::audit::{self, Entry};
use store::tenancy::bearer::{self, FoundToken};
use tenancy::api_token::{ApiToken, ApiTokenRefused, BearerToken, NotedUse, OwnerStanding, Scopes};
use tenancy::role::binding::Binding;
use tenancy::role::{Permission, Roles};
use tenancy::tenant::Tenant;
use tenancy::user::User;

use crate::audit::{Event, Text};
use crate::caller::{Client, system};
use crate::{App, Caller};

/// A program that has brought a token that works.
#[derive(Clone, Debug)]
pub struct TokenHolder {
    /// The token.
    pub token: ApiToken,
    /// What it may do now: its scopes, as far as its owner may do so.
    pub scopes: Scopes,
    /// Its owner.
    pub user: User,
    /// What the owner may do.
    pub roles: Roles,
    /// Of which of the tenant's organizations that is.
    pub binding: Binding,
    /// The tenant for which they act.
    pub tenant: Tenant,
    /// Whether the tenant may buy something, or has: if not, there is nothing of it to see.
    pub meets_products: bool,
}

impl TokenHolder {
    /// The program as the caller of use cases.
    pub fn caller(&self, client: Client) -> Caller {
        let caller = Caller::api_token(client, self.token.id, self.token.tenant);
        caller.bound_as(self.user.id, &self.binding)
    }

    /// Whether the token holds a permission in the tenant.
    pub fn may(&self, permission: Permission) -> bool {
        self.scopes.has(permission)
    }
}

/// Why a request is nobody's.
#[derive(Debug, thiserror::Error)]
pub enum AuthenticateError {
    /// The token does not work.
    #[error(transparent)]
    Refused(#[from] ApiTokenRefused),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Nobody has it.
    #[error(
        "there is no such token; send one as it was shown when it was made, from \"chy_\" to its end"
    )]
    Unknown,
}

impl Refuse for AuthenticateError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Refused(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Unknown => Class::Unauthenticated.because("api_token_unknown", self),
        }
    }
}

/// Who holds the token that a client has sent.
pub async fn authenticate(
    app: &App,
    client: &Client,
    text: &str,
) -> Result<TokenHolder, AuthenticateError> {
    let bearer = BearerToken::parse(text).ok_or(AuthenticateError::Unknown)?;
    let store = app.store(system("a token tells whose it is"));
    let found = store.read(bearer.digest(), bearer::by_digest).await?;
    let FoundToken {
        token,
        user,
        tenant,
        suspended_at,
        roles,
        binding,
        has_second_factor,
        meets_products,
    } = found.ok_or(AuthenticateError::Unknown)?;
    let now = app.now();
    let of_operator = app.settings().operator_needs_second_factor;
    let owner = OwnerStanding {
        status: user.status,
        suspended_at,
        lacks_second_factor: !has_second_factor && tenant.demands_second_factor(of_operator),
    };
    let checked = token.check(owner, client.address, now);
    if let Err(refused) = checked {
        log_refused(client, &token, refused);
        return Err(refused.into());
    }
    let mut holder = TokenHolder {
        scopes: token.effective(&roles, tenant.kind),
        token,
        user,
        roles,
        binding,
        tenant,
        meets_products,
    };
    note(app, client, &mut holder, now).await;
    Ok(holder)
}

fn log_refused(client: &Client, token: &ApiToken, refused: ApiTokenRefused) {
    tracing::info!(
        token.id = %token.id,
        user.id = %token.user,
        tenant.id = %token.tenant,
        reason = refused.refusal().code,
        client.address = client.address_text(),
        request.id = client.request_id.map(tracing::field::display),
        "token refused"
    );
}

/// A full or busy database must not close the API to those who only read.
async fn note(app: &App, client: &Client, holder: &mut TokenHolder, now: Timestamp) {
    let Some(noted) = holder.token.note(client.address, now) else {
        return;
    };
    let caller = holder.caller(client.clone());
    let entry = noted.new_network.map(|network| {
        let event = Event::TokenUsedFromNetwork {
            token: holder.token.id,
            user: holder.user.id,
            network: Text::new(network.to_string()),
        };
        app.entry(&caller, holder.tenant.id, &event, now)
    });
    let noting = Noting {
        found: holder.token.clone(),
        noted: noted.clone(),
        entry,
    };
    match app.store(&caller).write(noting, save).await {
        Ok(()) => holder.token = noted.token,
        Err(error) => {
            tracing::warn!(error = %error, "could not note that an API token was used");
        }
    }
}

struct Noting {
    found: ApiToken,
    noted: NotedUse,
    entry: Option<Entry>,
}

/// Of two uses at once one is noted; the other comes from the same place, or is noted next.
async fn save(tx: &mut WriteTx, noting: &Noting) -> Result<(), store::Error> {
    let use_of_it = (noting.found.clone(), noting.noted.clone());
    if api_token::note_use(tx, &use_of_it).await? {
        audit::append_any(tx, noting.entry.as_ref()).await?;
    }
    Ok(())
}
