//! Clocks that are wrong, and work that waited while time went by (findings H6, M1, L13).

use std::time::Duration;

use base::Clock as _;
use flow::Caller;
use flow::enrollment::remove_domain::remove_domain;
use flow::issuance::publish_crl::newest;
use flow::operations::clock::recover;
use testkit::{AcmeClient, Key, Order, TestServer};

use crate::acme::crash::{leave, left_behind};
use crate::acme::revocation::published;

testkit::on_both_engines![
    h6_a_clock_that_leaps_empties_no_crl_signs_nothing_and_prunes_nothing,
    h6_a_crl_of_a_time_to_come_is_signed_anew,
    m1_a_left_over_signing_job_gives_up_when_it_is_old,
    m1_a_left_over_signing_job_asks_admission_again,
    m1_a_left_over_signing_job_asks_again_whether_its_key_is_blocked,
    l13_a_clock_that_was_set_back_makes_no_copy_fresh,
];

const DAY: Duration = Duration::from_secs(24 * 3600);

async fn revoked(server: &TestServer) -> AcmeClient {
    let client = server.client("example.com\nexample.org").await;
    for name in ["example.com", "example.org"] {
        let issued = client.issue(&[name]).await;
        client.revoke(&issued.der, 4).await.expect(200);
    }
    server.run_jobs().await;
    assert_eq!(published(server).await.revoked.len(), 2);
    client
}

async fn h6_a_clock_that_leaps_empties_no_crl_signs_nothing_and_prunes_nothing(
    server: &TestServer,
) {
    let client = revoked(server).await;
    let right = server.clock().now();
    let order = client.ready_order(&["example.com"]).await;
    let before = published(server).await;

    server.clock().leap_to(right.plus(400 * DAY));
    server.run_jobs().await;
    let csr = Key::generate().csr(&["example.com"]);
    let refused = client.finalize(&order, &csr).await;
    assert_eq!(refused.status, 503);
    let during = published(server).await;
    assert_eq!((during.number, during.revoked.len()), (before.number, 2));

    server.clock().leap_to(right);
    recover(&server.app).await.unwrap();
    let issued = client.finalize(&order, &csr).await.expect(200);
    assert_eq!(issued.member("status"), "valid");
    // The next regular list comes at its time, and not a year later.
    server.clock().advance(DAY + Duration::from_secs(60));
    server.run_jobs().await;
    let after = published(server).await;
    assert!(after.number > before.number);
    assert_eq!(after.revoked.len(), 2);
    assert!(after.this_update <= server.clock().now());
}

async fn h6_a_crl_of_a_time_to_come_is_signed_anew(server: &TestServer) {
    revoked(server).await;
    let right = server.clock().now();
    // A node that was started with a wrong clock cannot know.
    server.clock().leap_to(right.plus(400 * DAY));
    let wrong = server.beside().await;
    wrong.run_jobs().await;
    let ca = server.directory().issuing.id;
    let signed = newest(&wrong.app, ca).await.unwrap().unwrap();
    assert!(signed.this_update > right);
    assert_eq!(
        published(server).await.revoked.len(),
        2,
        "nothing is dropped at once"
    );

    server.clock().leap_to(right);
    let restarted = server.beside().await;
    recover(&restarted.app).await.unwrap();
    let list = published(&restarted).await;
    assert!(list.this_update <= right);
    assert_eq!(list.revoked.len(), 2);
    server.clock().advance(DAY + Duration::from_secs(60));
    restarted.run_jobs().await;
    assert!(published(&restarted).await.number > list.number);
}

async fn waiting(server: &TestServer, client: &AcmeClient) -> Order {
    let order = client.ready_order(&["example.com"]).await;
    let left = left_behind(server, &order, &Key::generate()).await;
    leave(server, left).await;
    order
}

async fn m1_a_left_over_signing_job_gives_up_when_it_is_old(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = waiting(server, &client).await;
    server.clock().advance(5 * DAY);
    server.reclaim_jobs().await;
    let ended = client.read(&order).await;
    assert_eq!(ended.member("status"), "invalid");
    insta::allow_duplicates! { insta::assert_snapshot!(ended.error(), @r#"{"type":"urn:ietf:params:acme:error:serverInternal","detail":"the certificate could not be signed in time; place a new order","status":500}"#) };
}

async fn m1_a_left_over_signing_job_asks_admission_again(server: &TestServer) {
    let eab = server.account().await;
    let [domain, ..] = &*server.enroll(&eab, "example.com").await else {
        panic!("a domain");
    };
    let client = server.stranger().await.register(&eab).await;
    let order = waiting(server, &client).await;
    let caller = Caller::command_line().within(eab.tenant);
    remove_domain(&server.app, &caller, domain.id)
        .await
        .unwrap();
    server.reclaim_jobs().await;
    let ended = client.read(&order).await;
    assert_eq!(ended.member("status"), "invalid");
    insta::allow_duplicates! { insta::assert_snapshot!(ended.error(), @r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"example.com is not enrolled in this subscription; add example.com in the portal","status":403,"subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"example.com is not enrolled in this subscription; add example.com in the portal","identifier":{"type":"dns","value":"example.com"}}]}"#) };
}

async fn m1_a_left_over_signing_job_asks_again_whether_its_key_is_blocked(server: &TestServer) {
    let client = server.client("example.com\nwww.example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let lost = server.stranger().await.with_key(Key::generate());
    let left = left_behind(server, &order, &lost.key).await;
    leave(server, left).await;
    let issued = client.issue_for(&lost.key, &["www.example.com"]).await;
    lost.revoke_by_key(&issued.der, 1).await.expect(200);
    server.reclaim_jobs().await;
    let ended = client.read(&order).await;
    assert_eq!(ended.member("status"), "invalid");
    insta::allow_duplicates! { insta::assert_snapshot!(ended.error(), @r#"{"type":"urn:ietf:params:acme:error:badCSR","detail":"the key of this order was reported as compromised while it waited; place a new one with another key","status":400}"#) };
}

async fn l13_a_clock_that_was_set_back_makes_no_copy_fresh(server: &TestServer) {
    let client = server.client("example.com").await;
    let right = server.clock().now();
    server.clock().leap_to(right.plus(DAY));
    client.new_order(&["example.com"]).await.expect(201);
    server.clock().leap_to(right);
    // Another node ends the account; this one has a copy of a time to come.
    let other = client.at(server.beside().await.acme.clone());
    let account = serde_json::json!({ "status": "deactivated" });
    other.post(&client.account, &account).await.expect(200);
    let refused = client.new_order(&["example.com"]).await.expect(401);
    assert_eq!(refused.problem_type(), "unauthorized");
}
