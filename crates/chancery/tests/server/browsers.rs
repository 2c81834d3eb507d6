//! Programs in a browser reach the ACME door (RFC 8555 §6.1).

use axum::body::Body;
use axum::http::{Method, Request};
use serde_json::json;
use testkit::{AcmeClient, Answer, TestServer};
use tower::ServiceExt as _;

testkit::on_both_engines![
    finding_12_a_browser_may_ask_whether_it_may_ask,
    finding_12_every_answer_is_open_to_browsers,
];

/// What a browser sends before a signed request of a page elsewhere.
async fn preflight(server: &TestServer, url: &str) -> Answer {
    let request = Request::builder()
        .method(Method::OPTIONS)
        .uri(url)
        .header("origin", "https://client.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type")
        .body(Body::empty());
    let answer = server.acme.clone().oneshot(request.unwrap()).await;
    Answer::read(answer.unwrap()).await
}

#[track_caller]
fn is_open(answer: &Answer) {
    assert_eq!(answer.header("access-control-allow-origin"), "*");
    let exposed = answer.header("access-control-expose-headers");
    for header in ["Link", "Location", "Replay-Nonce", "Retry-After"] {
        assert!(exposed.contains(header), "{header} in {exposed}");
    }
}

async fn finding_12_a_browser_may_ask_whether_it_may_ask(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    for url in [
        &client.resource("newNonce"),
        &client.resource("newAccount"),
        &client.account,
        &order.finalize,
        "https://acme.test/v2/DV",
        "https://acme.test/v2/nothing/new-order",
        "https://acme.test/nothing",
    ] {
        let answer = preflight(server, url).await.expect(204);
        is_open(&answer);
        assert_eq!(
            answer.header("access-control-allow-headers"),
            "Content-Type"
        );
        let methods = answer.header("access-control-allow-methods");
        assert!(methods.contains("POST"), "{methods}");
        assert!(answer.body.is_empty());
    }
}

async fn finding_12_every_answer_is_open_to_browsers(server: &TestServer) {
    let client: AcmeClient = server.client("example.com").await;
    for answer in [
        client.get("https://acme.test/v2/DV").await.expect(200),
        client
            .plain(Method::HEAD, &client.resource("newNonce"))
            .await,
        client.post(&client.account, &json!({})).await.expect(200),
        client.new_order(&["example.com"]).await.expect(201),
        client.new_order(&["example.net"]).await.expect(403),
        client.get(&client.account).await.expect(405),
        client.get("https://acme.test/nothing").await.expect(404),
    ] {
        is_open(&answer);
    }
}
