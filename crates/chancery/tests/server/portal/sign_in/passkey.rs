//! Passkeys through the pages, with an authenticator in software in place of the browser's script.

use std::time::Duration;

use tenancy::passkey::testing::SoftAuthenticator;
use testkit::{Answer, TestServer, Visitor};

use crate::portal::{ORIGIN, PASSWORD, Shop, assert_says, sign_in, stranger};

testkit::on_both_engines![
    s16_s17_a_passkey_is_added_and_asked_for_at_the_next_sign_in,
    s16_a_passkey_signs_in_without_a_password,
    s16_passkeys_are_named_and_removed,
    s23_adding_one_asks_for_the_password_again_after_a_while,
    s18_a_passkey_is_refused_where_a_password_is,
    s17_whoever_must_have_a_second_factor_may_choose_a_passkey,
    s16_a_form_without_the_answer_of_a_browser_is_told_so,
];

const PAGE: &str = "/settings/second-factor";
const NEW: &str = "/settings/second-factor/passkeys/new";
const ASK: &str = "/settings/second-factor/passkeys/ask";

pub(in crate::portal) fn key() -> SoftAuthenticator {
    SoftAuthenticator::new(ORIGIN)
}

fn text(answer: &Answer, member: &str) -> String {
    let json = answer.json();
    let found = member.split('/').fold(&json, |json, name| &json[name]);
    found.as_str().unwrap_or_default().to_owned()
}

/// Adds a passkey, as the script would.
pub(in crate::portal) async fn add(
    browser: &mut Visitor,
    key: &mut SoftAuthenticator,
    name: &str,
) -> Answer {
    let asked = browser.post_form(NEW, ASK, &[("name", name)]).await;
    let asked = asked.expect(200);
    assert_eq!(asked.json()["publicKey"]["attestation"], "none");
    let challenge = text(&asked, "publicKey/challenge");
    let form = key.register(&challenge, &text(&asked, "publicKey/user/id"));
    let fields = [
        ("name", name),
        ("client_data", form.client_data.as_str()),
        ("attestation", form.attestation.as_str()),
    ];
    browser.post_form(NEW, NEW, &fields).await
}

/// Asks for a challenge with the token of a page, and sends its answer.
async fn prove(browser: &mut Visitor, key: &mut SoftAuthenticator, at: [&str; 3]) -> Answer {
    let [page, ask, action] = at;
    let asked = browser.post_form(page, ask, &[]).await.expect(200);
    assert_eq!(asked.json()["publicKey"]["userVerification"], "required");
    let form = key.assert(&text(&asked, "publicKey/challenge"));
    let fields = [
        ("credential", form.id.as_str()),
        ("client_data", form.client_data.as_str()),
        ("authenticator_data", form.authenticator_data.as_str()),
        ("signature", form.signature.as_str()),
        ("user_handle", form.handle.as_str()),
        ("next", "/domains"),
    ];
    browser.post_form(page, action, &fields).await
}

pub(in crate::portal) async fn prove_alone(
    browser: &mut Visitor,
    key: &mut SoftAuthenticator,
) -> Answer {
    let at = ["/sign-in", "/sign-in/passkey/ask", "/sign-in/passkey"];
    prove(browser, key, at).await
}

/// The second step by a passkey.
pub(in crate::portal) async fn prove_step(
    browser: &mut Visitor,
    key: &mut SoftAuthenticator,
) -> Answer {
    let at = ["/sign-in/code", "/sign-in/code/passkey", "/sign-in/code"];
    prove(browser, key, at).await
}

/// A browser of whoever has a passkey.
pub(in crate::portal) async fn browser(
    server: &TestServer,
    key: &mut SoftAuthenticator,
) -> Visitor {
    let mut browser = stranger(server);
    let answer = prove_alone(&mut browser, key).await;
    assert_eq!(answer.expect(303).header("location"), "/domains");
    browser
}

async fn s16_s17_a_passkey_is_added_and_asked_for_at_the_next_sign_in(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let mut other = shop.browser(server).await;
    assert_says(&browser.get(NEW).await, "ten recovery codes are shown next");
    let mut key = key();
    let codes = add(&mut browser, &mut key, "Work laptop").await;
    assert_says(&codes, "The second factor is on.");
    assert_eq!(other.get("/").await.status.as_u16(), 303, "it has ended");
    assert_says(&browser.get(PAGE).await, "Work laptop");
    assert_says(&browser.get(PAGE).await, "10 of 10 left");

    let answer = sign_in(&mut other, &shop.email, PASSWORD).await;
    assert_eq!(answer.expect(303).header("location"), "/sign-in/code");
    let page = other.get("/sign-in/code").await.expect(200);
    assert_says(&page, "Now use your passkey");
    assert!(!page.text().contains("6-digit code"));
    let at = ["/sign-in/code", "/sign-in/code/passkey", "/sign-in/code"];
    key.verifies = false;
    let unverified = prove(&mut other, &mut key, at).await;
    assert_eq!(unverified.status.as_u16(), 422);
    assert_says(&unverified, "did not check that it is you");
    key.verifies = true;
    prove(&mut other, &mut key, at).await.expect(303);
    other.get("/domains").await.expect(200);
    assert_eq!(shop.times(server, "user.add_passkey").await, 1);
    assert_eq!(shop.times(server, "session.refuse").await, 1);
}

async fn s16_a_passkey_signs_in_without_a_password(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut first = shop.browser(server).await;
    let mut key = key();
    add(&mut first, &mut key, "Work laptop").await.expect(200);
    let mut second = browser(server, &mut key).await;
    assert_says(&second.get("/settings").await, &shop.email);
    key.counter -= 1;
    let mut third = stranger(server);
    let copied = prove_alone(&mut third, &mut key).await;
    assert_says(&copied, "there may be a copy of it");
    third.get("/domains").await.expect(303);
    let page = "/sign-in";
    let empty = third.post_form(page, "/sign-in/passkey", &[]).await;
    assert_eq!(empty.status.as_u16(), 422);
    assert_says(&empty, "Not signed in");
}

async fn s16_passkeys_are_named_and_removed(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let (mut laptop, mut spare) = (key(), key());
    let codes = add(&mut browser, &mut laptop, "Work laptop").await;
    let codes = codes.between("<pre id=\"recovery-codes\" tabindex=\"0\">", "<");
    let code = codes.unwrap().split_whitespace().next().unwrap().to_owned();
    let added = add(&mut browser, &mut spare, "Spare key").await;
    assert_eq!(added.expect(303).header("location"), PAGE);
    let hrefs = passkeys(&mut browser).await;
    assert_eq!(hrefs.len(), 2);
    let [first, last] = &hrefs[..] else { panic!() };
    let empty = browser.post_form(first, first, &[("name", " ")]).await;
    assert_eq!(empty.status.as_u16(), 422);
    let renamed = browser
        .post_form(first, first, &[("name", "Old one")])
        .await;
    renamed.expect(303);
    assert_says(&browser.get(PAGE).await, "Old one");
    let remove = format!("{first}/remove");
    let removed = browser.post_form(first, &remove, &[]).await;
    assert_eq!(removed.expect(303).header("location"), PAGE);
    assert_eq!(browser.get(first).await.status.as_u16(), 404);
    // The last one is the second factor.
    assert_says(&browser.get(last).await, "It is your last second factor");
    let remove = format!("{last}/remove");
    let kept = browser.post_form(last, &remove, &[]).await;
    assert_eq!(kept.status.as_u16(), 422);
    assert_says(&kept, "type a recovery code to remove it");
    let fields = [("recovery", code.as_str())];
    browser.post_form(last, &remove, &fields).await.expect(303);
    assert!(passkeys(&mut browser).await.is_empty());
    assert_says(
        &browser.get("/settings").await,
        "Your password alone signs you in.",
    );
    assert_eq!(shop.times(server, "user.remove_passkey").await, 2);
}

/// The pages of the passkeys that a person has.
pub(in crate::portal) async fn passkeys(browser: &mut Visitor) -> Vec<String> {
    let page = browser.get(PAGE).await.expect(200);
    let links = page.text().split("href=\"").skip(1);
    let paths = links.filter_map(|rest| rest.split('"').next());
    let paths = paths.filter(|path| path.contains("/passkeys/") && *path != NEW);
    paths.map(str::to_owned).collect()
}

async fn s23_adding_one_asks_for_the_password_again_after_a_while(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    server.clock().advance(Duration::from_secs(11 * 60));
    assert_says(&browser.get(NEW).await, "You signed in a while ago");
    let mut ask =
        async |fields: &[(&'static str, &'static str)]| browser.post_form(NEW, ASK, fields).await;
    let unasked = ask(&[("name", "Laptop")]).await.expect(422);
    assert_eq!(unasked.member("problem"), "Type your password again.");
    let wrong = ask(&[("name", "Laptop"), ("password", "wrong")]).await;
    assert!(
        wrong
            .expect(422)
            .member("problem")
            .contains("not your current password")
    );
    let unnamed = ask(&[("name", ""), ("password", PASSWORD)]).await;
    assert!(
        unnamed
            .expect(422)
            .member("problem")
            .contains("name is empty")
    );
    let asked = ask(&[("name", "Laptop"), ("password", PASSWORD)]).await;
    // The session goes on under a new token, which the script takes over.
    let csrf = asked.expect(200).member("csrf");
    let page = browser.get(NEW).await.expect(200);
    assert_eq!(page.csrf().unwrap(), csrf);
    assert!(!page.text().contains("You signed in a while ago"));
    add(&mut browser, &mut key(), "Laptop").await.expect(200);
}

async fn s18_a_passkey_is_refused_where_a_password_is(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let mut known = key();
    add(&mut browser, &mut known, "Work laptop")
        .await
        .expect(200);
    let mut visitor = stranger(server);
    let foreign = prove_alone(&mut visitor, &mut key()).await;
    assert_eq!(foreign.status.as_u16(), 422);
    assert_says(&foreign, "This passkey signs nobody in here");
    for _ in 0..5 {
        let answer = sign_in(&mut visitor, &shop.email, "wrong").await;
        assert_says(&answer, "Invalid credentials");
    }
    let locked = prove_alone(&mut visitor, &mut known).await;
    assert_says(&locked, "Account locked");
}

async fn s17_whoever_must_have_a_second_factor_may_choose_a_passkey(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    crate::portal::second_factor::demand(server, &shop, true).await;
    assert_eq!(browser.get("/domains").await.header("location"), PAGE);
    let mut key = key();
    add(&mut browser, &mut key, "Work laptop").await.expect(200);
    browser.get("/domains").await.expect(200);
    let only = passkeys(&mut browser).await.remove(0);
    assert_says(&browser.get(&only).await, "and this is your last");
    let remove = format!("{only}/remove");
    let kept = browser
        .post_form(&only, &remove, &[("recovery", "x")])
        .await;
    assert_eq!(kept.status.as_u16(), 422);
    assert_says(&kept, "asks everybody for a second factor");
}

async fn s16_a_form_without_the_answer_of_a_browser_is_told_so(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let page = browser.get(NEW).await.expect(200);
    assert_says(&page, "Passkeys need scripts.");
    assert!(
        page.text()
            .contains("data-passkey-at=\"portal.test\" hidden")
    );
    let bare = browser.post_form(NEW, NEW, &[("name", "Laptop")]).await;
    assert_eq!(bare.status.as_u16(), 422);
    assert_says(&bare, "The browser answered nothing");
    let made_up = [
        ("name", "Laptop"),
        ("client_data", "AAAA"),
        ("attestation", "AAAA"),
    ];
    let unreadable = browser.post_form(NEW, NEW, &made_up).await;
    assert_says(&unreadable, "cannot be read");
}
