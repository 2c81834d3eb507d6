//! The second factor through the pages: setting it up, signing in with it, and losing it.

use std::time::Duration;

use flow::Caller;
use flow::access::link::follow_link::{Chosen, follow_link};
use flow::access::team::switch_tenant::switch_tenant;
use tenancy::password::Password;
use tenancy::role::Role;
use tenancy::tenant::{TenantKind, TenantSwitch};
use tenancy::totp::TotpSecret;
use testkit::{Answer, ApiClient, TestServer, Visitor};
use web::portal::{MayCall, portal_routes};

use super::people::{invite, member, operator, user_of};
use super::{ORIGIN, PASSWORD, Shop, assert_says, sign_in, stranger};

testkit::on_both_engines![
    f003_f008_f016_an_app_is_set_up_and_asked_for_at_the_next_sign_in,
    f003_the_second_step_needs_the_first,
    s17_whoever_lost_everything_is_reset_by_an_administrator,
    s23_setting_it_up_asks_for_the_password_again_after_a_while,
    s17_whoever_must_have_one_and_has_none_may_call_nothing_else,
    s17_the_operator_must_have_one_but_in_a_lab,
    s17_an_administrator_asks_everybody_for_one,
    s18_tokens_wait_for_the_second_factor_of_their_owner,
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
    assert_says(&third.get(PAGE).await, "The authenticator app is off");
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
    assert_says(&browser.get("/team").await, "Set up");
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

pub(super) async fn demand(server: &TestServer, of: &Shop, is_required: bool) {
    let caller = Caller::command_line().within(of.reseller.tenant);
    let switch = TenantSwitch::RequireSecondFactor;
    let changed = switch_tenant(&server.app, &caller, switch, is_required).await;
    assert!(changed.unwrap());
}

/// Asserts that somebody is led to where a second factor is set up.
#[track_caller]
fn assert_led_there(answer: &Answer, what: &str) {
    assert_eq!(answer.status.as_u16(), 303, "{what}");
    assert_eq!(answer.header("location"), PAGE, "{what}");
}

/// Calls every route that asks for somebody to be signed in; which of them led elsewhere.
async fn assert_closed(browser: &mut Visitor) {
    let token = browser.get(PAGE).await.expect(200).csrf().unwrap();
    let mut closed = 0;
    for route in portal_routes() {
        let path = route.path.replace("{id}", &"0".repeat(26));
        let path = path.replace("{file}", "leaf.pem");
        match route.may_call {
            MayCall::Everybody | MayCall::Leaving | MayCall::SettingUp => continue,
            MayCall::Holder(_) | MayCall::SignedIn => {}
        }
        let answer = match route.method {
            "GET" => browser.get(&path).await,
            _ => browser.post(&path, &[("csrf", &token)]).await,
        };
        assert_led_there(&answer, &format!("{} {path}", route.method));
        closed += 1;
    }
    assert!(closed > 60, "{closed}");
    let open = portal_routes().into_iter();
    let is_open = |asked| matches!(asked, MayCall::Leaving | MayCall::SettingUp);
    let open = open.filter(|route| is_open(route.may_call));
    let open: Vec<_> = open.map(|route| (route.method, route.path)).collect();
    let expected = [
        ("POST", "/acting/stop"),
        ("POST", "/sign-out"),
        ("GET", PAGE),
        ("POST", PAGE),
        ("GET", CONFIRM),
        ("POST", CONFIRM),
        ("GET", "/settings/second-factor/passkeys/new"),
        ("POST", "/settings/second-factor/passkeys/ask"),
        ("POST", "/settings/second-factor/passkeys/new"),
    ];
    assert_eq!(open, expected);
}

async fn s17_whoever_must_have_one_and_has_none_may_call_nothing_else(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let mut other = shop.browser(server).await;
    browser.get("/").await.expect(200);
    demand(server, &shop, true).await;
    assert_closed(&mut browser).await;
    assert_says(&browser.get(PAGE).await, "You need a second factor here.");
    let page = browser.get(PAGE).await;
    assert!(!page.text().contains("href=\"/domains\""), "no menu");
    // They can leave.
    let left = other.post_form(PAGE, "/sign-out", &[]).await;
    assert_eq!(left.expect(303).header("location"), "/signed-out");
    // And once they have one, everything is open, but for switching it off.
    let (secret, _) = set_up(server, &mut browser).await;
    browser.get("/domains").await.expect(200);
    assert_says(&browser.get(PAGE).await, "it cannot be switched off");
    server.clock().advance(Duration::from_secs(60));
    let code = secret.code(server.app.now());
    let off = "/settings/second-factor/off";
    let refused = browser.post_form(PAGE, off, &[("code", &code)]).await;
    assert_eq!(refused.status.as_u16(), 422);
    assert_says(&refused, "asks everybody for a second factor");
    assert_says(&browser.get(PAGE).await, "10 of 10 left");
    demand(server, &shop, false).await;
    let done = browser.post_form(PAGE, off, &[("code", &code)]).await;
    done.expect(303);
    browser.get("/domains").await.expect(200);
}

async fn s17_the_operator_must_have_one_but_in_a_lab(server: &TestServer) {
    Shop::open(server, "alpha").await;
    let of = (TenantKind::Operator, operator(server).await);
    let made = invite(server, of, Role::Auditor, "auditor@operator.test").await;
    let chosen = Chosen {
        password: Password::new(PASSWORD),
        display_name: None,
    };
    let visitor = Caller::visitor(flow::caller::Client::default());
    let followed = follow_link(&server.app, &visitor, &made.token.reveal(), chosen).await;
    followed.unwrap();
    let mut auditor = stranger(server);
    let signed_in = sign_in(&mut auditor, "auditor@operator.test", PASSWORD).await;
    signed_in.expect(303);
    assert_closed(&mut auditor).await;
    // In a lab nobody waits for it, and the same session goes on.
    let lab = server
        .beside_with(|settings| settings.operator_needs_second_factor = false)
        .await;
    let mut there = Visitor::new(web::portal::router(lab.app.clone(), ORIGIN), ORIGIN);
    let cookie = auditor.cookie(tenancy::session::COOKIE_NAME).unwrap();
    there.set_cookie(tenancy::session::COOKIE_NAME, cookie);
    there.get("/").await.expect(200);
    set_up(server, &mut auditor).await;
    auditor.get("/").await.expect(200);
}

async fn s17_an_administrator_asks_everybody_for_one(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    let of = (TenantKind::Reseller, shop.reseller.tenant);
    let mut viewer = member(server, of, Role::Viewer).await;
    let switch = "/team/second-factor";
    let refused = viewer
        .post_form("/settings", switch, &[("required", "on")])
        .await;
    assert_eq!(refused.status.as_u16(), 403);
    set_up(server, &mut admin).await;
    let page = admin.get("/team").await.expect(200);
    assert!(!page.text().contains("name=\"required\" checked"));
    let done = admin
        .post_form("/team", switch, &[("required", "on")])
        .await;
    assert_eq!(done.expect(303).header("location"), "/team");
    let page = admin.get("/team").await.expect(200);
    assert!(page.text().contains("name=\"required\" checked"));
    assert_led_there(&viewer.get("/domains").await, "at the next request");
    // What is so already is not told again.
    let again = admin
        .post_form("/team", switch, &[("required", "on")])
        .await;
    again.expect(303);
    assert_eq!(shop.times(server, "tenant.require_second_factor").await, 1);
    // Others are not asked.
    let mut beta = Shop::open(server, "beta").await.browser(server).await;
    beta.get("/domains").await.expect(200);
    admin.post_form("/team", switch, &[]).await.expect(303);
    viewer.get("/domains").await.expect(200);
    assert_eq!(shop.times(server, "tenant.require_second_factor").await, 2);
}

async fn s18_tokens_wait_for_the_second_factor_of_their_owner(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let tokens = "/settings/tokens";
    let fields = [("name", "Monitoring"), ("cert.view", "on"), ("days", "30")];
    let made = browser.post_form(tokens, tokens, &fields).await;
    let text = made.between("id=\"token\" data-select>", "<").unwrap();
    let program = ApiClient::new(web::api::router(server.app.clone())).with_token(&text);
    let me = "/api/v1/me";
    program.get(me).await.expect(200);
    demand(server, &shop, true).await;
    let refused = program.get(me).await.expect(403);
    assert_eq!(refused.member("code"), "api_token_second_factor");
    set_up(server, &mut browser).await;
    program.get(me).await.expect(200);
}
