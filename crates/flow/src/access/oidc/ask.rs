//! Sends a browser to the provider. What it brings back is good for ten minutes, once, and in this browser only.

use std::time::Duration;

use base::{Class, Refusal, Refuse, TenantId, UserId};
use store::access::identity::{self, LinkedIdentity};
use store::access::identity_provider::{self, IdentityProvider};
use store::access::identity_request::{self, IdentityRequest};
use store::{ReadTx, WriteTx};
use tenancy::oidc::{AuthorizationRequest, PkceVerifier, ProviderShortName, REQUEST_SECONDS};
use tenancy::token::Token;

use super::known::{KnowProviderError, known};
use super::show::redirect_uri;
use crate::access::SignedIn;
use crate::caller::{system, tenant};
use crate::{App, Caller};

/// The longest place to go afterwards that is kept.
const LONGEST_NEXT: usize = 1000;

/// Why nobody is sent anywhere.
#[derive(Debug, thiserror::Error)]
pub enum AskProviderError {
    /// What the provider calls them is known already.
    #[error("you are linked to your organisation's provider already; unlink first")]
    Linked,
    /// No organisation is named so, or it has no provider.
    #[error(
        "nobody signs in here by that name; ask whoever manages your organisation for its short name"
    )]
    NotHere,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// The provider cannot be used at present.
    #[error("your organisation's provider cannot be used at present; try again in a moment")]
    Unusable(#[source] KnowProviderError),
}

impl Refuse for AskProviderError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Linked => Class::Conflict.because("identity_linked", self),
            Self::NotHere => Class::NotFound.because("provider_not_here", self),
            Self::Store(error) => error.refusal(),
            Self::Unusable(_) => Class::Unavailable.because("provider_unavailable", self),
        }
    }
}

/// Sends a visitor; where to, for the browser that holds a token.
pub async fn ask_to_sign_in(
    app: &App,
    caller: &Caller,
    (name, next): (&str, &str),
    browser: &Token,
) -> Result<String, AskProviderError> {
    let name = ProviderShortName::parse(name).map_err(|_| AskProviderError::NotHere)?;
    let store = app.store(system("a visitor names their organisation"));
    let found = store.read(name, load_named).await?;
    let provider = found.ok_or(AskProviderError::NotHere)?;
    let next: String = next.chars().take(LONGEST_NEXT).collect();
    send(app, caller, &provider, (None, browser), next).await
}

/// Sends somebody who is signed in, to link what the provider calls them. The door has made sure that they proved lately who
/// they are.
pub async fn ask_to_link(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
    browser: &Token,
) -> Result<String, AskProviderError> {
    let store = app.store(caller);
    let (provider, linked) = store.read(signed_in.user.id, load_own).await?;
    let provider = provider.ok_or(AskProviderError::NotHere)?;
    if linked.is_some_and(|linked| linked.identity.issuer() == provider.issuer.as_str()) {
        return Err(AskProviderError::Linked);
    }
    let who = (Some(signed_in.user.id), browser);
    send(app, caller, &provider, who, String::new()).await
}

async fn load_named(
    tx: &mut ReadTx,
    name: &ProviderShortName,
) -> Result<Option<IdentityProvider>, store::Error> {
    identity_provider::by_short_name(tx, name).await
}

async fn load_own(
    tx: &mut ReadTx,
    user: &UserId,
) -> Result<(Option<IdentityProvider>, Option<LinkedIdentity>), store::Error> {
    let provider = identity_provider::own(tx, &()).await?;
    Ok((provider, identity::of_user(tx, user).await?))
}

async fn send(
    app: &App,
    caller: &Caller,
    provider: &IdentityProvider,
    (user, browser): (Option<UserId>, &Token),
    next: String,
) -> Result<String, AskProviderError> {
    let known = known(app, &provider.issuer).await;
    let known = known.map_err(|error| {
        log_unusable(provider.tenant, &error);
        AskProviderError::Unusable(error)
    })?;
    let (state, nonce) = (Token::generate(app.random()), Token::generate(app.random()));
    let (verifier, now) = (PkceVerifier::generate(app.random()), app.now());
    let request = IdentityRequest {
        digest: state.digest(),
        tenant: provider.tenant,
        user,
        browser: browser.digest(),
        issuer: provider.issuer.clone(),
        nonce: nonce.digest(),
        verifier: verifier.clone(),
        next,
        created_at: now,
        expires_at: now.plus(Duration::from_secs(REQUEST_SECONDS)),
    };
    let store = app.store(tenant(provider.tenant));
    store.write(request, save).await?;
    let asked = AuthorizationRequest {
        client: &provider.client,
        redirect_uri: &redirect_uri(
            app.settings().origin_of(&caller.client),
            &provider.short_name,
        ),
        state: &state,
        nonce: &nonce,
        verifier: &verifier,
        // Whoever links says who they are, and not who sat there last.
        asks_again: user.is_some(),
    };
    Ok(asked.url(&known.metadata))
}

async fn save(tx: &mut WriteTx, request: &IdentityRequest) -> Result<(), store::Error> {
    identity_request::insert(tx, request).await
}

/// Why nobody can sign in by it is for the log: strangers are not told.
pub(super) fn log_unusable(of: TenantId, error: &KnowProviderError) {
    tracing::warn!(tenant.id = %of, error = %error, "an identity provider cannot be used");
}
