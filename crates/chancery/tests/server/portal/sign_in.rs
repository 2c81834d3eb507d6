//! Signing in and out: what is refused, what locks, what a session is carried by.

pub(super) mod passkey;
mod provider;

use std::time::Duration;

use flow::caller::system;
use testkit::{Answer, TestServer};

use super::{PASSWORD, Shop, assert_asks_to_sign_in, assert_says, sign_in, stranger};

testkit::on_both_engines![
    f003_a_right_password_opens_the_dashboard,
    f004_a_wrong_password_is_told_without_saying_which,
    f005_s08_five_failures_lock_for_fifteen_minutes,
    s09_an_unknown_address_is_answered_like_a_known_one,
    f007_a_suspended_organization_stays_outside,
    s20_the_session_cookie_is_bound_to_the_host,
    s22_signing_out_ends_the_session_at_once,
    l2_s19_a_new_sign_in_ends_what_the_browser_had,
    s28_only_local_pages_are_returned_to,
];

const WRONG: &str = "Invalid credentials.</b> Check the e-mail address and the password. \
                     Capital and small letters differ.";
const LOCKED: &str = "Account locked.</b> There were too many failed attempts. \
                      Try again in 15 minutes.";
const SESSION: &str = "__Host-chancery";

async fn f003_a_right_password_opens_the_dashboard(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = stranger(server);
    assert_asks_to_sign_in(&browser.get("/").await, "nobody");
    sign_in(&mut browser, &shop.email, PASSWORD)
        .await
        .expect(303);
    let page = browser.get("/").await.expect(200);
    assert_says(&page, &shop.email);
    assert_eq!(shop.times(server, "session.open").await, 1);
}

async fn f004_a_wrong_password_is_told_without_saying_which(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = stranger(server);
    let refused = sign_in(&mut browser, &shop.email, "wrong")
        .await
        .expect(422);
    assert_says(&refused, WRONG);
    // The address is kept, the password is not.
    assert_says(&refused, &format!("value=\"{}\"", shop.email));
    assert!(browser.cookie(SESSION).is_none());
    assert_eq!(shop.times(server, "session.refuse").await, 1);
}

async fn f005_s08_five_failures_lock_for_fifteen_minutes(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = stranger(server);
    for _ in 0..5 {
        let refused = sign_in(&mut browser, &shop.email, "wrong")
            .await
            .expect(422);
        assert_says(&refused, WRONG);
    }
    let refused = sign_in(&mut browser, &shop.email, PASSWORD)
        .await
        .expect(422);
    assert_says(&refused, LOCKED);
    // Another browser changes nothing, nor does another way to write the address.
    let refused = sign_in(&mut stranger(server), &shop.email.to_uppercase(), PASSWORD).await;
    assert_says(&refused.expect(422), LOCKED);
    server.clock().advance(Duration::from_secs(15 * 60 - 1));
    let refused = sign_in(&mut browser, &shop.email, PASSWORD)
        .await
        .expect(422);
    assert_says(&refused, "Try again in a minute");
    server.clock().advance(Duration::from_secs(1));
    sign_in(&mut browser, &shop.email, PASSWORD)
        .await
        .expect(303);
    browser.get("/").await.expect(200);
}

async fn s09_an_unknown_address_is_answered_like_a_known_one(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let unknown = "nobody@shop.test";
    let mut browser = stranger(server);
    for attempt in 1..=7 {
        let known_to = sign_in(&mut browser, &shop.email, "wrong").await;
        let unknown_to = sign_in(&mut browser, unknown, "wrong").await;
        assert_eq!(known_to.status, unknown_to.status);
        assert_eq!(
            known_to.text().replace(&shop.email, unknown),
            unknown_to.text(),
            "attempt {attempt}"
        );
    }
}

async fn f007_a_suspended_organization_stays_outside(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let suspension = (
        shop.reseller.tenant,
        server.app.now(),
        base::Actor::CommandLine,
    );
    let store = server.app.store(system("a test"));
    let suspended = store
        .write(suspension, store::tenancy::tenant::suspend)
        .await;
    assert!(suspended.unwrap());
    assert_asks_to_sign_in(&browser.get("/").await, "a session from before");
    let mut browser = stranger(server);
    let refused = sign_in(&mut browser, &shop.email, PASSWORD)
        .await
        .expect(422);
    assert_says(&refused, "Organization suspended.</b>");
    assert!(browser.cookie(SESSION).is_none());
    // Only those who know the password are told.
    let refused = sign_in(&mut browser, &shop.email, "wrong")
        .await
        .expect(422);
    assert_says(&refused, WRONG);
}

async fn s20_the_session_cookie_is_bound_to_the_host(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = stranger(server);
    let planted = "A".repeat(43);
    browser.set_cookie(SESSION, &planted);
    let form = browser.get("/sign-in").await;
    let signed_in = sign_in(&mut browser, &shop.email, PASSWORD)
        .await
        .expect(303);
    assert!(cookies(&form).chain(cookies(&signed_in)).count() >= 2);
    for cookie in cookies(&form).chain(cookies(&signed_in)) {
        assert!(cookie.starts_with("__Host-"), "{cookie}");
        assert!(!cookie.contains("Domain="), "{cookie}");
        for attribute in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
            assert!(cookie.contains(&format!("; {attribute}")), "{cookie}");
        }
    }
    let token = browser.cookie(SESSION).unwrap();
    assert!(token.len() >= 43 && token != planted, "{token}");
}

fn cookies(answer: &Answer) -> impl Iterator<Item = &str> {
    let values = answer.headers.get_all("set-cookie").iter();
    values.map(|value| value.to_str().unwrap())
}

async fn s22_signing_out_ends_the_session_at_once(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    // Somebody who copied the cookie.
    let mut thief = browser.clone();
    thief.get("/").await.expect(200);
    let out = browser.post_form("/", "/sign-out", &[]).await.expect(303);
    assert_eq!(out.header("location"), "/signed-out");
    assert!(browser.cookie(SESSION).is_none());
    browser.get("/signed-out").await.expect(200);
    assert_asks_to_sign_in(&browser.get("/domains").await, "after signing out");
    assert_asks_to_sign_in(&thief.get("/domains").await, "with the old cookie");
}

/// ASVS 7.2.4; the browser of one user ends that of another too, and a failure ends nothing.
async fn l2_s19_a_new_sign_in_ends_what_the_browser_had(server: &TestServer) {
    let (alpha, beta) = (
        Shop::open(server, "alpha").await,
        Shop::open(server, "beta").await,
    );
    let mut browser = alpha.browser(server).await;
    let mut elsewhere = alpha.browser(server).await;
    let mut copied = browser.clone();
    sign_in(&mut browser, &alpha.email, "wrong")
        .await
        .expect(422);
    copied.get("/domains").await.expect(200);
    sign_in(&mut browser, &alpha.email, PASSWORD)
        .await
        .expect(303);
    assert_asks_to_sign_in(&copied.get("/domains").await, "after a sign-in");
    let mut copied = browser.clone();
    sign_in(&mut browser, &beta.email, PASSWORD)
        .await
        .expect(303);
    assert_asks_to_sign_in(&copied.get("/domains").await, "after another's sign-in");
    browser.get("/domains").await.expect(200);
    elsewhere.get("/domains").await.expect(200);
    assert_eq!(alpha.times(server, "session.end").await, 2);
    assert_eq!(beta.times(server, "session.end").await, 0);
}

async fn s28_only_local_pages_are_returned_to(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let asked = stranger(server).get("/domains?q=a").await;
    assert_eq!(asked.header("location"), "/sign-in?next=%2Fdomains%3Fq%3Da");
    for (next, expected) in [
        ("/domains?q=a", "/domains?q=a"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("https://evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/sign-out", "/"),
        ("", "/"),
    ] {
        let fields = [
            ("email", shop.email.as_str()),
            ("password", PASSWORD),
            ("next", next),
        ];
        let answer = stranger(server)
            .post_form("/sign-in", "/sign-in", &fields)
            .await;
        assert_eq!(answer.expect(303).header("location"), expected, "{next}");
    }
}
