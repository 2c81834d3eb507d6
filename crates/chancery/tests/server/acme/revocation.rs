//! revokeCert (RFC 8555 §7.6), and the CRL that follows from it.

use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use base::Clock as _;
use pki::{Crl, RevocationReason};
use serde_json::json;
use testkit::{Answer, Key, TestServer};
use tower::ServiceExt as _;

testkit::on_both_engines![
    the_account_that_ordered_revokes,
    the_certificates_key_revokes_and_blocks_itself,
    another_reason_blocks_no_key,
    l15_a_lost_key_takes_all_its_certificates_along,
    l15_a_lost_key_is_blocked_though_its_certificate_is_revoked,
    an_account_with_all_authorizations_revokes,
    a_stranger_does_not_revoke,
    a_revoked_certificate_is_not_revoked_again,
    a_reason_that_is_not_the_subscribers_is_refused,
    what_was_not_issued_here_is_not_revoked,
    the_crl_lists_what_was_revoked,
    sb5_an_entry_stays_until_a_crl_after_its_certificates_end,
    sb5_an_entry_stays_though_nothing_was_published_for_long,
];

async fn the_account_that_ordered_revokes(server: &TestServer) {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    let answer = client.revoke(&issued.der, 4).await.expect(200);
    assert!(answer.body.is_empty());
    // It can still be downloaded.
    client.post_as_get(&issued.url).await.expect(200);
}

async fn the_certificates_key_revokes_and_blocks_itself(server: &TestServer) {
    let client = server.client("example.com").await;
    let key = Key::generate();
    let issued = client.issue_for(&key, &["example.com"]).await;
    client
        .with_key(key.clone())
        .revoke_by_key(&issued.der, 1)
        .await
        .expect(200);
    let order = client.order(&["example.com"]).await;
    let refused = client.finalize(&order, &key.csr(&["example.com"])).await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:badCSR","detail":"the key in the CSR is blocked because it was reported as compromised; make a new one","status":400}"#);
    assert_eq!(client.read(&order).await.member("status"), "ready");
}

async fn another_reason_blocks_no_key(server: &TestServer) {
    let client = server.client("example.com").await;
    let key = Key::generate();
    let by_key = client.issue_for(&key, &["example.com"]).await;
    client
        .with_key(key.clone())
        .revoke_by_key(&by_key.der, 4)
        .await
        .expect(200);
    // An account's word that a key is lost proves nothing.
    let by_account = client.issue_for(&key, &["example.com"]).await;
    client.revoke(&by_account.der, 1).await.expect(200);
    client.issue_for(&key, &["example.com"]).await;
}

fn reason_of(crl: &Crl, der: &[u8]) -> Option<RevocationReason> {
    let serial = pki::Certificate::from_der(der).unwrap().serial;
    let mut all = crl.revoked.iter();
    all.find(|entry| entry.serial.to_string() == serial)
        .map(|entry| entry.reason)
}

/// Also those of other tenants, and not the ones with other keys.
async fn l15_a_lost_key_takes_all_its_certificates_along(server: &TestServer) {
    let (first, second) = (
        server.client("example.com").await,
        server.client("example.org").await,
    );
    let key = Key::generate();
    let proven = first.issue_for(&key, &["example.com"]).await;
    let shared = second.issue_for(&key, &["example.org"]).await;
    let other = second.issue(&["example.org"]).await;
    let by_key = first.with_key(key);
    by_key.revoke_by_key(&proven.der, 1).await.expect(200);
    server.clock().advance(Duration::from_secs(1));
    server.run_jobs().await;
    server.clock().advance(Duration::from_secs(1));
    server.run_jobs().await;
    let again = second.revoke(&shared.der, 0).await.expect(400);
    assert_eq!(again.problem_type(), "alreadyRevoked");
    let crl = published(server).await;
    for der in [&proven.der, &shared.der] {
        assert_eq!(reason_of(&crl, der), Some(RevocationReason::KeyCompromise));
    }
    assert_eq!(reason_of(&crl, &other.der), None);
    second.revoke(&other.der, 0).await.expect(200);
}

async fn l15_a_lost_key_is_blocked_though_its_certificate_is_revoked(server: &TestServer) {
    let client = server.client("example.com").await;
    let key = Key::generate();
    let proven = client.issue_for(&key, &["example.com"]).await;
    let shared = client.issue_for(&key, &["example.com"]).await;
    client.revoke(&proven.der, 4).await.expect(200);
    let by_key = client.with_key(key.clone());
    by_key.revoke_by_key(&proven.der, 1).await.expect(200);
    server.clock().advance(Duration::from_secs(1));
    server.run_jobs().await;
    server.clock().advance(Duration::from_secs(1));
    server.run_jobs().await;
    let crl = published(server).await;
    for der in [&proven.der, &shared.der] {
        assert_eq!(reason_of(&crl, der), Some(RevocationReason::KeyCompromise));
    }
    let order = client.order(&["example.com"]).await;
    let refused = client.finalize(&order, &key.csr(&["example.com"])).await;
    assert_eq!(refused.expect(400).problem_type(), "badCSR");
    // Everything is done: there is nothing left to say.
    let again = by_key.revoke_by_key(&proven.der, 1).await.expect(400);
    assert_eq!(again.problem_type(), "alreadyRevoked");
}

async fn an_account_with_all_authorizations_revokes(server: &TestServer) {
    let client = server.client("example.com\nexample.org").await;
    let issued = client.issue(&["example.com", "example.org"]).await;
    let other = server.client("example.com\nexample.org").await;
    other.ready_order(&["example.com"]).await;
    let refused = other.revoke(&issued.der, 0).await.expect(403);
    assert_eq!(refused.problem_type(), "unauthorized");
    other.ready_order(&["example.org"]).await;
    other.revoke(&issued.der, 0).await.expect(200);
}

async fn a_stranger_does_not_revoke(server: &TestServer) {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    let other = server.client("example.com").await;
    assert_problem!(other.revoke(&issued.der, 0).await, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"this account may not revoke the certificate; use the account that ordered it, the certificate's own key, or an account with valid authorizations for all its names","status":403}"#);
    let by_key = other
        .with_key(Key::generate())
        .revoke_by_key(&issued.der, 1)
        .await;
    assert_eq!(
        by_key.problem(),
        other.revoke(&issued.der, 0).await.problem()
    );
    client.revoke(&issued.der, 0).await.expect(200);
}

async fn a_revoked_certificate_is_not_revoked_again(server: &TestServer) {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    client.revoke(&issued.der, 0).await.expect(200);
    assert_problem!(client.revoke(&issued.der, 0).await, @r#"{"type":"urn:ietf:params:acme:error:alreadyRevoked","detail":"the certificate is revoked already; nothing is left to do","status":400}"#);
}

async fn a_reason_that_is_not_the_subscribers_is_refused(server: &TestServer) {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    assert_problem!(client.revoke(&issued.der, 6).await, @r#"{"type":"urn:ietf:params:acme:error:badRevocationReason","detail":"the revocation reason 6 is not allowed; use 0 (unspecified), 1 (keyCompromise), 3 (affiliationChanged), 4 (superseded) or 5 (cessationOfOperation)","status":400}"#);
    for reason in [2, 7, 8, 9, 10, 255] {
        let refused = client.revoke(&issued.der, reason).await.expect(400);
        assert_eq!(refused.problem_type(), "badRevocationReason", "{reason}");
    }
}

async fn what_was_not_issued_here_is_not_revoked(server: &TestServer) {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    let mut changed = issued.der.clone();
    *changed.last_mut().unwrap() ^= 1;
    assert_problem!(client.revoke(&changed, 0).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"this certificate was not issued here","status":404}"#);
    assert_problem!(client.revoke(b"garbage", 0).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the certificate in the request is not a valid X.509 certificate","status":400}"#);
    let padded = json!({ "certificate": "AA==" });
    assert_problem!(client.post(&client.resource("revokeCert"), &padded).await, @r#"{"type":"urn:ietf:params:acme:error:malformed","detail":"the member \"certificate\" is padded with \"=\": send base64url without padding (RFC 8555 section 6.1)","status":400}"#);
}

pub(crate) async fn published(server: &TestServer) -> Crl {
    let directory = server.directory();
    let issuing = &directory.issuing;
    let path = issuing
        .crl_url
        .strip_prefix("http://pki.acme.test")
        .unwrap();
    let request = Request::get(path).body(Body::empty()).unwrap();
    let answer = Answer::read(server.pki.clone().oneshot(request).await.unwrap()).await;
    let answer = answer.expect(200);
    assert_eq!(answer.header("content-type"), "application/pkix-crl");
    Crl::parse(&answer.body, &issuing.issuer.certificate().key).unwrap()
}

async fn the_crl_lists_what_was_revoked(server: &TestServer) {
    let client = server.client("example.com\nexample.org").await;
    let kept = client.issue(&["example.com"]).await;
    let revoked = client.issue(&["example.org"]).await;
    server.run_jobs().await;
    let before = published(server).await;
    assert!(before.revoked.is_empty());

    client.revoke(&revoked.der, 5).await.expect(200);
    server.run_jobs().await;
    let after = published(server).await;
    assert!(after.number > before.number);
    let [entry] = after.revoked.as_slice() else {
        panic!("one entry: {after:?}");
    };
    let certificate = pki::Certificate::from_der(&revoked.der).unwrap();
    assert_eq!(entry.serial.to_string(), certificate.serial);
    assert_eq!(entry.reason, RevocationReason::CessationOfOperation);
    assert_ne!(revoked.der, kept.der);
}

const DAY: Duration = Duration::from_secs(24 * 3600);

/// Revokes a certificate, and says how long it would have lived.
async fn revoke_one(server: &TestServer) -> Duration {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    client.revoke(&issued.der, 4).await.expect(200);
    server.run_jobs().await;
    assert_eq!(published(server).await.revoked.len(), 1);
    let certificate = pki::Certificate::from_der(&issued.der).unwrap();
    certificate.not_after.since(server.clock().now())
}

async fn sb5_an_entry_stays_until_a_crl_after_its_certificates_end(server: &TestServer) {
    let lifetime = revoke_one(server).await;
    // The regular CRLs of its life, and the last of them before its end.
    server
        .clock()
        .advance(lifetime.checked_sub(DAY / 2).unwrap());
    server.run_jobs().await;
    assert_eq!(published(server).await.revoked.len(), 1);
    server.clock().advance(DAY);
    let client = server.client("example.org").await;
    let other = client.issue(&["example.org"]).await;
    client.revoke(&other.der, 4).await.expect(200);
    server.run_jobs().await;
    assert_eq!(
        published(server).await.revoked.len(),
        2,
        "the first after its end"
    );
    for _ in 0..4 {
        server.clock().advance(DAY);
        server.run_jobs().await;
    }
    assert_eq!(
        published(server).await.revoked.len(),
        1,
        "it was on regular ones"
    );
}

async fn sb5_an_entry_stays_though_nothing_was_published_for_long(server: &TestServer) {
    let lifetime = revoke_one(server).await;
    server.clock().advance(lifetime + 30 * DAY);
    server.run_jobs().await;
    assert_eq!(published(server).await.revoked.len(), 1);
    for _ in 0..4 {
        server.clock().advance(DAY);
        server.run_jobs().await;
    }
    assert!(published(server).await.revoked.is_empty());
}
