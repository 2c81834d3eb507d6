//! newAccount with its external account binding (RFC 8555 §7.3, §7.3.4).

use flow::Caller;
use flow::enrollment::move_subscription::{Move, move_subscription};
use serde_json::json;
use testkit::{Eab, Key, LISTED, TestServer};

testkit::on_both_engines![
    f069_a_binding_is_required,
    f069_the_account_is_bound_and_described,
    c1_an_unknown_key_id_and_a_wrong_mac_answer_the_same,
    l1_s43_an_unknown_key_id_costs_what_a_wrong_mac_key_costs,
    s36_s58_fifty_clients_at_once_use_the_last_binding_once,
    a_binding_of_another_key_is_refused,
    the_same_key_gets_the_same_account_and_uses_no_binding,
    f058_a_limited_credential_binds_no_further_account,
    only_return_existing_makes_no_account,
    terms_of_service_must_be_agreed_to,
    m6_a_listed_key_of_debians_generator_is_refused,
    m7_a_weak_or_blocked_key_opens_no_account,
    a_suspended_subscription_binds_no_account,
    a_deactivated_subscription_binds_no_account,
];

async fn bindings(server: &TestServer, eab: &Eab) -> u32 {
    let stored = server
        .store
        .read(eab.key_id.clone(), |tx, key_id| {
            Box::pin(store::enrollment::eab_credential::by_key_id(tx, key_id))
        })
        .await
        .unwrap();
    stored.unwrap().credential.bindings
}

async fn f069_a_binding_is_required(server: &TestServer) {
    let client = server.stranger().await;
    let payload = json!({ "termsOfServiceAgreed": true });
    let answer = client
        .post_by_key(&client.resource("newAccount"), &payload)
        .await;
    assert_problem!(answer, @r#"{"type":"urn:ietf:params:acme:error:externalAccountRequired","detail":"this server needs an external account binding: give your client the EAB key ID and MAC key of an ACME account from the portal","status":403}"#);
}

async fn f069_the_account_is_bound_and_described(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await;
    let url = client.resource("newAccount");
    let binding = eab.binding(&client.key, &url);
    let payload = json!({ "contact": ["mailto:admin@example.com"], "termsOfServiceAgreed": true,
        "externalAccountBinding": binding });
    let answer = client.post_by_key(&url, &payload).await.expect(201);
    assert_eq!(answer.member("status"), "valid");
    assert_eq!(answer.json()["externalAccountBinding"], binding);
    assert_eq!(answer.json()["key"]["kty"], "EC");
    assert_eq!(
        answer.json()["contact"],
        json!(["mailto:admin@example.com"])
    );
    assert_eq!(answer.json()["termsOfServiceAgreed"], json!(true));
    assert!(
        answer
            .header("location")
            .starts_with("https://acme.test/v2/DV/account/")
    );
    assert_eq!(bindings(server, &eab).await, 1);
}

async fn c1_an_unknown_key_id_and_a_wrong_mac_answer_the_same(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await;
    let wrong_mac = Eab {
        mac_key: vec![7; 32],
        ..eab.clone()
    };
    let unknown_kid = Eab {
        key_id: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        ..eab.clone()
    };
    let first = client.new_account(&wrong_mac).await;
    let second = client.new_account(&unknown_kid).await;
    assert_problem!(first, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"the external account binding with key ID \"KEY-ID\" was refused: the key ID is unknown or the MAC key is wrong; copy both again from the portal","status":403}"#);
    assert_eq!(first.problem(), second.problem());
    assert_eq!(bindings(server, &eab).await, 0);
}

async fn a_binding_of_another_key_is_refused(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await;
    let url = client.resource("newAccount");
    let payload = json!({
        "externalAccountBinding": eab.binding(&Key::generate(), &url),
        "termsOfServiceAgreed": true,
    });
    assert_problem!(client.post_by_key(&url, &payload).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the external account binding is for another key than the one that signs the request","status":400}"#);
    let payload = json!({
        "externalAccountBinding": eab.binding(&client.key, &client.resource("newOrder")),
        "termsOfServiceAgreed": true,
    });
    assert_problem!(client.post_by_key(&url, &payload).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the external account binding has another \"url\" than the request","status":400}"#);
}

async fn the_same_key_gets_the_same_account_and_uses_no_binding(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await;
    let first = client.new_account(&eab).await.expect(201);
    let second = client.new_account(&eab).await.expect(200);
    assert_eq!(first.header("location"), second.header("location"));
    // RFC 8555 §7.3.1: an existing account needs no binding at all.
    let third = client
        .post_by_key(&client.resource("newAccount"), &json!({}))
        .await
        .expect(200);
    assert_eq!(first.header("location"), third.header("location"));
    assert_eq!(bindings(server, &eab).await, 1);
    // The same at once: one account, one binding.
    let client = server.stranger().await;
    let (first, second) = tokio::join!(client.new_account(&eab), client.new_account(&eab));
    assert_eq!(first.header("location"), second.header("location"));
    assert_eq!(bindings(server, &eab).await, 2);
}

async fn f058_a_limited_credential_binds_no_further_account(server: &TestServer) {
    let reseller = server.reseller().await;
    let eab = server.account_of(reseller, Some(1)).await;
    server.stranger().await.register(&eab).await;
    let second = server.stranger().await;
    assert_problem!(second.new_account(&eab).await, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"EAB key ID KEY-ID is already bound to 1 of 1 ACME accounts; ACCOUNT has held it since 23 November 2026: release it in the portal, or with `chancery admin account release ACCOUNT`","status":403}"#);
    assert_eq!(bindings(server, &eab).await, 1);
}

async fn only_return_existing_makes_no_account(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await;
    let url = client.resource("newAccount");
    let payload = json!({ "onlyReturnExisting": true,
        "externalAccountBinding": eab.binding(&client.key, &url) });
    assert_problem!(client.post_by_key(&url, &payload).await, @r#"{"type":"urn:ietf:params:acme:error:accountDoesNotExist","detail":"there is no account with this key","status":400}"#);
    assert_eq!(bindings(server, &eab).await, 0);
    let client = client.register(&eab).await;
    let found = client.post_by_key(&url, &payload).await.expect(200);
    assert_eq!(found.header("location"), client.account);
}

async fn terms_of_service_must_be_agreed_to(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await;
    let url = client.resource("newAccount");
    let payload = json!({ "externalAccountBinding": eab.binding(&client.key, &url) });
    assert_problem!(client.post_by_key(&url, &payload).await, @r#"{"type":"urn:ietf:params:acme:error:userActionRequired","detail":"the terms of service at https://acme.test/terms must be agreed to: set \"termsOfServiceAgreed\" to true","status":403}"#);
}

async fn m7_a_weak_or_blocked_key_opens_no_account(server: &TestServer) {
    let eab = server.account().await;
    server.enroll(&eab, "example.com").await;
    let stranger = server.stranger().await;
    let weak = stranger.with_key(Key::with_close_primes());
    assert_problem!(weak.new_account(&eab).await, @r#"{"type":"urn:ietf:params:acme:error:badPublicKey","detail":"the account's key is not good enough: the RSA key can be factored because its primes are too close; create a new one","status":400}"#);
    let client = server.stranger().await.register(&eab).await;
    let lost = stranger.with_key(Key::generate());
    let issued = client.issue_for(&lost.key, &["example.com"]).await;
    lost.revoke_by_key(&issued.der, 1).await.expect(200);
    assert_problem!(lost.new_account(&eab).await, @r#"{"type":"urn:ietf:params:acme:error:badPublicKey","detail":"the account's key is blocked because it was reported as compromised; make a new one","status":400}"#);
    assert_eq!(bindings(server, &eab).await, 1);
}

async fn a_suspended_subscription_binds_no_account(server: &TestServer) {
    let eab = server.account().await;
    moved(server, &eab, Move::Suspend).await;
    let client = server.stranger().await;
    assert_problem!(client.new_account(&eab).await, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"EAB key ID \"KEY-ID\" belongs to an ACME account that is suspended; see the portal","status":403}"#);
    moved(server, &eab, Move::Resume).await;
    client.new_account(&eab).await.expect(201);
}

async fn a_deactivated_subscription_binds_no_account(server: &TestServer) {
    let eab = server.account().await;
    moved(server, &eab, Move::Deactivate).await;
    let client = server.stranger().await;
    assert_problem!(client.new_account(&eab).await, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"EAB key ID \"KEY-ID\" belongs to an ACME account that is deactivated; see the portal","status":403}"#);
}

async fn moved(server: &TestServer, eab: &Eab, to: Move) {
    let caller = Caller::command_line();
    move_subscription(
        &server.app,
        &caller.within(eab.tenant),
        eab.subscription,
        to,
    )
    .await
    .unwrap();
}

async fn l1_s43_an_unknown_key_id_costs_what_a_wrong_mac_key_costs(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await;
    let wrong = Eab {
        mac_key: vec![7; 32],
        ..eab.clone()
    };
    let unknown = Eab {
        key_id: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
        ..eab
    };
    let mut costs = Vec::new();
    for eab in [wrong, unknown] {
        let before = server.store.counters();
        client.new_account(&eab).await.expect(403);
        let after = server.store.counters();
        costs.push((
            after.statements - before.statements,
            after.transactions - before.transactions,
        ));
    }
    assert_eq!(costs[0], costs[1], "statements and transactions");
}

async fn s36_s58_fifty_clients_at_once_use_the_last_binding_once(server: &TestServer) {
    let reseller = server.reseller().await;
    let eab = server.account_of(reseller, Some(1)).await;
    let mut clients = Vec::new();
    for _ in 0..50 {
        clients.push(server.stranger().await);
    }
    let all = clients.iter().map(|client| client.new_account(&eab));
    let answers = futures_util::future::join_all(all).await;
    let count = |status: u16| {
        let some = answers.iter().filter(|answer| answer.status == status);
        some.count()
    };
    assert_eq!((count(201), count(403)), (1, 49));
    assert_eq!(bindings(server, &eab).await, 1);
}

async fn m6_a_listed_key_of_debians_generator_is_refused(server: &TestServer) {
    let list = pki::DebianWeakKeys::parse(&format!("# of a package\n{LISTED}\n")).unwrap();
    let node = server
        .beside_with(|settings| settings.weak_keys = list)
        .await;
    let eab = node.account().await;
    node.enroll(&eab, "example.com").await;
    let weak = node.stranger().await.with_key(Key::everybodys());
    assert_problem!(weak.new_account(&eab).await, @r#"{"type":"urn:ietf:params:acme:error:badPublicKey","detail":"the account's key is not good enough: the RSA key was made by a predictable generator (CVE-2008-0166); create a new one","status":400}"#);
    let client = node.stranger().await.register(&eab).await;
    let order = client.ready_order(&["example.com"]).await;
    let csr = Key::everybodys().csr(&["example.com"]);
    assert_problem!(client.finalize(&order, &csr).await, @r#"{"type":"urn:ietf:params:acme:error:badCSR","detail":"the RSA key was made by a predictable generator (CVE-2008-0166); create a new one","status":400}"#);
    // Where nobody has the list, nobody can know.
    let free = server.stranger().await.with_key(Key::everybodys());
    free.new_account(&server.account().await).await.expect(201);
}
