//! A domain that its owner removes (feature F-085).

use flow::Caller;
use flow::enrollment::remove_domain::remove_domain;
use testkit::{AcmeClient, Eab, Key, TestServer};

testkit::on_both_engines![
    f085_a_removed_domain_ends_pending_orders,
    a_removed_domain_is_not_finalized,
    a_removed_domain_has_to_be_proven_again,
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
