//! The account resource (RFC 8555 §7.3.2, §7.3.6).

use serde_json::json;
use testkit::TestServer;

testkit::on_both_engines![
    contacts_are_changed,
    bad_contacts_are_refused_one_by_one,
    an_unknown_account_is_told_so,
    a_deactivated_account_may_do_nothing,
    another_accounts_url_is_refused,
    the_account_reads_itself,
    finding_13_a_known_key_gets_its_account_whatever_else_it_says,
];

async fn contacts_are_changed(server: &TestServer) {
    let client = server.client("example.com").await;
    let contact = json!(["mailto:new@example.com", "mailto:second@example.com"]);
    let answer = client
        .post(&client.account, &json!({ "contact": contact }))
        .await
        .expect(200);
    assert_eq!(answer.json()["contact"], contact);
    let answer = client.post(&client.account, &json!({})).await.expect(200);
    assert_eq!(answer.json()["contact"], contact);
    let answer = client
        .post(&client.account, &json!({ "contact": [] }))
        .await
        .expect(200);
    assert!(
        answer
            .json()
            .get("contact")
            .is_none_or(|contact| *contact == json!([]))
    );
}

async fn bad_contacts_are_refused_one_by_one(server: &TestServer) {
    let client = server.client("example.com").await;
    let one = client
        .post(&client.account, &json!({ "contact": ["tel:+12025551212"] }))
        .await;
    assert_problem!(one, @r#"{"type":"urn:ietf:params:acme:error:unsupportedContact","detail":"the contact \"tel:+12025551212\" is not supported; use a mailto: URL","status":400}"#);
    let several = json!({ "contact": ["mailto:a@example.com?subject=x", "mailto:nobody"] });
    assert_problem!(client.post(&client.account, &several).await, @r#"{"type":"urn:ietf:params:acme:error:invalidContact","detail":"the contact \"mailto:a@example.com?subject=x\" has header fields; give only the address","status":400,"subproblems":[{"type":"urn:ietf:params:acme:error:invalidContact","detail":"the contact \"mailto:a@example.com?subject=x\" has header fields; give only the address"},{"type":"urn:ietf:params:acme:error:invalidContact","detail":"the contact \"mailto:nobody\" is not an e-mail address such as mailto:admin@example.com"}]}"#);
}

async fn an_unknown_account_is_told_so(server: &TestServer) {
    let mut client = server.client("example.com").await;
    client.account = format!(
        "{}0",
        client.account.trim_end_matches(char::is_alphanumeric)
    );
    assert_problem!(client.new_order(&["example.com"]).await, @r#"{"type":"urn:ietf:params:acme:error:accountDoesNotExist","detail":"there is no account at \"https://acme.test/v2/DV/account/0\" on this server; register one with your EAB credentials","status":400}"#);
}

async fn a_deactivated_account_may_do_nothing(server: &TestServer) {
    let client = server.client("example.com").await;
    let bad = client
        .post(&client.account, &json!({ "status": "revoked" }))
        .await;
    assert_problem!(bad, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the account's status can only be set to \"deactivated\", not to \"revoked\"","status":400}"#);
    let answer = client
        .post(&client.account, &json!({ "status": "deactivated" }))
        .await;
    assert_eq!(answer.expect(200).member("status"), "deactivated");
    for refused in [
        client.post_as_get(&client.account).await,
        client.new_order(&["example.com"]).await,
        client
            .post_by_key(&client.resource("newAccount"), &json!({}))
            .await,
    ] {
        assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"this account is deactivated, which cannot be undone; register a new one","status":401}"#);
    }
}

async fn another_accounts_url_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let other = server.client("example.org").await;
    assert_problem!(client.post_as_get(&other.account).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"this is another account's URL","status":403}"#);
    let orders = other
        .post_as_get(&other.account)
        .await
        .expect(200)
        .member("orders");
    assert_problem!(client.post_as_get(&orders).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"this is another account's list","status":403}"#);
}

async fn the_account_reads_itself(server: &TestServer) {
    let client = server.client("example.com").await;
    let answer = client.post_as_get(&client.account).await.expect(200);
    assert_eq!(answer.member("status"), "valid");
    assert_eq!(
        answer.member("orders"),
        client.account.replace("/account/", "/orders/")
    );
    assert_eq!(answer.header("cache-control"), "no-store");
}

async fn finding_13_a_known_key_gets_its_account_whatever_else_it_says(server: &TestServer) {
    let client = server.client("example.com").await;
    let before = client.post_as_get(&client.account).await.expect(200).json();
    let url = client.resource("newAccount");
    for payload in [
        json!({ "contact": ["tel:+15550100"] }),
        json!({ "contact": ["mailto:nobody"], "termsOfServiceAgreed": false }),
        json!({ "contact": "no list", "externalAccountBinding": 1 }),
    ] {
        let found = client.post_by_key(&url, &payload).await.expect(200);
        assert_eq!(found.header("location"), client.account);
        assert_eq!(found.json(), before);
    }
    // A new key is refused for the same.
    let other = client.with_key(testkit::Key::generate());
    let refused = other
        .post_by_key(&url, &json!({ "contact": ["tel:+15550100"] }))
        .await;
    assert_eq!(refused.expect(400).problem_type(), "unsupportedContact");
}
