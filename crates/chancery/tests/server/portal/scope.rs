//! Nobody reaches another tenant's objects (security S-29).

mod bound;

use std::time::Duration;

use base::{Clock as _, DnsName, DomainId, OrganizationId, Rate, TenantId, Timestamp};
use flow::Caller;
use flow::operations::change_limit::{Bound, Limit, LimitOverride, set_limit};
use flow::operations::record_refusals::record;
use flow::operations::share_limits::share;
use flow::tenancy::domain::add_domain::add_domain;
use flow::tenancy::domain::delegate_domain::{Grant, delegate_domain};
use flow::tenancy::organization::change_organization::{Details, add_organization};
use flow::tenancy::organization::departments::add_department;
use pki::SubjectFields;
use store::migrate::Wall;
use store::testing::make_schema;
use tenancy::certificate_type::AllowedTypes;
use tenancy::organization::{Contacts, DepartmentName};
use tenancy::passkey::testing::SoftAuthenticator;
use tenancy::role::Role;
use tenancy::role::binding::Part;
use tenancy::tenant::TenantKind;
use testkit::{Answer, Eab, TestServer, Visitor};
use tokio::sync::Mutex;
use web::portal::{MayCall, portal_routes};

use super::people::{customer_of, guest, member, operator, user_of};
use super::routes::{ORGANIZATION, Object, ROUTES, Route};
use super::sign_in::passkey;
use super::{Shop, assert_asks_to_sign_in, stranger};

testkit::on_both_engines![
    s29_every_route_with_an_id_is_tenant_scoped,
    s29_every_route_is_closed_to_who_may_not_call_it,
    s29_lists_and_searches_show_nothing_of_others,
    s29_forms_that_name_anothers_account_find_nothing,
    s31_pages_are_behind_the_second_wall_and_clients_are_not,
];

/// A name that only one shop has.
const NAME: &str = "secret-a.com";

/// A shop with one of everything.
pub(super) struct Full {
    pub(super) shop: Shop,
    browser: Visitor,
    eab: Eab,
    pub(super) account: String,
    certificate: String,
    client: String,
    colleague: String,
    customer: String,
    delegated_domain: String,
    domain: String,
    guest: String,
    order: String,
    pub(super) organization: String,
    passkey: String,
    refusal: String,
    session: String,
    tenant: String,
    token: String,
    /// What signs its administrator in.
    spare: Mutex<SoftAuthenticator>,
}

impl Full {
    pub(super) async fn open(server: &TestServer) -> Self {
        let shop = Shop::open(server, "alpha").await;
        let eab = server.account_of(shop.reseller, None).await;
        let organization = organization(server, &shop, "Secret Oy").await;
        Self::filled(server, shop, eab, organization).await
    }

    /// A shop with one of everything, where account and domain are for a department of its organization.
    pub(super) async fn of_department(server: &TestServer) -> (Self, Part) {
        let shop = Shop::open(server, "alpha").await;
        let organization = organization(server, &shop, "Secret Oy").await;
        let part = department(server, &shop, &organization, "Research").await;
        let set = [("organization_at_creation", "required")];
        server.sell(("of-parts", "dv"), "house", &set).await;
        let eab = server.account_of_part(shop.reseller, "of-parts", part);
        let full = Self::filled(server, shop, eab.await, organization).await;
        let grant = Grant {
            organization: part.organization,
            department: part.department,
            types: AllowedTypes::all(),
        };
        let caller = Caller::command_line().within(full.shop.reseller.tenant);
        let domain = DomainId::from_suffix(&full.delegated_domain).unwrap();
        let delegated = delegate_domain(&server.app, &caller, domain, grant).await;
        delegated.unwrap();
        (full, part)
    }

    async fn filled(server: &TestServer, shop: Shop, eab: Eab, organization: String) -> Self {
        let enrolled = server.enroll(&eab, NAME).await;
        let client = server.stranger().await.register(&eab).await;
        client.issue(&[NAME]).await;
        client.new_order(&["not-there.example.com"]).await;
        record(&server.app).await;
        let of = (TenantKind::Reseller, shop.reseller.tenant);
        member(server, of, Role::Manager).await;
        let mut browser = shop.browser(server).await;
        let (mut laptop, mut spare) = (passkey::key(), passkey::key());
        passkey::add(&mut browser, &mut laptop, "Laptop").await;
        passkey::add(&mut browser, &mut spare, "Spare").await;
        // Another browser of the same person: what the first one can end.
        passkey::browser(server, &mut spare).await;
        Self {
            account: eab.subscription.suffix(),
            certificate: first_id(&browser.get("/certificates").await, "/certificates/"),
            client: client.account.rsplit('/').next().unwrap().to_owned(),
            customer: customer_of(server, &shop).await.suffix(),
            colleague: user_of(server, "manager@reseller.test").await,
            guest: guest(server, shop.reseller.tenant, "guest@shop.test").await,
            delegated_domain: delegated_domain(server, &shop).await,
            domain: enrolled.first().unwrap().id.suffix(),
            order: first_id(&browser.get("/activity").await, "/activity/"),
            organization,
            passkey: passkey::passkeys(&mut browser).await[0]
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned(),
            refusal: first_id(
                &browser.get("/activity?result=refused").await,
                "/activity/refused/",
            ),
            session: other_session(&browser.get("/settings").await),
            tenant: shop.reseller.tenant.suffix(),
            token: token(&mut browser).await,
            spare: Mutex::new(spare),
            shop,
            browser,
            eab,
        }
    }

    /// A further browser of its administrator.
    pub(super) async fn browser(&self, server: &TestServer) -> Visitor {
        passkey::browser(server, &mut *self.spare.lock().await).await
    }

    pub(super) fn path(&self, route: &Route) -> String {
        route.path(match route.object {
            Object::Account => &self.account,
            Object::Certificate => &self.certificate,
            Object::Client => &self.client,
            Object::Colleague => &self.colleague,
            Object::Credential => &self.eab.key_id,
            Object::Customer => &self.customer,
            Object::DelegatedDomain => &self.delegated_domain,
            Object::Domain => &self.domain,
            Object::Guest => &self.guest,
            Object::Offer => "nothing-of-this-shop",
            Object::Order => &self.order,
            Object::Organization => &self.organization,
            Object::Passkey => &self.passkey,
            // Nothing of this shop waits.
            Object::Review => "00000000000000000000000000",
            Object::Refusal => &self.refusal,
            Object::Reseller => &self.tenant,
            Object::Session => &self.session,
            Object::Token => &self.token,
        })
    }

    /// Calls a route as somebody, for the objects of this shop.
    pub(super) async fn call(&self, browser: &mut Visitor, route: &Route, path: &str) -> Answer {
        let value = |value: &'static str| match value {
            ORGANIZATION => self.organization.as_str(),
            other => other,
        };
        let fields = route
            .fields
            .iter()
            .map(|(name, given)| (*name, value(given)));
        let fields: Vec<_> = fields.collect();
        match route.method {
            "GET" => browser.get(path).await,
            // A page with forms that everybody who is signed in may open.
            _ => browser.post_form("/settings", path, &fields).await,
        }
    }

    /// What the shop sees of itself, and what is recorded of it.
    pub(super) async fn state(&mut self, server: &TestServer) -> Vec<String> {
        let mut state = self.shop.audited(server).await;
        for path in [
            "/",
            &format!("/accounts/{}/credentials", self.account),
            &format!("/accounts/{}/clients", self.account),
            &format!("/certificates/{}", self.certificate),
            "/domains",
            &format!("/organizations/{}", self.organization),
            &format!("/delegated-domains/{}", self.delegated_domain),
            "/settings",
            "/settings/identity",
            "/settings/second-factor",
            "/settings/tokens",
            "/team",
            "/team/provider",
        ] {
            let page = self.browser.get(path).await.expect(200);
            state.push(page.text().to_owned());
        }
        state
    }
}

/// An organization of the shop.
async fn organization(server: &TestServer, shop: &Shop, name: &str) -> String {
    let details = Details {
        fields: SubjectFields {
            legal_name: name.to_owned(),
            locality: Some("Helsinki".to_owned()),
            country: "FI".to_owned(),
            ..SubjectFields::default()
        },
        contacts: Contacts::default(),
    };
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let added = add_organization(&server.app, &caller, details).await;
    added.unwrap().id.suffix()
}

/// A department of an organization of the shop.
pub(super) async fn department(
    server: &TestServer,
    shop: &Shop,
    organization: &str,
    name: &str,
) -> Part {
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let organization = OrganizationId::from_suffix(organization).unwrap();
    let name = DepartmentName::parse(name).unwrap();
    let added = add_department(&server.app, &caller, organization, name).await;
    Part {
        organization,
        department: Some(added.unwrap().id),
    }
}

/// A domain of the shop that is proven outside of orders.
async fn delegated_domain(server: &TestServer, shop: &Shop) -> String {
    let caller = Caller::command_line().within(shop.reseller.tenant);
    let name = DnsName::parse(NAME).unwrap();
    let added = add_domain(&server.app, &caller, name).await;
    added.unwrap().id.suffix()
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

/// A token that the person makes.
async fn token(browser: &mut Visitor) -> String {
    let page = "/settings/tokens";
    let fields = [("name", "Of alpha"), ("cert.view", "on"), ("days", "30")];
    browser.post_form(page, page, &fields).await.expect(200);
    let list = browser.get(page).await;
    let id = list.between("href=\"/settings/tokens/", "/revoke\"");
    id.expect("a token")
}

/// Lets the people of a tenant change as much as there are routes.
pub(super) async fn hurry(server: &TestServer, tenant: TenantId) {
    let own = LimitOverride {
        tenant,
        limit: Limit::PortalWrites,
        bound: Bound::Often(Rate::new(1_000, Duration::from_secs(1), 1_000)),
        ends_at: None,
        reason: "a test".to_owned(),
    };
    let caller = Caller::command_line();
    set_limit(&server.app, &caller, own).await.unwrap();
    let now = server.clock().now();
    share(&server.app, Timestamp::from_micros(0), now)
        .await
        .unwrap();
}

async fn s29_every_route_with_an_id_is_tenant_scoped(server: &TestServer) {
    let mut full = Full::open(server).await;
    let beta = Shop::open(server, "beta").await;
    let above = (TenantKind::Operator, operator(server).await);
    let below = customer_of(server, &full.shop).await;
    let below = (TenantKind::Customer, below);
    for tenant in [beta.reseller.tenant, above.1, below.1] {
        hurry(server, tenant).await;
    }
    let others = [
        beta.browser(server).await,
        member(server, above, Role::Owner).await,
        member(server, below, Role::Admin).await,
    ];
    let before = full.state(server).await;
    for mut other in others {
        assert_finds_nothing(server, &full, &mut other).await;
    }
    assert_eq!(full.state(server).await, before, "something was changed");
    let mut browser = std::mem::replace(&mut full.browser, stranger(server));
    for route in &ROUTES {
        let path = full.path(route);
        let answer = full.call(&mut browser, route, &path).await;
        let status = answer.status.as_u16();
        assert!(
            matches!(status, 200 | 303) && !answer.header("location").starts_with("/sign-in"),
            "{status} for the owner's {} {path}: {}",
            route.method,
            answer.text()
        );
    }
}

/// To another tenant, be it above or below, and to nobody.
async fn assert_finds_nothing(server: &TestServer, full: &Full, other: &mut Visitor) {
    for route in &ROUTES {
        let path = full.path(route);
        let what = format!("{} {}", route.method, route.template);
        let foreign = full.call(other, route, &path).await;
        assert_eq!(foreign.status.as_u16(), 404, "{what}");
        assert!(!foreign.page().contains(NAME), "{what}");
        let unknown = route.path(&"0".repeat(26));
        let unknown = full.call(other, route, &unknown).await;
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
}

/// Everybody who can be signed in somewhere around the shop: each role at each level, with the permissions it has there.
async fn everybody(server: &TestServer, shop: &Shop) -> Vec<(TenantKind, Role, Visitor)> {
    let levels = [
        (TenantKind::Operator, operator(server).await),
        (TenantKind::Reseller, shop.reseller.tenant),
        (TenantKind::Customer, customer_of(server, shop).await),
    ];
    let mut all = Vec::new();
    for (level, tenant) in levels {
        for role in Role::of_level(level) {
            let browser = member(server, (level, tenant), role).await;
            all.push((level, role, browser));
        }
    }
    all
}

async fn s29_every_route_is_closed_to_who_may_not_call_it(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let id = "0".repeat(26);
    for (level, role, mut browser) in everybody(server, &shop).await {
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
                "GET" => browser.get(&path).await,
                _ => browser.post_form("/settings", &path, &[]).await,
            };
            let may = role.permits(level, permission);
            let is_refused = answer.status.as_u16() == 403;
            assert_eq!(
                is_refused, !may,
                "{} {path} for {role} of a {level}: {}",
                route.method, answer.status
            );
            // What only people of another level may do is refused to all of this one.
            let is_of_level = Role::of_level(level).any(|other| other.permits(level, permission));
            refused += usize::from(is_refused && is_of_level);
        }
        let holds_all = role == Role::highest(level);
        assert_eq!(refused == 0, holds_all, "{role}: {refused}");
        // What the menu leads to, they may open.
        let page = browser.get("/").await.expect(200).text().to_owned();
        let links = page.split("<a href=\"/").skip(1);
        let paths = links.filter_map(|rest| rest.split('"').next());
        for path in paths {
            browser.get(&format!("/{path}")).await.expect(200);
        }
    }
}

async fn s29_lists_and_searches_show_nothing_of_others(server: &TestServer) {
    let full = Full::open(server).await;
    let mut other = Shop::open(server, "beta").await.browser(server).await;
    for list in [
        "/domains",
        "/certificates",
        "/activity",
        "/organizations",
        "/delegated-domains",
    ] {
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
    for path in [
        "/",
        "/accounts",
        "/accounts?after=0",
        "/accounts/new",
        "/customers",
        "/customers/new",
        "/delegated-domains/new",
        "/organizations/new",
        "/settings",
        "/settings/brand",
        "/settings/second-factor",
        "/settings/second-factor/passkeys/new",
        "/settings/tokens",
        "/team",
        "/team/support",
    ] {
        let page = other.get(path).await.expect(200);
        assert_shows_nothing(&page, &full, "");
    }
    let query = format!("?account={}", full.account);
    let page = other.get(&format!("/domains/new{query}")).await.expect(200);
    assert_shows_nothing(&page, &full, &query);
}

/// Policies that let nothing through at all leave pages without what they show; clients are served as before.
async fn s31_pages_are_behind_the_second_wall_and_clients_are_not(server: &TestServer) {
    if server.store.wall().await.unwrap() == Wall::NoneHere {
        return;
    }
    let shop = Shop::open(server, "alpha").await;
    let eab = server.account_of(shop.reseller, None).await;
    server.enroll(&eab, NAME).await;
    let client = server.stranger().await.register(&eab).await;
    let mut browser = shop.browser(server).await;
    let shows = |page: &Answer| page.page().contains(NAME);
    assert!(shows(&browser.get("/domains").await.expect(200)));
    let text = "ALTER POLICY own_tenant ON enrolled_domain USING (FALSE)";
    make_schema(&server.store, text).await.unwrap();
    assert!(!shows(&browser.get("/domains").await.expect(200)));
    client.issue(&[NAME]).await;
}

#[track_caller]
pub(super) fn assert_shows_nothing(page: &Answer, of: &Full, query: &str) {
    let text = page.page();
    let secrets = [
        NAME,
        &of.eab.key_id,
        &of.shop.email,
        &of.account,
        &of.certificate,
        &of.client,
        &of.colleague,
        &of.customer,
        &of.guest,
        &of.delegated_domain,
        &of.domain,
        &of.order,
        &of.organization,
        &of.passkey,
        "Secret Oy",
        &of.session,
        &of.token,
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
