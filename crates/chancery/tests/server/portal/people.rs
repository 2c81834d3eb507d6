//! People of every kind, and how they come: invited, by a link, with a password of their own.

use base::{TenantId, UserId};
use flow::access::find_user::find_user;
use flow::access::link::Sender;
use flow::access::link::follow_link::{Chosen, follow_link};
use flow::access::link::make_link::Made;
use flow::access::team::invite_user::{Giver, Invite, invite_user};
use flow::tenancy::find_operator::find_operator;
use flow::{Caller, Settings, caller};
use tenancy::password::{Mode, Password};
use tenancy::role::binding::Binding;
use tenancy::role::{Role, Roles};
use tenancy::tenant::{Tenant, TenantKind, TenantName};
use tenancy::user::{DisplayName, Email};
use testkit::{TestServer, Visitor};

use super::second_factor::set_up;
use super::{ORIGIN, PASSWORD, Shop, assert_says, sign_in, stranger};

testkit::on_both_engines![
    f001_f011_f030_somebody_is_invited_and_chooses_a_password,
    s06_a_link_that_does_not_work_says_what_to_do,
    f013_a_modern_policy_asks_for_no_kinds_of_characters,
    f014_rules_are_ticked_behind_a_link_too,
    an_administrator_changes_roles_and_removes_people,
];

/// The operator of the installation.
pub(crate) async fn operator(server: &TestServer) -> TenantId {
    let found = find_operator(&server.app, &Caller::command_line()).await;
    found.unwrap().expect("an operator").id
}

/// A customer below a shop.
pub(crate) async fn customer_of(server: &TestServer, shop: &Shop) -> TenantId {
    let (app, now) = (&server.app, server.app.now());
    let store = app.store(caller::system("a test"));
    let above = store
        .read(shop.reseller.tenant, store::tenancy::tenant::by_id)
        .await;
    let above: Tenant = above.unwrap().unwrap();
    let name = TenantName::parse("Customer").unwrap();
    let id = TenantId::generate(now, app.random());
    let customer = Tenant::new(id, TenantKind::Customer, name, Some(&above), now).unwrap();
    let made = store.write(customer, store::tenancy::tenant::insert).await;
    assert!(made.unwrap());
    id
}

pub(super) async fn invite(
    server: &TestServer,
    of: (TenantKind, TenantId),
    role: Role,
    email: &str,
) -> Made {
    invite_bound(server, of, (role, Binding::default()), email).await
}

async fn invite_bound(
    server: &TestServer,
    (level, tenant): (TenantKind, TenantId),
    (role, binding): (Role, Binding),
    email: &str,
) -> Made {
    let giver = Giver {
        level,
        roles: Roles::one(Role::highest(level)),
    };
    let invite = Invite {
        email: Email::parse(email).unwrap(),
        display_name: DisplayName::parse("Somebody").unwrap(),
        roles: Roles::one(role),
        binding,
    };
    let caller = Caller::command_line().within(tenant);
    let sender = Sender {
        portal: ORIGIN.to_owned(),
        organization: "Somewhere".to_owned(),
        name: "Somebody".to_owned(),
    };
    let made = invite_user(&server.app, &caller, (&giver, &sender), invite).await;
    made.unwrap()
}

/// Somebody of a shop who was invited and has not come.
pub(crate) async fn guest(server: &TestServer, tenant: TenantId, email: &str) -> String {
    let made = invite(server, (TenantKind::Reseller, tenant), Role::Viewer, email).await;
    made.person.user.id.suffix()
}

/// A browser of somebody with this role, whose address is `ROLE@LEVEL.test`.
pub(crate) async fn member(server: &TestServer, of: (TenantKind, TenantId), role: Role) -> Visitor {
    let email = format!("{role}@{}.test", of.0);
    joined(server, of, (role, Binding::default()), &email).await
}

/// The same of somebody whose role is for a part of the tenant.
pub(super) async fn joined(
    server: &TestServer,
    of: (TenantKind, TenantId),
    bound: (Role, Binding),
    email: &str,
) -> Visitor {
    let token = invite_bound(server, of, bound, email).await.token;
    let chosen = Chosen {
        password: Password::new(PASSWORD),
        display_name: None,
    };
    let visitor = Caller::visitor(caller::Client::default());
    let followed = follow_link(&server.app, &visitor, &token.reveal(), chosen).await;
    followed.unwrap();
    let mut browser = stranger(server);
    let answer = sign_in(&mut browser, email, PASSWORD).await;
    answer.expect(303);
    // Whoever is of the operator gets nowhere without.
    if of.0 == TenantKind::Operator {
        set_up(server, &mut browser).await;
    }
    browser
}

/// What names a user in paths.
pub(crate) async fn user_of(server: &TestServer, email: &str) -> String {
    let email = Email::parse(email).unwrap();
    let found = find_user(&server.app, &Caller::command_line(), email).await;
    let id: UserId = found.unwrap().expect("a user").person.user.id;
    id.suffix()
}

/// The path behind the link that a page shows.
fn link_on(page: &str) -> String {
    let rest = page.split("/link/").nth(1).expect("a link");
    format!("/link/{}", rest.get(..43).expect("a token"))
}

async fn f001_f011_f030_somebody_is_invited_and_chooses_a_password(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    let fields = [("email", "noor@shop.test"), ("role", "manager")];
    let shown = admin.post_form("/team", "/team", &fields).await;
    assert_says(&shown, "shown once, works once");
    let link = link_on(shown.expect(200).text());
    let page = admin.get("/team").await.expect(200).text().to_owned();
    assert!(page.contains("noor@shop.test") && !page.contains("/link/"));

    let mut noor = stranger(server);
    let welcome = noor.get(&link).await;
    assert_says(&welcome, "You were invited to Shop alpha");
    assert_eq!(welcome.header("cache-control"), "no-store");
    assert_eq!(welcome.header("referrer-policy"), "no-referrer");
    let typed = |name, new, repeat| {
        [
            ("name", name),
            ("new_password", new),
            ("repeat_password", repeat),
        ]
    };
    let wrong = typed("", PASSWORD, "other");
    let answer = noor.post_form(&link, &link, &wrong).await;
    assert_says(&answer, "The two passwords differ.");
    let weak = typed("Noor", "weak", "weak");
    let answer = noor.post_form(&link, &link, &weak).await;
    assert_eq!(answer.status.as_u16(), 422);
    let right = typed("Noor Example", PASSWORD, PASSWORD);
    let answer = noor.post_form(&link, &link, &right).await;
    let to = answer.expect(303).header("location").to_owned();
    assert_says(&noor.get(&to).await, "Your password is set");
    let answer = sign_in(&mut noor, "noor@shop.test", PASSWORD).await;
    answer.expect(303);
    assert_says(&noor.get("/settings").await, "Manager");
    assert_says(&admin.get("/team").await, "Noor Example");
}

async fn s06_a_link_that_does_not_work_says_what_to_do(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let of = (TenantKind::Reseller, shop.reseller.tenant);
    let made = invite(server, of, Role::Viewer, "late@shop.test").await;
    let mut late = stranger(server);
    let unknown = format!("/link/{}", "A".repeat(43));
    for path in ["/link/x", &unknown] {
        let answer = late.get(path).await;
        assert_eq!(answer.status.as_u16(), 422);
        assert_says(&answer, "This link does not work; ask for a new one");
    }
    let path = format!("/link/{}", made.token.reveal());
    late.get(&path).await.expect(200);
    server
        .clock()
        .advance(std::time::Duration::from_secs(72 * 3600));
    assert_says(
        &late.get(&path).await,
        "The link has expired; ask for a new one",
    );
}

async fn f014_rules_are_ticked_behind_a_link_too(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let of = (TenantKind::Reseller, shop.reseller.tenant);
    let made = invite(server, of, Role::Viewer, "new@shop.test").await;
    let mut new = stranger(server);
    let path = format!("/link/{}", made.token.reveal());
    let rules = format!("{path}/rules");
    let typed = [("new_password", "abc1")];
    let answer = new.post_form(&path, &rules, &typed).await;
    assert_says(&answer, "Still missing: ");
    let typed = [("new_password", PASSWORD)];
    let answer = new.post_form(&path, &rules, &typed).await;
    assert_says(&answer, "The new password meets all rules");
}

async fn f013_a_modern_policy_asks_for_no_kinds_of_characters(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let change = |settings: &mut Settings| settings.password_policy = Mode::Modern;
    let modern = server.beside_with(change).await;
    let long = "wandering otters count lanterns";
    for (node, status) in [(server, 422), (&modern, 303)] {
        let mut browser = shop.browser(node).await;
        for (new, status) in [("password", 422), (long, status)] {
            let typed = [
                ("current_password", PASSWORD),
                ("new_password", new),
                ("repeat_password", new),
            ];
            let answer = browser
                .post_form("/settings", "/settings/password", &typed)
                .await;
            assert_eq!(answer.status.as_u16(), status, "{new}");
        }
    }
    let mut browser = stranger(&modern);
    sign_in(&mut browser, &shop.email, long).await.expect(303);
}

async fn an_administrator_changes_roles_and_removes_people(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut admin = shop.browser(server).await;
    let of = (TenantKind::Reseller, shop.reseller.tenant);
    let mut viewer = member(server, of, Role::Viewer).await;
    let person = format!("/team/{}", user_of(server, "viewer@reseller.test").await);
    assert_eq!(viewer.get("/team").await.status.as_u16(), 403);
    let roles = format!("{person}/roles");
    let answer = admin.post_form(&person, &roles, &[]).await;
    assert_says(&answer, "Choose at least one role");
    let answer = admin.post_form(&person, &roles, &[("admin", "on")]).await;
    answer.expect(303);
    // Another role is for another session.
    let gone = viewer.get("/team").await.expect(303);
    assert!(gone.header("location").starts_with("/sign-in"));
    let again = sign_in(&mut viewer, "viewer@reseller.test", PASSWORD).await;
    again.expect(303);
    viewer.get("/team").await.expect(200);
    let own = format!("/team/{}", user_of(server, &shop.email).await);
    let remove = format!("{own}/remove");
    let answer = admin.post_form(&remove, &remove, &[]).await;
    assert_eq!(answer.expect(303).header("location"), "/sign-in");
    // Now the other one is the last.
    let disable = format!("{person}/disable");
    let answer = viewer.post_form(&person, &disable, &[]).await;
    answer.expect(303);
    assert_says(
        &viewer.get(&person).await,
        "is the last who manages people here",
    );
}
