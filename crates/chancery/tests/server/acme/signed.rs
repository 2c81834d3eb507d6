//! What every signed request must be (RFC 8555 §6.2 to §6.4).

use axum::http::Method;
use serde_json::json;
use testkit::acme_client::JOSE;
use testkit::{Key, TestServer};

testkit::on_both_engines![
    padded_base64url_is_refused,
    s69_another_content_type_is_refused,
    s69_get_is_refused_where_post_is_needed,
    the_signed_url_must_be_the_requested_one,
    another_keys_signature_is_refused,
    an_algorithm_that_does_not_fit_is_refused,
    finding_11_an_unsupported_key_of_a_new_account_is_told_by_its_algorithm,
    key_and_account_at_once_are_refused,
    a_key_where_the_account_is_needed_is_refused,
    finding_s6_5_a_kid_that_no_account_here_can_have_is_malformed,
    finding_s6_6_the_directory_is_also_at_its_url_with_a_slash,
    an_unknown_path_is_not_found,
    a_body_that_is_too_large_is_refused,
];

async fn padded_base64url_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let header = client.header(&client.account).await;
    let jws = client.key.jws(&header, "{}");
    for member in ["protected", "payload", "signature"] {
        let mut padded = jws.clone();
        padded[member] = json!(format!("{}=", jws[member].as_str().unwrap()));
        let refused = client
            .post_body(&client.account, JOSE, padded.to_string())
            .await;
        assert_eq!(refused.expect(400).problem_type(), "malformed");
    }
    let mut padded = jws.clone();
    padded["payload"] = json!("e30=");
    assert_problem!(client.post_body(&client.account, JOSE, padded.to_string()).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the member \"payload\" is padded with \"=\": send base64url without padding (RFC 8555 section 6.1)","status":400}"#);
}

async fn s69_another_content_type_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let header = client.header(&client.account).await;
    let body = client.key.jws(&header, "").to_string();
    let refused = client
        .post_body(&client.account, "application/json", body.clone())
        .await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"send requests as Content-Type: application/jose+json (RFC 8555 section 6.2)","status":415}"#);
    // Nothing was used up by it.
    client
        .post_body(
            &client.account,
            "application/jose+json; charset=utf-8",
            body,
        )
        .await
        .expect(200);
}

async fn s69_get_is_refused_where_post_is_needed(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    assert_problem!(client.get(&order.url).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"this resource is only reached by signed POST requests; use POST-as-GET to read it","status":405}"#);
    for url in [&order.finalize, &order.authorizations[0], &client.account] {
        client.get(url).await.expect(405);
    }
    client.plain(Method::DELETE, &order.url).await.expect(405);
}

async fn the_signed_url_must_be_the_requested_one(server: &TestServer) {
    let client = server.client("example.com").await;
    let header = client.header(&client.resource("newOrder")).await;
    assert_problem!(client.post_signed(&client.account, &header, "").await, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"the signed \"url\" is \"https://acme.test/v2/DV/new-order\" but the request went to \"https://acme.test/v2/DV/account/ID\"","status":403}"#);
}

async fn another_keys_signature_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let thief = client.with_key(Key::generate());
    assert_problem!(thief.post_as_get(&client.account).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the signature does not verify; sign with the key of the account that is named","status":400}"#);
}

async fn an_algorithm_that_does_not_fit_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let mut header = client.header(&client.account).await;
    header["alg"] = json!("none");
    assert_problem!(client.post_signed(&client.account, &header, "").await, @r#"{"type":"urn:ietf:params:acme:error:badSignatureAlgorithm","detail":"the algorithm \"none\" is not accepted; sign with one of those listed","status":400,"algorithms":["ES256","ES384","EdDSA","RS256"]}"#);
    header["alg"] = json!("RS256");
    assert_problem!(client.post_signed(&client.account, &header, "").await, @r#"{"type":"urn:ietf:params:acme:error:badSignatureAlgorithm","detail":"the algorithm \"RS256\" does not fit the account's key, which needs \"ES256\"","status":400,"algorithms":["ES256","ES384","EdDSA","RS256"]}"#);
}

async fn finding_11_an_unsupported_key_of_a_new_account_is_told_by_its_algorithm(
    server: &TestServer,
) {
    let client = server.stranger().await;
    let url = client.resource("newAccount");
    for (algorithm, curve) in [("ES512", "P-521"), ("ES256K", "secp256k1")] {
        let mut header = client.key_header(&url).await;
        header["alg"] = json!(algorithm);
        header["jwk"] = json!({ "kty": "EC", "crv": curve, "x": "AA", "y": "AA" });
        let refused = client.post_signed(&url, &header, "{}").await.expect(400);
        assert_eq!(refused.problem_type(), "badSignatureAlgorithm");
        assert_eq!(
            refused.json()["algorithms"],
            json!(["ES256", "ES384", "EdDSA", "RS256"])
        );
    }
}

async fn key_and_account_at_once_are_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let mut header = client.header(&client.account).await;
    header["jwk"] = client.key.jwk();
    assert_problem!(client.post_signed(&client.account, &header, "").await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the protected header must have exactly one of \"jwk\" and \"kid\"","status":400}"#);
}

async fn a_key_where_the_account_is_needed_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let payload = json!({ "identifiers": [{ "type": "dns", "value": "example.com" }] });
    assert_problem!(client.post_by_key(&client.resource("newOrder"), &payload).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"sign this request as your account: send \"kid\" with the account URL, not \"jwk\"","status":400}"#);
    assert_problem!(client.post(&client.resource("newAccount"), &json!({})).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"sign this request with the key itself: send \"jwk\", not \"kid\"","status":400}"#);
}

async fn finding_s6_5_a_kid_that_no_account_here_can_have_is_malformed(server: &TestServer) {
    let mut client = server.client("example.com").await;
    let url = client.resource("newOrder");
    let account = client.account.clone();
    for kid in [
        account.replace("acme.test", "acme.example"),
        account.replace("/account/", "/order/"),
        account.replace("/v2/", "/v3/"),
        account.rsplit('/').next().unwrap_or_default().to_owned(),
        client.resource("newAccount"),
        "https://acme.test/v2/DV".to_owned(),
        String::new(),
    ] {
        client.account.clone_from(&kid);
        let refused = client.post(&url, &json!({})).await.expect(400);
        assert_eq!(refused.problem_type(), "malformed", "{kid}");
        assert!(refused.text().contains("no account URL of this server"));
    }
    // One that has the right shape may have been an account once, so that a client registers anew.
    for kid in [
        format!("{}0", account.trim_end_matches(char::is_alphanumeric)),
        account.replace("/DV/", "/GONE/"),
    ] {
        client.account.clone_from(&kid);
        let refused = client.post(&url, &json!({})).await.expect(400);
        assert_eq!(refused.problem_type(), "accountDoesNotExist", "{kid}");
    }
}

/// People paste it so.
async fn finding_s6_6_the_directory_is_also_at_its_url_with_a_slash(server: &TestServer) {
    let client = server.client("example.com").await;
    let url = "https://acme.test/v2/DV/";
    let found = client.get(url).await.expect(200);
    let directory = client.get("https://acme.test/v2/DV").await.expect(200);
    assert_eq!(found.text(), directory.text());
    assert_eq!(found.link("index"), Some("https://acme.test/v2/DV".into()));
    let posted = client.post_as_get(url).await.expect(200);
    assert_eq!(posted.text(), directory.text());
    client.get("https://acme.test/v2/GONE/").await.expect(404);
}

async fn an_unknown_path_is_not_found(server: &TestServer) {
    let client = server.client("example.com").await;
    assert_problem!(client.get("https://acme.test/v2/DV/nothing").await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"there is no such resource, or it is another account's","status":404}"#);
}

async fn a_body_that_is_too_large_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let body = "a".repeat(200 * 1024);
    assert_problem!(client.post_body(&client.account, JOSE, body).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the request body is too large","status":413}"#);
}
