//! Organizations on the pages of their tenant: added, changed, asked for, with departments.

use tenancy::role::Role;
use tenancy::tenant::TenantKind;
use testkit::{TestServer, Visitor};

use super::people::member;
use super::{Shop, assert_says};

testkit::on_both_engines![
    f028_an_administrator_adds_an_organization_and_its_departments,
    f032_a_pre_validation_is_asked_for_and_taken_back,
    what_is_wrong_stands_at_its_field_and_nothing_is_lost,
    what_a_type_needs_is_told_at_the_field,
    s29_viewers_see_organizations_and_change_nothing,
    s29_another_tenants_organization_is_not_there,
    f037_each_kind_says_what_it_is_best_for,
    f031_an_account_is_opened_for_an_organization_where_its_type_names_one,
    an_account_is_assigned_another_organization,
];

/// What describes an organization for OV.
pub(super) const FIELDS: [(&str, &str); 5] = [
    ("legal_name", "Example Oy"),
    ("country", "FI"),
    ("locality", "Helsinki"),
    ("confirms_name", "Maria Example"),
    ("confirms_email", "maria@example.com"),
];

/// Adds an organization; gives its page's address.
pub(super) async fn add(browser: &mut Visitor, fields: &[(&str, &str)]) -> String {
    let path = "/organizations/new";
    let added = browser.post_form(path, path, fields).await;
    added.expect(303).header("location").to_owned()
}

async fn f028_an_administrator_adds_an_organization_and_its_departments(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    assert_says(&browser.get("/organizations").await, "No organization yet");
    let href = add(&mut browser, &FIELDS).await;
    assert_eq!(shop.times(server, "organization.add").await, 1);
    let page = browser.get(&href).await;
    assert_says(&page, "Certificates cannot name it yet.");
    assert_says(&page, "maria@example.com");
    assert_says(&browser.get("/organizations?q=example").await, "Example Oy");
    let none = browser.get("/organizations?q=other").await;
    assert_says(&none, "No organization matches");

    let departments = format!("{href}/departments");
    let sales = [("name", "Sales & service")];
    browser
        .post_form(&href, &departments, &sales)
        .await
        .expect(303);
    assert_says(&browser.get(&href).await, "Sales &#38; service");
    let again = browser.post_form(&href, &departments, &sales).await;
    assert_eq!(again.status.as_u16(), 422);
    assert_says(&again, "already; choose another name");
    let remove = format!("{departments}/remove");
    browser.post_form(&href, &remove, &sales).await.expect(303);
    assert_says(&browser.get(&href).await, "It has no departments.");

    let edit = format!("{href}/edit");
    assert_says(&browser.get(&edit).await, "value=\"Maria Example\"");
    let renamed = [&[("legal_name", "Renamed Oy")], &FIELDS[1..3]].concat();
    browser.post_form(&edit, &edit, &renamed).await.expect(303);
    let page = browser.get(&href).await;
    assert_says(&page, "Renamed Oy");
    assert!(!page.text().contains("maria@example.com"));
}

async fn f032_a_pre_validation_is_asked_for_and_taken_back(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let href = add(&mut browser, &FIELDS).await;
    let ask = format!("{href}/pre-validations");
    let kind = [("kind", "ov")];
    browser.post_form(&href, &ask, &kind).await.expect(303);
    let page = browser.get(&href).await;
    assert_says(&page, "Its OV pre-validation waits for reviewers.");
    // It waits once.
    browser.post_form(&href, &ask, &kind).await.expect(303);
    assert_says(&browser.get(&href).await, "was asked for already");
    let back = format!("{href}/take-back");
    browser.post_form(&href, &back, &kind).await.expect(303);
    browser.get(&href).await;
    let page = browser.get(&href).await;
    assert_says(&page, "Ended");
    assert_says(&page, "Ask for it");
    assert_eq!(shop.times(server, "pre_validation.end").await, 1);
    browser.post_form(&href, &back, &kind).await.expect(303);
    assert_says(
        &browser.get(&href).await,
        "No OV pre-validation waits any more.",
    );
}

async fn what_is_wrong_stands_at_its_field_and_nothing_is_lost(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let path = "/organizations/new";
    let wrong = [
        ("legal_name", "Example <Oy>"),
        ("country", "Finland"),
        ("locality", "Helsinki"),
        ("signer_name", "Kim Example"),
        ("signer_email", "kim"),
    ];
    let answer = browser.post_form(path, path, &wrong).await;
    assert_eq!(answer.status.as_u16(), 422);
    for field in ["country", "signer_email"] {
        assert_says(&answer, &format!("id=\"{field}-problem\""));
    }
    assert_says(&answer, "value=\"Example &#60;Oy&#62;\"");
    assert_says(&answer, "value=\"Finland\"");
    assert_says(&answer, "value=\"Kim Example\"");
    assert_says(&browser.get("/organizations").await, "No organization yet");
}

async fn what_a_type_needs_is_told_at_the_field(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let href = add(&mut browser, &FIELDS[..3]).await;
    let ask = format!("{href}/pre-validations");
    let answer = browser.post_form(&href, &ask, &[("kind", "ov")]).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert_says(&answer, "id=\"confirms_name-problem\"");
    let edit = format!("{href}/edit");
    let people = [
        ("approver_name", "Kim Example"),
        ("approver_email", "kim@example.com"),
        ("signer_name", "Kim Example"),
        ("signer_email", "kim@example.com"),
    ];
    let fields = [&FIELDS[..], &people].concat();
    browser.post_form(&edit, &edit, &fields).await.expect(303);
    let answer = browser.post_form(&href, &ask, &[("kind", "ev")]).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert_says(&answer, "-problem\"");
    assert_says(&answer, "action=\"/organizations/");
    assert_eq!(shop.times(server, "pre_validation.request").await, 0);
}

async fn s29_viewers_see_organizations_and_change_nothing(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let href = add(&mut shop.browser(server).await, &FIELDS).await;
    let of = (TenantKind::Reseller, shop.reseller.tenant);
    let mut viewer = member(server, of, Role::Viewer).await;
    assert_says(&viewer.get("/organizations").await, "Example Oy");
    let page = viewer.get(&href).await.expect(200).text().to_owned();
    for form in ["/pre-validations", "/departments", "/edit"] {
        assert!(!page.contains(&format!("{href}{form}")), "{form}");
        let path = format!("{href}{form}");
        let answer = viewer.post_form("/settings", &path, &FIELDS).await;
        assert_eq!(answer.status.as_u16(), 403, "{form}");
    }
    assert_eq!(viewer.get("/organizations/new").await.status.as_u16(), 403);
}

async fn s29_another_tenants_organization_is_not_there(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let href = add(&mut shop.browser(server).await, &FIELDS).await;
    let mut other = Shop::open(server, "beta").await.browser(server).await;
    other.get(&href).await.expect(404);
    other.get(&format!("{href}/edit")).await.expect(404);
    let list = other.get("/organizations").await.expect(200);
    assert!(!list.text().contains("Example Oy"));
}

/// An offer of OV certificates under a rule about organizations.
async fn sell(server: &TestServer, rule: &str) {
    let set = [("organization_at_creation", rule)];
    server.sell(("organization", "ov"), "000", &set).await;
}

async fn f037_each_kind_says_what_it_is_best_for(server: &TestServer) {
    for product in ["ov", "ev", "qwac"] {
        server.sell((product, product), "000", &[]).await;
    }
    let shop = Shop::open(server, "alpha").await;
    let page = shop.browser(server).await.get("/accounts/new").await;
    let page = page.expect(200);
    for best in [
        "Best for sites, services and devices",
        "Best for sites of companies",
        "Best for sites that take payments",
        "Best for payment services",
    ] {
        assert_says(&page, best);
    }
}

async fn f031_an_account_is_opened_for_an_organization_where_its_type_names_one(
    server: &TestServer,
) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let new = "/accounts/new";
    assert!(
        !browser
            .get(new)
            .await
            .text()
            .contains("name=\"organization\"")
    );
    sell(server, "required_ov_up").await;
    let href = add(&mut browser, &FIELDS).await;
    assert_says(&browser.get(new).await, ">Example Oy</option>");
    let id = href.trim_start_matches("/organizations/");
    let fields = |kind, organization| {
        [
            ("kind", kind),
            ("organization", organization),
            ("term_years", "1"),
        ]
    };
    // OV needs one, DV takes none.
    for wrong in [fields("organization", ""), fields("dv", id)] {
        let answer = browser.post_form(new, "/accounts", &wrong).await;
        assert_eq!(answer.status.as_u16(), 422);
        assert_says(&answer, "id=\"organization-problem\"");
    }
    let right = fields("organization", id);
    let made = browser.post_form(new, "/accounts", &right).await;
    let account = made.expect(303).header("location").to_owned();
    assert_says(&browser.get(&account).await, &format!("href=\"{href}\""));
}

async fn an_account_is_assigned_another_organization(server: &TestServer) {
    sell(server, "no").await;
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let href = add(&mut browser, &FIELDS).await;
    let fields = [("kind", "organization"), ("term_years", "1")];
    let made = browser
        .post_form("/accounts/new", "/accounts", &fields)
        .await;
    let account = made.expect(303).header("location").to_owned();
    browser.get(&account).await;
    assert_says(&browser.get(&account).await, "none is assigned yet");
    let assign = account.replace("/credentials", "/organization");
    let mut other = Shop::open(server, "beta").await.browser(server).await;
    let foreign = add(&mut other, &FIELDS).await;
    let id = |href: &str| href.trim_start_matches("/organizations/").to_owned();
    for (chosen, says) in [
        (String::new(), "choose one of the list"),
        (id(&foreign), "choose one of the list"),
        (
            id(&href),
            "The account is for this organization from now on",
        ),
    ] {
        let fields = [("organization", chosen.as_str())];
        let answer = browser.post_form(&account, &assign, &fields).await;
        answer.expect(303);
        assert_says(&browser.get(&account).await, says);
    }
    assert_says(&browser.get(&account).await, &format!("href=\"{href}\""));
    let of = (TenantKind::Reseller, shop.reseller.tenant);
    let mut viewer = member(server, of, Role::Viewer).await;
    let page = viewer.get(&account).await;
    assert_says(&page, &format!("href=\"{href}\""));
    assert!(!page.text().contains(&assign));
}
