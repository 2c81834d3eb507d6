//! ACME accounts: made, shown, revealed, suspended.

use std::time::Duration;

use base::SubscriptionId;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use testkit::{Answer, Eab, TestServer, Visitor};

use super::{PASSWORD, Shop, assert_says, stranger};

testkit::on_both_engines![
    f046_f047_f049_a_new_account_shows_its_credentials,
    f046_a_refused_form_keeps_what_was_typed,
    f048_a_reseller_has_several_accounts,
    s23_revealing_needs_a_recent_sign_in,
    a_suspended_account_refuses_orders_at_once,
    f061_a_deactivated_account_must_be_named,
];

const REVEAL: &str = "eab_credential.reveal";

/// Makes an account; gives its page's address without the tab.
async fn create(browser: &mut Visitor, label: &str) -> String {
    let fields = [("kind", "dv"), ("label", label), ("term_years", "2")];
    let made = browser
        .post_form("/accounts/new", "/accounts", &fields)
        .await;
    let made = made.expect(303);
    let href = made.header("location").strip_suffix("/credentials");
    href.expect("its credentials").to_owned()
}

async fn reveal(browser: &mut Visitor, href: &str, password: &str) -> Answer {
    let (page, path) = (format!("{href}/credentials"), format!("{href}/reveal"));
    let fields = [("password", password)];
    browser.post_form(&page, &path, &fields).await
}

/// The credentials as a page shows them.
fn eab(shop: &Shop, href: &str, page: &Answer) -> Eab {
    let code = |id: &str| page.between(&format!("id=\"{id}\" data-select>"), "<");
    let id = href.trim_start_matches("/accounts/");
    Eab {
        tenant: shop.reseller.tenant,
        subscription: SubscriptionId::from_suffix(id).unwrap(),
        key_id: code("key-id").expect("a key ID"),
        mac_key: URL_SAFE_NO_PAD
            .decode(code("mac-key").expect("a MAC key"))
            .unwrap(),
    }
}

async fn f046_f047_f049_a_new_account_shows_its_credentials(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let href = create(&mut browser, "Web <servers>").await;
    assert_eq!(shop.times(server, "subscription.open").await, 1);
    let credentials = format!("{href}/credentials");
    let page = browser.get(&credentials).await.expect(200);
    assert_says(
        &page,
        "The ACME account was created. Add its first domain next.",
    );
    assert_says(&page, "Web &#60;servers&#62;");
    assert_says(&page, &server.directory_url());
    assert!(!page.text().contains("id=\"mac-key\""), "shown unasked");
    // A message is shown once.
    let again = browser.get(&credentials).await.expect(200);
    assert!(!again.text().contains("was created"));
    assert_eq!(shop.times(server, REVEAL).await, 0);
    let revealed = reveal(&mut browser, &href, "").await.expect(200);
    assert_eq!(revealed.header("cache-control"), "no-store");
    assert_eq!(revealed.header("referrer-policy"), "no-referrer");
    assert_eq!(shop.times(server, REVEAL).await, 1);
    // They are the ones that bind clients.
    let eab = eab(&shop, &href, &revealed);
    server.stranger().await.register(&eab).await;
    let clients = browser.get(&format!("{href}/clients")).await.expect(200);
    assert_says(&clients, "1 client");
}

async fn f046_a_refused_form_keeps_what_was_typed(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let fields = [("kind", "dv"), ("label", "Kept label"), ("term_years", "9")];
    let refused = browser
        .post_form("/accounts/new", "/accounts", &fields)
        .await;
    let refused = refused.expect(422);
    assert_says(&refused, "Choose a term of 1, 2 or 3 years.");
    assert_says(&refused, "Kept label");
    let list = browser.get("/accounts").await.expect(200);
    assert!(!list.text().contains("Kept label"));
}

async fn f048_a_reseller_has_several_accounts(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    // Labels may be the same, accounts are not.
    let first = create(&mut browser, "Web").await;
    let second = create(&mut browser, "Web").await;
    assert_ne!(first, second);
    let list = browser.get("/accounts").await.expect(200);
    for href in [&first, &second] {
        assert_says(&list, &format!("href=\"{href}/credentials\""));
    }
}

async fn s23_revealing_needs_a_recent_sign_in(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let href = create(&mut browser, "Web").await;
    server.clock().advance(Duration::from_secs(10 * 60));
    let asked = reveal(&mut browser, &href, "").await.expect(422);
    assert_says(&asked, "You signed in more than 10 minutes ago.");
    let refused = reveal(&mut browser, &href, "wrong").await.expect(422);
    for page in [&asked, &refused] {
        assert!(!page.text().contains("id=\"mac-key\""));
    }
    assert_eq!(shop.times(server, REVEAL).await, 0);
    let before = browser.cookie("__Host-chancery").map(str::to_owned);
    let revealed = reveal(&mut browser, &href, PASSWORD).await.expect(200);
    let key = eab(&shop, &href, &revealed).mac_key;
    assert!(!key.is_empty());
    assert_eq!(shop.times(server, REVEAL).await, 1);
    // The session goes on under a new token and need not be proven twice.
    assert_ne!(browser.cookie("__Host-chancery"), before.as_deref());
    let mut old = stranger(server);
    old.set_cookie("__Host-chancery", &before.unwrap());
    old.get("/").await.expect(303);
    reveal(&mut browser, &href, "").await.expect(200);
}

async fn a_suspended_account_refuses_orders_at_once(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, None).await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    client.new_order(&["example.com"]).await.expect(201);
    let href = format!("/accounts/{}", eab.subscription.suffix());
    for (verb, status, sentence) in [
        (
            "suspend",
            403,
            "The ACME account is suspended; new orders are refused.",
        ),
        ("resume", 201, "The ACME account accepts orders again."),
    ] {
        let path = format!("{href}/{verb}");
        let done = browser.post_form(&path, &path, &[]).await.expect(303);
        client.new_order(&["example.com"]).await.expect(status);
        let page = browser.get(done.header("location")).await.expect(200);
        assert_says(&page, sentence);
    }
}

async fn f061_a_deactivated_account_must_be_named(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let href = create(&mut browser, "Web").await;
    let path = format!("{href}/deactivate");
    let wrong = [("confirmation", "web")];
    let refused = browser.post_form(&path, &path, &wrong).await.expect(422);
    assert_says(&refused, "Type “Web” exactly, or go back.");
    let right = [("confirmation", "Web")];
    browser.post_form(&path, &path, &right).await.expect(303);
    let page = browser.get(&format!("{href}/credentials")).await;
    assert_says(&page, "The ACME account was deactivated for good.");
    let resume = format!("{href}/resume");
    let fields = [];
    let refused = browser.post_form("/settings", &resume, &fields).await;
    refused.expect(303);
    let page = browser.get(&href).await.expect(303);
    let page = browser.get(page.header("location")).await.expect(200);
    assert!(!page.text().contains("accepts orders again"));
}
