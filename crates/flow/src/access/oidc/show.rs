//! What a tenant has set, and what its provider calls somebody.

use base::UserId;
use store::ReadTx;
use store::access::identity::{self, LinkedIdentity};
use store::access::identity_provider::{self, IdentityProvider};
use tenancy::oidc::{ClientId, Issuer, ProviderShortName};

use crate::access::SignedIn;
use crate::{App, Caller};

/// A provider, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownProvider {
    /// By what people name their organisation.
    pub short_name: ProviderShortName,
    /// Who vouches.
    pub issuer: Issuer,
    /// What it calls this portal.
    pub client: ClientId,
    /// Whether whoever it knows signs in by it alone.
    pub is_required: bool,
    /// Where a sign-in begins.
    pub start_url: String,
    /// Where the provider is to send people back to.
    pub redirect_uri: String,
}

/// The provider of the caller's tenant.
pub async fn own_provider(
    app: &App,
    caller: &Caller,
) -> Result<Option<ShownProvider>, store::Error> {
    let found = app.store(caller).read((), identity_provider::own).await?;
    Ok(found.map(|provider| shown(app, caller, &provider)))
}

/// Whether any organisation has one, so that the door offers it.
pub async fn is_offered(app: &App) -> Result<bool, store::Error> {
    let whose = crate::caller::system("the door offers what somebody has");
    app.store(whose).read((), identity_provider::any).await
}

/// What the provider calls the signed-in person.
pub async fn own_identity(
    app: &App,
    caller: &Caller,
    signed_in: &SignedIn,
) -> Result<Option<LinkedIdentity>, store::Error> {
    let store = app.store(caller);
    store.read(signed_in.user.id, load).await
}

async fn load(tx: &mut ReadTx, user: &UserId) -> Result<Option<LinkedIdentity>, store::Error> {
    identity::of_user(tx, user).await
}

pub(super) fn shown(app: &App, caller: &Caller, provider: &IdentityProvider) -> ShownProvider {
    let origin = app.settings().origin_of(&caller.client);
    ShownProvider {
        start_url: format!("{origin}{}", provider.short_name.start_path()),
        redirect_uri: redirect_uri(origin, &provider.short_name),
        short_name: provider.short_name.clone(),
        issuer: provider.issuer.clone(),
        client: provider.client.clone(),
        is_required: provider.is_required,
    }
}

/// Where a provider is to send people back to: where they came from.
pub(super) fn redirect_uri(origin: &str, name: &ProviderShortName) -> String {
    format!("{origin}{}", name.callback_path())
}
