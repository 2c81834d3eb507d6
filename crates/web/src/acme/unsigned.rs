//! Requests that nobody has signed: the directory, fresh nonces, and what leads nowhere. So many are answered to one
//! address.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use flow::caller::Client;
use flow::operations::rates::count_unsigned;

use super::door::Door;
use super::problem::Refusal;

/// Taken by every handler that needs no signature.
pub(crate) struct Unsigned;

impl FromRequestParts<Door> for Unsigned {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, door: &Door) -> Result<Self, Refusal> {
        if let Some(client) = parts.extensions.get::<Client>() {
            count_unsigned(&door.app, client)?;
        }
        Ok(Self)
    }
}
