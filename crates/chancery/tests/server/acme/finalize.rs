//! finalize (RFC 8555 §7.4): bad requests leave the order ready, good ones make one certificate.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use testkit::{AcmeClient, Key, Order, TestServer};

testkit::on_both_engines![
    a_bad_csr_leaves_the_order_ready,
    acme_2_2_two_finalizes_at_once_make_one_certificate,
    an_order_that_is_not_proven_is_not_ready,
    a_finalized_order_is_not_finalized_again,
    finding_s6_3_must_staple_is_refused_where_the_profile_does_not_honour_it,
];

/// An RSA key of 1024 bits, which nobody may use any more, in a request for example.com.
const WEAK_RSA_CSR: &str = include_str!("weak_rsa.csr.pem");

async fn still_ready(client: &AcmeClient, order: &Order) {
    assert_eq!(client.read(order).await.member("status"), "ready");
}

async fn a_bad_csr_leaves_the_order_ready(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;

    assert_problem!(client.finalize(&order, b"garbage").await, @r#"{"type":"urn:ietf:params:acme:error:badCSR","detail":"the request is not a valid DER-encoded PKCS #10 certificate signing request: operation failed at DER byte 0","status":400}"#);
    still_ready(&client, &order).await;

    let other = Key::generate().csr(&["example.org", "www.example.com"]);
    assert_problem!(client.finalize(&order, &other).await, @r#"{"type":"urn:ietf:params:acme:error:badCSR","detail":"the CSR must have exactly the order's names; missing: example.com; not ordered: example.org, www.example.com","status":400}"#);
    still_ready(&client, &order).await;

    let account_key = client.key.csr(&["example.com"]);
    assert_problem!(client.finalize(&order, &account_key).await, @r#"{"type":"urn:ietf:params:acme:error:badCSR","detail":"the CSR has the account's key; make a key of its own for the certificate","status":400}"#);
    still_ready(&client, &order).await;

    let body: String = WEAK_RSA_CSR
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let weak = STANDARD.decode(body).unwrap();
    assert_problem!(client.finalize(&order, &weak).await, @r#"{"type":"urn:ietf:params:acme:error:badCSR","detail":"the RSA key has 1024 bits; use 2048 to 4096, a multiple of 8","status":400}"#);
    still_ready(&client, &order).await;

    let mut forged = Key::generate().csr(&["example.com"]);
    let place = forged
        .windows(11)
        .position(|window| window == b"example.com")
        .unwrap();
    forged[place] = b'E';
    assert_problem!(client.finalize(&order, &forged).await, @r#"{"type":"urn:ietf:params:acme:error:badCSR","detail":"the request is not signed by the key that it contains: the signature does not verify","status":400}"#);
    still_ready(&client, &order).await;

    let padded = json!({ "csr": "AAAA====" });
    assert_problem!(client.post(&order.finalize, &padded).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the member \"csr\" is padded with \"=\": send base64url without padding (RFC 8555 section 6.1)","status":400}"#);
    still_ready(&client, &order).await;

    let good = Key::generate().csr(&["example.com"]);
    assert_eq!(
        client
            .finalize(&order, &good)
            .await
            .expect(200)
            .member("status"),
        "valid"
    );
}

async fn acme_2_2_two_finalizes_at_once_make_one_certificate(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let (first, second) = (Key::generate(), Key::generate());
    let (first, second) = (first.csr(&["example.com"]), second.csr(&["example.com"]));
    let answers = tokio::join!(
        client.finalize(&order, &first),
        client.finalize(&order, &second)
    );
    let (won, lost) = match (answers.0.status.as_u16(), answers.1.status.as_u16()) {
        (200, _) => (answers.0, answers.1),
        (_, _) => (answers.1, answers.0),
    };
    assert_eq!(won.expect(200).member("status"), "valid");
    assert_eq!(lost.expect(403).problem_type(), "orderNotReady");
    let certificates = server
        .app
        .store(flow::caller::system("a test"))
        .read((None, 10), store::issuance::certificate::page)
        .await
        .unwrap();
    assert_eq!(certificates.len(), 1);
}

async fn an_order_that_is_not_proven_is_not_ready(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    let csr = Key::generate().csr(&["example.com"]);
    assert_problem!(client.finalize(&order, &csr).await, @r#"{"type":"urn:ietf:params:acme:error:orderNotReady","detail":"1 of the order's authorizations are not valid yet; complete them first","status":403}"#);
    assert_eq!(client.read(&order).await.member("status"), "pending");
}

async fn a_finalized_order_is_not_finalized_again(server: &TestServer) {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    let csr = Key::generate().csr(&["example.com"]);
    assert_problem!(client.finalize(&issued.order, &csr).await, @r#"{"type":"urn:ietf:params:acme:error:orderNotReady","detail":"the order was finalized; its certificate is at the order's \"certificate\" URL","status":403}"#);
    let order = client.read(&issued.order).await;
    assert_eq!(order.member("certificate"), issued.url);
}

async fn finding_s6_3_must_staple_is_refused_where_the_profile_does_not_honour_it(
    server: &TestServer,
) {
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let key = Key::generate();
    let stapling = key.csr_with_must_staple(&["example.com"]);
    assert_problem!(client.finalize(&order, &stapling).await, @r#"{"type":"urn:ietf:params:acme:error:badCSR","detail":"the CSR asks for must-staple (the TLS feature extension), which certificates here do not carry; make a CSR without it","status":400}"#);
    still_ready(&client, &order).await;
    let plain = key.csr(&["example.com"]);
    client.finalize(&order, &plain).await.expect(200);
}
