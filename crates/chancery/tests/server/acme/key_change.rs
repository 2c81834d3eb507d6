//! keyChange (RFC 8555 §7.3.5).

use flow::operations::node::shut_down;
use serde_json::json;
use testkit::{Key, TestServer};

testkit::on_both_engines![
    the_account_goes_on_with_its_new_key,
    a_key_in_use_is_a_conflict_that_names_its_account,
    finding_1_arguable_the_present_key_is_a_conflict_that_names_its_account,
    a_change_that_the_new_key_did_not_sign_is_refused,
    a_change_for_another_account_is_refused,
    h5_a_replaced_key_opens_no_account_again,
    h5_one_binding_signature_binds_once,
    h5_one_key_has_an_account_in_each_directory,
    m7_an_account_changes_to_no_weak_or_blocked_key,
    sb17_two_changes_to_one_key_at_once_are_a_conflict,
];

async fn the_account_goes_on_with_its_new_key(server: &TestServer) {
    let client = server.client("example.com").await;
    let new = Key::generate();
    let answer = client.change_key(&new).await.expect(200);
    assert_eq!(answer.header("location"), client.account);
    assert_problem!(client.post_as_get(&client.account).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the signature does not verify; sign with the key of the account that is named","status":400}"#);
    let renewed = client.with_key(new);
    renewed.issue(&["example.com"]).await;
    let found = renewed
        .post_by_key(&renewed.resource("newAccount"), &json!({}))
        .await;
    assert_eq!(found.expect(200).header("location"), client.account);
}

async fn a_key_in_use_is_a_conflict_that_names_its_account(server: &TestServer) {
    let client = server.client("example.com").await;
    let other = server.client("example.org").await;
    let refused = client.change_key(&other.key).await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the new key belongs to another account already","status":409}"#);
    assert_eq!(refused.header("location"), other.account);
    client.post_as_get(&client.account).await.expect(200);
}

async fn finding_1_arguable_the_present_key_is_a_conflict_that_names_its_account(
    server: &TestServer,
) {
    let client = server.client("example.com").await;
    let refused = client.change_key(&client.key).await;
    assert_eq!(refused.header("location"), client.account);
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the new key is the account's present key; make a new one","status":409}"#);
}

async fn a_change_that_the_new_key_did_not_sign_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let url = client.resource("keyChange");
    let inner = json!({ "account": client.account, "oldKey": client.key.jwk() });
    let header = json!({ "alg": "ES256", "jwk": Key::generate().jwk(), "url": url });
    let forged = client.key.jws(&header, &inner.to_string());
    assert_problem!(client.post(&url, &forged).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the inner JWS is not valid: the signature does not verify; sign with the key of the account that is named","status":400}"#);
}

async fn a_change_for_another_account_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let other = server.client("example.org").await;
    let (url, new) = (client.resource("keyChange"), Key::generate());
    let header = json!({ "alg": "ES256", "jwk": new.jwk(), "url": url });
    for inner in [
        json!({ "account": other.account, "oldKey": client.key.jwk() }),
        json!({ "account": client.account, "oldKey": other.key.jwk() }),
        json!({ "account": client.account }),
    ] {
        let refused = client
            .post(&url, &new.jws(&header, &inner.to_string()))
            .await
            .expect(400);
        assert_eq!(refused.problem_type(), "malformed");
    }
}

/// Whoever got hold of the old key does not come back with it, by whatever way.
async fn h5_a_replaced_key_opens_no_account_again(server: &TestServer) {
    let eab = server.account().await;
    let old = server.stranger().await.register(&eab).await;
    let new = Key::generate();
    old.change_key(&new).await.expect(200);
    // With a binding that its owner makes for it.
    assert_problem!(old.new_account(&eab).await, @r#"{"type":"urn:ietf:params:acme:error:badPublicKey","detail":"the key was an account's in this directory and was replaced; make a new one","status":400}"#);
    // By another account, and by its own.
    let other = server.client("example.org").await;
    for account in [&other, &old.with_key(new)] {
        let refused = account.change_key(&old.key).await.expect(400);
        assert_eq!(refused.problem_type(), "badPublicKey");
        account.post_as_get(&account.account).await.expect(200);
    }
    // A second change retires the second key too.
    let (second, third) = (old.with_key(Key::generate()), Key::generate());
    let present = other.change_key(&second.key).await.expect(200);
    assert_eq!(present.header("location"), other.account);
    other
        .with_key(second.key.clone())
        .change_key(&third)
        .await
        .expect(200);
    let refused = second.new_account(&eab).await.expect(400);
    assert_eq!(refused.problem_type(), "badPublicKey");
    // It looks for an account and finds none.
    let payload = json!({ "onlyReturnExisting": true });
    let found = second
        .post_by_key(&second.resource("newAccount"), &payload)
        .await;
    assert_eq!(found.expect(400).problem_type(), "accountDoesNotExist");
}

/// What the account shows of its binding is worth nothing to whoever reads it.
async fn h5_one_binding_signature_binds_once(server: &TestServer) {
    let eab = server.account().await;
    let owner = server.stranger().await.register(&eab).await;
    let shown = owner.post_as_get(&owner.account).await.expect(200);
    let payload = json!({
        "externalAccountBinding": shown.json()["externalAccountBinding"],
        "termsOfServiceAgreed": true,
    });
    let url = owner.resource("newAccount");
    // As long as the key is the account's, there is the account.
    let again = owner.post_by_key(&url, &payload).await.expect(200);
    assert_eq!(again.header("location"), owner.account);
    // Another key does not fit it.
    let thief = owner.with_key(Key::generate());
    thief.post_by_key(&url, &payload).await.expect(400);
    let new = owner.with_key(Key::generate());
    owner.change_key(&new.key).await.expect(200);
    let refused = owner.post_by_key(&url, &payload).await.expect(400);
    assert_eq!(refused.problem_type(), "badPublicKey");
    // Nor does it bind again what has ended.
    new.post(&new.account, &json!({ "status": "deactivated" }))
        .await
        .expect(200);
    owner.post_by_key(&url, &payload).await.expect(400);
    let stored = server
        .store
        .read(eab.key_id.clone(), |tx, key_id| {
            Box::pin(store::enrollment::eab_credential::by_key_id(tx, key_id))
        })
        .await
        .unwrap();
    assert_eq!(stored.unwrap().credential.bindings, 1);
}

/// lego has one key for all directories of a host.
async fn h5_one_key_has_an_account_in_each_directory(server: &TestServer) {
    let client = server.client("example.com").await;
    let stranger = server.stranger_in("DV-TEST").await;
    let mut there = stranger.with_key(client.key.clone());
    let account = there.new_unbound_account().await.expect(201);
    account.header("location").clone_into(&mut there.account);
    let new = Key::generate();
    client.change_key(&new).await.expect(200);
    there.post_as_get(&there.account).await.expect(200);
    // Changing it there as well is the same key in another directory.
    there.change_key(&new).await.expect(200);
    let refused = there.new_unbound_account().await.expect(400);
    assert_eq!(refused.problem_type(), "badPublicKey");
}

async fn m7_an_account_changes_to_no_weak_or_blocked_key(server: &TestServer) {
    let client = server.client("example.com").await;
    let weak = client.change_key(&Key::with_close_primes()).await;
    assert_problem!(weak, @r#"{"type":"urn:ietf:params:acme:error:badPublicKey","detail":"the account's key is not good enough: the RSA key can be factored because its primes are too close; create a new one","status":400}"#);
    let key = Key::generate();
    let issued = client.issue_for(&key, &["example.com"]).await;
    let by_key = client.with_key(key.clone());
    by_key.revoke_by_key(&issued.der, 1).await.expect(200);
    let blocked = client.change_key(&key).await;
    assert_problem!(blocked, @r#"{"type":"urn:ietf:params:acme:error:badPublicKey","detail":"the account's key is blocked because it was reported as compromised; make a new one","status":400}"#);
    client.post_as_get(&client.account).await.expect(200);
}

/// Two accounts on two nodes; whoever comes second is told who has the key.
async fn sb17_two_changes_to_one_key_at_once_are_a_conflict(server: &TestServer) {
    let second = server.beside().await;
    let mut one = server.client("example.com").await;
    let other = server.client("example.org").await;
    let mut two = other.at(second.acme.clone());
    for round in 0..20 {
        let key = Key::generate();
        let (first, then) = tokio::join!(one.change_key(&key), two.change_key(&key));
        let (winner, loser) = match (first.status.as_u16(), then.status.as_u16()) {
            (200, 409) => (&mut one, then),
            (409, 200) => (&mut two, first),
            other => panic!("round {round}: {other:?}"),
        };
        assert_eq!(loser.header("location"), winner.account, "round {round}");
        *winner = winner.with_key(key);
        winner.post_as_get(&winner.account).await.expect(200);
    }
    shut_down(&second.app).await;
}
