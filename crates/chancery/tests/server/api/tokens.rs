//! What a token lets its holder do, and for how long.

use std::time::Duration;

use axum::http::Method;
use base::Id as _;
use flow::Caller;
use flow::access::api_token::create_token::create_token;
use flow::access::api_token::revoke_token::revoke_token;
use flow::access::team::change_member::{Change, change_member};
use flow::access::team::invite_user::Giver;
use serde_json::{Value, json};
use store::testing::rows::{self, TABLES};
use tenancy::role::{Role, Roles};
use tenancy::tenant::TenantKind;
use testkit::{Answer, Reseller, TestServer};
use web::api::{MayCallApi, api_routes};

use super::{ME, holder, program, reseller, stored, token_of, told_of_tokens, wanted};
use crate::portal::Shop;
use crate::portal::people::{customer_of, member, operator, user_of};

testkit::on_both_engines![
    s44_a_program_is_told_who_it_is,
    f035_s33_a_secret_does_what_the_role_of_its_account_allows_now,
    s29_every_route_of_the_api_asks_for_its_permission,
    s44_revoking_counts_at_the_next_request,
    s22_removing_a_person_revokes_their_tokens,
    s63_the_first_use_from_a_network_is_in_the_audit_log,
    s75_tokens_go_a_day_after_their_end,
];

/// All that a token can hold.
const ALL: &str =
    "account.manage account.view activity.view cert.revoke cert.view domain.manage domain.view";

async fn s44_a_program_is_told_who_it_is(server: &TestServer) {
    let reseller = reseller(server).await;
    let created = token_of(server, reseller, wanted("cert.view domain.manage", "")).await;
    let answer = holder(server, &created).get(ME).await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(answer.header("x-request-id").starts_with("req_"));
    let mut names = answer.headers.keys();
    assert!(names.all(|name| !name.as_str().starts_with("access-control-")));
    let until = created.token.expires_at.truncated_to_second();
    let expected = json!({
        "token": {
            "id": created.token.id, "name": "Monitoring", "scopes": ["cert.view", "domain.manage"], "networks": [],
            "expires_at": until,
        },
        "user": {
            "id": reseller.user, "email": "alpha@shop.test", "display_name": "Admin", "roles": ["admin"],
            "bound_to": [],
        },
        "tenant": { "id": reseller.tenant, "name": "Shop alpha", "kind": "reseller" },
    });
    assert_eq!(answer.json(), expected);
    let head = holder(server, &created).call(Method::HEAD, ME).await;
    assert_eq!(head.expect(200).text(), "");
}

/// The scopes that are in effect.
fn scopes(answer: &Answer) -> Vec<String> {
    let json = answer.json();
    let scopes = json["token"]["scopes"].as_array().unwrap();
    let words = scopes.iter().filter_map(Value::as_str);
    words.map(str::to_owned).collect()
}

fn everything(level: TenantKind) -> Giver {
    Giver {
        level,
        roles: Roles::one(Role::highest(level)),
    }
}

async fn change(server: &TestServer, of: Reseller, change: Change) {
    let caller = Caller::command_line().within(of.tenant);
    let giver = everything(TenantKind::Reseller);
    let changed = change_member(&server.app, &caller, &giver, of.user, change).await;
    assert!(changed.unwrap());
}

/// Somebody of a shop with this role, besides its administrator.
async fn colleague(server: &TestServer, shop: &Shop, role: Role) -> Reseller {
    let tenant = shop.reseller.tenant;
    member(server, (TenantKind::Reseller, tenant), role).await;
    let id = user_of(server, &format!("{role}@reseller.test")).await;
    Reseller {
        tenant,
        user: base::UserId::from_suffix(&id).unwrap(),
    }
}

async fn f035_s33_a_secret_does_what_the_role_of_its_account_allows_now(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let manager = colleague(server, &shop, Role::Manager).await;
    let created = token_of(server, manager, wanted("cert.view domain.manage", "")).await;
    let program = holder(server, &created);
    let before = program.get(ME).await.expect(200);
    assert_eq!(scopes(&before), ["cert.view", "domain.manage"]);
    change(server, manager, Change::Roles(Roles::one(Role::Viewer))).await;
    let after = program.get(ME).await.expect(200);
    assert_eq!(scopes(&after), ["cert.view"]);
    assert_eq!(after.json()["user"]["roles"], json!(["viewer"]));
    // More than they hold can be given to no further token either.
    let caller = Caller::command_line().within(manager.tenant);
    let owner = (manager.user, TenantKind::Reseller);
    let refused = create_token(&server.app, &caller, owner, wanted("domain.manage", "")).await;
    let sentence = refused.unwrap_err().to_string();
    assert!(
        sentence.contains("do not permit domain.manage"),
        "{sentence}"
    );
    // What they get back, the token has again.
    change(server, manager, Change::Roles(Roles::one(Role::Admin))).await;
    let again = program.get(ME).await.expect(200);
    assert_eq!(scopes(&again), ["cert.view", "domain.manage"]);
}

/// Each role at each level, with a token that holds all that it can, calls every route.
async fn s29_every_route_of_the_api_asks_for_its_permission(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let other = Shop::open(server, "beta").await;
    let levels = [
        (TenantKind::Operator, operator(server).await),
        (TenantKind::Reseller, shop.reseller.tenant),
        (TenantKind::Customer, customer_of(server, &shop).await),
    ];
    let mut requests = 0;
    for (level, tenant) in levels {
        for role in Role::of_level(level) {
            member(server, (level, tenant), role).await;
            let user = user_of(server, &format!("{role}@{level}.test")).await;
            let user = base::UserId::from_suffix(&user).unwrap();
            let mut request = wanted(ALL, "");
            request.scopes = request.scopes.held_by(&Roles::one(role), level);
            let caller = Caller::command_line().within(tenant);
            let created = create_token(&server.app, &caller, (user, level), request).await;
            let program = holder(server, &created.unwrap());
            for route in api_routes() {
                let path = route.path.replace("{id}", &"0".repeat(26));
                let method = Method::from_bytes(route.method.as_bytes()).unwrap();
                let answer = program.call(method, &path).await;
                let may = match route.may_call {
                    MayCallApi::AnyToken => true,
                    MayCallApi::Holder(permission) => role.permits(level, permission),
                };
                let is_refused = answer.status.as_u16() == 403;
                assert_eq!(is_refused, !may, "{role} of a {level}: {path}");
                requests += 1;
            }
            // Nobody sees those above, below or beside them.
            let me = program.get(ME).await.expect(200);
            assert_eq!(me.json()["tenant"]["id"], json!(tenant));
            assert_eq!(me.json()["user"]["id"], json!(user));
            for foreign in [&shop.email, &other.email] {
                assert!(!me.text().contains(foreign.as_str()), "{foreign}");
            }
        }
    }
    assert_eq!(requests, 10 * api_routes().len());
}

async fn s44_revoking_counts_at_the_next_request(server: &TestServer) {
    let reseller = reseller(server).await;
    let created = token_of(server, reseller, wanted("cert.view", "")).await;
    let kept = token_of(server, reseller, wanted("cert.view", "")).await;
    let program = holder(server, &created);
    program.get(ME).await.expect(200);
    let caller = Caller::command_line().within(reseller.tenant);
    let revoke = || revoke_token(&server.app, &caller, &created.token);
    assert!(revoke().await.unwrap());
    assert!(!revoke().await.unwrap());
    program.get(ME).await.expect(401);
    // Another node knows it at once too.
    let second = server.beside().await;
    holder(&second, &created).get(ME).await.expect(401);
    holder(server, &kept).get(ME).await.expect(200);
    let told = told_of_tokens(server, reseller).await;
    let revoked = told
        .iter()
        .filter(|(action, _)| action == "api_token.revoke");
    assert_eq!(revoked.count(), 1);
}

async fn s22_removing_a_person_revokes_their_tokens(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let manager = colleague(server, &shop, Role::Manager).await;
    let created = token_of(server, manager, wanted("cert.view", "")).await;
    let of_admin = token_of(server, shop.reseller, wanted("cert.view", "")).await;
    // Switched off and on again: what they had works again.
    let program = holder(server, &created);
    change(server, manager, Change::Disable).await;
    let refused = program.get(ME).await.expect(401);
    assert_eq!(refused.member("code"), "api_token_owner");
    change(server, manager, Change::Enable).await;
    program.get(ME).await.expect(200);
    change(server, manager, Change::Remove).await;
    let refused = program.get(ME).await.expect(401);
    assert_eq!(refused.member("code"), "api_token_revoked");
    let row = stored(server, created.token.id).await.unwrap();
    assert_eq!(row.revoked_at, Some(server.app.now()));
    holder(server, &of_admin).get(ME).await.expect(200);
}

async fn s63_the_first_use_from_a_network_is_in_the_audit_log(server: &TestServer) {
    let reseller = reseller(server).await;
    let created = token_of(server, reseller, wanted("cert.view", "")).await;
    let program = holder(server, &created);
    let from = async |address: &str| {
        program.at(address).get(ME).await.expect(200);
        let told = told_of_tokens(server, reseller).await;
        let new = told
            .iter()
            .filter(|(action, _)| action == "api_token.use_from_new_network");
        new.count()
    };
    assert_eq!(from("203.0.113.7").await, 1);
    assert_eq!(from("203.0.113.8").await, 1);
    assert_eq!(from("2001:db8:1::1").await, 2);
    assert_eq!(from("2001:db8:1:2::3").await, 2);
    assert_eq!(from("203.0.113.9").await, 2);
    let told = told_of_tokens(server, reseller).await;
    let networks = [
        "\"network\":\"203.0.113.0/24\"",
        "\"network\":\"2001:db8:1::/48\"",
    ];
    for network in networks {
        assert!(told.iter().any(|(_, change)| change.contains(network)));
    }
    let row = stored(server, created.token.id).await.unwrap();
    assert_eq!(row.last_used_at, Some(server.app.now()));
    assert_eq!(
        row.seen_networks.to_string(),
        "203.0.113.0/24 2001:db8:1::/48"
    );
    // From where it was used before, a use is noted once an hour.
    let first = server.app.now();
    server.clock().advance(Duration::from_secs(3599));
    from("203.0.113.7").await;
    let row = stored(server, created.token.id).await.unwrap();
    assert_eq!(row.last_used_at, Some(first));
    server.clock().advance(Duration::from_secs(1));
    assert_eq!(from("203.0.113.7").await, 2);
    let row = stored(server, created.token.id).await.unwrap();
    assert_eq!(row.last_used_at, Some(server.app.now()));
}

/// How many tokens there are.
async fn rows(server: &TestServer) -> i64 {
    let store = server.app.store(flow::caller::system("a test"));
    let counted = store.scan((), rows::of_all).await.unwrap();
    let mut all = TABLES.iter().zip(counted);
    all.find(|(name, _)| **name == "api_token").unwrap().1
}

async fn s75_tokens_go_a_day_after_their_end(server: &TestServer) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    const HOUR: Duration = Duration::from_secs(3600);
    let reseller = reseller(server).await;
    let revoked = token_of(server, reseller, wanted("cert.view", "")).await;
    token_of(server, reseller, wanted("cert.view", "")).await;
    let caller = Caller::command_line().within(reseller.tenant);
    let ended = revoke_token(&server.app, &caller, &revoked.token).await;
    assert!(ended.unwrap());
    let after = async |span: Duration| {
        server.clock().advance(span);
        server.run_jobs().await;
        rows(server).await
    };
    assert_eq!(after(23 * HOUR).await, 2);
    assert_eq!(after(2 * HOUR).await, 1);
    assert_eq!(after(29 * DAY).await, 1);
    assert_eq!(after(DAY + HOUR).await, 0);
    let unknown = base::ApiTokenId::of_bytes([7; 16]);
    assert!(stored(server, unknown).await.is_none());
    let answer = program(server)
        .with_token(&revoked.bearer.reveal())
        .get(ME)
        .await;
    assert_eq!(answer.expect(401).member("code"), "api_token_unknown");
}
