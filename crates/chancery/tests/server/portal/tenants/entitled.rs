//! Which products a shop may buy, and what is there for one that may buy none.

use flow::Caller;
use flow::enrollment::open_subscription::{OpenError, open_subscription};
use flow::tenancy::entitle_tenant::{EntitleError, entitle_tenant, may_buy};
use tenancy::role::{Permission, Role};
use tenancy::tenant::TenantKind;
use tenancy::tenant::entitlement::Entitlement;
use testkit::{TestServer, opening};
use web::portal::{MayCall, portal_routes};

use crate::portal::people::{customer_of, member, operator};
use crate::portal::{Shop, assert_says};

testkit::on_both_engines![
    f025_without_a_product_there_is_no_page_and_one_sentence_says_whom_to_ask,
    f060_what_is_not_on_the_list_is_neither_offered_nor_opened,
    f060_what_was_bought_goes_on,
    f060_a_customer_may_buy_no_more_than_its_reseller,
    f060_the_operator_says_it_on_the_page_of_a_reseller,
];

/// Says what a shop may buy, as an operator at the command line does.
async fn entitle(server: &TestServer, shop: &Shop, codes: &[&str]) -> Result<(), EntitleError> {
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let said: Entitlement = codes.iter().copied().collect();
    entitle_tenant(&server.app, &caller, said).await
}

/// The form of a new account.
const NEW: [(&str, &str); 3] = [("kind", "dv"), ("label", "New"), ("term_years", "1")];

async fn f025_without_a_product_there_is_no_page_and_one_sentence_says_whom_to_ask(
    server: &TestServer,
) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    admin.get("/accounts").await.expect(200);
    entitle(server, &shop, &[]).await.unwrap();
    let page = admin.get("/").await;
    assert_says(&page, "Ask Operator, who can change that.");
    for entry in ["/accounts", "/domains", "/certificates", "/activity"] {
        let link = format!("href=\"{entry}");
        assert!(!page.text().contains(&link), "{entry} is in the menu");
    }
    let (id, mut gone) = ("0".repeat(26), 0);
    for route in portal_routes() {
        let MayCall::Holder(permission) = route.may_call else {
            continue;
        };
        let path = route
            .path
            .replace("{id}", &id)
            .replace("{file}", "leaf.pem");
        let answer = match route.method {
            "GET" => admin.get(&path).await,
            _ => admin.post_form("/settings", &path, &NEW).await,
        };
        if permission.is_about_products() {
            let what = format!("{} {path}", route.method);
            assert_eq!(answer.status.as_u16(), 404, "{what}");
            gone += 1;
        } else if route.path == "/" || permission == Permission::ViewUsers {
            assert_ne!(answer.status.as_u16(), 403, "{path}");
        }
    }
    assert!(gone > 30, "{gone}");
    for open in ["/team", "/organizations", "/settings"] {
        admin.get(open).await.expect(200);
    }
    entitle(server, &shop, &["dv"]).await.unwrap();
    admin.get("/accounts").await.expect(200);
}

async fn f060_what_is_not_on_the_list_is_neither_offered_nor_opened(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    let all = admin.get("/accounts/new").await;
    assert!(!all.text().contains("Ask Operator for more"));
    let unknown = entitle(server, &shop, &["dv", "nothing"]).await;
    assert!(matches!(unknown, Err(EntitleError::NoProduct(code)) if code == "nothing"));
    entitle(server, &shop, &["ov"]).await.unwrap();
    let page = admin.get("/accounts/new").await;
    assert_says(&page, "Ask Operator for more");
    assert!(!page.text().contains("value=\"dv\""));
    let answer = admin.post_form("/accounts/new", "/accounts", &NEW).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert_says(
        &answer,
        "Your organisation may not buy this certificate type",
    );
    assert_says(&answer, "id=\"kind-problem\"");
    assert_eq!(shop.times(server, "subscription.open").await, 0);
    // The command line is refused alike.
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let opening = opening("dv");
    let opened = open_subscription(&server.app, &caller, opening).await;
    assert!(matches!(opened, Err(OpenError::NotEntitled(ask)) if ask == "Operator"));
    assert_eq!(shop.times(server, "tenant.entitle").await, 1);
    entitle(server, &shop, &["dv"]).await.unwrap();
    let answer = admin.post_form("/accounts/new", "/accounts", &NEW).await;
    answer.expect(303);
}

async fn f060_what_was_bought_goes_on(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let eab = server.account_of(shop.reseller, None).await;
    server.enroll(&eab, "goes-on.example").await;
    entitle(server, &shop, &[]).await.unwrap();
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["goes-on.example"]).await;
    let mut admin = shop.browser(server).await;
    assert_says(&admin.get("/domains").await, "goes-on.example");
    admin.get("/certificates").await.expect(200);
    let answer = admin.post_form("/accounts/new", "/accounts", &NEW).await;
    assert_eq!(answer.status.as_u16(), 422);
}

async fn f060_a_customer_may_buy_no_more_than_its_reseller(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let below = customer_of(server, &shop).await;
    let customer = Caller::command_line().within(below);
    let buys = async || may_buy(&server.app, &customer).await.unwrap().products;
    assert_eq!(buys().await, Entitlement::All);
    let some: Entitlement = ["dv", "ov"].into_iter().collect();
    entitle_tenant(&server.app, &customer, some.clone())
        .await
        .unwrap();
    assert_eq!(buys().await, some);
    entitle(server, &shop, &["ov"]).await.unwrap();
    assert_eq!(buys().await.stored().as_deref(), Some("ov"));
    entitle(server, &shop, &[]).await.unwrap();
    assert!(buys().await.is_nothing());
    let mut admin = member(server, (TenantKind::Customer, below), Role::Admin).await;
    assert_eq!(admin.get("/accounts").await.status.as_u16(), 404);
    assert_says(
        &admin.get("/").await,
        "Ask Shop alpha, who can change that.",
    );
    let above = Caller::command_line().within(operator(server).await);
    let refused = entitle_tenant(&server.app, &above, Entitlement::All).await;
    assert!(matches!(refused, Err(EntitleError::Operator)));
}

async fn f060_the_operator_says_it_on_the_page_of_a_reseller(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let above = (TenantKind::Operator, operator(server).await);
    let mut owner = member(server, above, Role::Owner).await;
    let page = format!("/resellers/{}", shop.reseller.tenant.suffix());
    let to = format!("{page}/products");
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let buys = async || may_buy(&server.app, &caller).await.unwrap().products;
    let some = [("product-dv", "on")];
    owner.post_form(&page, &to, &some).await.expect(303);
    assert_eq!(buys().await.stored().as_deref(), Some("dv"));
    assert_says(&owner.get(&page).await, "name=\"product-dv\" checked");
    owner.post_form(&page, &to, &[]).await.expect(303);
    assert!(buys().await.is_nothing());
    let all = [("all", "on"), ("product-dv", "on")];
    owner.post_form(&page, &to, &all).await.expect(303);
    assert_eq!(buys().await, Entitlement::All);
    let unknown = [("product-nothing", "on")];
    owner.post_form(&page, &to, &unknown).await;
    assert_eq!(buys().await, Entitlement::All);
    let mut support = member(server, above, Role::Support).await;
    let answer = support.post_form(&page, &to, &[]).await;
    assert_eq!(answer.status.as_u16(), 403);
    assert_eq!(buys().await, Entitlement::All);
}
