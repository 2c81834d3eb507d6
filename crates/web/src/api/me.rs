//! Who a program is, and what it may do: the first thing to ask with a new token.

use axum::Json;
use base::{ApiTokenId, TenantId, Timestamp, UserId};
use flow::access::api_token::authenticate::TokenHolder;
use serde::Serialize;
use tenancy::api_token::{Networks, Scopes};
use tenancy::role::Roles;
use tenancy::role::binding::Binding;
use tenancy::tenant::{TenantKind, TenantName};
use tenancy::user::{DisplayName, Email};

use super::gate::{AnyToken, Authorized};

/// The answer.
#[derive(Serialize)]
pub(super) struct Me {
    token: TokenJson,
    user: UserJson,
    tenant: TenantJson,
}

#[derive(Serialize)]
struct TokenJson {
    id: ApiTokenId,
    name: String,
    /// Those in effect: what the token holds and its owner may do now.
    scopes: Scopes,
    networks: Networks,
    expires_at: Timestamp,
}

#[derive(Serialize)]
struct UserJson {
    id: UserId,
    email: Email,
    display_name: DisplayName,
    roles: Roles,
    /// The organizations and departments that the roles are for; all of the tenant if there is none.
    bound_to: Binding,
}

#[derive(Serialize)]
struct TenantJson {
    id: TenantId,
    name: TenantName,
    kind: TenantKind,
}

/// `GET /api/v1/me`.
pub(super) async fn show(who: Authorized<AnyToken>) -> Json<Me> {
    let TokenHolder {
        token,
        scopes,
        user,
        roles,
        binding,
        tenant,
        ..
    } = who.holder;
    Json(Me {
        token: TokenJson {
            id: token.id,
            name: token.name.as_str().to_owned(),
            scopes,
            networks: token.networks,
            expires_at: token.expires_at.truncated_to_second(),
        },
        user: UserJson {
            id: user.id,
            email: user.email,
            display_name: user.display_name,
            roles,
            bound_to: binding,
        },
        tenant: TenantJson {
            id: tenant.id,
            name: tenant.name,
            kind: tenant.kind,
        },
    })
}
