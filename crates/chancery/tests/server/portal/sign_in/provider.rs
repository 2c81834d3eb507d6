//! Signing in by an organisation's identity provider, which listens on loopback and has a key of its own.

use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tenancy::role::Role;
use tenancy::tenant::TenantKind;
use testkit::{Answer, CLIENT_ID, CLIENT_SECRET, FakeIdentityProvider, TestServer, Visitor};

use super::passkey;
use crate::portal::people::member;
use crate::portal::{ORIGIN, PASSWORD, Shop, assert_says, sign_in, stranger};

testkit::on_both_engines![
    s67_a_person_links_their_account_and_signs_in_by_it,
    s67_an_equal_address_signs_nobody_in,
    s67_an_answer_is_good_once_and_in_its_browser_only,
    s67_fifty_answers_at_once_open_one_session,
    s67_the_answer_of_another_provider_is_refused,
    s67_a_token_that_is_not_right_signs_nobody_in,
    s67_a_new_key_of_the_provider_is_found_and_a_made_up_one_costs_it_nothing,
    s67_a_code_is_never_redeemed_again_by_itself,
    s67_what_a_provider_declines_leads_back_to_the_door,
    s67_a_name_that_nobody_has_is_answered_like_one_without_a_provider,
    s67_a_link_is_of_who_asked_for_it,
    s67_another_site_signs_nobody_in_without_their_word,
    s23_who_signed_in_elsewhere_has_proven_nothing_lately,
    s18_by_a_provider_the_rules_are_those_of_a_password,
    s18_a_second_factor_is_asked_for_after_the_provider,
    s18_where_it_is_required_a_linked_person_has_no_other_way,
    s23_setting_and_linking_ask_for_the_password_again,
    s67_a_provider_is_looked_at_before_it_is_set_and_takes_no_password_along,
    s39_its_secret_is_sealed_and_sealed_anew,
];

const TEAM: &str = "/team/provider";
const OWN: &str = "/settings/identity";
const START: &str = "/sign-in/oidc/alpha";
/// What the provider calls the administrator of the shop.
const SUBJECT: &str = "f81d4fae-7dec-11d0";

/// A shop whose provider is set, and its administrator's browser.
struct Linked {
    shop: Shop,
    provider: FakeIdentityProvider,
    browser: Visitor,
}

impl Linked {
    /// Nobody is linked yet.
    async fn unlinked(server: &TestServer) -> Self {
        let shop = Shop::open(server, "alpha").await;
        let provider = server.identity_provider("alpha").await;
        let mut browser = shop.browser(server).await;
        set(&mut browser, &provider, "alpha").await.expect(303);
        Self {
            shop,
            provider,
            browser,
        }
    }

    async fn open(server: &TestServer) -> Self {
        let mut linked = Self::unlinked(server).await;
        let answer = linked.link(SUBJECT).await;
        assert_eq!(answer.expect(303).header("location"), OWN);
        linked
    }

    async fn link(&mut self, subject: &str) -> Answer {
        let sent = to_provider(&mut self.browser, &[]).await;
        let back = self.provider.sign_in(&sent, subject);
        self.browser.get(&back).await
    }

    /// A browser that was sent to the provider and has not come back, with the way back.
    async fn sent(&self, server: &TestServer, subject: &str) -> (Visitor, String) {
        let mut browser = stranger(server);
        let sent = begin(&mut browser).await;
        let back = self.provider.sign_in(&sent, subject);
        (browser, back)
    }

    async fn sign_in(&self, server: &TestServer, subject: &str) -> (Visitor, Answer) {
        let (mut browser, back) = self.sent(server, subject).await;
        let answer = browser.get(&back).await;
        (browser, answer)
    }
}

/// Sets the provider of whoever's browser it is.
async fn set(browser: &mut Visitor, provider: &FakeIdentityProvider, name: &str) -> Answer {
    let fields = [
        ("short_name", name),
        ("issuer", provider.issuer()),
        ("client_id", CLIENT_ID),
        ("client_secret", CLIENT_SECRET),
    ];
    browser.post_form(TEAM, TEAM, &fields).await
}

/// Where somebody is sent who wants to link.
async fn to_provider(browser: &mut Visitor, fields: &[(&str, &str)]) -> String {
    let page = browser.post_form(OWN, OWN, fields).await.expect(200);
    let sent = page.between("<meta http-equiv=\"refresh\" content=\"0; url=", "\"");
    let sent = sent.unwrap().replace("&#38;", "&").replace("&amp;", "&");
    assert!(sent.contains("&prompt=login"), "{sent}");
    sent
}

/// Where a stranger is sent.
async fn begin(browser: &mut Visitor) -> String {
    let sent = browser.get(START).await.expect(303);
    sent.header("location").to_owned()
}

#[track_caller]
fn assert_not_signed_in(answer: &Answer, sentence: &str) {
    assert_eq!(answer.status.as_u16(), 422);
    assert_says(answer, sentence);
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
}

async fn s67_a_person_links_their_account_and_signs_in_by_it(server: &TestServer) {
    let page = stranger(server).get("/sign-in").await.expect(200);
    assert!(!page.text().contains("/sign-in/organization"));
    let mut linked = Linked::open(server).await;
    assert_says(&linked.browser.get(OWN).await, SUBJECT);
    // By the page that asks for the short name, where it was typed with a capital.
    let mut browser = stranger(server);
    let asked = browser.get("/sign-in?next=%2Fdomains").await.expect(200);
    let href = asked.between("href=\"/sign-in/organization", "\"").unwrap();
    assert_eq!(href, "?next=%2Fdomains");
    let named = browser
        .get("/sign-in/organization?name=Alpha&next=%2Fdomains")
        .await;
    let go = named.expect(200).between("0; url=", "\"").unwrap();
    assert_eq!(go, "/sign-in/oidc/alpha?next=%2Fdomains");
    let sent = browser.get(&go).await.expect(303);
    let sent = sent.header("location").to_owned();
    assert!(!sent.contains("prompt="), "{sent}");
    let back = linked.provider.sign_in(&sent, SUBJECT);
    let answer = browser.get(&back).await.expect(303);
    assert_eq!(answer.header("location"), "/domains");
    assert_eq!(answer.header("referrer-policy"), "no-referrer");
    assert_says(&browser.get("/settings").await, &linked.shop.email);
    assert_eq!(linked.shop.times(server, "user.link_identity").await, 1);
    assert_eq!(
        linked
            .shop
            .times(server, "tenant.set_identity_provider")
            .await,
        1
    );
    // Unlinked, it signs in no more; the password does.
    let unlink = format!("{OWN}/unlink");
    let fields = [("password", PASSWORD)];
    browser.post_form(OWN, &unlink, &fields).await.expect(303);
    let (_, refused) = linked.sign_in(server, SUBJECT).await;
    assert_not_signed_in(&refused, "your account here is not linked to it");
    linked.shop.browser(server).await;
    assert_eq!(linked.shop.times(server, "user.unlink_identity").await, 1);
}

async fn s67_an_equal_address_signs_nobody_in(server: &TestServer) {
    let linked = Linked::unlinked(server).await;
    let email = linked.shop.email.as_str();
    linked
        .provider
        .claim_otherwise(json!({ "email": email, "email_verified": true,
        "preferred_username": email }));
    for subject in [SUBJECT, email] {
        let (mut browser, answer) = linked.sign_in(server, subject).await;
        assert_not_signed_in(&answer, "your account here is not linked to it");
        browser.get("/domains").await.expect(303);
    }
    // What one calls them the other may not: a subject is of its issuer.
    assert_eq!(linked.shop.times(server, "session.open").await, 1);
}

async fn s67_an_answer_is_good_once_and_in_its_browser_only(server: &TestServer) {
    let linked = Linked::open(server).await;
    let gone = "That took too long, or was begun in another browser";
    let (mut browser, back) = linked.sent(server, SUBJECT).await;
    // Who was sent the address has not the cookie, or another.
    let mut other = stranger(server);
    assert_not_signed_in(&other.get(&back).await, gone);
    begin(&mut other).await;
    assert_not_signed_in(&other.get(&back).await, gone);
    assert_eq!(linked.provider.redeemed(), 1);
    // None of that has used it up.
    let mut replayed = browser.clone();
    browser.get(&back).await.expect(303);
    assert_not_signed_in(&replayed.get(&back).await, gone);
    // The same code, brought with a fresh state.
    let code = back.split(['=', '&']).nth(1).unwrap().to_owned();
    let (mut fresh, way) = linked.sent(server, SUBJECT).await;
    let own = way.split(['=', '&']).nth(1).unwrap().to_owned();
    let answer = fresh.get(&way.replace(&own, &code)).await;
    assert_not_signed_in(&answer, "did not answer as it should");
    // A code that belongs to another question: the verifier is another.
    let (_, first) = linked.sent(server, SUBJECT).await;
    let (mut second, way) = linked.sent(server, SUBJECT).await;
    let stolen = first.split(['=', '&']).nth(1).unwrap();
    let own = way.split(['=', '&']).nth(1).unwrap();
    let answer = second.get(&way.replace(own, stolen)).await;
    assert_not_signed_in(&answer, "did not answer as it should");
    let (mut late, back) = linked.sent(server, SUBJECT).await;
    server.clock().advance(Duration::from_secs(600));
    assert_not_signed_in(&late.get(&back).await, gone);
    for state in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        let path = format!("{START}/callback?code=1&state={state}");
        assert_not_signed_in(&late.get(&path).await, gone);
    }
}

async fn s67_fifty_answers_at_once_open_one_session(server: &TestServer) {
    let linked = Linked::open(server).await;
    let before = linked.shop.times(server, "session.open").await;
    let (browser, back) = linked.sent(server, SUBJECT).await;
    let answers = (0..50).map(|_| {
        let (mut browser, back) = (browser.clone(), back.clone());
        async move { browser.get(&back).await.status.as_u16() }
    });
    let answers = join_all(answers).await;
    assert_eq!(
        answers.iter().filter(|status| **status == 303).count(),
        1,
        "{answers:?}"
    );
    assert_eq!(linked.provider.redeemed(), 2);
    assert_eq!(linked.shop.times(server, "session.open").await, before + 1);
}

async fn s67_the_answer_of_another_provider_is_refused(server: &TestServer) {
    let linked = Linked::open(server).await;
    // Another organisation, whose provider calls somebody the same.
    let other = Shop::open(server, "beta").await;
    let evil = server.identity_provider("beta").await;
    set(&mut other.browser(server).await, &evil, "beta")
        .await
        .expect(303);
    let mut browser = stranger(server);
    let sent = browser.get("/sign-in/oidc/beta").await.expect(303);
    let back = evil.sign_in(sent.header("location"), SUBJECT);
    let answer = browser.clone().get(&back).await;
    assert_not_signed_in(&answer, "your account here is not linked to it");
    // The same answer at the address of the first.
    let sent = browser.get("/sign-in/oidc/beta").await.expect(303);
    let back = evil.sign_in(sent.header("location"), SUBJECT);
    let back = back.replace("/beta/", "/alpha/");
    assert_not_signed_in(&browser.get(&back).await, "begin again");
    // An answer that says whose it is.
    for (issuer, status) in [(evil.issuer(), 422), (linked.provider.issuer(), 303)] {
        let (mut browser, back) = linked.sent(server, SUBJECT).await;
        let answer = browser.get(&format!("{back}&iss={issuer}")).await;
        assert_eq!(answer.status.as_u16(), status, "{issuer}");
    }
    // A token that the second provider made out to be the first's.
    evil.claim_otherwise(json!({ "iss": linked.provider.issuer() }));
    let mut browser = stranger(server);
    let sent = browser.get("/sign-in/oidc/beta").await.expect(303);
    let back = evil.sign_in(sent.header("location"), SUBJECT);
    assert_not_signed_in(&browser.get(&back).await, "it is of another issuer");
}

async fn s67_a_token_that_is_not_right_signs_nobody_in(server: &TestServer) {
    let linked = Linked::open(server).await;
    let opened = linked.shop.times(server, "session.open").await;
    for (changes, why) in [
        (
            json!({ "nonce": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" }),
            "it answers another question",
        ),
        (json!({ "nonce": null }), "it answers another question"),
        (
            json!({ "aud": "another-portal" }),
            "it is not for this portal alone",
        ),
        (json!({ "exp": 1_000_000_000 }), "it has expired"),
        (json!({ "iat": 1_000_000_000 }), "it was not made now"),
        (json!({ "sub": null }), "it cannot be read"),
    ] {
        linked.provider.claim_otherwise(changes);
        let (mut browser, answer) = linked.sign_in(server, SUBJECT).await;
        assert_not_signed_in(&answer, why);
        browser.get("/domains").await.expect(303);
    }
    assert_eq!(linked.shop.times(server, "session.open").await, opened);
    linked.provider.claim_otherwise(json!({}));
    linked.sign_in(server, SUBJECT).await.1.expect(303);
}

async fn s67_a_new_key_of_the_provider_is_found_and_a_made_up_one_costs_it_nothing(
    server: &TestServer,
) {
    let linked = Linked::open(server).await;
    server.clock().advance(Duration::from_secs(60));
    linked.provider.change_key();
    linked.sign_in(server, SUBJECT).await.1.expect(303);
    let asked = linked.provider.key_requests();
    linked.provider.hide_key();
    for _ in 0..5 {
        let (_, answer) = linked.sign_in(server, SUBJECT).await;
        assert_not_signed_in(&answer, "a key that the provider does not show");
    }
    assert_eq!(linked.provider.key_requests(), asked);
    server.clock().advance(Duration::from_secs(60));
    for _ in 0..5 {
        linked.sign_in(server, SUBJECT).await;
    }
    assert_eq!(linked.provider.key_requests(), asked + 1);
}

async fn s67_a_code_is_never_redeemed_again_by_itself(server: &TestServer) {
    let linked = Linked::open(server).await;
    let (mut browser, back) = linked.sent(server, SUBJECT).await;
    server.providers().lose_next();
    assert_not_signed_in(
        &browser.get(&back).await,
        "did not answer as it should; begin again",
    );
    assert_eq!(linked.provider.redeemed(), 2);
    assert_not_signed_in(&browser.get(&back).await, "begin again");
    assert_eq!(linked.provider.redeemed(), 2);
    let (mut browser, back) = linked.sent(server, SUBJECT).await;
    server.providers().drop_next();
    assert_not_signed_in(
        &browser.get(&back).await,
        "did not answer as it should; begin again",
    );
    assert_not_signed_in(&browser.get(&back).await, "begin again");
    assert_eq!(linked.provider.redeemed(), 2);
    // Whoever begins again is signed in.
    linked.sign_in(server, SUBJECT).await.1.expect(303);
}

async fn s67_what_a_provider_declines_leads_back_to_the_door(server: &TestServer) {
    let mut linked = Linked::open(server).await;
    let (mut browser, back) = linked.sent(server, SUBJECT).await;
    let state = back.rsplit('=').next().unwrap();
    let declined =
        format!("{START}/callback?error=access_denied&error_description=%3Cb%3E&state={state}");
    let answer = browser.get(&declined).await;
    assert_not_signed_in(
        &answer,
        "did not sign you in; try again, or sign in another way",
    );
    assert!(!answer.text().contains("access_denied") && !answer.text().contains("<b>&"));
    assert_not_signed_in(&browser.get(&back).await, "begin again");
    // Whoever links is told on their own page.
    let browser = &mut linked.browser;
    browser
        .post_form(OWN, &format!("{OWN}/unlink"), &[])
        .await
        .expect(303);
    let sent = to_provider(browser, &[]).await;
    let back = linked.provider.sign_in(&sent, SUBJECT);
    let state = back.rsplit('=').next().unwrap();
    let declined = format!("{START}/callback?error=access_denied&state={state}");
    assert_eq!(
        browser.get(&declined).await.expect(303).header("location"),
        OWN
    );
    assert_says(&browser.get(OWN).await, "did not sign you in; try again");
}

async fn s67_a_name_that_nobody_has_is_answered_like_one_without_a_provider(server: &TestServer) {
    let mut linked = Linked::unlinked(server).await;
    let removed = linked
        .browser
        .post_form(TEAM, &format!("{TEAM}/remove"), &[])
        .await;
    removed.expect(303);
    let mut browser = stranger(server);
    let was = browser.get(START).await;
    let never = browser.get("/sign-in/oidc/nobody").await;
    for answer in [&was, &never, &browser.get("/sign-in/oidc/x").await] {
        assert_eq!(answer.status.as_u16(), 422);
        assert_says(answer, "Nobody signs in here by that name");
    }
    // The page that asks for a name leads on, whosever it is.
    for name in ["alpha", "nobody"] {
        let page = browser
            .get(&format!("/sign-in/organization?name={name}"))
            .await;
        assert_says(&page.expect(200), "To your organisation");
    }
    let odd = browser.get("/sign-in/organization?name=%3Cscript%3E").await;
    assert_eq!(odd.status.as_u16(), 422);
    assert_says(&odd, "small letters, digits and hyphens");
}

async fn s67_a_link_is_of_who_asked_for_it(server: &TestServer) {
    let mut linked = Linked::unlinked(server).await;
    let of = (TenantKind::Reseller, linked.shop.reseller.tenant);
    member(server, of, Role::Manager).await;
    let mut colleague = stranger(server);
    let signed = sign_in(&mut colleague, "manager@reseller.test", PASSWORD).await;
    signed.expect(303);
    // The colleague's browser comes back with what the administrator asked for.
    let sent = to_provider(&mut linked.browser, &[]).await;
    let back = linked.provider.sign_in(&sent, SUBJECT);
    let answer = colleague.get(&back).await;
    assert_not_signed_in(&answer, "begin again");
    let cookie = linked
        .browser
        .cookie("__Host-chancery-provider")
        .unwrap()
        .to_owned();
    colleague.set_cookie("__Host-chancery-provider", &cookie);
    let answer = colleague.get(&back).await;
    assert_eq!(answer.expect(303).header("location"), OWN);
    assert_says(&colleague.get(OWN).await, "That took too long");
    assert_eq!(linked.shop.times(server, "user.link_identity").await, 0);
    // One account there is of one person here, and a person has one.
    linked.link(SUBJECT).await.expect(303);
    let sent = to_provider(&mut colleague, &[]).await;
    let back = linked.provider.sign_in(&sent, SUBJECT);
    colleague.get(&back).await.expect(303);
    assert_says(
        &colleague.get(OWN).await,
        "is linked to somebody here already",
    );
    let again = linked.browser.post_form("/settings", OWN, &[]).await;
    again.expect(303);
    assert_says(
        &linked.browser.get(OWN).await,
        "provider already; unlink first",
    );
    assert_eq!(linked.shop.times(server, "user.link_identity").await, 1);
}

async fn s18_by_a_provider_the_rules_are_those_of_a_password(server: &TestServer) {
    let linked = Linked::open(server).await;
    let mut visitor = stranger(server);
    for _ in 0..5 {
        sign_in(&mut visitor, &linked.shop.email, "wrong").await;
    }
    let (_, locked) = linked.sign_in(server, SUBJECT).await;
    assert_not_signed_in(&locked, "Account locked");
    server.clock().advance(Duration::from_secs(16 * 60));
    linked.sign_in(server, SUBJECT).await.1.expect(303);
    // Somebody who is disabled is told what everybody is whom nobody knows.
    let of = (TenantKind::Reseller, linked.shop.reseller.tenant);
    member(server, of, Role::Manager).await;
    let mut colleague = stranger(server);
    sign_in(&mut colleague, "manager@reseller.test", PASSWORD)
        .await
        .expect(303);
    let sent = to_provider(&mut colleague, &[]).await;
    let back = linked.provider.sign_in(&sent, "colleague");
    colleague.get(&back).await.expect(303);
    let (_, answer) = linked.sign_in(server, "colleague").await;
    answer.expect(303);
    let mut admin = linked.shop.browser(server).await;
    let id = crate::portal::people::user_of(server, "manager@reseller.test").await;
    let disable = format!("/team/{id}/disable");
    admin.post_form("/team", &disable, &[]).await.expect(303);
    let (_, answer) = linked.sign_in(server, "colleague").await;
    assert_not_signed_in(&answer, "your account here is not linked to it");
    let store = server.app.store(flow::caller::system("a test"));
    let suspension = (
        linked.shop.reseller.tenant,
        server.app.now(),
        base::Actor::CommandLine,
    );
    assert!(
        store
            .write(suspension, store::tenancy::tenant::suspend)
            .await
            .unwrap()
    );
    let (_, answer) = linked.sign_in(server, SUBJECT).await;
    assert_not_signed_in(&answer, "your organisation is suspended");
}

async fn s67_another_site_signs_nobody_in_without_their_word(server: &TestServer) {
    let linked = Linked::open(server).await;
    let by_name = "/sign-in/organization?name=alpha";
    for path in [START, by_name] {
        for site in ["cross-site", "same-site"] {
            let mut browser = stranger(server);
            let page = browser.get_led_by(site, path).await.expect(200);
            assert_says(&page, "value=\"alpha\"");
            assert!(!page.text().contains("http-equiv=\"refresh\""), "{path}");
        }
    }
    // Who typed the name, or has it as a bookmark, is led on.
    let mut browser = stranger(server);
    for site in ["same-origin", "none"] {
        browser.get_led_by(site, START).await.expect(303);
        let page = browser.get_led_by(site, by_name).await.expect(200);
        assert_says(&page, "http-equiv=\"refresh\"");
    }
    linked.sign_in(server, SUBJECT).await.1.expect(303);
}

async fn s23_who_signed_in_elsewhere_has_proven_nothing_lately(server: &TestServer) {
    let linked = Linked::open(server).await;
    let (mut browser, answer) = linked.sign_in(server, SUBJECT).await;
    answer.expect(303);
    let fields = [("name", "Monitoring"), ("cert.view", "on"), ("days", "30")];
    let page = "/settings/tokens";
    let asked = browser.post_form(page, page, &fields).await;
    assert_eq!(asked.status.as_u16(), 422);
    assert_says(&asked, "Type your password again");
}

async fn s18_a_second_factor_is_asked_for_after_the_provider(server: &TestServer) {
    let mut linked = Linked::open(server).await;
    let mut key = passkey::key();
    passkey::add(&mut linked.browser, &mut key, "Laptop")
        .await
        .expect(200);
    linked
        .provider
        .claim_otherwise(json!({ "amr": ["mfa", "hwk"], "acr": "urn:mfa" }));
    let (mut browser, answer) = linked.sign_in(server, SUBJECT).await;
    assert_eq!(answer.expect(303).header("location"), "/sign-in/code");
    browser.get("/domains").await.expect(303);
    let (mut second, _) = linked.sign_in(server, SUBJECT).await;
    passkey::prove_step(&mut browser, &mut key)
        .await
        .expect(303);
    browser.get("/domains").await.expect(200);
    // What is unlinked meanwhile proves nothing any more.
    let unlink = format!("{OWN}/unlink");
    browser.post_form(OWN, &unlink, &[]).await.expect(303);
    let late = second.get("/sign-in/code").await;
    assert_eq!(late.expect(303).header("location"), "/sign-in?reason=again");
}

async fn s18_where_it_is_required_a_linked_person_has_no_other_way(server: &TestServer) {
    let mut linked = Linked::open(server).await;
    let of = (TenantKind::Reseller, linked.shop.reseller.tenant);
    member(server, of, Role::Manager).await;
    let email = "manager@reseller.test";
    let fields = [
        ("short_name", "alpha"),
        ("issuer", linked.provider.issuer()),
        ("client_id", CLIENT_ID),
        ("required", "on"),
    ];
    linked
        .browser
        .post_form(TEAM, TEAM, &fields)
        .await
        .expect(303);
    // Who is not linked signs in to link.
    let mut colleague = stranger(server);
    sign_in(&mut colleague, email, PASSWORD).await.expect(303);
    let mut key = passkey::key();
    let sent = to_provider(&mut colleague, &[]).await;
    let back = linked.provider.sign_in(&sent, "colleague");
    colleague.get(&back).await.expect(303);
    let elsewhere = "has you sign in at its own provider";
    let refused = sign_in(&mut stranger(server), email, PASSWORD).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert_says(&refused, elsewhere);
    // A wrong password is told nothing of it.
    let wrong = sign_in(&mut stranger(server), email, "wrong").await;
    assert_says(&wrong, "Invalid credentials");
    passkey::add(&mut colleague, &mut key, "Laptop")
        .await
        .expect(200);
    assert_says(
        &passkey::prove_alone(&mut stranger(server), &mut key).await,
        elsewhere,
    );
    let (mut browser, _) = linked.sign_in(server, "colleague").await;
    passkey::prove_step(&mut browser, &mut key)
        .await
        .expect(303);
    // They cannot unlink themselves, and whoever manages people has a password still.
    browser
        .post_form("/settings", &format!("{OWN}/unlink"), &[])
        .await
        .expect(303);
    assert_says(
        &browser.get(OWN).await,
        "whoever manages it can change that",
    );
    let mut admin = linked.shop.browser(server).await;
    let remove = format!("{TEAM}/remove");
    admin.post_form(TEAM, &remove, &[]).await.expect(303);
    let second = sign_in(&mut stranger(server), email, PASSWORD).await;
    assert_eq!(second.expect(303).header("location"), "/sign-in/code");
}

async fn s23_setting_and_linking_ask_for_the_password_again(server: &TestServer) {
    let mut linked = Linked::unlinked(server).await;
    let browser = &mut linked.browser;
    server.clock().advance(Duration::from_secs(11 * 60));
    for (page, path) in [(TEAM, TEAM), (TEAM, "/team/provider/remove"), (OWN, OWN)] {
        assert_says(&browser.get(page).await, "You signed in a while ago");
        let unasked = browser.post_form(page, path, &[]).await;
        assert_eq!(unasked.status.as_u16(), 422, "{path}");
        assert_says(&unasked, "Type your password again.");
    }
    let sent = to_provider(browser, &[("password", PASSWORD)]).await;
    let back = linked.provider.sign_in(&sent, SUBJECT);
    browser.get(&back).await.expect(303);
    assert_says(&browser.get(OWN).await, SUBJECT);
}

async fn s67_a_provider_is_looked_at_before_it_is_set_and_takes_no_password_along(
    server: &TestServer,
) {
    let mut linked = Linked::open(server).await;
    let page = linked.browser.get(TEAM).await.expect(200);
    assert_says(&page, &format!("{ORIGIN}{START}/callback"));
    assert!(
        !page.text().contains(CLIENT_SECRET),
        "it is shown to nobody"
    );
    let mut other = Shop::open(server, "beta").await.browser(server).await;
    let issuer = linked.provider.issuer().to_owned();
    let slash = format!("{issuer}/");
    for (name, issuer, sentence) in [
        (
            "alpha",
            issuer.as_str(),
            "another organisation has this short name",
        ),
        ("b", issuer.as_str(), "The short name has 3 to 40"),
        ("beta", slash.as_str(), "calls itself another issuer"),
        ("beta", "http://nobody.test:1/", "cannot be asked"),
        ("beta", "login.example.com", "The issuer is a URL"),
    ] {
        let fields = [
            ("short_name", name),
            ("issuer", issuer),
            ("client_id", CLIENT_ID),
            ("client_secret", "x"),
        ];
        let refused = other.post_form(TEAM, TEAM, &fields).await;
        assert_eq!(refused.status.as_u16(), 422, "{name} {issuer}");
        let page = refused.page().to_lowercase();
        assert!(
            page.contains(&sentence.to_lowercase()),
            "{sentence}: {page}"
        );
    }
    // A secret is not kept for another client.
    let fields = [
        ("short_name", "alpha"),
        ("issuer", issuer.as_str()),
        ("client_id", "other"),
    ];
    let refused = linked.browser.post_form(TEAM, TEAM, &fields).await;
    assert_says(&refused, "client secret that the provider has given out");
    let removed = linked
        .browser
        .post_form(TEAM, "/team/provider/remove", &[])
        .await;
    removed.expect(303);
    linked.shop.browser(server).await;
    assert_eq!(
        linked
            .shop
            .times(server, "tenant.remove_identity_provider")
            .await,
        1
    );
    assert_says(&linked.browser.get(OWN).await, "no longer this provider");
}

async fn s39_its_secret_is_sealed_and_sealed_anew(server: &TestServer) {
    use flow::operations::rotate_sealing_key::{add_sealing_key, reseal_secrets};
    use store::access::identity_provider;

    let linked = Linked::open(server).await;
    let store = server
        .app
        .store(flow::caller::tenant(linked.shop.reseller.tenant));
    let read = async || {
        let found = store.read((), identity_provider::own).await;
        found.unwrap().expect("a provider").sealed_secret
    };
    let before = read().await;
    let holds = |sealed: &[u8]| {
        let secret = CLIENT_SECRET.as_bytes();
        sealed.windows(secret.len()).any(|window| window == secret)
    };
    assert!(!holds(&before));
    let (app, caller) = (&server.app, flow::Caller::command_line());
    add_sealing_key(app, &caller).await.unwrap();
    reseal_secrets(app, &caller).await.unwrap();
    assert_ne!(read().await, before);
    linked.sign_in(server, SUBJECT).await.1.expect(303);
}
