//! A domain that its owner removes (feature F-085).

use flow::Caller;
use flow::enrollment::remove_domain::remove_domain;
use testkit::{AcmeClient, Eab, Key, TestServer};

testkit::on_both_engines![
    f085_a_removed_domain_ends_pending_orders,
    f085_what_was_issued_stays_valid,
    a_removed_domain_is_not_finalized,
    a_removed_domain_has_to_be_proven_again,
    m5_a_removed_wildcard_takes_many_proofs,
    m5_a_removed_wildcard_takes_the_proofs_of_names_below_it,
];

async fn with_domains(server: &TestServer) -> (Eab, AcmeClient, base::EnrolledDomainId) {
    let eab = server.account().await;
    let added = server.enroll(&eab, "example.com\nexample.org").await;
    let client = server.stranger().await.register(&eab).await;
    let id = added
        .iter()
        .find(|domain| domain.name.as_str() == "example.com")
        .unwrap()
        .id;
    (eab, client, id)
}

async fn f085_a_removed_domain_ends_pending_orders(server: &TestServer) {
    let (eab, client, id) = with_domains(server).await;
    let with = client.order(&["example.com", "example.org"]).await;
    let without = client.order(&["example.org"]).await;
    remove_domain(&server.app, &Caller::command_line().within(eab.tenant), id)
        .await
        .unwrap();
    let ended = client.read(&with).await;
    assert_eq!(ended.member("status"), "invalid");
    insta::allow_duplicates! { insta::assert_snapshot!(ended.error(), @r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"example.com was removed from this subscription while the order was pending; add it again in the portal and order anew","status":400}"#) };
    assert_eq!(client.read(&without).await.member("status"), "pending");
    let refused = client.new_order(&["example.com"]).await.expect(403);
    assert_eq!(refused.problem_type(), "rejectedIdentifier");
}

async fn f085_what_was_issued_stays_valid(server: &TestServer) {
    let (eab, client, id) = with_domains(server).await;
    let issued = client.issue(&["example.com"]).await;
    remove_domain(&server.app, &Caller::command_line().within(eab.tenant), id)
        .await
        .unwrap();
    server.run_jobs().await;
    client.post_as_get(&issued.url).await.expect(200);
    // What is revoked already cannot be revoked.
    client.revoke(&issued.der, 4).await.expect(200);
}

async fn a_removed_domain_is_not_finalized(server: &TestServer) {
    let (eab, client, id) = with_domains(server).await;
    let order = client.ready_order(&["example.com"]).await;
    remove_domain(&server.app, &Caller::command_line().within(eab.tenant), id)
        .await
        .unwrap();
    let csr = Key::generate().csr(&["example.com"]);
    assert_problem!(client.finalize(&order, &csr).await, @r#"{"type":"urn:ietf:params:acme:error:orderNotReady","detail":"the order or one of its authorizations has failed; place a new order","status":403}"#);
    let certificates = server
        .app
        .store(flow::caller::system("a test"))
        .read((None, 10), store::issuance::certificate::page)
        .await
        .unwrap();
    assert!(certificates.is_empty());
}

async fn a_removed_domain_has_to_be_proven_again(server: &TestServer) {
    let (eab, client, id) = with_domains(server).await;
    client.issue(&["example.com"]).await;
    remove_domain(&server.app, &Caller::command_line().within(eab.tenant), id)
        .await
        .unwrap();
    server.enroll(&eab, "example.com").await;
    assert_eq!(client.order(&["example.com"]).await.status, "pending");
}

/// A wildcard takes along what it admitted, and leaves what is enrolled itself or lies elsewhere.
async fn m5_a_removed_wildcard_takes_the_proofs_of_names_below_it(server: &TestServer) {
    let eab = server.account().await;
    let names = "*.alpha.test\nw2.alpha.test\na.b.alpha.test\nw1.beta.test";
    let added = server.enroll(&eab, names).await;
    let mut added = added.iter();
    let wildcard = added.find(|domain| domain.name.as_str() == "*.alpha.test");
    let client = server.stranger().await.register(&eab).await;
    let ready = client.ready_order(&["w1.alpha.test"]).await;
    let pending = client.order(&["w3.alpha.test", "w1.beta.test"]).await;
    let all = [
        "*.alpha.test",
        "a.b.alpha.test",
        "w1.beta.test",
        "w2.alpha.test",
    ];
    for name in all {
        client.issue(&[name]).await;
    }
    let caller = Caller::command_line().within(eab.tenant);
    remove_domain(&server.app, &caller, wildcard.unwrap().id)
        .await
        .unwrap();
    server.run_jobs().await;
    for order in [&ready, &pending] {
        let ended = client.read(order).await;
        assert_eq!(ended.member("status"), "invalid");
        insta::allow_duplicates! { insta::assert_snapshot!(ended.error(), @r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"*.alpha.test was removed from this subscription while the order was pending; add it again in the portal and order anew","status":400}"#) };
    }
    // Nobody goes on proving what the wildcard admitted.
    let mut statuses = Vec::new();
    for authorization in &pending.authorizations {
        let authorization = client.post_as_get(authorization).await.expect(200);
        statuses.push(authorization.member("status"));
    }
    statuses.sort();
    assert_eq!(statuses, ["deactivated", "pending"]);
    server.enroll(&eab, "*.alpha.test").await;
    for (name, status) in [
        ("*.alpha.test", "pending"),
        ("w1.alpha.test", "pending"),
        ("w3.alpha.test", "pending"),
        ("w2.alpha.test", "ready"),
        ("a.b.alpha.test", "ready"),
        ("w1.beta.test", "ready"),
    ] {
        assert_eq!(client.order(&[name]).await.status, status, "{name}");
    }
}

/// More than one piece of names below it.
async fn m5_a_removed_wildcard_takes_many_proofs(server: &TestServer) {
    let eab = server.account().await;
    let added = server.enroll(&eab, "*.alpha.test\n*.beta.test").await;
    let client = server.stranger().await.register(&eab).await;
    let names = |zone: &str| -> Vec<String> {
        (0..60)
            .map(|each| format!("w{each:02}.{zone}.test"))
            .collect()
    };
    let (alpha, beta) = (names("alpha"), names("beta"));
    for zone in [&alpha, &beta] {
        let zone: Vec<&str> = zone.iter().map(String::as_str).collect();
        client.ready_order(&zone).await;
    }
    let mut added = added.iter();
    let wildcard = added.find(|domain| domain.name.as_str() == "*.beta.test");
    let caller = Caller::command_line().within(eab.tenant);
    remove_domain(&server.app, &caller, wildcard.unwrap().id)
        .await
        .unwrap();
    server.run_jobs().await;
    server.enroll(&eab, "*.beta.test").await;
    for (zone, status) in [(alpha, "ready"), (beta, "pending")] {
        for name in zone {
            assert_eq!(client.order(&[&name]).await.status, status, "{name}");
        }
    }
}
