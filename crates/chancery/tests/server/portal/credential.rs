//! Credentials of an ACME account and the clients that they bind: rotated, revoked, released (features C1, C2).

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use testkit::{AcmeClient, Answer, Eab, TestServer, Visitor};

use super::{PASSWORD, Shop, assert_says};
use crate::enrollment::credentials::of_reseller;
use crate::enrollment::erased_keys::forget;

testkit::on_both_engines![
    c1_rotating_shows_both_credentials_until_the_old_one_ends,
    c1_rotating_needs_a_choice_and_a_recent_sign_in,
    c1_a_revoked_credential_says_why_its_key_is_hidden,
    c2_releasing_a_client_makes_room_for_another,
    f059_s42_the_page_says_that_the_key_was_erased_and_what_to_do,
];

/// A shop with an account whose credential binds so many clients.
async fn open(server: &TestServer, most: u32) -> (Shop, Visitor, Eab, String) {
    let shop = Shop::open(server, "alpha").await;
    let browser = shop.browser(server).await;
    let eab = server.account_of(shop.reseller, Some(most)).await;
    server.enroll(&eab, "example.com").await;
    let href = format!("/accounts/{}", eab.subscription.suffix());
    (shop, browser, eab, href)
}

async fn f059_s42_the_page_says_that_the_key_was_erased_and_what_to_do(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let settings = [("eab_reveal", "until_bound"), ("eab_max_bindings", "1")];
    let eab = of_reseller(server, shop.reseller, &settings).await;
    let href = format!("/accounts/{}", eab.subscription.suffix());
    let page_path = format!("{href}/credentials");
    let page = browser.get(&page_path).await.expect(200);
    assert_says(
        &page,
        "The key is shown until a client has registered with it",
    );
    assert_says(&page, "id=\"reveal\"");

    let client = server.stranger().await.register(&eab).await;
    let page = browser.get(&page_path).await.expect(200);
    assert_says(
        &page,
        "was erased on 23 November 2026, when its last ACME account was bound;",
    );
    assert_says(&page, "rotate the credential to get a new key.");
    assert_says(&page, "1 of 1");
    assert_says(&page, "Used up");
    assert_says(&page, "Used up: rotate the credential");
    assert!(!page.text().contains("id=\"reveal\""), "nothing to reveal");
    let reveal = format!("{href}/reveal");
    let asked = browser.post_form(&page_path, &reveal, &[]).await;
    assert_says(&asked.expect(422), "was erased on 23 November 2026");
    assert_eq!(shop.times(server, "eab_credential.reveal").await, 0);

    let page = press(&mut browser, &path_of(&client, "release"), &[]).await;
    assert_says(&page, "The MAC key was erased: rotate the credential");
    let late = server.stranger().await.new_account(&eab).await.expect(403);
    assert!(late.member("detail").contains("its MAC key was erased"));
    forget(server).await;
}

/// Presses the button of the page at `path`, and gives the page that it leads to.
async fn press(browser: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
    let done = browser.post_form(path, path, fields).await.expect(303);
    browser.get(done.header("location")).await.expect(200)
}

/// What the page shows after Reveal.
async fn revealed(browser: &mut Visitor, eab: &Eab, href: &str) -> Eab {
    let (page, path) = (format!("{href}/credentials"), format!("{href}/reveal"));
    let shown = browser.post_form(&page, &path, &[]).await.expect(200);
    let code = |id: &str| shown.between(&format!("id=\"{id}\" data-select>"), "<");
    Eab {
        key_id: code("key-id").expect("a key ID"),
        mac_key: URL_SAFE_NO_PAD
            .decode(code("mac-key").expect("a MAC key"))
            .unwrap(),
        ..eab.clone()
    }
}

fn path_of(client: &AcmeClient, verb: &str) -> String {
    let id = client.account.rsplit('/').next().unwrap();
    format!("/clients/{id}/{verb}")
}

async fn c1_rotating_shows_both_credentials_until_the_old_one_ends(server: &TestServer) {
    let (shop, mut browser, old, href) = open(server, 3).await;
    let rotate = format!("{href}/rotate");
    let page = browser.get(&rotate).await.expect(200);
    assert_says(&page, "value=\"24\" checked");
    server.clock().advance(Duration::from_secs(1));
    let page = press(&mut browser, &rotate, &[("overlap_hours", "24")]).await;
    assert_says(
        &page,
        "The old one binds clients until 24 November 2026, 12:00 UTC.",
    );
    assert_says(&page, "0 of 3");
    assert_says(&page, "Replaced");
    assert!(!page.text().contains("id=\"mac-key\""), "shown unasked");
    assert_eq!(shop.times(server, "eab_credential.rotate").await, 1);
    let new = revealed(&mut browser, &old, &href).await;
    assert_ne!(new.key_id, old.key_id);
    server.stranger().await.register(&new).await;
    server.stranger().await.register(&old).await;
    server.clock().advance(Duration::from_secs(24 * 3600));
    let late = server.stranger().await;
    late.new_account(&old).await.expect(403);
    late.register(&new).await;
}

async fn c1_rotating_needs_a_choice_and_a_recent_sign_in(server: &TestServer) {
    let (shop, mut browser, eab, href) = open(server, 3).await;
    let path = format!("{href}/rotate");
    for overlap in ["", "5", "721", "x"] {
        let fields = [("overlap_hours", overlap)];
        let refused = browser.post_form(&path, &path, &fields).await.expect(422);
        assert_says(&refused, "Choose when the old credential ends.");
    }
    server.clock().advance(Duration::from_secs(10 * 60));
    let credential = format!("/credentials/{}/revoke", eab.key_id);
    let fields = [("overlap_hours", "0")];
    for path in [&path, &credential] {
        let asked = browser.post_form(path, path, &fields).await.expect(422);
        assert_says(&asked, "Type your password again.");
        let wrong = [fields[0], ("password", "wrong")];
        browser.post_form(path, path, &wrong).await.expect(422);
    }
    let recorded = shop.audited(server).await;
    assert!(
        !recorded
            .iter()
            .any(|done| done.starts_with("eab_credential."))
    );
    let right = [fields[0], ("password", PASSWORD)];
    let page = press(&mut browser, &path, &right).await;
    assert_says(&page, "The old one binds no more clients.");
}

async fn c1_a_revoked_credential_says_why_its_key_is_hidden(server: &TestServer) {
    let (shop, mut browser, eab, href) = open(server, 3).await;
    let revoke = format!("/credentials/{}/revoke", eab.key_id);
    let page = browser.get(&revoke).await.expect(200);
    assert_says(&page, &eab.key_id);
    let page = press(&mut browser, &revoke, &[]).await;
    assert_says(
        &page,
        "The credential is revoked; it binds no more clients.",
    );
    let why = format!(
        "EAB key ID {} was revoked, so its MAC key is no longer shown;",
        eab.key_id
    );
    assert_says(&page, &why);
    let reveal = format!("{href}/reveal");
    let refused = browser
        .post_form("/settings", &reveal, &[])
        .await
        .expect(422);
    assert_says(&refused, &why);
    assert_eq!(shop.times(server, "eab_credential.reveal").await, 0);
    let again = browser
        .post_form("/settings", &revoke, &[])
        .await
        .expect(303);
    let page = browser.get(again.header("location")).await.expect(200);
    assert_says(&page, "was already revoked.");
    assert_eq!(shop.times(server, "eab_credential.revoke").await, 1);
}

async fn c2_releasing_a_client_makes_room_for_another(server: &TestServer) {
    let (shop, mut browser, eab, href) = open(server, 1).await;
    let first = server.stranger().await.register(&eab).await;
    let second = server.stranger().await;
    second.new_account(&eab).await.expect(403);
    let list = browser.get(&format!("{href}/clients")).await.expect(200);
    for verb in ["revoke", "release"] {
        assert_says(&list, &format!("href=\"{}\"", path_of(&first, verb)));
    }
    let page = press(&mut browser, &path_of(&first, "release"), &[]).await;
    assert_says(
        &page,
        "The binding is released; another client can register.",
    );
    assert_says(&page, "binding released");
    first.new_order(&["example.com"]).await.expect(401);
    let again = press(&mut browser, &path_of(&first, "release"), &[]).await;
    assert_says(&again, "This client holds no binding of a credential;");
    let second = second.register(&eab).await;
    let page = press(&mut browser, &path_of(&second, "revoke"), &[]).await;
    assert_says(&page, "The client is revoked; its requests are refused.");
    second.new_order(&["example.com"]).await.expect(401);
    for action in ["eab_credential.release", "acme_account.revoke"] {
        assert_eq!(shop.times(server, action).await, 1);
    }
}
