//! Forms of other sites (security S-24) and caches that keep too much (security S-27).

use tenancy::role::Role;
use tenancy::tenant::TenantKind;
use testkit::{TestServer, Visitor};
use web::portal::{MayCall, portal_routes};

use super::routes::{CUSTOMERS, ROUTES};
use super::scope::Full;
use super::{ORIGIN, PASSWORD, Shop, stranger};

testkit::on_both_engines![
    s24_forms_without_their_token_are_refused,
    s24_forms_of_another_session_are_refused,
    s24_forms_of_another_site_are_refused,
    s24_the_sign_in_form_is_guarded_too,
    s25_every_answer_carries_the_headers_of_a_page,
    s27_no_page_is_stored,
    s28_no_foreign_origin_may_read_the_portal,
    s70_figures_and_health_are_not_for_the_public,
];

/// A good account, whatever else a form may need.
const FIELDS: [(&str, &str); 3] = [("kind", "dv"), ("label", "Forged"), ("term_years", "1")];

/// Every form that the shop's administrator may send but the door's, which has a test of its own, at what the shop has.
fn forms(full: &Full) -> Vec<String> {
    let all = portal_routes().into_iter();
    let may = |may_call| match may_call {
        MayCall::Everybody => false,
        MayCall::Holder(permission) => Role::Admin.permits(TenantKind::Reseller, permission),
        MayCall::Leaving | MayCall::SettingUp | MayCall::SignedIn => true,
    };
    let forms = all.filter(|route| route.method == "POST" && may(route.may_call));
    let at = |path: &str| {
        let mut known = ROUTES.iter().chain(&CUSTOMERS);
        let known = known.find(|route| route.template == path);
        known.map_or_else(|| path.to_owned(), |route| full.path(route))
    };
    forms.map(|route| at(route.path)).collect()
}

/// Asserts that nothing came of it: the session is still there, and no account was made.
async fn assert_nothing_happened(browser: &mut Visitor) {
    let page = browser.get("/accounts").await.expect(200);
    assert!(!page.text().contains("Forged"));
}

/// A node that takes more forms in a second than a person may send.
async fn unlimited(server: &TestServer) -> TestServer {
    server
        .beside_with(|settings| settings.has_limits = false)
        .await
}

async fn s24_forms_without_their_token_are_refused(server: &TestServer) {
    let server = &unlimited(server).await;
    let full = Full::open(server).await;
    let mut browser = full.browser(server).await;
    for path in forms(&full) {
        let refused = browser.post(&path, &FIELDS).await;
        assert_eq!(refused.status.as_u16(), 403, "{path}");
        assert!(refused.text().contains("This form is too old"), "{path}");
    }
    assert_nothing_happened(&mut browser).await;
}

async fn s24_forms_of_another_session_are_refused(server: &TestServer) {
    let server = &unlimited(server).await;
    let full = Full::open(server).await;
    let mut browser = full.browser(server).await;
    let mut other = Shop::open(server, "beta").await.browser(server).await;
    let token = other.get("/").await.csrf().unwrap();
    for path in forms(&full) {
        let fields = [&[("csrf", token.as_str())], &FIELDS[..]].concat();
        let refused = browser.post(&path, &fields).await;
        assert_eq!(refused.status.as_u16(), 403, "{path}");
    }
    assert_nothing_happened(&mut browser).await;
}

async fn s24_forms_of_another_site_are_refused(server: &TestServer) {
    let server = &unlimited(server).await;
    let full = Full::open(server).await;
    let mut browser = full.browser(server).await;
    let token = browser.get("/").await.csrf().unwrap();
    let fields = [&[("csrf", token.as_str())], &FIELDS[..]].concat();
    for path in forms(&full) {
        for origin in [
            "https://evil.example",
            "https://portal.test.evil.example",
            "null",
        ] {
            let refused = browser.post_from(origin, &path, &fields).await;
            assert_eq!(refused.status.as_u16(), 403, "{path} from {origin}");
        }
    }
    assert_nothing_happened(&mut browser).await;
    browser
        .post_from(ORIGIN, "/accounts", &fields)
        .await
        .expect(303);
}

async fn s24_the_sign_in_form_is_guarded_too(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let fields = [("email", shop.email.as_str()), ("password", PASSWORD)];
    stranger(server).post("/sign-in", &fields).await.expect(403);
    let mut browser = stranger(server);
    let token = browser.get("/sign-in").await.csrf().unwrap();
    browser.post("/sign-in", &fields).await.expect(403);
    let fields = [&[("csrf", token.as_str())], &fields[..]].concat();
    let evil = "https://evil.example";
    browser
        .post_from(evil, "/sign-in", &fields)
        .await
        .expect(403);
    // The token of another browser.
    let mut other = stranger(server);
    other.get("/sign-in").await.expect(200);
    other.post("/sign-in", &fields).await.expect(403);
    browser.post("/sign-in", &fields).await.expect(303);
}

async fn s27_no_page_is_stored(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    for path in [
        "/",
        "/accounts",
        "/accounts/new",
        "/activity",
        "/certificates",
        "/customers",
        "/customers/new",
        "/delegated-domains",
        "/delegated-domains/new",
        "/domains",
        "/domains/new",
        "/nothing",
        "/organizations",
        "/organizations/new",
        "/resellers",
        "/reviews",
        "/settings",
        "/settings/brand",
        "/settings/identity",
        "/settings/second-factor/passkeys/new",
        "/settings/tokens",
        "/sign-in",
        "/sign-in/organization",
        "/signed-out",
        "/team/provider",
    ] {
        for answer in [browser.get(path).await, stranger(server).get(path).await] {
            assert_eq!(answer.header("cache-control"), "no-store", "{path}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
            let policy = answer.header("content-security-policy");
            assert!(policy.starts_with("default-src 'none'"), "{path}: {policy}");
        }
    }
}

async fn s25_every_answer_carries_the_headers_of_a_page(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    for path in ["/", "/nothing", "/sign-in", "/assets/nothing.css"] {
        for answer in [browser.get(path).await, stranger(server).get(path).await] {
            let policy = answer.header("content-security-policy");
            for directive in [
                "default-src 'none'",
                "frame-ancestors 'none'",
                "base-uri 'none'",
                "form-action 'self'",
                "object-src 'none'",
            ] {
                let mut directives = policy.split("; ");
                assert!(
                    directives.any(|each| each == directive),
                    "{path}: {directive}"
                );
            }
            assert!(!policy.contains("unsafe-inline"), "{path}");
            for (name, value) in [
                ("x-content-type-options", "nosniff"),
                ("cross-origin-opener-policy", "same-origin"),
                ("referrer-policy", "same-origin"),
                (
                    "strict-transport-security",
                    "max-age=31536000; includeSubDomains",
                ),
            ] {
                assert_eq!(answer.header(name), value, "{path}: {name}");
            }
        }
    }
}

async fn s28_no_foreign_origin_may_read_the_portal(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let mut answers = Vec::new();
    for path in ["/", "/accounts", "/sign-in"] {
        answers.push(browser.get(path).await);
        let elsewhere = browser.post_from("https://evil.test", path, &[]).await;
        assert!(elsewhere.status.is_client_error(), "{path}");
        answers.push(elsewhere);
    }
    for answer in answers {
        let open = answer.headers.keys();
        let open: Vec<_> = open
            .filter(|name| name.as_str().starts_with("access-control-"))
            .collect();
        assert!(open.is_empty(), "{open:?}");
    }
}

async fn s70_figures_and_health_are_not_for_the_public(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let acme = server.stranger().await;
    for path in ["/metrics", "/healthz", "/debug", "/internal"] {
        browser.get(path).await.expect(404);
        let url = acme.resource("newNonce");
        let origin = url.split("/v2/").next().unwrap();
        let answer = acme.get(&format!("{origin}{path}")).await.expect(404);
        assert!(!answer.headers.contains_key("server"), "{path}");
    }
}
