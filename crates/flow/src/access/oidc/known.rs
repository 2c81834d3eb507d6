//! A provider, as it describes itself, with its keys.

use std::sync::Arc;

use base::{Class, Refusal, Refuse};
use outbound::identity::ProviderSilence;
use tenancy::oidc::{Issuer, KeySetError, MetadataError, ProviderMetadata, SigningKeys};

use crate::App;
use crate::memory::providers::KnownProvider;

/// Why a provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KnowProviderError {
    /// Its keys cannot be read.
    #[error(transparent)]
    Keys(#[from] KeySetError),
    /// It is not what was set.
    #[error(transparent)]
    Metadata(#[from] MetadataError),
    /// None of its keys can be used.
    #[error("the provider shows no key that can be used: RSA, P-256 or Ed25519")]
    NoKeys,
    /// It cannot be reached.
    #[error("the provider cannot be asked: {0}")]
    Silent(#[from] ProviderSilence),
}

impl Refuse for KnowProviderError {
    fn refusal(&self) -> Refusal {
        Class::Invalid
            .because("provider_unusable", self)
            .at("issuer")
    }
}

/// The provider as it was in the last minutes, or as it is now.
pub(super) async fn known(
    app: &App,
    issuer: &Issuer,
) -> Result<Arc<KnownProvider>, KnowProviderError> {
    match app.memory.providers.get(issuer, app.now()) {
        Some(known) => Ok(known),
        None => ask(app, issuer).await,
    }
}

/// The provider as it is now.
pub(super) async fn ask(
    app: &App,
    issuer: &Issuer,
) -> Result<Arc<KnownProvider>, KnowProviderError> {
    let providers = &app.outside.providers;
    let description = providers.document(&issuer.discovery_url()).await?;
    let metadata = ProviderMetadata::parse(&description, issuer)?;
    let keys = SigningKeys::parse(&providers.document(&metadata.jwks_uri).await?)?;
    if keys.is_empty() {
        return Err(KnowProviderError::NoKeys);
    }
    let known = Arc::new(KnownProvider {
        metadata,
        keys,
        asked_at: app.now(),
    });
    app.memory.providers.keep(issuer.clone(), known.clone());
    Ok(known)
}
