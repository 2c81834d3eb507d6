//! Customers of a shop: made, invited, looked after, suspended, and apart from each other.

use base::TenantId;
use flow::access::team::switch_tenant::switch_tenant;
use flow::caller;
use flow::tenancy::suspend_tenant::{Suspension, suspend_tenant};
use store::audit::Entry;
use tenancy::role::{Permission, Role};
use tenancy::session::COOKIE_NAME;
use tenancy::tenant::{TenantKind, TenantSwitch};
use testkit::{Answer, TestServer, Visitor};
use web::portal::{MayCall, portal_routes};

use crate::portal::people::{customer_of, member, operator};
use crate::portal::routes::{CUSTOMERS, Route};
use crate::portal::{PASSWORD, Shop, assert_asks_to_sign_in, assert_says, sign_in, stranger};

testkit::on_both_engines![
    f027_a_reseller_makes_a_customer_and_invites_its_administrator,
    f027_an_account_is_opened_for_a_customer_by_who_looks_after_it,
    f027_a_suspended_customer_is_stopped_and_goes_on,
    s29_people_of_a_customer_are_shown_to_who_manages_customers,
    s17_a_customer_that_wants_a_second_factor_is_looked_after_with_one,
    s34_customers_are_found_by_their_reseller_alone,
    s34_a_role_counts_for_the_customers_below_and_no_further,
    s19_s34_going_to_a_customer_and_back_makes_new_tokens,
    s34_leaving_a_customer_is_in_its_audit_however_the_session_ends,
];

/// What a form of a new account has.
const NEW: [(&str, &str); 3] = [("kind", "dv"), ("label", "For them"), ("term_years", "1")];

/// Makes a customer in the portal; its page.
async fn add(browser: &mut Visitor, name: &str) -> String {
    let page = "/customers/new";
    let answer = browser.post_form(page, page, &[("name", name)]).await;
    answer.expect(303).header("location").to_owned()
}

fn id_of(page: &str) -> TenantId {
    TenantId::from_suffix(page.rsplit('/').next().unwrap()).unwrap()
}

async fn visit(browser: &mut Visitor, page: &str) -> Answer {
    let to = format!("{page}/visit");
    browser.post_form(page, &to, &[]).await
}

async fn entries(server: &TestServer, of: TenantId) -> Vec<Entry> {
    let store = server.app.store(caller::tenant(of));
    store.read(100, store::audit::newest).await.unwrap()
}

async fn f027_a_reseller_makes_a_customer_and_invites_its_administrator(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    assert_says(&admin.get("/customers").await, "No customer yet");
    let wrong = [("name", " ")];
    let answer = admin.post_form("/customers/new", "/customers/new", &wrong);
    assert_eq!(answer.await.status.as_u16(), 422);
    let page = add(&mut admin, "Example Bakery").await;
    assert_says(&admin.get("/customers?q=BAKE").await, "Example Bakery");
    assert_says(&admin.get("/customers?q=none").await, "No customer matches");
    let to = format!("{page}/invite");
    let wrong = [("email", "maria")];
    let answer = admin.post_form(&page, &to, &wrong).await;
    assert_eq!(answer.status.as_u16(), 422);
    let fields = [("email", "maria@bakery.test")];
    let shown = admin.post_form(&page, &to, &fields).await;
    assert_says(&shown, "shown once, works once");
    let link = shown.between("/link/", "<").expect("a link");
    let link = format!("/link/{}", link.get(..43).unwrap());
    let mut maria = stranger(server);
    let chosen = [
        ("name", "Maria"),
        ("new_password", PASSWORD),
        ("repeat_password", PASSWORD),
    ];
    maria.post_form(&link, &link, &chosen).await.expect(303);
    sign_in(&mut maria, "maria@bakery.test", PASSWORD)
        .await
        .expect(303);
    assert_says(&maria.get("/").await, "Example Bakery");
    assert_says(&admin.get(&page).await, "Maria");
    let made = entries(server, id_of(&page)).await;
    assert!(made.iter().any(|entry| entry.action == "tenant.create"));
    // A customer has no customers, and its people see nothing above it.
    assert_eq!(maria.get("/customers").await.status.as_u16(), 403);
    assert!(!maria.get("/team").await.text().contains(&shop.email));
}

async fn f027_an_account_is_opened_for_a_customer_by_who_looks_after_it(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    let (bakery, florist) = (
        add(&mut admin, "Example Bakery").await,
        add(&mut admin, "Example Florist").await,
    );
    visit(&mut admin, &bakery).await.expect(303);
    assert_says(&admin.get("/").await, "You look after Example Bakery.");
    let made = admin.post_form("/accounts/new", "/accounts", &NEW).await;
    let made = made.expect(303).header("location").to_owned();
    let reveal = made.replace("/credentials", "/reveal");
    admin.post_form(&made, &reveal, &[]).await.expect(200);
    admin.post_form("/", "/acting/stop", &[]).await.expect(303);
    assert_says(&admin.get("/").await, "Shop alpha");
    // It is the customer's, and nobody else's.
    assert_eq!(admin.get(&made).await.status.as_u16(), 404);
    assert!(!admin.get("/accounts").await.text().contains("For them"));
    let of = |page: &str| (TenantKind::Customer, id_of(page));
    let mut own = member(server, of(&bakery), Role::Admin).await;
    assert_says(&own.get("/accounts").await, "For them");
    assert_says(&own.get("/team/support").await, "Opened an account");
    let mut sibling = member(server, of(&florist), Role::Manager).await;
    assert_eq!(sibling.get(&made).await.status.as_u16(), 404);
    assert!(!sibling.get("/accounts").await.text().contains("For them"));
    let tenant = id_of(&bakery);
    for entry in entries(server, tenant).await {
        let by_others = ["subscription.open", "tenant.visit", "tenant.leave"];
        if by_others.contains(&entry.action.as_str()) {
            assert_eq!(
                entry.acting_as,
                Some(tenant.to_string()),
                "{}",
                entry.action
            );
        }
    }
}

async fn f027_a_suspended_customer_is_stopped_and_goes_on(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    let page = add(&mut admin, "Example Bakery").await;
    let tenant = id_of(&page);
    let mut own = member(server, (TenantKind::Customer, tenant), Role::Admin).await;
    own.get("/").await.expect(200);
    for (path, status) in [("suspend", 303), ("suspend", 303), ("resume", 200)] {
        let to = format!("{page}/{path}");
        admin.post_form(&page, &to, &[]).await.expect(303);
        assert_eq!(own.get("/").await.status.as_u16(), status, "{path}");
    }
    let done = entries(server, tenant).await;
    let times = |action: &str| done.iter().filter(|entry| entry.action == action).count();
    assert_eq!((times("tenant.suspend"), times("tenant.resume")), (1, 1));
    // What whoever runs the server has stopped does not go on by a word of the reseller.
    let operator = flow::Caller::command_line().within(tenant);
    suspend_tenant(&server.app, &operator, Suspension::Put)
        .await
        .unwrap();
    let resume = format!("{page}/resume");
    admin.post_form(&page, &resume, &[]).await.expect(303);
    assert_says(&admin.get(&page).await, "runs this server has suspended");
    assert_eq!(own.get("/").await.status.as_u16(), 303);
    suspend_tenant(&server.app, &operator, Suspension::Lift)
        .await
        .unwrap();
    sign_in(&mut own, "admin@customer.test", PASSWORD)
        .await
        .expect(303);
    // Whoever is above them stops them too.
    let above = flow::Caller::command_line().within(shop.reseller.tenant);
    suspend_tenant(&server.app, &above, Suspension::Put)
        .await
        .unwrap();
    assert_eq!(own.get("/").await.status.as_u16(), 303);
}

async fn s29_people_of_a_customer_are_shown_to_who_manages_customers(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    let page = add(&mut admin, "Example Bakery").await;
    member(server, (TenantKind::Customer, id_of(&page)), Role::Admin).await;
    let own = (TenantKind::Reseller, shop.reseller.tenant);
    let mut viewer = member(server, own, Role::Viewer).await;
    assert_says(&admin.get(&page).await, "admin@customer.test");
    let seen = viewer.get(&page).await.expect(200);
    assert!(!seen.text().contains("admin@customer.test"));
}

async fn s17_a_customer_that_wants_a_second_factor_is_looked_after_with_one(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    let page = add(&mut admin, "Example Bakery").await;
    let there = flow::Caller::command_line().within(id_of(&page));
    let switch = TenantSwitch::RequireSecondFactor;
    let switched = switch_tenant(&server.app, &there, switch, true).await;
    assert!(switched.unwrap());
    visit(&mut admin, &page).await.expect(303);
    let page = admin.get(&page).await.expect(200);
    assert_says(&page, "asks everybody for a second factor");
}

async fn call(browser: &mut Visitor, form: &str, route: &Route, path: &str) -> Answer {
    match route.method {
        "GET" => browser.get(path).await,
        _ => browser.post_form(form, path, route.fields).await,
    }
}

async fn s34_customers_are_found_by_their_reseller_alone(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let below = customer_of(server, &shop).await;
    let sibling = customer_of(server, &shop).await;
    let above = (TenantKind::Operator, operator(server).await);
    let mut beta = Shop::open(server, "beta").await.browser(server).await;
    let mut owner = member(server, above, Role::Owner).await;
    let mut child = member(server, (TenantKind::Customer, below), Role::Admin).await;
    let mut other = member(server, (TenantKind::Customer, sibling), Role::Manager).await;
    let mut viewer = member(
        server,
        (TenantKind::Reseller, shop.reseller.tenant),
        Role::Viewer,
    )
    .await;
    for route in &CUSTOMERS {
        let path = route.path(&below.suffix());
        let what = format!("{} {}", route.method, route.template);
        let found = call(&mut beta, "/settings", route, &path).await;
        assert_eq!(found.status.as_u16(), 404, "{what} of another reseller");
        for (who, browser) in [
            ("the operator", &mut owner),
            ("the customer", &mut child),
            ("a sibling", &mut other),
        ] {
            let found = call(browser, "/settings", route, &path).await;
            let status = found.status.as_u16();
            assert!(matches!(status, 403 | 404), "{what} of {who}: {status}");
        }
        let is_open = matches!(route.template, "/customers/{id}");
        if !route.template.ends_with("/visit") {
            let found = call(&mut viewer, "/settings", route, &path).await;
            let expected = if is_open { 200 } else { 403 };
            assert_eq!(found.status.as_u16(), expected, "{what} of a viewer");
        }
        let mut nobody = stranger(server);
        let answer = match route.method {
            "GET" => nobody.get(&path).await,
            _ => nobody.post(&path, route.fields).await,
        };
        assert_asks_to_sign_in(&answer, &what);
    }
    assert!(
        entries(server, below)
            .await
            .iter()
            .all(|entry| { !matches!(entry.action.as_str(), "tenant.suspend" | "tenant.visit") })
    );
    // Whoever owns them can.
    let mut admin = shop.browser(server).await;
    for route in &CUSTOMERS {
        let path = route.path(&below.suffix());
        let status = call(&mut admin, "/settings", route, &path).await.status;
        assert!(matches!(status.as_u16(), 200 | 303), "{path}: {status}");
    }
}

async fn s34_a_role_counts_for_the_customers_below_and_no_further(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let below = customer_of(server, &shop).await;
    let page = format!("/customers/{}", below.suffix());
    for role in Role::of_level(TenantKind::Reseller) {
        let of = (TenantKind::Reseller, shop.reseller.tenant);
        let mut browser = member(server, of, role).await;
        visit(&mut browser, &page).await.expect(303);
        let id = "0".repeat(26);
        for route in portal_routes() {
            let may = match route.may_call {
                MayCall::Everybody | MayCall::Leaving => continue,
                MayCall::Holder(permission) => role.permits(TenantKind::Customer, permission),
                MayCall::SettingUp | MayCall::SignedIn => false,
            };
            let path = route
                .path
                .replace("{id}", &id)
                .replace("{file}", "leaf.pem");
            let answer = match route.method {
                "GET" => browser.get(&path).await,
                _ => browser.post_form("/", &path, &[]).await,
            };
            let is_refused = answer.status.as_u16() == 403;
            let what = format!("{} {path} for {role}: {}", route.method, answer.status);
            assert_eq!(is_refused, !may, "{what}");
            let is_page = answer.header("content-type").starts_with("text/html");
            let is_marked = answer.page().contains("You look after Customer.");
            assert!(!is_page || is_marked, "{what} is not marked");
        }
        assert!(!role.permits(TenantKind::Customer, Permission::ViewTenants));
    }
}

async fn s19_s34_going_to_a_customer_and_back_makes_new_tokens(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let below = customer_of(server, &shop).await;
    let page = format!("/customers/{}", below.suffix());
    let mut admin = shop.browser(server).await;
    let token = |browser: &Visitor| browser.cookie(COOKIE_NAME).unwrap().to_owned();
    let (first, mut before) = (token(&admin), admin.clone());
    visit(&mut admin, &page).await.expect(303);
    let second = token(&admin);
    assert_ne!(first, second);
    assert_asks_to_sign_in(&before.get("/").await, "the old token");
    let mut before = admin.clone();
    let nested = admin.post_form("/", &format!("{page}/visit"), &[]).await;
    assert_eq!(nested.status.as_u16(), 403);
    admin.post_form("/", "/acting/stop", &[]).await.expect(303);
    assert_ne!(second, token(&admin));
    assert_asks_to_sign_in(&before.get("/").await, "the old token");
    let done = entries(server, below).await;
    let actions: Vec<_> = done.iter().map(|entry| entry.action.as_str()).collect();
    assert!(actions.contains(&"tenant.visit") && actions.contains(&"tenant.leave"));
}

async fn s34_leaving_a_customer_is_in_its_audit_however_the_session_ends(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    let page = add(&mut admin, "Example Bakery").await;
    let left = async || {
        let done = entries(server, id_of(&page)).await;
        let leaves = done.iter().filter(|entry| entry.action == "tenant.leave");
        leaves.count()
    };
    // By signing in anew in the same browser.
    visit(&mut admin, &page).await.expect(303);
    sign_in(&mut admin, &shop.email, PASSWORD).await.expect(303);
    assert_eq!(left().await, 1);
    // By another browser, which ends the session.
    visit(&mut admin, &page).await.expect(303);
    let mut other = shop.browser(server).await;
    let settings = other.get("/settings").await;
    let mut paths = settings.text().split('"');
    let is_end = |path: &&str| path.starts_with("/settings/sessions/") && path.ends_with("/end");
    let end = paths.find(is_end).unwrap().to_owned();
    other.post_form("/settings", &end, &[]).await.expect(303);
    assert_eq!(left().await, 2);
    assert_asks_to_sign_in(&admin.get("/").await, "the session was ended");
}
