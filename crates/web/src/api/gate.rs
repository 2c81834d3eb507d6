//! Who asks, and whether they may: the first argument of every handler (security S-11, S-29, S-33).

use std::convert::Infallible;
use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use flow::access::api_token::authenticate::{TokenHolder, authenticate};
use flow::caller::Client;
use flow::operations::rates::{count_api_call, count_unsigned, was_signed};
use flow::{App, Caller};

use super::problem::Refusal;
use super::route::{ApiGrant, MayCallApi};

/// Any token that works.
pub(super) struct AnyToken;

impl ApiGrant for AnyToken {
    const MAY_CALL: MayCallApi = MayCallApi::AnyToken;
}

/// A program whose token may call the route.
pub(super) struct Authorized<P> {
    pub(super) holder: TokenHolder,
    grant: PhantomData<P>,
}

impl<P: ApiGrant> FromRequestParts<App> for Authorized<P> {
    type Rejection = Refusal;

    /// A request counts against its network until its token has been believed, so that guessing has an end.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let client = client(parts);
        count_unsigned(app, &client)?;
        let text = bearer(&parts.headers).ok_or_else(Refusal::no_token)?;
        let holder = authenticate(app, &client, text).await?;
        was_signed(app, &client);
        let caller: Caller = holder.caller(client);
        count_api_call(app, &caller)?;
        match P::MAY_CALL {
            // As if it were not there.
            MayCallApi::Holder(permission)
                if permission.is_about_products() && !holder.meets_products =>
            {
                Err(Refusal::no_route())
            }
            MayCallApi::Holder(permission) if !holder.may(permission) => {
                Err(Refusal::lacks(permission))
            }
            MayCallApi::Holder(_) | MayCallApi::AnyToken => Ok(Self {
                holder,
                grant: PhantomData,
            }),
        }
    }
}

/// From where a request comes.
pub(super) struct Sender(pub(super) Client);

impl<S: Sync> FromRequestParts<S> for Sender {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self(client(parts)))
    }
}

fn client(parts: &Parts) -> Client {
    parts.extensions.get().cloned().unwrap_or_default()
}

/// The token of the one `Authorization` header (RFC 6750 §2.1). None is read from an address or a body, where it would be
/// written down.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (only, None) = (values.next()?, values.next()) else {
        return None;
    };
    let (scheme, token) = only.to_str().ok()?.split_once(' ')?;
    scheme
        .eq_ignore_ascii_case("bearer")
        .then(|| token.trim_start_matches(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&str], expected: Option<&str>) {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(header::AUTHORIZATION, value.parse().unwrap());
        }
        assert_eq!(bearer(&headers), expected, "{values:?}");
    }

    #[test]
    fn a_token_is_read_from_one_header_of_its_scheme() {
        check(&["Bearer chy_x"], Some("chy_x"));
        check(&["bearer  chy_x"], Some("chy_x"));
        check(&[], None);
        check(&["Basic chy_x"], None);
        check(&["chy_x"], None);
        check(&["Bearer"], None);
        check(&["Bearer chy_x", "Bearer chy_y"], None);
    }
}
