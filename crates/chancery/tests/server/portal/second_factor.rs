//! The second factor through the pages: setting it up, signing in with it, and losing it.

use std::time::Duration;

use tenancy::totp::TotpSecret;
use testkit::{Answer, TestServer, Visitor};

use super::people::user_of;
use super::{PASSWORD, Shop, assert_says, sign_in, stranger};

testkit::on_both_engines![
    f003_f008_f016_an_app_is_set_up_and_asked_for_at_the_next_sign_in,
    f003_the_second_step_needs_the_first,
    s17_whoever_lost_everything_is_reset_by_an_administrator,
    s23_setting_it_up_asks_for_the_password_again_after_a_while,
];

const PAGE: &str = "/settings/second-factor";
const CONFIRM: &str = "/settings/second-factor/confirm";

/// The secret that a page shows, as an app reads it (RFC 4648 §6).
fn secret_on(page: &Answer) -> TotpSecret {
    let shown = page
        .between("id=\"secret\" data-select>", "<")
        .expect("a secret");
    let digits = shown.bytes().filter(|byte| *byte != b' ');
    let (mut bytes, mut word, mut bits) = (Vec::new(), 0_u32, 0);
    for digit in digits {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            _ => digit - b'2' + 26,
        };
        word = word << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from(word >> bits & 0xff).unwrap());
        }
    }
    assert_eq!(bytes.len(), 20);
    TotpSecret::from_bytes(bytes)
}

/// Sets an app up; what it knows, and the first recovery code.
pub(super) async fn set_up(server: &TestServer, browser: &mut Visitor) -> (TotpSecret, String) {
    let begun = browser.post_form(PAGE, PAGE, &[]).await;
    assert_eq!(begun.expect(303).header("location"), CONFIRM);
    let page = browser.get(CONFIRM).await.expect(200);
    assert!(page.text().contains("<svg class=\"qr\""));
    let secret = secret_on(&page);
    let wrong = browser
        .post_form(CONFIRM, CONFIRM, &[("code", "000000")])
        .await;
    assert_says(&wrong, "set the clock of the device to automatic");
    let code = secret.code(server.app.now());
    let codes = browser
        .post_form(CONFIRM, CONFIRM, &[("code", &code)])
        .await;
    assert_says(&codes, "The second factor is on.");
    assert_eq!(codes.header("cache-control"), "no-store");
    let shown = codes.between("<pre id=\"recovery-codes\" tabindex=\"0\">", "<");
    let shown = shown.expect("codes");
    assert_eq!(shown.split_whitespace().count(), 10);
    let first = shown.split_whitespace().next().unwrap().to_owned();
    (secret, first)
}

async fn f003_f008_f016_an_app_is_set_up_and_asked_for_at_the_next_sign_in(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    assert_says(
        &browser.get("/settings").await,
        "Your password alone signs you in.",
    );
    let (secret, recovery) = set_up(server, &mut browser).await;
    assert_says(&browser.get(PAGE).await, "10 of 10 left");
    server.clock().advance(Duration::from_secs(60));

    let mut other = stranger(server);
    let answer = sign_in(&mut other, &shop.email, PASSWORD).await;
    assert_eq!(answer.expect(303).header("location"), "/sign-in/code");
    assert_eq!(other.get("/").await.status.as_u16(), 303, "no session yet");
    let page = "/sign-in/code";
    assert_says(&other.get(page).await, "6-digit code");
    let wrong = other.post_form(page, page, &[("code", "000000")]).await;
    assert_says(&wrong, "set the clock of the device to automatic");
    let code = secret.code(server.app.now());
    let answer = other.post_form(page, page, &[("code", &code)]).await;
    assert_eq!(answer.expect(303).header("location"), "/");
    other.get("/").await.expect(200);

    let mut third = stranger(server);
    sign_in(&mut third, &shop.email, PASSWORD).await.expect(303);
    let used = [("code", ""), ("recovery", recovery.as_str())];
    third.post_form(page, page, &used).await.expect(303);
    assert_says(&third.get(PAGE).await, "9 of 10 left");
    assert_eq!(shop.times(server, "session.open").await, 3);

    let off = "/settings/second-factor/off";
    server.clock().advance(Duration::from_secs(60));
    let wrong = third.post_form(PAGE, off, &[("code", "000000")]).await;
    assert_eq!(wrong.status.as_u16(), 422);
    let code = secret.code(server.app.now());
    third
        .post_form(PAGE, off, &[("code", &code)])
        .await
        .expect(303);
    assert_says(&third.get(PAGE).await, "The second factor is off");
}

async fn f003_the_second_step_needs_the_first(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let (secret, _) = set_up(server, &mut browser).await;
    let mut other = stranger(server);
    let page = "/sign-in/code";
    let answer = other.get(page).await;
    assert_eq!(answer.expect(303).header("location"), "/sign-in");
    other.set_cookie("__Host-chancery-step", &format!("{}.%2F", "A".repeat(43)));
    server.clock().advance(Duration::from_secs(60));
    let code = secret.code(server.app.now());
    let answer = other.post_form("/sign-in", page, &[("code", &code)]).await;
    assert_eq!(
        answer.expect(303).header("location"),
        "/sign-in?reason=again"
    );
    assert_says(
        &other.get("/sign-in?reason=again").await,
        "within ten minutes",
    );
}

async fn s17_whoever_lost_everything_is_reset_by_an_administrator(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    set_up(server, &mut browser).await;
    let person = format!("/team/{}", user_of(server, &shop.email).await);
    assert_says(&browser.get("/team").await, "Authenticator app");
    let reset = format!("{person}/second-factor");
    let answer = browser.post_form(&person, &reset, &[]).await;
    assert_says(&answer, "Say how you made sure who they are");
    let reason = [("reason", "called back")];
    browser
        .post_form(&person, &reset, &reason)
        .await
        .expect(303);
    // Their own session too has ended.
    assert_eq!(browser.get("/").await.status.as_u16(), 303);
    let mut again = shop.browser(server).await;
    assert_says(&again.get("/team").await, "None");
}

async fn s23_setting_it_up_asks_for_the_password_again_after_a_while(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    server.clock().advance(Duration::from_secs(11 * 60));
    assert_says(&browser.get(PAGE).await, "You signed in a while ago");
    let unasked = browser.post_form(PAGE, PAGE, &[]).await;
    assert_says(&unasked, "Type your password again.");
    let wrong = browser
        .post_form(PAGE, PAGE, &[("password", "wrong")])
        .await;
    assert_eq!(wrong.status.as_u16(), 422);
    let right = browser
        .post_form(PAGE, PAGE, &[("password", PASSWORD)])
        .await;
    assert_eq!(right.expect(303).header("location"), CONFIRM);
    browser.get(CONFIRM).await.expect(200);
}
