//! The straight way, by a client that others wrote and by our own.

use instant_acme::{
    Account, AuthorizationStatus, ChallengeType, ExternalAccountKey, Identifier, NewAccount,
    NewOrder, OrderStatus, RetryPolicy,
};
use testkit::TestServer;
use testkit::acme_client::leaf;

testkit::on_both_engines![
    instant_acme_obtains_a_certificate,
    the_directory_says_what_is_served,
    the_chain_is_downloaded_by_its_account_only,
    what_was_probed_is_bound_to_the_account_key,
    fa3_new_cas_are_called_after_the_server,
];

async fn instant_acme_obtains_a_certificate(server: &TestServer) {
    let eab = server.account().await;
    server.enroll(&eab, "example.com\n*.example.com").await;
    let new_account = NewAccount {
        contact: &["mailto:admin@example.com"],
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let binding = ExternalAccountKey::new(eab.key_id.clone(), &eab.mac_key);
    let (account, _) = Account::builder_with_http(Box::new(server.in_process()))
        .create(&new_account, server.directory_url(), Some(&binding))
        .await
        .unwrap();

    let names = ["*.example.com", "example.com"].map(|name| Identifier::Dns(name.to_owned()));
    let mut order = account.new_order(&NewOrder::new(&names)).await.unwrap();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.unwrap();
        assert_eq!(authorization.status, AuthorizationStatus::Pending);
        let mut challenge = authorization.challenge(ChallengeType::Dns01).unwrap();
        challenge.set_ready().await.unwrap();
    }
    let retries = RetryPolicy::default();
    assert_eq!(
        order.poll_ready(&retries).await.unwrap(),
        OrderStatus::Ready
    );
    order.finalize().await.unwrap();
    let chain = order.poll_certificate(&retries).await.unwrap();

    let certificate = leaf(&chain);
    assert_eq!(certificate.names, ["*.example.com", "example.com"]);
    let directory = server.directory();
    let issuing = directory.issuing.issuer.certificate();
    certificate.verify_signature(&issuing.key).unwrap();
    assert!(chain.ends_with(&issuing.to_pem()));
    issuing.verify_signature(&server.root().key).unwrap();
}

async fn the_directory_says_what_is_served(server: &TestServer) {
    let client = server.stranger().await;
    let answer = client.get("https://acme.test/v2/DV").await.expect(200);
    assert_eq!(answer.header("content-type"), "application/json");
    insta::allow_duplicates! { insta::assert_snapshot!(answer.text(), @r#"{"newNonce":"https://acme.test/v2/DV/new-nonce","newAccount":"https://acme.test/v2/DV/new-account","newOrder":"https://acme.test/v2/DV/new-order","newAuthz":"https://acme.test/v2/DV/new-authorization","revokeCert":"https://acme.test/v2/DV/revoke-certificate","keyChange":"https://acme.test/v2/DV/key-change","meta":{"termsOfService":"https://acme.test/terms","caaIdentities":["acme.test"],"externalAccountRequired":true}}"#) };
}

async fn the_chain_is_downloaded_by_its_account_only(server: &TestServer) {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    let answer = client.post_as_get(&issued.url).await.expect(200);
    assert_eq!(
        answer.header("content-type"),
        "application/pem-certificate-chain"
    );
    assert_eq!(answer.text().matches("BEGIN CERTIFICATE").count(), 2);
    let other = server.client("example.org").await;
    assert_problem!(other.post_as_get(&issued.url).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"there is no such resource, or it is another account's","status":404}"#);
    // RFC 8555 §7.4.2: the certificate is read by POST-as-GET only.
    client.get(&issued.url).await.expect(405);
}

async fn what_was_probed_is_bound_to_the_account_key(server: &TestServer) {
    let client = server.client("example.com\n*.example.org").await;
    let order = client.order(&["*.example.org", "example.com"]).await;
    client.prove(&order).await;
    let http = server.validator().asked("example.com");
    let [asked] = http.as_slice() else {
        panic!("one probe: {http:?}");
    };
    let (token, thumbprint) = asked.expected.split_once('.').unwrap();
    assert_eq!((asked.challenge, token.len()), ("http-01", 43));
    assert_eq!(thumbprint, client.key.thumbprint());
    // The name that is probed for a wildcard is the one below it (RFC 8555 §7.1.3).
    let dns = server.validator().asked("example.org");
    assert_eq!(
        dns.iter().map(|asked| asked.challenge).collect::<Vec<_>>(),
        ["dns-01"]
    );
}

/// No country and no organization that nobody has chosen.
async fn fa3_new_cas_are_called_after_the_server(server: &TestServer) {
    let client = server.client("example.com").await;
    let obtained = client.issue(&["example.com"]).await;
    let issuer = pki::Certificate::from_der(&obtained.der).unwrap().issuer;
    assert_eq!(issuer, "CN=acme.test issuing CA");
    let root = server.root().subject;
    assert_eq!(root, "CN=acme.test root CA");
}
