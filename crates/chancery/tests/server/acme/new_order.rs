//! newOrder: which names are admitted, and what is reused (RFC 8555 §7.4).

use std::time::Duration;

use flow::Caller;
use flow::enrollment::enroll_domains::{Enrollment, enroll_domains};
use flow::enrollment::move_subscription::{Move, move_subscription};
use serde_json::json;
use testkit::acme_client::leaf;
use testkit::{AcmeClient, TestServer};

testkit::on_both_engines![
    f102_names_that_are_not_enrolled_are_refused_one_by_one,
    f045_wildcards_single_names_and_several_are_issued_together_and_apart,
    f091_an_added_name_is_ordered_at_once,
    f102_a_companion_is_in_no_certificate_that_does_not_ask_for_it,
    one_label_under_an_enrolled_wildcard_is_admitted,
    a_wildcard_is_proven_by_dns_only,
    f070_a_subscription_without_domains_says_so,
    names_that_cannot_be_issued_for_are_refused,
    finding_s6_4_a_profile_that_is_not_there_is_refused,
    identical_pending_orders_are_one,
    a_proven_name_is_not_proven_again,
    a_proof_ends,
    a_ready_order_whose_proof_has_ended_is_not_given_again,
    r8_a_suspended_subscription_is_refused_at_once,
    r8_a_deactivated_subscription_is_refused_at_once,
    an_expired_order_is_invalid,
    sb2_an_order_of_a_hundred_long_names_is_issued,
];

async fn f102_names_that_are_not_enrolled_are_refused_one_by_one(server: &TestServer) {
    let client = server.client("example.com").await;
    let names = ["example.com", "www.example.com", "example.org"];
    assert_problem!(client.new_order(&names).await, @r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"2 names are not enrolled in this subscription; add them in the portal","status":403,"subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"example.org is not enrolled in this subscription; add example.org in the portal","identifier":{"type":"dns","value":"example.org"}},{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"www.example.com is not enrolled in this subscription; add www.example.com or *.example.com in the portal","identifier":{"type":"dns","value":"www.example.com"}}]}"#);
    assert_problem!(client.new_order(&["*.example.com"]).await, @r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"*.example.com is not enrolled in this subscription; add *.example.com in the portal","status":403,"subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"*.example.com is not enrolled in this subscription; add *.example.com in the portal","identifier":{"type":"dns","value":"*.example.com"}}]}"#);
}

async fn f045_wildcards_single_names_and_several_are_issued_together_and_apart(
    server: &TestServer,
) {
    let client = server
        .client("example.com\n*.example.com\nexample.org")
        .await;
    for names in [
        &["*.example.com"][..],
        &["example.org"],
        &["*.example.com", "example.com", "example.org"],
    ] {
        assert_eq!(certified(&client, names).await, names);
    }
    let refused = client.new_order(&["example.org", "example.net"]).await;
    assert_eq!(refused.expect(403).problem_type(), "rejectedIdentifier");
}

/// The names of a certificate for these, sorted.
async fn certified(client: &AcmeClient, names: &[&str]) -> Vec<String> {
    let issued = client.issue(names).await;
    let mut found = leaf(&issued.chain).names;
    found.sort();
    found
}

async fn f091_an_added_name_is_ordered_at_once(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await.register(&eab).await;
    client.new_order(&["example.com"]).await.expect(403);
    // The clock stands still meanwhile, and nothing else is done.
    server.enroll(&eab, "example.com").await;
    client.issue(&["example.com"]).await;
}

async fn f102_a_companion_is_in_no_certificate_that_does_not_ask_for_it(server: &TestServer) {
    let eab = server.account().await;
    let enrollment = Enrollment {
        anchor: None,
        subscription: eab.subscription,
        text: "example.com".to_owned(),
        companions: Some(true),
    };
    let caller = Caller::command_line().within(eab.tenant);
    let enrolled = enroll_domains(&server.app, &caller, enrollment).await;
    assert_eq!(enrolled.unwrap().added.len(), 2);
    let client = server.stranger().await.register(&eab).await;
    for names in [&["example.com"][..], &["example.com", "www.example.com"]] {
        assert_eq!(certified(&client, names).await, names);
    }
}

async fn one_label_under_an_enrolled_wildcard_is_admitted(server: &TestServer) {
    let client = server.client("*.example.com").await;
    client.order(&["www.example.com"]).await;
    client.order(&["*.example.com"]).await;
    for name in ["example.com", "a.b.example.com", "*.b.example.com"] {
        let refused = client.new_order(&[name]).await.expect(403);
        assert_eq!(refused.problem_type(), "rejectedIdentifier", "{name}");
    }
}

async fn a_wildcard_is_proven_by_dns_only(server: &TestServer) {
    let client = server.client("*.example.com").await;
    let order = client.order(&["*.example.com"]).await;
    let authorization = client
        .post_as_get(&order.authorizations[0])
        .await
        .expect(200)
        .json();
    assert_eq!(authorization["wildcard"], json!(true));
    assert_eq!(
        authorization["identifier"],
        json!({ "type": "dns", "value": "example.com" })
    );
    let challenges = authorization["challenges"].as_array().unwrap();
    let types: Vec<_> = challenges
        .iter()
        .map(|each| each["type"].as_str().unwrap())
        .collect();
    assert_eq!(types, ["dns-01"]);
    let url = challenges[0]["url"]
        .as_str()
        .unwrap()
        .replace("dns-01", "http-01");
    client.answer(&url).await.expect(404);
}

async fn f070_a_subscription_without_domains_says_so(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await.register(&eab).await;
    assert_problem!(client.new_order(&["example.com"]).await, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"this subscription has no domain yet; add one in the portal before you order","status":403}"#);
    server.enroll(&eab, "example.com").await;
    client.order(&["example.com"]).await;
}

async fn names_that_cannot_be_issued_for_are_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    assert_problem!(client.new_order(&[]).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the order names no identifier; add at least one","status":400}"#);
    assert_problem!(client.new_order(&["host.local", "com"]).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"\"com\" has only one label; enter a full name such as example.com","status":400,"subproblems":[{"type":"urn:ietf:params:acme:error:malformed","detail":"\"com\" has only one label; enter a full name such as example.com","identifier":{"type":"dns","value":"com"}}]}"#);
    assert_problem!(client.new_order(&["192.0.2.1"]).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"\"192.0.2.1\" is an IP address; enter a domain name","status":400,"subproblems":[{"type":"urn:ietf:params:acme:error:malformed","detail":"\"192.0.2.1\" is an IP address; enter a domain name","identifier":{"type":"dns","value":"192.0.2.1"}}]}"#);
    let ip = json!({ "identifiers": [{ "type": "ip", "value": "192.0.2.1" }] });
    assert_problem!(client.post(&client.resource("newOrder"), &ip).await, @r#"{"type":"urn:ietf:params:acme:error:unsupportedIdentifier","detail":"identifiers of type \"ip\" are not supported; use \"dns\"","status":400,"subproblems":[{"type":"urn:ietf:params:acme:error:unsupportedIdentifier","detail":"identifiers of type \"ip\" are not supported; use \"dns\"","identifier":{"type":"ip","value":"192.0.2.1"}}]}"#);
    let late = json!({ "identifiers": [{ "type": "dns", "value": "example.com" }],
        "notAfter": "2030-01-01T00:00:00Z" });
    assert_problem!(client.post(&client.resource("newOrder"), &late).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"a lifetime of 98020801 seconds was requested; at most 7776000 are allowed","status":400}"#);
}

/// Clients that insist on a profile would otherwise get another one without a word.
async fn finding_s6_4_a_profile_that_is_not_there_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = |profile| json!({ "identifiers": [{ "type": "dns", "value": "example.com" }], "profile": profile });
    let url = client.resource("newOrder");
    assert_problem!(client.post(&url, &order(json!("shortlived"))).await, @r#"{"type":"urn:ietf:params:acme:error:invalidProfile","detail":"there is no profile \"shortlived\" to choose here; leave \"profile\" out of the order","status":400}"#);
    client.post(&url, &order(json!(null))).await.expect(201);
}

async fn identical_pending_orders_are_one(server: &TestServer) {
    let client = server.client("example.com\nexample.org").await;
    let first = client.order(&["example.com", "example.org"]).await;
    let second = client.order(&["example.org", "example.com"]).await;
    assert_eq!(first.url, second.url);
    assert_eq!(first.authorizations, second.authorizations);
    let other = client.order(&["example.org"]).await;
    assert_ne!(first.url, other.url);
}

async fn a_proven_name_is_not_proven_again(server: &TestServer) {
    let client = server.client("example.com\nexample.org").await;
    let issued = client.issue(&["example.com"]).await;
    let order = client.order(&["example.com"]).await;
    assert_ne!(order.url, issued.order.url);
    assert_eq!(order.status, "ready");
    assert_eq!(order.authorizations, issued.order.authorizations);
    let both = client.order(&["example.com", "example.org"]).await;
    assert_eq!(both.status, "pending");
    assert_eq!(both.authorizations[0], issued.order.authorizations[0]);
    client.prove(&both).await;
    assert_eq!(server.validator().probes("example.com"), 1);
}

async fn a_proof_ends(server: &TestServer) {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    server.clock().advance(Duration::from_secs(25 * 3600));
    let order = client.order(&["example.com"]).await;
    assert_eq!(order.status, "pending");
    assert_ne!(order.authorizations, issued.order.authorizations);
    let old = client
        .post_as_get(&issued.order.authorizations[0])
        .await
        .expect(200);
    assert_eq!(old.member("status"), "expired");
}

async fn a_ready_order_whose_proof_has_ended_is_not_given_again(server: &TestServer) {
    let client = server.client("example.com").await;
    let ready = client.ready_order(&["example.com"]).await;
    server.clock().advance(Duration::from_secs(25 * 3600));
    let order = client.order(&["example.com"]).await;
    assert_ne!(order.url, ready.url);
    assert_eq!(order.status, "pending");
    let ended = client.read(&ready).await;
    assert_eq!(ended.member("status"), "invalid");
    insta::allow_duplicates! { insta::assert_snapshot!(ended.error(), @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"an authorization of this order was deactivated or has expired","status":403}"#) };
}

async fn r8_a_suspended_subscription_is_refused_at_once(server: &TestServer) {
    let eab = server.account().await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let order = client.ready_order(&["example.com"]).await;
    let caller = Caller::command_line().within(eab.tenant);
    let moved = |to| move_subscription(&server.app, &caller, eab.subscription, to);
    moved(Move::Suspend).await.unwrap();
    assert_problem!(client.new_order(&["example.com"]).await, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"this subscription is suspended; resume it in the portal or ask its owner to","status":403}"#);
    let csr = testkit::Key::generate().csr(&["example.com"]);
    assert_problem!(client.finalize(&order, &csr).await, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"this subscription is suspended; resume it in the portal or ask its owner to","status":403}"#);
    // The order itself is not lost.
    moved(Move::Resume).await.unwrap();
    let done = client.finalize(&order, &csr).await.expect(200);
    assert_eq!(done.member("status"), "valid");
}

async fn r8_a_deactivated_subscription_is_refused_at_once(server: &TestServer) {
    let eab = server.account().await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let caller = Caller::command_line().within(eab.tenant);
    move_subscription(&server.app, &caller, eab.subscription, Move::Deactivate)
        .await
        .unwrap();
    assert_problem!(client.new_order(&["example.com"]).await, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"this subscription was deactivated; create a new ACME account in the portal","status":403}"#);
}

async fn an_expired_order_is_invalid(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    server.clock().advance(Duration::from_secs(8 * 24 * 3600));
    assert_eq!(client.read(&order).await.member("status"), "invalid");
    let csr = testkit::Key::generate().csr(&["example.com"]);
    assert_problem!(client.finalize(&order, &csr).await, @r#"{"type":"urn:ietf:params:acme:error:orderNotReady","detail":"the order has expired; place a new one","status":403}"#);
    let again = client.order(&["example.com"]).await;
    assert_ne!(again.url, order.url);
}

/// Names that nothing can compress: an index entry has a greatest length on PostgreSQL.
async fn sb2_an_order_of_a_hundred_long_names_is_issued(server: &TestServer) {
    let client = server.client("*.example.com").await;
    let name = |_| {
        let mut bytes = [0; 31];
        server.app.random().fill(&mut bytes);
        let digits = bytes.map(|byte| format!("{byte:02x}")).concat();
        format!("{digits}.example.com")
    };
    let names: Vec<String> = (0..100).map(name).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let issued = client.issue(&names).await;
    assert_eq!(issued.order.authorizations.len(), 100);
    let certificate = leaf(&issued.chain);
    assert_eq!(certificate.names, names);
    // The same names again: the order is found by them, and so is the certificate that is replaced.
    let again = client.order(&names).await;
    assert_eq!(again.status, "ready");
    assert_eq!(client.order(&names).await.url, again.url);
    client.issue(&names).await;
    client.revoke(&issued.der, 4).await.expect(200);
}
