//! Nobody reaches another tenant's objects (security S-29).

use base::UserId;
use flow::caller;
use flow::operations::record_refusals::record;
use store::access::user;
use tenancy::role::Role;
use tenancy::tenant::TenantKind;
use tenancy::user::{DisplayName, Email, User};
use testkit::{Answer, Eab, TestServer, Visitor};
use web::portal::{MayCall, portal_routes};

use super::routes::{Object, ROUTES, Route};
use super::{PASSWORD, Shop, assert_asks_to_sign_in, sign_in, stranger};

testkit::on_both_engines![
    s29_every_route_with_an_id_is_tenant_scoped,
    s29_every_route_is_closed_to_who_may_not_call_it,
    s29_lists_and_searches_show_nothing_of_others,
    s29_forms_that_name_anothers_account_find_nothing,
];

/// A name that only one shop has.
const NAME: &str = "secret-a.com";

/// A shop with one of everything.
pub(super) struct Full {
    pub(super) shop: Shop,
    browser: Visitor,
    eab: Eab,
    account: String,
    certificate: String,
    client: String,
    domain: String,
    order: String,
    refusal: String,
    session: String,
}

impl Full {
    pub(super) async fn open(server: &TestServer) -> Self {
        let shop = Shop::open(server, "alpha").await;
        let eab = server.account_of(shop.reseller, None).await;
        let enrolled = server.enroll(&eab, NAME).await;
        let client = server.stranger().await.register(&eab).await;
        client.issue(&[NAME]).await;
        client.new_order(&["not-there.example.com"]).await;
        record(&server.app).await;
        // Another browser of the same person: what the first one can end.
        shop.browser(server).await;
        let mut browser = shop.browser(server).await;
        Self {
            account: eab.subscription.suffix(),
            certificate: first_id(&browser.get("/certificates").await, "/certificates/"),
            client: client.account.rsplit('/').next().unwrap().to_owned(),
            domain: enrolled.first().unwrap().id.suffix(),
            order: first_id(&browser.get("/activity").await, "/activity/"),
            refusal: first_id(
                &browser.get("/activity?result=refused").await,
                "/activity/refused/",
            ),
            session: other_session(&browser.get("/settings").await),
            shop,
            browser,
            eab,
        }
    }

    pub(super) fn path(&self, route: &Route) -> String {
        route.path(match route.object {
            Object::Account => &self.account,
            Object::Certificate => &self.certificate,
            Object::Client => &self.client,
            Object::Credential => &self.eab.key_id,
            Object::Domain => &self.domain,
            Object::Order => &self.order,
            Object::Refusal => &self.refusal,
            Object::Session => &self.session,
        })
    }

    /// What the shop sees of itself, and what is recorded of it.
    async fn state(&mut self, server: &TestServer) -> Vec<String> {
        let mut state = self.shop.audited(server).await;
        for path in [
            "/",
            &format!("/accounts/{}/credentials", self.account),
            &format!("/accounts/{}/clients", self.account),
            &format!("/certificates/{}", self.certificate),
            "/domains",
            "/settings",
        ] {
            let page = self.browser.get(path).await.expect(200);
            state.push(page.text().to_owned());
        }
        state
    }
}

/// The first object that a list links to.
fn first_id(list: &Answer, path: &str) -> String {
    let link = format!("href=\"{path}");
    let mut links = list.text().split(&link).skip(1);
    let id = links.find_map(|rest| rest.get(..26).filter(|id| !id.contains(['"', '?', '/'])));
    id.unwrap_or_else(|| panic!("no link to {path}")).to_owned()
}

/// The first session in the settings that can be ended.
fn other_session(settings: &Answer) -> String {
    let forms = settings
        .text()
        .split("action=\"/settings/sessions/")
        .skip(1);
    let mut targets = forms.filter_map(|rest| rest.split('"').next()?.strip_suffix("/end"));
    targets.next().expect("another session").to_owned()
}

async fn call(browser: &mut Visitor, route: &Route, path: &str) -> Answer {
    match route.method {
        "GET" => browser.get(path).await,
        // A page with forms that everybody who is signed in may open.
        _ => browser.post_form("/settings", path, route.fields).await,
    }
}

async fn s29_every_route_with_an_id_is_tenant_scoped(server: &TestServer) {
    let mut full = Full::open(server).await;
    let mut other = Shop::open(server, "beta").await.browser(server).await;
    let before = full.state(server).await;
    for route in &ROUTES {
        let path = full.path(route);
        let what = format!("{} {}", route.method, route.template);
        let foreign = call(&mut other, route, &path).await;
        assert_eq!(foreign.status.as_u16(), 404, "{what}");
        assert!(!foreign.page().contains(NAME), "{what}");
        let unknown = route.path(&"0".repeat(26));
        let unknown = call(&mut other, route, &unknown).await;
        let (foreign, unknown) = (foreign.text(), unknown.expect(404));
        assert_eq!(
            foreign.replace(&path, ""),
            unknown.text().replace(&route.path(&"0".repeat(26)), ""),
            "{what}: tells that the object exists"
        );
        let mut nobody = stranger(server);
        let answer = match route.method {
            "GET" => nobody.get(&path).await,
            _ => nobody.post(&path, route.fields).await,
        };
        assert_asks_to_sign_in(&answer, &what);
    }
    assert_eq!(full.state(server).await, before, "something was changed");
    for route in &ROUTES {
        let path = full.path(route);
        let answer = call(&mut full.browser, route, &path).await;
        let status = answer.status.as_u16();
        assert!(
            matches!(status, 200 | 303) && !answer.header("location").starts_with("/sign-in"),
            "{status} for the owner's {} {path}: {}",
            route.method,
            answer.text()
        );
    }
}

/// A browser of somebody in the shop who may look and change nothing.
async fn viewer(server: &TestServer, shop: &Shop) -> Visitor {
    let app = &server.app;
    let store = app.store(caller::tenant(shop.reseller.tenant));
    let known = store.read(shop.reseller.user, user::credential).await;
    let credential = known.unwrap().unwrap();
    let email = "viewer@shop.test";
    let mut viewer = User::new(
        UserId::generate(app.now(), app.random()),
        shop.reseller.tenant,
        Email::parse(email).unwrap(),
        DisplayName::parse("Viewer").unwrap(),
        Role::Viewer,
        app.now(),
    );
    viewer.role = Role::Viewer;
    let made = store.write((viewer, credential), user::insert).await;
    assert!(made.unwrap());
    let mut browser = stranger(server);
    let answer = sign_in(&mut browser, email, PASSWORD).await;
    answer.expect(303);
    browser
}

async fn s29_every_route_is_closed_to_who_may_not_call_it(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut viewer = viewer(server, &shop).await;
    let id = "0".repeat(26);
    let mut refused = 0;
    for route in portal_routes() {
        let MayCall::Holder(permission) = route.may_call else {
            continue;
        };
        let path = route
            .path
            .replace("{id}", &id)
            .replace("{file}", "leaf.pem");
        let answer = match route.method {
            "GET" => viewer.get(&path).await,
            _ => viewer.post_form("/settings", &path, &[]).await,
        };
        let may = Role::Viewer.permits(TenantKind::Reseller, permission);
        let is_refused = answer.status.as_u16() == 403;
        assert_eq!(
            is_refused, !may,
            "{} {path}: {}",
            route.method, answer.status
        );
        refused += usize::from(is_refused);
    }
    assert!(refused > 20, "{refused}");
    // What the menu leads to, they may open.
    let page = viewer.get("/").await.expect(200);
    for path in [
        "/accounts",
        "/activity",
        "/certificates",
        "/domains",
        "/settings",
    ] {
        assert!(
            page.text().contains(&format!("<a href=\"{path}\">")),
            "{path}"
        );
        viewer.get(path).await.expect(200);
    }
}

async fn s29_lists_and_searches_show_nothing_of_others(server: &TestServer) {
    let full = Full::open(server).await;
    let mut other = Shop::open(server, "beta").await.browser(server).await;
    for list in ["/domains", "/certificates", "/activity"] {
        for query in [
            String::new(),
            "?q=secret".to_owned(),
            "?q=secret&size=100".to_owned(),
            format!("?account={}", full.account),
            format!("?account={}&q=secret", full.account),
            format!("?after={NAME}~{}", "0".repeat(26)),
        ] {
            let page = other.get(&format!("{list}{query}")).await.expect(200);
            assert_shows_nothing(&page, &full, &query);
        }
    }
    for path in ["/", "/accounts", "/accounts?after=0", "/settings"] {
        let page = other.get(path).await.expect(200);
        assert_shows_nothing(&page, &full, "");
    }
    let query = format!("?account={}", full.account);
    let page = other.get(&format!("/domains/new{query}")).await.expect(200);
    assert_shows_nothing(&page, &full, &query);
}

#[track_caller]
fn assert_shows_nothing(page: &Answer, of: &Full, query: &str) {
    let text = page.page();
    let secrets = [
        NAME,
        &of.eab.key_id,
        &of.shop.email,
        &of.account,
        &of.certificate,
        &of.client,
        &of.domain,
        &of.order,
        &of.session,
    ];
    for secret in secrets {
        // A page may repeat what it was asked for.
        if !query.contains(secret) {
            assert!(!text.contains(secret), "{secret} is shown for {query:?}");
        }
    }
}

async fn s29_forms_that_name_anothers_account_find_nothing(server: &TestServer) {
    let mut full = Full::open(server).await;
    let mut other = Shop::open(server, "beta").await.browser(server).await;
    let before = full.state(server).await;
    let account = full.account.clone();
    let fields = [("account", account.as_str()), ("names", "taken.example")];
    for path in ["/domains", "/domains/preview"] {
        let answer = other.post_form("/settings", path, &fields).await;
        answer.expect(404);
    }
    let page = other.post_form("/settings", "/domains/edit", &fields).await;
    assert_shows_nothing(&page.expect(200), &full, &account);
    assert_eq!(full.state(server).await, before);
}
