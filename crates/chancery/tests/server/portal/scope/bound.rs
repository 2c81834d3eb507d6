//! Who is bound to an organization or a department reaches what is for it and nothing else of the tenant (security S-29).

use std::time::Duration;

use tenancy::role::Role;
use tenancy::role::binding::{Binding, Part};
use tenancy::tenant::TenantKind;
use testkit::{Answer, TestServer, Visitor};
use web::portal::{MayCall, portal_routes};

use super::{Full, assert_shows_nothing, department, hurry, organization};
use crate::portal::people::joined;
use crate::portal::routes::{ORGANIZATION, Object, ROUTES, Route};
use crate::portal::{assert_says, sign_in, stranger};

testkit::on_both_engines![
    f028_s29_administrators_say_what_somebodys_role_is_for,
    f028_s29_what_somebody_is_bound_to_stays_there,
    s29_every_route_with_an_id_is_closed_to_who_is_bound_elsewhere,
    s29_forms_that_name_what_is_for_others_find_nothing,
    s29_lists_and_searches_show_nothing_of_other_parts,
    s29_who_is_bound_to_a_department_does_the_daily_work_of_it,
];

/// A browser of somebody with a role for a part of the shop.
async fn bound(server: &TestServer, full: &Full, role: Role, part: Part) -> Visitor {
    let of = (TenantKind::Reseller, full.shop.reseller.tenant);
    let email = format!("{role}-{part}@shop.test");
    joined(server, of, (role, Binding::to([part])), &email).await
}

/// What is not for whoever it is that is given what for: another department, and another organization.
async fn elsewhere(server: &TestServer, full: &Full) -> [Part; 2] {
    let other = organization(server, &full.shop, "Other Oy").await;
    [
        department(server, &full.shop, &full.organization, "Fleet").await,
        department(server, &full.shop, &other, "Fleet").await,
    ]
}

/// What the role alone permits of a route.
fn is_permitted(route: &Route, role: Role) -> bool {
    let routes = portal_routes();
    let found = routes
        .iter()
        .find(|found| (found.method, found.path) == (route.method, route.template));
    match found.unwrap().may_call {
        MayCall::Holder(permission) => role.permits(TenantKind::Reseller, permission),
        MayCall::Everybody | MayCall::Leaving | MayCall::SettingUp | MayCall::SignedIn => true,
    }
}

fn what(route: &Route, answer: &Answer) -> String {
    format!(
        "{} {} answers {}",
        route.method, route.template, answer.status
    )
}

async fn s29_every_route_with_an_id_is_closed_to_who_is_bound_elsewhere(server: &TestServer) {
    let (mut full, own) = Full::of_department(server).await;
    hurry(server, full.shop.reseller.tenant).await;
    let parts = elsewhere(server, &full).await;
    let mut others = Vec::new();
    for part in parts {
        for role in [Role::Manager, Role::Viewer] {
            let browser = bound(server, &full, role, part).await;
            others.push((part, role, browser));
        }
    }
    let before = full.state(server).await;
    for (part, role, browser) in &mut others {
        // The organization is shown to all of its departments.
        let sees_organization = part.organization == own.organization;
        for route in &ROUTES {
            let path = full.path(route);
            let answer = full.call(browser, route, &path).await;
            let expected = match (route.object, route.template) {
                _ if !is_permitted(route, *role) => 403,
                (Object::Organization, "/organizations/{id}") if sees_organization => 200,
                (Object::Organization, "/organizations/{id}/edit")
                    if sees_organization && route.method == "GET" =>
                {
                    403
                }
                _ => 404,
            };
            if sees_organization && expected == 404 && route.object == Object::Organization {
                // A form that comes back says so at its top or field.
                assert!(!answer.status.is_success(), "{}", what(route, &answer));
            } else {
                assert_eq!(answer.status.as_u16(), expected, "{}", what(route, &answer));
            }
        }
    }
    assert_eq!(full.state(server).await, before, "something was changed");
}

async fn s29_who_is_bound_to_a_department_does_the_daily_work_of_it(server: &TestServer) {
    let (full, own) = Full::of_department(server).await;
    hurry(server, full.shop.reseller.tenant).await;
    let mut manager = bound(server, &full, Role::Manager, own).await;
    for path in ["/", "/accounts", "/domains", "/certificates", "/activity"] {
        let page = manager.get(path).await.expect(200);
        assert!(
            page.page().contains(super::NAME) || path == "/accounts",
            "{path}"
        );
    }
    assert_says(&manager.get("/organizations").await, "Secret Oy");
    for route in &ROUTES {
        let path = full.path(route);
        let answer = full.call(&mut manager, route, &path).await;
        let of_a_person = matches!(
            route.object,
            Object::Passkey | Object::Session | Object::Token
        );
        let of_whole = matches!(route.object, Object::Organization)
            || (route.template.starts_with("/delegated-domains/{id}/"))
            || route.fields.iter().any(|(_, value)| *value == ORGANIZATION);
        let status = answer.status.as_u16();
        let is_expected = match () {
            () if !is_permitted(route, Role::Manager) => status == 403,
            () if of_a_person => status == 404,
            () if route.template == "/organizations/{id}" => status == 200,
            () if of_whole => matches!(status, 303 | 403 | 404 | 422),
            () => matches!(status, 200 | 303),
        };
        assert!(is_expected, "{}: {}", what(route, &answer), answer.text());
    }
    // What is of the whole was not changed by any of it.
    let mut admin = full.browser(server).await;
    let page = format!("/organizations/{}", full.organization);
    let page = admin.get(&page).await.expect(200).text().to_owned();
    let page = page.replace("placeholder=\"Sales\"", "");
    assert!(page.contains("Research") && !page.contains("Sales"));
    let domain = format!("/delegated-domains/{}", full.delegated_domain);
    let domain = admin.get(&domain).await.expect(200).text().to_owned();
    assert!(domain.contains("Secret Oy, Research"), "{domain}");
    // What the removal of a name leaves for later, of which a tenant's share is a piece a second.
    for _ in 0..3 {
        server.clock().advance(Duration::from_secs(1));
        server.run_jobs().await;
    }
}

async fn s29_lists_and_searches_show_nothing_of_other_parts(server: &TestServer) {
    let (full, _) = Full::of_department(server).await;
    let [_, other] = elsewhere(server, &full).await;
    let mut other = bound(server, &full, Role::Manager, other).await;
    for list in [
        "/accounts",
        "/domains",
        "/certificates",
        "/activity",
        "/activity?result=refused",
        "/organizations",
        "/delegated-domains",
    ] {
        let more = if list.contains('?') { "&" } else { "?" };
        for query in [
            String::new(),
            format!("{more}q=secret"),
            format!("{more}account={}", full.account),
            format!("{more}view=revoked"),
            format!("{more}result=failed"),
        ] {
            if list.contains("result=") && query.contains("result=") {
                continue;
            }
            let page = other.get(&format!("{list}{query}")).await;
            // A list of an account that is not there is not there.
            if !(query.contains("account=") && page.status == 404) {
                assert_eq!(page.status, 200, "{list}{query}");
            }
            assert_shows_nothing(&page, &full, &query);
        }
    }
    for path in ["/", "/accounts/new", "/domains/new", "/settings"] {
        let page = other.get(path).await.expect(200);
        assert_shows_nothing(&page, &full, "");
    }
    let certificate = &full.certificate;
    let mut admin = full.browser(server).await;
    let shown = admin.get(&format!("/certificates/{certificate}")).await;
    let serial = shown.text().split("Serial number").nth(1).unwrap();
    let digits = serial.split(|each: char| !each.is_ascii_hexdigit());
    let serial = digits.max_by_key(|run| run.len()).unwrap().to_owned();
    let page = other.get(&format!("/certificates?q={serial}")).await;
    assert_shows_nothing(&page.expect(200), &full, &serial);
    for path in ["/team", "/organizations/new", "/delegated-domains/new"] {
        other.get(path).await.expect(403);
    }
}

async fn s29_forms_that_name_what_is_for_others_find_nothing(server: &TestServer) {
    let (mut full, own) = Full::of_department(server).await;
    let mut others = Vec::new();
    for part in elsewhere(server, &full).await {
        let other = bound(server, &full, Role::Manager, part).await;
        others.push((part, other));
    }
    let before = full.state(server).await;
    for (part, mut other) in others {
        let account = full.account.clone();
        let fields = [("account", account.as_str()), ("names", "taken.example")];
        for path in ["/domains", "/domains/preview"] {
            let answer = other.post_form("/settings", path, &fields).await;
            answer.expect(404);
        }
        let whole = Part::whole(part.organization);
        for organization in [String::new(), own.to_string(), whole.to_string()] {
            let fields = [
                ("kind", "of-parts"),
                ("organization", organization.as_str()),
                ("label", "Taken"),
                ("term_years", "1"),
            ];
            let answer = other.post_form("/accounts/new", "/accounts", &fields).await;
            assert_eq!(answer.status.as_u16(), 422, "for {organization:?}");
        }
        let page = other.post_form("/settings", "/organizations/renewal", &[]);
        page.await.expect(403);
        let fields = [
            ("legal_name", "New Oy"),
            ("country", "FI"),
            ("locality", "Espoo"),
        ];
        let page = other.post_form("/settings", "/organizations/new", &fields);
        page.await.expect(403);
        let page = other.post_form(
            "/settings",
            "/delegated-domains/new",
            &[("name", "new.test")],
        );
        page.await.expect(403);
    }
    assert_eq!(full.state(server).await, before, "something was changed");
}

async fn f028_s29_administrators_say_what_somebodys_role_is_for(server: &TestServer) {
    let (full, own) = Full::of_department(server).await;
    let mut admin = full.browser(server).await;
    let binding = own.to_string();
    let fields = [
        ("email", "noor@shop.test"),
        ("role", "viewer"),
        ("binding", binding.as_str()),
    ];
    assert_says(&admin.get("/team").await, "Secret Oy, Research");
    admin.post_form("/team", "/team", &fields).await.expect(200);
    assert_says(
        &admin.get("/team").await,
        "for one organization or department",
    );
    let person = crate::portal::people::user_of(server, "noor@shop.test").await;
    let page = format!("/team/{person}");
    assert_says(&admin.get(&page).await, "some of it");
    // An administrator's role is for the whole.
    let roles = format!("{page}/roles");
    let refused = admin.post_form(&page, &roles, &[("admin", "on")]).await;
    assert_says(&refused, "for the whole organisation");
    let bind = format!("{page}/binding");
    let both = Part::whole(own.organization).to_string();
    let fields = [(binding.as_str(), "on"), (both.as_str(), "on")];
    admin.post_form(&page, &bind, &fields).await.expect(303);
    assert_says(
        &admin.get("/team").await,
        "for 2 organizations and departments",
    );
    let unknown = Part::whole(base::OrganizationId::from_bytes([9; 16])).to_string();
    let fields = [(unknown.as_str(), "on")];
    let refused = admin.post_form(&page, &bind, &fields).await;
    assert_says(&refused, "not there any more");
    admin.post_form(&page, &bind, &[]).await.expect(303);
    assert_says(&admin.get(&page).await, "the whole organisation");
    assert_eq!(full.shop.times(server, "user.bind_roles").await, 2);
}

/// Neither does it turn into the whole tenant when the department goes, nor does it hinder that somebody goes.
async fn f028_s29_what_somebody_is_bound_to_stays_there(server: &TestServer) {
    let (full, _) = Full::of_department(server).await;
    let [sales, _] = elsewhere(server, &full).await;
    bound(server, &full, Role::Viewer, sales).await;
    let mut admin = full.browser(server).await;
    let organization = format!("/organizations/{}", full.organization);
    let remove = format!("{organization}/departments/remove");
    let answer = admin
        .post_form(&organization, &remove, &[("name", "Fleet")])
        .await;
    let to = answer.header("location").to_owned();
    let page = admin
        .get(if to.is_empty() { &organization } else { &to })
        .await;
    assert_says(&page, "Fleet");
    let email = format!("viewer-{sales}@shop.test");
    let person = crate::portal::people::user_of(server, &email).await;
    let page = format!("/team/{person}");
    let gone = admin.post_form(&page, &format!("{page}/remove"), &[]).await;
    gone.expect(303);
    let answer = sign_in(&mut stranger(server), &email, crate::portal::PASSWORD).await;
    assert_eq!(answer.status.as_u16(), 422);
    admin
        .post_form(&organization, &remove, &[("name", "Fleet")])
        .await
        .expect(303);
    let page = admin.get(&organization).await.expect(200).text().to_owned();
    assert!(!page.contains("Fleet"), "{page}");
}
