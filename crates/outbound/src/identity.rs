//! Identity providers that tenants name: their documents are read, and codes are redeemed, each once.
//!
//! A customer chooses whom we ask, so that every call passes the address guard. What an answer is worth is not decided here.

pub mod https;

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

pub use https::HttpsProviders;

/// Asks identity providers.
pub trait IdentityProviders: Send + Sync {
    /// Reads a public document; asking again harms nobody.
    fn document<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, ProviderSilence>>;

    /// Redeems a code, once. Whoever calls this never does it again with the same code.
    fn redeem<'a>(&'a self, redemption: &'a Redemption) -> BoxFuture<'a, Redeemed>;
}

/// Why there is no document.
#[derive(Clone, Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0}")]
pub struct ProviderSilence(pub String);

/// A code on its way.
#[derive(Clone)]
pub struct Redemption {
    /// Where it is redeemed.
    pub url: String,
    /// The form, which may hold the secret.
    pub form: String,
    /// The header `Authorization`, which may hold the secret.
    pub authorization: Option<String>,
}

/// What is known after a code was redeemed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Redeemed {
    /// It left and no answer came: it may be used up.
    Lost(String),
    /// The provider was not reached, for certain.
    NotSent(String),
    /// The provider said no, with this word.
    Refused(String),
    /// What it answered.
    Taken(Vec<u8>),
}

/// There is a secret in it.
impl std::fmt::Debug for Redemption {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Redemption")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// For an installation that asks nobody.
#[derive(Debug)]
pub struct NoProviders;

impl IdentityProviders for NoProviders {
    fn document<'a>(&'a self, _url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, ProviderSilence>> {
        ready(Err(ProviderSilence(NOBODY.to_owned()))).boxed()
    }

    fn redeem<'a>(&'a self, _redemption: &'a Redemption) -> BoxFuture<'a, Redeemed> {
        ready(Redeemed::NotSent(NOBODY.to_owned())).boxed()
    }
}

const NOBODY: &str = "identity providers are not asked here";
