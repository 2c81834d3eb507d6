//! The API, as programs see it.

mod bounds;
mod refused;
mod tokens;

use base::ApiTokenId;
use flow::access::api_token::create_token::{CreatedToken, create_token};
use flow::{Caller, caller};
use store::ReadTx;
use tenancy::api_token::{ApiToken, ApiTokenName, ApiTokenRequest, Networks, Scopes, Validity};
use tenancy::tenant::TenantKind;
use testkit::{ApiClient, Reseller, TestServer};

use crate::portal::Shop;

const ME: &str = "/api/v1/me";

/// A reseller whose administrator has a password.
async fn reseller(server: &TestServer) -> Reseller {
    Shop::open(server, "alpha").await.reseller
}

/// What a token is to be that works for 30 days, with scopes and networks between spaces.
fn wanted(scopes: &str, networks: &str) -> ApiTokenRequest {
    ApiTokenRequest {
        name: ApiTokenName::parse("Monitoring").unwrap(),
        scopes: Scopes::parse(scopes).unwrap(),
        networks: Networks::parse(networks).unwrap(),
        validity: Validity::from_days(30).unwrap(),
    }
}

/// A token of a reseller's administrator.
async fn token_of(server: &TestServer, of: Reseller, request: ApiTokenRequest) -> CreatedToken {
    let caller = Caller::command_line().within(of.tenant);
    let owner = (of.user, TenantKind::Reseller);
    let created = create_token(&server.app, &caller, owner, request).await;
    created.unwrap()
}

/// The door of the portal, as a server opens it: pages and API at one address.
fn door(server: &TestServer) -> axum::Router {
    let portal = web::portal::router(server.app.clone(), "https://portal.test");
    web::api::router(server.app.clone()).fallback_service(portal)
}

/// A program without a token.
fn program(server: &TestServer) -> ApiClient {
    ApiClient::new(door(server))
}

/// A program with this token.
fn holder(server: &TestServer, created: &CreatedToken) -> ApiClient {
    program(server).with_token(&created.bearer.reveal())
}

/// The row of a token.
async fn stored(server: &TestServer, id: ApiTokenId) -> Option<ApiToken> {
    async fn load(tx: &mut ReadTx, id: &ApiTokenId) -> Result<Option<ApiToken>, store::Error> {
        store::access::api_token::by_id(tx, id).await
    }
    let store = server.app.store(caller::system("a test"));
    store.read(id, load).await.unwrap()
}

/// The entries of a tenant about tokens: what was done, and what is told of it.
async fn told_of_tokens(server: &TestServer, of: Reseller) -> Vec<(String, String)> {
    let store = server.app.store(caller::tenant(of.tenant));
    let entries = store.read(500, store::audit::newest).await.unwrap();
    let entries = entries.into_iter();
    let about = entries.filter(|entry| entry.action.starts_with("api_token."));
    about.map(|entry| (entry.action, entry.change)).collect()
}
