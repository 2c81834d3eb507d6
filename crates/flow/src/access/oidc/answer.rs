//! What a browser brings back from a provider: the question is used up, then the code is redeemed, once, and the token has to
//! say all that it should. A code is never redeemed again by itself: whoever got no answer begins again.

use std::sync::Arc;

use base::{Class, Refusal, Refuse, Timestamp};
use outbound::identity::{Redeemed, Redemption};
use serde::Deserialize;
use store::access::identity_provider::{self, IdentityProvider};
use store::access::identity_request::{self, IdentityRequest};
use store::{ReadTx, WriteTx};
use tenancy::oidc::{
    ClientSecret, CodeExchange, ExpectedToken, IdTokenError, Identity, check_id_token,
};
use tenancy::token::{Token, TokenDigest};

use super::ask::log_unusable;
use super::known::{ask, known};
use super::show::redirect_uri;
use crate::App;
use crate::caller::{system, tenant};
use crate::memory::providers::KnownProvider;

/// What stands in the address to which a browser comes back, and what the browser kept.
#[derive(Clone, Debug, Default)]
pub struct ProviderAnswer {
    /// Whose address it is.
    pub short_name: String,
    /// The state.
    pub state: String,
    /// The code; empty when there is none.
    pub code: String,
    /// Why there is none.
    pub error: String,
    /// Who answers, if it says so (RFC 9207).
    pub issuer: String,
    /// What the browser holds.
    pub browser: Option<Token>,
    /// Where the browser reaches the portal, without a final slash.
    pub origin: String,
}

/// Why nobody is believed to be anybody.
#[derive(Debug, thiserror::Error)]
pub enum ProviderAnswerError {
    /// The provider or the person did not want to.
    #[error("your organisation's provider did not sign you in; try again, or sign in another way")]
    Declined,
    /// Nobody was asked, or in another browser, or too long ago; or the answer came before.
    #[error("that took too long, or was begun in another browser; begin again")]
    Gone,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// What came back cannot be believed.
    #[error(
        "what your organisation's provider says cannot be believed ({0}); tell whoever manages your organisation"
    )]
    Unbelievable(String),
    /// No answer, or a no.
    #[error("your organisation's provider did not answer as it should; begin again")]
    Unanswered,
}

impl Refuse for ProviderAnswerError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Declined => Class::Unauthenticated.because("provider_declined", self),
            Self::Gone => Class::Unauthenticated.because("provider_answer_gone", self),
            Self::Store(error) => error.refusal(),
            Self::Unbelievable(_) => {
                Class::Unauthenticated.because("provider_answer_not_believed", self)
            }
            Self::Unanswered => Class::Unauthenticated.because("provider_unanswered", self),
        }
    }
}

/// Somebody whom the provider knows.
#[derive(Debug)]
pub(in crate::access) struct Answered {
    /// What was asked; it is used up.
    pub(in crate::access) request: IdentityRequest,
    /// Who it is.
    pub(in crate::access) identity: Identity,
}

#[derive(Deserialize)]
struct TokenAnswer {
    id_token: String,
}

/// Why an answer is not taken, and whether it was to link somebody.
pub(in crate::access) struct NotTaken {
    pub(in crate::access) error: ProviderAnswerError,
    pub(in crate::access) links: bool,
}

impl From<ProviderAnswerError> for NotTaken {
    fn from(error: ProviderAnswerError) -> Self {
        Self {
            error,
            links: false,
        }
    }
}

/// Uses the question up and has the answer checked.
pub(in crate::access) async fn take_answer(
    app: &App,
    answer: &ProviderAnswer,
) -> Result<Answered, NotTaken> {
    let (request, provider) = take_request(app, answer).await?;
    match identify(app, answer, &request, &provider).await {
        Ok(identity) => Ok(Answered { request, identity }),
        Err(error) => {
            let reason = tracing::field::display(&error);
            tracing::info!(tenant.id = %request.tenant, reason, "an identity provider's answer was refused");
            let links = request.user.is_some();
            Err(NotTaken { error, links })
        }
    }
}

/// The question that is answered: asked from this browser, of this provider, lately, and not answered before. Whoever
/// cannot show the cookie does not use it up.
async fn take_request(
    app: &App,
    answer: &ProviderAnswer,
) -> Result<(IdentityRequest, IdentityProvider), ProviderAnswerError> {
    let state = Token::parse(&answer.state).ok_or(ProviderAnswerError::Gone)?;
    let store = app.store(system("a state tells who was asked"));
    let request = store.read(state.digest(), load_request).await?;
    let browser = answer.browser.as_ref().map(Token::digest);
    let request = request.filter(|request| browser == Some(request.browser));
    let request = request.ok_or(ProviderAnswerError::Gone)?;
    let store = app.store(tenant(request.tenant));
    if !store.write(request.digest, use_up).await? {
        return Err(ProviderAnswerError::Gone);
    }
    let provider = store.read((), load_provider).await?;
    // Another provider was set meanwhile, or the answer is another's.
    let provider = provider.filter(|provider| {
        provider.short_name.as_str() == answer.short_name && provider.issuer == request.issuer
    });
    match provider {
        Some(provider) if app.now() < request.expires_at => Ok((request, provider)),
        _ => Err(ProviderAnswerError::Gone),
    }
}

async fn load_request(
    tx: &mut ReadTx,
    digest: &TokenDigest,
) -> Result<Option<IdentityRequest>, store::Error> {
    identity_request::by_digest(tx, digest).await
}

async fn use_up(tx: &mut WriteTx, digest: &TokenDigest) -> Result<bool, store::Error> {
    identity_request::delete(tx, digest).await
}

async fn load_provider(tx: &mut ReadTx, (): &()) -> Result<Option<IdentityProvider>, store::Error> {
    identity_provider::own(tx, &()).await
}

async fn identify(
    app: &App,
    answer: &ProviderAnswer,
    request: &IdentityRequest,
    provider: &IdentityProvider,
) -> Result<Identity, ProviderAnswerError> {
    let known = known(app, &provider.issuer).await.map_err(|error| {
        log_unusable(provider.tenant, &error);
        ProviderAnswerError::Unanswered
    })?;
    let says_who = !answer.issuer.is_empty();
    if says_who && answer.issuer != provider.issuer.as_str()
        || !says_who && known.metadata.names_itself
    {
        let why = IdTokenError::Issuer.to_string();
        return Err(ProviderAnswerError::Unbelievable(why));
    }
    if answer.code.is_empty() || !answer.error.is_empty() {
        return Err(ProviderAnswerError::Declined);
    }
    let token = redeem(app, answer, request, provider, &known).await?;
    let now = app.now();
    let expected = |now: Timestamp| ExpectedToken {
        issuer: &provider.issuer,
        client: &provider.client,
        nonce: &request.nonce,
        asked_at: request.created_at,
        now,
    };
    let mut checked = check_id_token(&token, &known.keys, expected(now));
    if checked == Err(IdTokenError::UnknownKey) && known.may_have_more(now) {
        // Its keys may have changed since they were read.
        if let Ok(newer) = ask(app, &provider.issuer).await {
            checked = check_id_token(&token, &newer.keys, expected(now));
        }
    }
    checked.map_err(|error| ProviderAnswerError::Unbelievable(error.to_string()))
}

async fn redeem(
    app: &App,
    answer: &ProviderAnswer,
    request: &IdentityRequest,
    provider: &IdentityProvider,
    known: &Arc<KnownProvider>,
) -> Result<String, ProviderAnswerError> {
    let secret = provider.open_secret(&app.outside.sealer).ok();
    let secret = secret.and_then(|secret| ClientSecret::parse(&secret).ok());
    let Some(secret) = secret else {
        tracing::error!(tenant.id = %provider.tenant, "the client secret of an identity provider cannot be opened");
        return Err(ProviderAnswerError::Unanswered);
    };
    let exchange = CodeExchange {
        code: &answer.code,
        client: &provider.client,
        secret: &secret,
        redirect_uri: &redirect_uri(&answer.origin, &provider.short_name),
        verifier: &request.verifier,
    };
    let (form, authorization) = exchange.form(known.metadata.authentication);
    let redemption = Redemption {
        url: known.metadata.token_endpoint.clone(),
        form,
        authorization,
    };
    let why = match app.outside.providers.redeem(&redemption).await {
        Redeemed::Taken(document) => match serde_json::from_slice(&document) {
            Ok(TokenAnswer { id_token }) => return Ok(id_token),
            Err(_) => "it gave no ID token".to_owned(),
        },
        Redeemed::Lost(why) | Redeemed::NotSent(why) | Redeemed::Refused(why) => why,
    };
    tracing::warn!(tenant.id = %provider.tenant, reason = %why, "an identity provider redeemed no code");
    Err(ProviderAnswerError::Unanswered)
}
