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
