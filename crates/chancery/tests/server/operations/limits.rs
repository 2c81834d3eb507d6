//! Limits at the ACME door: what is refused when, and what the client is told (findings H7, M3; section 6 row 9).

use std::time::Duration;

use base::{Clock as _, Rate, TenantId, Timestamp};
use flow::Caller;
use flow::enrollment::list_subscriptions::{Left, clients, orders_left};
use flow::operations::change_limit::{Bound, Limit, LimitOverride, clear_limit, set_limit};
use flow::operations::share_limits::share;
use testkit::{AcmeClient, Answer, TestServer};
use validation::Failure;

testkit::on_both_engines![
    h7_an_eleventh_certificate_for_the_same_names_is_refused_and_says_when,
    h7_s36_orders_that_wait_are_at_most_a_thousand_names,
    h7_finding_s6_9_a_name_that_fails_again_and_again_waits,
    h7_a_tenant_can_have_a_bound_of_its_own,
    h7_nodes_tell_each_other_what_is_nearly_used_up,
    h7_test_directories_allow_ten_times_as_much,
    h7_what_is_left_is_known,
];

/// What is told of a refusal: the sentence, and that there is a time.
#[track_caller]
fn limited(answer: &Answer) -> String {
    assert_eq!(answer.problem_type(), "rateLimited");
    let seconds: u64 = answer.header("retry-after").parse().unwrap();
    assert!(seconds >= 1);
    answer.member("detail")
}

async fn refused_order(client: &AcmeClient, names: &[&str]) -> String {
    limited(&client.new_order(names).await.expect(429))
}

async fn h7_an_eleventh_certificate_for_the_same_names_is_refused_and_says_when(
    server: &TestServer,
) {
    let client = server.client("example.com\nwww.example.com").await;
    for _ in 0..10 {
        client.issue(&["example.com"]).await;
    }
    let detail = refused_order(&client, &["example.com"]).await;
    assert_eq!(
        detail,
        "too many certificates for exactly these names: 10 in 7 days are allowed; use the certificate that you have, \
         try again after 2026-11-24T04:48:00Z"
    );
    // Another set, and the same one when some are earned again.
    client.issue(&["example.com", "www.example.com"]).await;
    server
        .clock()
        .advance(Duration::from_secs(7 * 24 * 3600 / 10 + 1));
    client.issue(&["example.com"]).await;
}

async fn h7_s36_orders_that_wait_are_at_most_a_thousand_names(server: &TestServer) {
    let client = server.client("*.example.com").await;
    let mut placed = 0;
    for order in 0..30 {
        let names: Vec<String> = (0..100)
            .map(|name| format!("n{name}-{order}.example.com"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let answer = client.new_order(&names).await;
        if answer.status == 201 {
            placed += 1;
        } else {
            assert_eq!(
                limited(&answer.expect(429)),
                "too many authorizations that wait for a proof: 1000 at the same time are allowed; finish or deactivate \
                 those that you have, then try again later"
            );
        }
    }
    assert_eq!(placed, 10);
    // What has expired waits no more.
    server.clock().advance(Duration::from_secs(8 * 24 * 3600));
    client.new_order(&["one.example.com"]).await.expect(201);
}

async fn h7_finding_s6_9_a_name_that_fails_again_and_again_waits(server: &TestServer) {
    let client = server.client("*.example.com").await;
    let failure = Failure::Status {
        status: 404,
        url: "http://bad.example.com/".to_owned(),
    };
    server.validator().fail("bad.example.com", failure);
    for _ in 0..10 {
        let order = client.order(&["bad.example.com"]).await;
        let challenge = client.first_challenge(&order).await;
        client.answer(&challenge).await.expect(200);
    }
    let detail = refused_order(&client, &["bad.example.com"]).await;
    assert!(
        detail
            .starts_with("bad.example.com: too many failed validations of this name: 5 in an hour"),
        "{detail}"
    );
    client.new_order(&["good.example.com"]).await.expect(201);
    server.clock().advance(Duration::from_secs(12 * 60 + 1));
    client.new_order(&["bad.example.com"]).await.expect(201);
}

fn three_a_day(tenant: TenantId) -> LimitOverride {
    LimitOverride {
        tenant,
        limit: Limit::OrdersPerAccount,
        bound: Bound::Often(Rate::new(3, Duration::from_secs(24 * 3600), 3)),
        ends_at: None,
        reason: "an incident".to_owned(),
    }
}

async fn hear(server: &TestServer) {
    let now = server.clock().now();
    share(&server.app, Timestamp::from_micros(0), now)
        .await
        .unwrap();
}

async fn h7_a_tenant_can_have_a_bound_of_its_own(server: &TestServer) {
    let reseller = server.reseller().await;
    let eab = server.account_of(reseller, None).await;
    server.enroll(&eab, "*.example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let own = three_a_day(reseller.tenant);
    let caller = Caller::command_line();
    set_limit(&server.app, &caller, own.clone()).await.unwrap();
    hear(server).await;
    for name in ["a.example.com", "b.example.com", "c.example.com"] {
        client.new_order(&[name]).await.expect(201);
    }
    let detail = refused_order(&client, &["d.example.com"]).await;
    assert!(
        detail.starts_with("too many new orders of this ACME account: 3 in a day"),
        "{detail}"
    );
    let within = caller.within(own.tenant);
    assert!(clear_limit(&server.app, &within, own.limit).await.unwrap());
    hear(server).await;
    client.new_order(&["d.example.com"]).await.expect(201);
}

async fn h7_nodes_tell_each_other_what_is_nearly_used_up(server: &TestServer) {
    let client = server.client("example.com").await;
    let other = server.beside().await;
    for _ in 0..10 {
        client.issue(&["example.com"]).await;
    }
    hear(server).await;
    hear(&other).await;
    refused_order(&client.at(other.acme.clone()), &["example.com"]).await;
}

async fn h7_test_directories_allow_ten_times_as_much(server: &TestServer) {
    server.client("example.com").await;
    let catalog = server.app.catalog();
    let test = catalog.test_of(&server.directory().slug).unwrap();
    let guest = server
        .stranger_in(&test.slug)
        .await
        .register_unbound()
        .await;
    for _ in 0..12 {
        guest.issue(&["example.com"]).await;
    }
}

async fn h7_what_is_left_is_known(server: &TestServer) {
    let eab = server.account().await;
    server.enroll(&eab, "example.com\nwww.example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let caller = Caller::command_line().within(eab.tenant);
    client.issue(&["example.com"]).await;
    client.order(&["www.example.com"]).await;
    let found = clients(&server.app, &caller, eab.subscription, None, 10);
    let found = found.await.unwrap();
    let told = |left: Option<Left>| left.map(|left| left.to_string());
    let of_client = told(found.first().and_then(|client| client.orders_left));
    assert_eq!(of_client.as_deref(), Some("298 of 300 left"));
    let of_all = told(orders_left(&server.app, &caller).unwrap());
    assert_eq!(of_all.as_deref(), Some("4998 of 5000 left"));
    // In 36 seconds one is earned again.
    server.clock().advance(Duration::from_secs(36));
    let found = clients(&server.app, &caller, eab.subscription, None, 10);
    let left = found.await.unwrap().first().unwrap().orders_left.unwrap();
    assert_eq!(left.left, 299);
}
