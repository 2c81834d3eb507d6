//! Challenges and authorizations (RFC 8555 §7.5).

use flow::caller::{system, tenant};
use serde_json::json;
use store::ReadTx;
use store::issuance::authorization;
use testkit::{AcmeClient, Answer, Key, TestServer};
use validation::Failure;

testkit::on_both_engines![
    acme_2_2_two_responses_at_once_are_one_validation,
    two_racing_responses_are_one_validation,
    a_failure_ends_authorization_and_order,
    what_was_seen_is_stored,
    finding_1_arguable_the_address_that_answered_is_named,
    a_response_must_be_an_object,
    a_final_authorization_takes_no_response,
    another_accounts_identifiers_are_not_found,
    l12_a_deactivated_authorization_proves_nothing,
    a_challenge_leads_up_to_its_authorization,
    a_name_is_proven_ahead_of_any_order,
    an_authorization_ahead_of_an_order_is_held_to_the_same_rules,
];

async fn acme_2_2_two_responses_at_once_are_one_validation(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    let validator = server.validator();
    validator.hang("example.com");
    let (first, second) = tokio::join!(client.answer(&challenge), async {
        validator.probed("example.com", 1).await;
        let second = client.answer(&challenge).await;
        validator.release("example.com");
        second
    });
    assert_eq!(second.clone().expect(200).member("status"), "processing");
    assert_eq!(second.header("retry-after"), "1");
    assert_eq!(first.expect(200).member("status"), "valid");
    assert_eq!(validator.probes("example.com"), 1);
    assert_eq!(client.read(&order).await.member("status"), "ready");
}

async fn two_racing_responses_are_one_validation(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    let (first, second) = tokio::join!(client.answer(&challenge), client.answer(&challenge));
    first.expect(200);
    second.expect(200);
    assert_eq!(server.validator().probes("example.com"), 1);
    assert_eq!(client.read(&order).await.member("status"), "ready");
}

fn not_found() -> Failure {
    Failure::Status {
        status: 404,
        url: "http://example.com/.well-known/acme-challenge/token".to_owned(),
    }
}

async fn a_failure_ends_authorization_and_order(server: &TestServer) {
    let client = server.client("example.com\nexample.org").await;
    server.validator().fail("example.com", not_found());
    let order = client.order(&["example.com", "example.org"]).await;
    let challenge = client.first_challenge(&order).await;
    let answer = client.answer(&challenge).await.expect(200);
    assert_eq!(answer.member("status"), "invalid");
    insta::allow_duplicates! { insta::assert_snapshot!(answer.error(), @r#"{"type":"urn:ietf:params:acme:error:incorrectResponse","detail":"http://example.com/.well-known/acme-challenge/token: status 404 instead of 200","status":403}"#) };
    let authorization = client
        .post_as_get(&order.authorizations[0])
        .await
        .expect(200);
    assert_eq!(authorization.member("status"), "invalid");
    let ended = client.read(&order).await;
    assert_eq!(ended.member("status"), "invalid");
    insta::allow_duplicates! { insta::assert_snapshot!(ended.error(), @r#"{"type":"urn:ietf:params:acme:error:incorrectResponse","detail":"example.com: http://example.com/.well-known/acme-challenge/token: status 404 instead of 200","status":403,"subproblems":[{"type":"urn:ietf:params:acme:error:incorrectResponse","detail":"example.com: http://example.com/.well-known/acme-challenge/token: status 404 instead of 200","identifier":{"type":"dns","value":"example.com"}}]}"#) };
    // Another try is another order.
    server.validator().release("example.com");
    let again = client.order(&["example.com", "example.org"]).await;
    assert_ne!(again.url, order.url);
}

async fn what_was_seen_is_stored(server: &TestServer) {
    let client = server.client("example.com").await;
    server.validator().fail("example.com", not_found());
    let order = client.order(&["example.com"]).await;
    client
        .answer(&client.first_challenge(&order).await)
        .await
        .expect(200);
    let id = order.authorizations[0].rsplit('/').next().unwrap();
    let id = base::AuthorizationId::from_suffix(id).unwrap();
    let store = server.app.store(system("a test"));
    let found = store.read(id, authorization::by_id).await.unwrap();
    let owner = found.unwrap().tenant;
    let evidence = server
        .app
        .store(tenant(owner))
        .read(id, evidence_of)
        .await
        .unwrap();
    let evidence: flow::issuance::challenge::evidence::StoredEvidence =
        serde_json::from_str(&evidence.unwrap()).unwrap();
    assert_eq!(evidence.seen.challenge, "http-01");
    let explanation = evidence.explanation.unwrap();
    insta::allow_duplicates! { insta::assert_snapshot!(explanation, @"The web server answered for this name but does not serve the challenge file: it is not there (status 404). Check that the ACME client writes to the directory this web server serves, and that the name points to the right server.") };
}

async fn finding_1_arguable_the_address_that_answered_is_named(server: &TestServer) {
    let client = server.client("example.com").await;
    let old_host = "[2001:db8::7]:80".parse().unwrap();
    server
        .validator()
        .fail_at("example.com", not_found(), old_host);
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    let answer = client.answer(&challenge).await.expect(200);
    insta::allow_duplicates! { insta::assert_snapshot!(answer.error(), @r#"{"type":"urn:ietf:params:acme:error:incorrectResponse","detail":"http://example.com/.well-known/acme-challenge/token: status 404 instead of 200 (at 2001:db8::7)","status":403}"#) };
}

async fn evidence_of(
    tx: &mut ReadTx,
    id: &base::AuthorizationId,
) -> Result<Option<String>, store::Error> {
    let found = authorization::by_id(tx, id).await?;
    let found: Vec<_> = found.into_iter().collect();
    Ok(authorization::evidence_of(tx, &found).await?.remove(0))
}

async fn a_response_must_be_an_object(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    assert_problem!(client.post(&challenge, &json!("ready")).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"to respond to a challenge send the empty JSON object {} as payload (RFC 8555 section 7.5.1)","status":400}"#);
    // The draft's keyAuthorization is read past (RFC 8555 §7.5.1).
    client
        .post(&challenge, &json!({ "keyAuthorization": "x" }))
        .await
        .expect(200);
}

async fn a_final_authorization_takes_no_response(server: &TestServer) {
    let client = server.client("example.com").await;
    server.validator().fail("example.com", not_found());
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    client.answer(&challenge).await.expect(200);
    assert_problem!(client.answer(&challenge).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the authorization is invalid; place a new order","status":400}"#);
    assert_eq!(server.validator().probes("example.com"), 1);
}

async fn another_accounts_identifiers_are_not_found(server: &TestServer) {
    let client = server.client("example.com").await;
    let other = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    assert_problem!(other.post_as_get(&order.url).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"there is no such resource, or it is another account's","status":404}"#);
    let authorization = &order.authorizations[0];
    let csr = Key::generate().csr(&["example.com"]);
    for refused in [
        other.post_as_get(authorization).await,
        other
            .post(authorization, &json!({ "status": "deactivated" }))
            .await,
        other.post_as_get(&challenge).await,
        other.answer(&challenge).await,
        other.finalize(&order, &csr).await,
    ] {
        assert_eq!(refused.expect(404).problem_type(), "malformed");
    }
    assert_eq!(server.validator().probes("example.com"), 0);
    assert_eq!(client.read(&order).await.member("status"), "pending");
}

async fn l12_a_deactivated_authorization_proves_nothing(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let authorization = &order.authorizations[0];
    assert_problem!(client.post(authorization, &json!({ "status": "valid" })).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"an authorization can only be changed by the payload {\"status\": \"deactivated\"} (RFC 8555 section 7.5.2)","status":400}"#);
    let answer = client
        .post(authorization, &json!({ "status": "deactivated" }))
        .await;
    assert_eq!(answer.expect(200).member("status"), "deactivated");
    assert_eq!(client.read(&order).await.member("status"), "invalid");
    let csr = Key::generate().csr(&["example.com"]);
    assert_problem!(client.finalize(&order, &csr).await, @r#"{"type":"urn:ietf:params:acme:error:orderNotReady","detail":"the order or one of its authorizations has failed; place a new order","status":403}"#);
    assert_eq!(client.order(&["example.com"]).await.status, "pending");
}

async fn a_challenge_leads_up_to_its_authorization(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    let answer = client.post_as_get(&challenge).await.expect(200);
    assert_eq!(answer.link("up").as_ref(), Some(&order.authorizations[0]));
    assert_eq!(answer.member("status"), "pending");
    assert_eq!(answer.member("token").len(), 43);
}

/// newAuthz (RFC 8555 §7.4.1).
async fn authorize(client: &AcmeClient, name: &str) -> Answer {
    let wanted = json!({ "identifier": { "type": "dns", "value": name } });
    client.post(&client.resource("newAuthz"), &wanted).await
}

async fn a_name_is_proven_ahead_of_any_order(server: &TestServer) {
    let client = server.client("example.com").await;
    let made = authorize(&client, "example.com").await.expect(201);
    assert_eq!(made.member("status"), "pending");
    let url = made.header("location").to_owned();
    let challenge = client.challenge(&url, "http-01").await.unwrap();
    client.answer(&challenge).await.expect(200);
    let proven = client.post_as_get(&url).await.expect(200);
    assert_eq!(proven.member("status"), "valid");
    // Asked for again, it is the same one; and an order has it.
    let again = authorize(&client, "example.com").await.expect(201);
    assert_eq!(again.header("location"), url);
    let order = client.order(&["example.com"]).await;
    assert_eq!(client.read(&order).await.member("status"), "ready");
    assert_eq!(order.authorizations, [url]);
    client.issue(&["example.com"]).await;
    assert_eq!(server.validator().probes("example.com"), 1);
    // One that fails ends no order, since it has none.
    let other = server.client("example.org").await;
    let made = authorize(&other, "example.org").await.expect(201);
    server.validator().fail("example.org", not_found());
    let url = made.header("location").to_owned();
    let challenge = other.challenge(&url, "http-01").await.unwrap();
    other.answer(&challenge).await.expect(200);
    let failed = other.post_as_get(&url).await.expect(200);
    assert_eq!(failed.member("status"), "invalid");
}

async fn an_authorization_ahead_of_an_order_is_held_to_the_same_rules(server: &TestServer) {
    let client = server.client("example.com\n*.example.com").await;
    let refused = authorize(&client, "*.example.com").await.expect(400);
    assert_eq!(refused.problem_type(), "rejectedIdentifier");
    let refused = authorize(&client, "other.example").await.expect(403);
    assert_eq!(refused.problem_type(), "rejectedIdentifier");
    let refused = authorize(&client, "printer.local").await.expect(400);
    assert_eq!(refused.problem_type(), "rejectedIdentifier");
    let url = client.resource("newAuthz");
    let refused = client.post(&url, &json!({ "identifiers": [] })).await;
    assert_eq!(refused.expect(400).problem_type(), "malformed");
    let ip = json!({ "identifier": { "type": "ip", "value": "192.0.2.1" } });
    let refused = client.post(&url, &ip).await.expect(400);
    assert_eq!(refused.problem_type(), "unsupportedIdentifier");
}
