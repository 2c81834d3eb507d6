//! Replay nonces (RFC 8555 §6.5, §7.2), on one node and across two.

use axum::http::Method;
use serde_json::json;
use testkit::TestServer;

testkit::on_both_engines![
    fresh_nonces_come_by_head_and_get,
    a_used_nonce_is_refused_with_a_fresh_one,
    a_foreign_nonce_is_good_for_one_use,
    a_nonce_of_a_node_that_is_away_is_refused,
    an_invented_nonce_is_refused,
];

async fn fresh_nonces_come_by_head_and_get(server: &TestServer) {
    let client = server.stranger().await;
    let url = client.resource("newNonce");
    let head = client.plain(Method::HEAD, &url).await.expect(200);
    let get = client.plain(Method::GET, &url).await.expect(204);
    for answer in [&head, &get] {
        assert!(answer.header("replay-nonce").len() > 20);
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(
            answer.link("index").as_deref(),
            Some("https://acme.test/v2/DV")
        );
        assert!(answer.body.is_empty());
    }
    assert_ne!(head.header("replay-nonce"), get.header("replay-nonce"));
}

async fn a_used_nonce_is_refused_with_a_fresh_one(server: &TestServer) {
    let client = server.client("example.com").await;
    let url = client.account.clone();
    let header = client.header(&url).await;
    client.post_signed(&url, &header, "").await.expect(200);
    let refused = client.post_signed(&url, &header, "").await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:badNonce","detail":"the nonce was used before, is too old or not from this server; try again with the one of this answer","status":400}"#);
    let retry = json!({ "alg": "ES256", "kid": client.account, "url": url,
        "nonce": refused.header("replay-nonce") });
    client.post_signed(&url, &retry, "").await.expect(200);
}

async fn a_foreign_nonce_is_good_for_one_use(server: &TestServer) {
    let client = server.client("example.com").await;
    let second = server.beside().await;
    let elsewhere = client.at(second.acme.clone());
    let url = client.account.clone();
    let header = json!({ "alg": "ES256", "kid": client.account, "url": url,
        "nonce": client.fresh_nonce().await });
    elsewhere.post_signed(&url, &header, "").await.expect(200);
    for node in [&client, &elsewhere] {
        let again = node.post_signed(&url, &header, "").await.expect(400);
        assert_eq!(again.problem_type(), "badNonce");
    }
}

async fn a_nonce_of_a_node_that_is_away_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let second = server.beside().await;
    let elsewhere = client.at(second.acme.clone());
    let url = client.account.clone();
    let header = json!({ "alg": "ES256", "kid": client.account, "url": url,
        "nonce": elsewhere.fresh_nonce().await });
    server.peers().remove("http://node-1.test");
    let refused = client.post_signed(&url, &header, "").await.expect(400);
    assert_eq!(refused.problem_type(), "badNonce");
}

async fn an_invented_nonce_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let url = client.account.clone();
    for nonce in [
        "bm9uY2U",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
        "a b",
    ] {
        let header = json!({ "alg": "ES256", "kid": client.account, "url": url, "nonce": nonce });
        let refused = client.post_signed(&url, &header, "").await.expect(400);
        assert!(!refused.header("replay-nonce").is_empty(), "{nonce}");
    }
}
