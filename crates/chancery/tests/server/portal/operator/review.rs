//! The review of organizations, from the page of the tenant to those of the operator's reviewers.

use tenancy::role::Role;
use tenancy::tenant::TenantKind;
use testkit::{Answer, TestServer, Visitor};

use crate::portal::organization::{FIELDS, add};
use crate::portal::people::{member, operator};
use crate::portal::{Shop, assert_says};

testkit::on_both_engines![
    f032_a_reviewer_approves_ov,
    f032_two_reviewers_approve_ev,
    f032_a_rejection_shows_its_reason_to_the_tenant,
    f032_what_is_wrong_keeps_what_was_typed,
    s29_nobody_below_the_operator_reviews,
];

const OV: [(&str, &str); 4] = [
    ("decision", "approve"),
    ("existence", "Trade register"),
    ("address", "Trade register"),
    ("authority", "Call to the listed number"),
];

/// An organization for which a pre-validation was asked for: the shop's browser, the organization's page, the review's.
async fn asked(
    server: &TestServer,
    reviewer: &mut Visitor,
    (kind, more): (&str, &[(&str, &str)]),
) -> (Visitor, String, String) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let fields = [&FIELDS[..], more].concat();
    let href = add(&mut browser, &fields).await;
    let ask = format!("{href}/pre-validations");
    let answer = browser.post_form(&href, &ask, &[("kind", kind)]).await;
    answer.expect(303);
    let queue = reviewer.get("/reviews").await;
    assert_says(&queue, "Example Oy");
    let id = queue.between("href=\"/reviews/", "\"").expect("a link");
    (browser, href, format!("/reviews/{id}"))
}

/// Somebody who reviews; `role` keeps their addresses apart.
async fn reviewer(server: &TestServer, role: Role) -> Visitor {
    // The operator is there once a shop is.
    Shop::open(server, "first").await;
    member(server, (TenantKind::Operator, operator(server).await), role).await
}

async fn send(browser: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
    browser.post_form(path, path, fields).await
}

async fn f032_a_reviewer_approves_ov(server: &TestServer) {
    let mut reviewer = reviewer(server, Role::Reviewer).await;
    let (mut tenant, href, review) = asked(server, &mut reviewer, ("ov", &[])).await;
    assert_says(&reviewer.get(&review).await, "Asked for by Shop alpha on");
    // The reviewer writes it as the register does.
    let fields = [&[("legal_name", "Example Oyj")], &FIELDS[1..3], &OV].concat();
    send(&mut reviewer, &review, &fields).await.expect(303);
    assert_says(
        &reviewer.get("/reviews").await,
        "Nothing waits for a review.",
    );
    let page = tenant.get(&href).await;
    assert_says(&page, "Certificates may name it.");
    assert_says(&page, "Certificates say what was checked");
    assert_says(&tenant.get("/organizations").await, "Until ");
    assert_says(&reviewer.get(&review).await, "Trade register, seen");
}

async fn f032_two_reviewers_approve_ev(server: &TestServer) {
    let mut first = reviewer(server, Role::Reviewer).await;
    let above = (TenantKind::Operator, operator(server).await);
    let mut second = member(server, above, Role::Owner).await;
    let more = [
        ("business_category", "Private Organization"),
        ("jurisdiction_country", "FI"),
        ("registration_number", "0000000-0"),
        ("approver_name", "Kim Example"),
        ("approver_email", "kim@example.com"),
        ("signer_name", "Kim Example"),
        ("signer_email", "kim@example.com"),
    ];
    let (mut tenant, href, review) = asked(server, &mut first, ("ev", &more)).await;
    let checks = [
        ("register", "Trade register"),
        ("operation", "Annual report"),
        ("blocked_lists", "Three lists, no entry"),
    ];
    let fields = [&FIELDS[..3], &more[..3], &OV, &checks].concat();
    send(&mut first, &review, &fields).await.expect(303);
    assert_says(&tenant.get(&href).await, "a second one has to agree");
    // Who has said yes is told so and has no buttons.
    first.get("/reviews").await;
    let page = first.get(&review).await;
    assert_says(&page, "You have said yes already");
    assert!(!page.text().contains("name=\"decision\""));
    let again = send_from(&mut first, &review, &[("decision", "approve")]).await;
    again.expect(303);
    assert_says(&first.get(&review).await, "somebody else has to agree");
    // The second one sees what was confirmed, and cannot change it.
    let page = second.get(&review).await;
    assert_says(&page, "The first reviewer saw: Trade register, seen");
    assert!(!page.text().contains("name=\"legal_name\""));
    let other = [
        ("decision", "approve"),
        ("legal_name", "Other Oy"),
        ("country", "FI"),
    ];
    send(&mut second, &review, &other).await;
    assert_says(&tenant.get(&href).await, "a second one has to agree");
    let answer = send(&mut second, &review, &[("decision", "approve")]).await;
    assert_eq!(answer.expect(303).header("location"), "/reviews");
    assert_says(&tenant.get(&href).await, "EV until");
}

/// Sends a form that the page does not have, with the token of another page.
async fn send_from(browser: &mut Visitor, path: &str, fields: &[(&str, &str)]) -> Answer {
    browser.post_form("/settings", path, fields).await
}

async fn f032_a_rejection_shows_its_reason_to_the_tenant(server: &TestServer) {
    let mut reviewer = reviewer(server, Role::Reviewer).await;
    let (mut tenant, href, review) = asked(server, &mut reviewer, ("ov", &[])).await;
    let without = [("decision", "reject"), ("reason", " ")];
    let answer = send(&mut reviewer, &review, &without).await;
    assert_eq!(answer.status.as_u16(), 422);
    assert_says(&answer, "id=\"reason-problem\"");
    let reject = [("decision", "reject"), ("reason", "No <such> entry")];
    send(&mut reviewer, &review, &reject).await.expect(303);
    let page = tenant.get(&href).await;
    assert_says(&page, "Its OV pre-validation was rejected.");
    assert_says(&page, "The reviewer says: No &#60;such&#62; entry");
    let ask = format!("{href}/pre-validations");
    tenant
        .post_form(&href, &ask, &[("kind", "ov")])
        .await
        .expect(303);
    assert_says(&reviewer.get("/reviews").await, "Example Oy");
}

async fn f032_what_is_wrong_keeps_what_was_typed(server: &TestServer) {
    let mut reviewer = reviewer(server, Role::Reviewer).await;
    let (_, _, review) = asked(server, &mut reviewer, ("ov", &[])).await;
    let wrong = [
        ("decision", "approve"),
        ("legal_name", "Example Oyj"),
        ("country", "FI"),
        ("locality", "Espoo"),
        ("existence", "Trade register"),
        ("existence_seen", "yesterday"),
    ];
    let answer = send(&mut reviewer, &review, &wrong).await;
    assert_eq!(answer.status.as_u16(), 422);
    for field in ["existence_seen", "address", "authority"] {
        assert_says(&answer, &format!("id=\"{field}-problem\""));
    }
    for typed in ["Example Oyj", "Espoo", "Trade register", "yesterday"] {
        assert_says(&answer, &format!("value=\"{typed}\""));
    }
    let old = [&FIELDS[..3], &OV, &[("address_seen", "2001-01-01")]].concat();
    let answer = send(&mut reviewer, &review, &old).await;
    assert_says(&answer, "id=\"address-problem\"");
    assert_says(&reviewer.get("/reviews").await, "Example Oy");
}

async fn s29_nobody_below_the_operator_reviews(server: &TestServer) {
    let mut reviewer = reviewer(server, Role::Reviewer).await;
    let (mut tenant, _, review) = asked(server, &mut reviewer, ("ov", &[])).await;
    for path in ["/reviews", &review] {
        assert_eq!(tenant.get(path).await.status.as_u16(), 403, "{path}");
    }
    let reject = [("decision", "reject"), ("reason", "mine")];
    let answer = send_from(&mut tenant, &review, &reject).await;
    assert_eq!(answer.status.as_u16(), 403);
    let unknown = format!("/reviews/{}", "0".repeat(26));
    reviewer.get(&unknown).await.expect(404);
    assert_says(&reviewer.get("/reviews").await, "Example Oy");
    let above = (TenantKind::Operator, operator(server).await);
    let mut support = member(server, above, Role::Support).await;
    assert_eq!(support.get("/reviews").await.status.as_u16(), 403);
}
