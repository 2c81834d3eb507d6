//! API tokens through the pages: making one, seeing it once, ending it.

use std::time::Duration;

use tenancy::role::Role;
use tenancy::tenant::TenantKind;
use testkit::{ApiClient, TestServer};

use super::people::member;
use super::{ORIGIN, PASSWORD, Shop, assert_says};

testkit::on_both_engines![
    s44_a_token_is_made_shown_once_and_revoked,
    s44_a_form_that_is_wrong_says_where,
    s23_making_a_token_asks_for_the_password_again_after_a_while,
    s29_a_colleague_finds_no_token_of_another,
    s33_a_viewer_makes_a_token_that_looks_and_no_other,
    s44_a_new_password_ends_no_token,
];

const PAGE: &str = "/settings/tokens";
const ME: &str = "/api/v1/me";

fn program(server: &TestServer, text: &str) -> ApiClient {
    ApiClient::new(web::api::router(server.app.clone())).with_token(text)
}

const WANTED: [(&str, &str); 4] = [
    ("name", "Monitoring"),
    ("cert.view", "on"),
    ("domain.view", "on"),
    ("days", "90"),
];

async fn s44_a_token_is_made_shown_once_and_revoked(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    assert_says(&browser.get("/settings").await, "href=\"/settings/tokens\"");
    assert_says(&browser.get(PAGE).await, "You have no tokens.");
    let made = browser.post_form(PAGE, PAGE, &WANTED).await.expect(200);
    assert_eq!(made.header("cache-control"), "no-store");
    assert_eq!(made.header("referrer-policy"), "no-referrer");
    let text = made.between("id=\"token\" data-select>", "<").unwrap();
    assert!(text.starts_with("chy_"), "{text}");
    assert_says(&made, &format!("{ORIGIN}/api/v1/me"));
    let list = browser.get(PAGE).await;
    assert_says(&list, "cert.view, domain.view");
    let unused = "<span class=\"muted\">never</span>";
    assert_says(&list, unused);
    for secret in [text.as_str(), text.trim_start_matches("chy_")] {
        assert!(!list.text().contains(secret));
    }
    program(server, &text).get(ME).await.expect(200);
    assert!(!browser.get(PAGE).await.text().contains(unused));
    let id = list
        .between("href=\"/settings/tokens/", "/revoke\"")
        .unwrap();
    let revoke = format!("{PAGE}/{id}/revoke");
    assert_says(
        &browser.get(&revoke).await,
        "is refused at its next request",
    );
    let done = browser.post_form(&revoke, &revoke, &[]).await;
    assert_eq!(done.expect(303).header("location"), PAGE);
    assert_says(&browser.get(PAGE).await, "Revoked");
    program(server, &text).get(ME).await.expect(401);
    for action in ["api_token.create", "api_token.revoke"] {
        assert_eq!(shop.times(server, action).await, 1, "{action}");
    }
}

async fn s44_a_form_that_is_wrong_says_where(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let nothing = browser.post_form(PAGE, PAGE, &[]).await;
    assert_eq!(nothing.status.as_u16(), 422);
    for field in ["name", "scopes", "days"] {
        assert_says(&nothing, &format!("id=\"{field}-problem\""));
    }
    let fields = [
        ("name", "Shop"),
        ("cert.view", "on"),
        ("secret.reveal", "on"),
        ("days", "400"),
        ("networks", "192.0.2.0/33"),
    ];
    let wrong = browser.post_form(PAGE, PAGE, &fields).await;
    assert_eq!(wrong.status.as_u16(), 422);
    assert_says(
        &wrong,
        "Choose for how many days the token works: 1 to 366.",
    );
    assert_says(&wrong, "is not an address or block");
    // What was typed is still there.
    assert_says(&wrong, "value=\"Shop\"");
    assert_says(&wrong, "name=\"cert.view\" checked");
    let fields = [("name", "Shop"), ("secret.reveal", "on"), ("days", "30")];
    let wrong = browser.post_form(PAGE, PAGE, &fields).await;
    assert_says(&wrong, "No token can hold secret.reveal");
    assert_eq!(shop.times(server, "api_token.create").await, 0);
}

async fn s23_making_a_token_asks_for_the_password_again_after_a_while(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    server.clock().advance(Duration::from_secs(11 * 60));
    assert_says(&browser.get(PAGE).await, "You signed in a while ago");
    let unasked = browser.post_form(PAGE, PAGE, &WANTED).await;
    assert_eq!(unasked.status.as_u16(), 422);
    assert_says(&unasked, "Type your password again.");
    let with = |password| [&WANTED[..], &[("password", password)]].concat();
    let wrong = browser.post_form(PAGE, PAGE, &with("wrong")).await;
    assert_eq!(wrong.status.as_u16(), 422);
    assert_eq!(shop.times(server, "api_token.create").await, 0);
    let right = browser.post_form(PAGE, PAGE, &with(PASSWORD)).await;
    right.expect(200);
    // The session goes on under a new token.
    assert_says(&browser.get(PAGE).await, "Monitoring");
}

async fn s29_a_colleague_finds_no_token_of_another(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let of = (TenantKind::Reseller, shop.reseller.tenant);
    let mut admin = member(server, of, Role::Admin).await;
    browser.post_form(PAGE, PAGE, &WANTED).await.expect(200);
    let list = browser.get(PAGE).await;
    let id = list
        .between("href=\"/settings/tokens/", "/revoke\"")
        .unwrap();
    let revoke = format!("{PAGE}/{id}/revoke");
    admin.get(&revoke).await.expect(404);
    admin.post_form(PAGE, &revoke, &[]).await.expect(404);
    assert_says(&admin.get(PAGE).await, "You have no tokens.");
    browser.get(&revoke).await.expect(200);
}

async fn s33_a_viewer_makes_a_token_that_looks_and_no_other(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let of = (TenantKind::Reseller, shop.reseller.tenant);
    let mut viewer = member(server, of, Role::Viewer).await;
    let page = viewer.get(PAGE).await.expect(200);
    assert!(page.text().contains("name=\"cert.view\""));
    assert!(!page.text().contains("name=\"domain.manage\""));
    let fields = [
        ("name", "More"),
        ("cert.view", "on"),
        ("domain.manage", "on"),
        ("days", "30"),
    ];
    let refused = viewer.post_form(PAGE, PAGE, &fields).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert_says(&refused, "do not permit domain.manage");
    viewer.post_form(PAGE, PAGE, &WANTED).await.expect(200);
}

async fn s44_a_new_password_ends_no_token(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    assert_says(
        &browser.get(PAGE).await,
        "changing your password do not end it",
    );
    let made = browser.post_form(PAGE, PAGE, &WANTED).await;
    let text = made.between("id=\"token\" data-select>", "<").unwrap();
    let fields = [
        ("current_password", PASSWORD),
        ("new_password", "Gx4?tuP_9rm&"),
        ("repeat_password", "Gx4?tuP_9rm&"),
    ];
    let changed = browser
        .post_form("/settings", "/settings/password", &fields)
        .await;
    changed.expect(303);
    program(server, &text).get(ME).await.expect(200);
}
