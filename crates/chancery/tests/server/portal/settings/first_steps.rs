//! The list of first steps: ticked by what is there, hidden and shown again, each person's own.

use tenancy::role::Role;
use tenancy::tenant::TenantKind;
use testkit::{Answer, TestServer};

use crate::portal::people::member;
use crate::portal::{Shop, assert_says, second_factor};

testkit::on_both_engines![
    f010_f024_whoever_has_no_account_is_led_step_by_step,
    f010_the_list_is_hidden_and_shown_again_by_each_person,
];

/// How many steps are done.
#[track_caller]
fn done(page: &Answer) -> usize {
    page.text().matches("(done)").count()
}

async fn f010_f024_whoever_has_no_account_is_led_step_by_step(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let page = browser.get("/").await.expect(200);
    assert_says(&page, "Six steps to the first certificate");
    assert_says(&page, "1 of 6 done");
    let titles = [
        "Choose a password",
        "Set up a second factor",
        "Create an ACME account",
        "Add a domain",
        "Register a client",
        "Get the first certificate",
    ];
    let places: Vec<_> = titles.map(|title| page.text().find(title).unwrap()).into();
    assert!(places.is_sorted(), "{places:?}");
    assert!(!page.text().contains("payment"), "nothing is paid here");
    assert_says(
        &page,
        "<a class=\"btn primary\" href=\"/settings/second-factor\">Set up",
    );

    second_factor::set_up(server, &mut browser).await;
    let page = browser.get("/").await;
    assert_eq!(done(&page), 2);
    assert_says(
        &page,
        "<a class=\"btn primary\" href=\"/accounts/new\">Create account",
    );
    let eab = server.account_of(shop.reseller, None).await;
    let page = browser.get("/").await;
    assert_eq!(done(&page), 3);
    assert_says(
        &page,
        "<a class=\"btn primary\" href=\"/domains/new\">Add domain",
    );
    server.enroll(&eab, "www.alpha.example").await;
    assert_eq!(done(&browser.get("/").await), 4);
    let client = server.stranger().await.register(&eab).await;
    assert_eq!(done(&browser.get("/").await), 5);
    client.issue(&["www.alpha.example"]).await;
    let page = browser.get("/").await;
    assert!(!page.text().contains("First steps"), "all is done");
}

async fn f010_the_list_is_hidden_and_shown_again_by_each_person(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let mut browser = shop.browser(server).await;
    let of = (TenantKind::Reseller, shop.reseller.tenant);
    let mut other = member(server, of, Role::Viewer).await;
    browser
        .post_form("/", "/first-steps/hide", &[])
        .await
        .expect(303);
    let page = browser.get("/").await;
    assert!(!page.text().contains("Choose a password"));
    assert_says(&page, "No ACME account yet");
    assert_says(&page, "1 of 6 done");
    let elsewhere = shop.browser(server).await.get("/").await;
    assert_says(&elsewhere, "Show the steps");
    assert_says(&other.get("/").await, "Choose a password");
    browser
        .post_form("/", "/first-steps/show", &[])
        .await
        .expect(303);
    assert_says(&browser.get("/").await, "Choose a password");
    assert_eq!(shop.times(server, "user.hide_first_steps").await, 2);
}
