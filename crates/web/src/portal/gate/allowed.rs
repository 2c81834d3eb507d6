//! An object of the person's own tenant: the argument of every handler whose path names one. It is loaded within the
//! scope of who asks, so that a handler cannot forget to; another tenant's is not found (security S-29).

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use flow::Caller;

use super::permitted::Permitted;
use crate::portal::page::refused::Refusal;
use crate::portal::route::Grant;
use crate::portal::state::Portal;

/// What a path can name.
pub(crate) trait Object: Sized + Send {
    /// The object that the `{id}` of a path names, if the caller's tenant has it.
    fn load(
        portal: &Portal,
        caller: &Caller,
        id: &str,
    ) -> impl Future<Output = Result<Option<Self>, Refusal>> + Send;
}

/// A signed-in person who may use the route, and the object that its path names.
pub(crate) struct Allowed<P, O> {
    pub(crate) who: Permitted<P>,
    pub(crate) object: O,
}

impl<P: Grant, O: Object> FromRequestParts<Portal> for Allowed<P, O> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, portal: &Portal) -> Result<Self, Refusal> {
        let who = Permitted::from_request_parts(parts, portal).await?;
        let named = RawPathParams::from_request_parts(parts, portal).await;
        let named = named.map_err(|_| Refusal::NotFound)?;
        let id = named.iter().find(|(name, _)| *name == "id");
        let (_, id) = id.ok_or(Refusal::NotFound)?;
        let object = O::load(portal, &who.caller, id).await?;
        let object = object.ok_or(Refusal::NotFound)?;
        Ok(Self { who, object })
    }
}
