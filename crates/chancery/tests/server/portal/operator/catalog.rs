//! What is sold and who signs, as the operator's people see it.

use tenancy::role::Role;
use tenancy::tenant::TenantKind;
use testkit::{TestServer, Visitor};

use crate::portal::people::{member, operator};
use crate::portal::routes::OFFERS;
use crate::portal::{Shop, assert_says};

testkit::on_both_engines![
    an_owner_publishes_the_next_version_and_accounts_keep_theirs,
    what_cannot_be_published_stands_at_its_field,
    who_signs_and_where_is_on_one_page,
    s29_offers_are_seen_by_owners_and_auditors_and_published_by_owners,
];

const OFFER: &str = "/offers/delegated";

/// Somebody of the operator, who is there as soon as somebody sells.
async fn of_operator(server: &TestServer, role: Role) -> Visitor {
    let above = (TenantKind::Operator, operator(server).await);
    member(server, above, role).await
}

/// An account that was bought under the first version, and its page.
async fn bought(server: &TestServer) -> (Visitor, String) {
    server.sell(("delegated", "dv"), "000", &[]).await;
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let account = buy(&mut browser, "Kept").await;
    (browser, account)
}

/// Buys an account, and gives the address of its page.
async fn buy(browser: &mut Visitor, label: &str) -> String {
    let fields = [("kind", "delegated"), ("label", label), ("term_years", "1")];
    let made = browser
        .post_form("/accounts/new", "/accounts", &fields)
        .await;
    made.expect(303).header("location").to_owned()
}

async fn an_owner_publishes_the_next_version_and_accounts_keep_theirs(server: &TestServer) {
    let (mut customer, account) = bought(server).await;
    let kept = "They live at most 90 days.";
    assert_says(&customer.get(&account).await, kept);
    let mut owner = of_operator(server, Role::Owner).await;
    assert_says(&owner.get("/offers").await, "delegated");
    assert_says(&owner.get(OFFER).await, "Publish version 2");
    let fields = [("preset", ""), ("settings", "\nmax_cert_days = 47\n")];
    let answer = owner.post_form(OFFER, OFFER, &fields).await.expect(303);
    assert_eq!(answer.header("location"), OFFER);
    let page = owner.get(OFFER).await.expect(200);
    assert_says(&page, "Version 2 is sold from now on");
    assert_says(&page, "They live at most 47 days.");
    assert_says(&page, "<del>90</del>");
    assert_says(&page, "<ins>47</ins>");
    assert_says(&page, "000, 1 change");
    let before = owner.get(&format!("{OFFER}?version=1")).await;
    assert_says(&before, "Replaced");
    assert_says(&before, kept);
    owner.get(&format!("{OFFER}?version=3")).await.expect(404);
    assert_says(&customer.get(&account).await, kept);
    // What is sold from then on is another version's.
    let new = buy(&mut customer, "New").await;
    assert_says(&customer.get(&new).await, "They live at most 47 days.");
    // The same again is no version.
    let fields = [("preset", ""), ("settings", "max_cert_days=47")];
    owner.post_form(OFFER, OFFER, &fields).await.expect(303);
    assert_says(&owner.get(OFFER).await, "Nothing differs");
    // A preset is one to begin with.
    let fields = [("preset", "001"), ("settings", "")];
    owner.post_form(OFFER, OFFER, &fields).await.expect(303);
    assert_says(&owner.get(OFFER).await, "The MAC key is shown once");
}

async fn what_cannot_be_published_stands_at_its_field(server: &TestServer) {
    Shop::open(server, "alpha").await;
    server.sell(("delegated", "dv"), "000", &[]).await;
    let mut owner = of_operator(server, Role::Owner).await;
    for (preset, settings, says) in [
        ("", "max_cert_days = 90\nnothing", "Line 2: write a key"),
        ("", "colour = red", "a policy has no key"),
        ("", "max_cert_days = never", "max_cert_days cannot be"),
        ("", "name_admission = hook", "a hook that a partner answers"),
        ("900", "", "Choose one from the list"),
    ] {
        let fields = [("preset", preset), ("settings", settings)];
        let answer = owner.post_form(OFFER, OFFER, &fields).await;
        assert_eq!(answer.status.as_u16(), 422, "{settings}");
        assert_says(&answer, says);
        assert_says(&answer, settings.lines().next().unwrap_or_default());
    }
    assert_says(&owner.get(OFFER).await, "Publish version 2");
    // What was typed lately is enough; long after it the password is asked for.
    server
        .clock()
        .advance(std::time::Duration::from_secs(20 * 60));
    let fields = [("preset", ""), ("settings", "max_cert_days = 47")];
    let answer = owner.post_form(OFFER, OFFER, &fields).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert_says(&answer, "Type your password again");
}

async fn who_signs_and_where_is_on_one_page(server: &TestServer) {
    Shop::open(server, "alpha").await;
    let mut owner = of_operator(server, Role::Owner).await;
    let page = owner.get("/authorities").await.expect(200);
    for part in [
        "Signing",
        "ECDSA P-256",
        "sealed here",
        "200 days",
        "47 days",
    ] {
        assert_says(&page, part);
    }
    assert_says(&page, &server.directory_url());
}

async fn s29_offers_are_seen_by_owners_and_auditors_and_published_by_owners(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    server.sell(("delegated", "dv"), "000", &[]).await;
    for (role, sees, is_owner) in [
        (Role::Owner, 200, true),
        (Role::Auditor, 200, false),
        (Role::Support, 403, false),
        (Role::Reviewer, 403, false),
    ] {
        let mut browser = of_operator(server, role).await;
        let page = browser.get(OFFER).await.expect(sees);
        browser.get("/offers").await.expect(sees);
        let others = if is_owner { 200 } else { 403 };
        browser.get("/authorities").await.expect(others);
        assert_eq!(page.text().contains("Publish version"), is_owner, "{role}");
        if !is_owner {
            let answer = browser.post_form("/settings", OFFER, &[]).await;
            answer.expect(403);
        }
    }
    let mut browser = shop.browser(server).await;
    for path in ["/offers", "/authorities"] {
        browser.get(path).await.expect(403);
    }
    for route in &OFFERS {
        let path = route.path("delegated");
        let answer = match route.method {
            "GET" => browser.get(&path).await,
            _ => browser.post_form("/settings", &path, route.fields).await,
        };
        answer.expect(403);
    }
}
