//! CAA from the challenge to the signature (H0; RFC 8659, RFC 8657): what is forbidden is not issued, and what is not
//! known is not permitted.

use std::sync::Arc;
use std::time::Duration;

use base::{Clock, OrderId, Timestamp};
use flow::caller::{system, tenant};
use flow::issuance::challenge::evidence::StoredEvidence;
use serde_json::Value;
use store::issuance::{authorization, order, signing_intent};
use testkit::name_server::{RecordType, ResponseCode, caa};
use testkit::{AcmeClient, Key, Misbehaviour, NameServer, Order, TestServer};
use validation::{NetworkValidator, ProbeSettings};

use super::{lab, zones};
use crate::acme::crash::{leave, left_behind};

testkit::on_both_engines![
    h0_records_are_asked_for_with_every_challenge_and_kept_as_evidence,
    h0_a_domain_that_allows_others_fails_with_the_type_caa,
    h0_wildcards_follow_issuewild,
    h0_accounturi_is_the_account_or_its_subscription,
    h0_validationmethods_is_the_way_of_the_proof,
    h0_without_an_answer_nothing_is_issued,
    h0_a_name_that_cannot_be_proven_says_so_first,
    h0_answers_of_seven_hours_are_asked_for_again_before_the_signature,
    h0_a_domain_that_forbids_it_meanwhile_gets_no_certificate,
    h0_an_order_that_waited_is_asked_for_again,
    h0_proofs_from_before_are_asked_for_when_a_directory_begins_to,
    h0_a_directory_without_identities_asks_for_none,
];

const SEVEN_HOURS: Duration = Duration::from_secs(7 * 3600);

struct NodeClock(flow::App);

impl Clock for NodeClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }
}

/// A server whose CAA records are those of a name server, and a client for all of its names.
async fn begin(server: &TestServer) -> (NameServer, AcmeClient) {
    let names = zones().await;
    ask(server, &names);
    let client = server.client("*.example.com\n*.example.org").await;
    (names, client)
}

/// As after a while: nothing is remembered.
fn ask(server: &TestServer, names: &NameServer) {
    let settings = ProbeSettings {
        total_timeout: Duration::from_secs(2),
        ..ProbeSettings::default()
    };
    let clock = Arc::new(NodeClock(server.app.clone()));
    let validator = NetworkValidator::new(lab(names), &settings, clock).unwrap();
    server.validator().ask_caa_of(Arc::new(validator));
}

/// The answer to the challenge of the order's first name, and then its authorization.
async fn answered(client: &AcmeClient, order: &Order, kind: &str) -> Value {
    let authorization = &order.authorizations[0];
    let challenge = client.challenge(authorization, kind).await.unwrap();
    client.answer(&challenge).await.expect(200);
    client.post_as_get(authorization).await.expect(200).json()
}

#[track_caller]
fn problem(authorization: &Value) -> (&str, &str) {
    let error = &authorization["challenges"][0]["error"];
    let kind = error["type"].as_str().unwrap_or_default();
    let kind = kind
        .strip_prefix("urn:ietf:params:acme:error:")
        .unwrap_or(kind);
    (kind, error["detail"].as_str().unwrap_or_default())
}

async fn refused(client: &AcmeClient, name: &str, kind: &str) -> (String, String) {
    let order = client.order(&[name]).await;
    let authorization = answered(client, &order, kind).await;
    let (problem, detail) = problem(&authorization);
    assert_eq!(
        authorization["status"], "invalid",
        "{name}: {authorization}"
    );
    assert_eq!(client.read(&order).await.member("status"), "invalid");
    (problem.to_owned(), detail.to_owned())
}

async fn allowed(client: &AcmeClient, name: &str, kind: &str) {
    let order = client.order(&[name]).await;
    let authorization = answered(client, &order, kind).await;
    assert_eq!(authorization["status"], "valid", "{name}: {authorization}");
}

fn id_of(order: &Order) -> OrderId {
    OrderId::from_suffix(order.url.rsplit('/').next().unwrap()).unwrap()
}

/// What is stored as evidence for a name, with the word for how it came about.
async fn evidence(server: &TestServer, name: &str) -> Vec<(String, StoredEvidence)> {
    let store = server.app.store(system("a test"));
    let found = store
        .read(name.to_owned(), store::testing::evidence_of)
        .await
        .unwrap();
    let read = |(method, json): (String, String)| (method, serde_json::from_str(&json).unwrap());
    found.into_iter().map(read).collect()
}

async fn h0_records_are_asked_for_with_every_challenge_and_kept_as_evidence(server: &TestServer) {
    let (names, client) = begin(server).await;
    names.add_caa("example.com", "0 issue acme.test");
    names.add_caa("example.com", "0 iodef mailto:admin@example.com");
    client.issue(&["www.example.com"]).await;
    client.issue(&["www.example.org"]).await;
    let signed = evidence(server, "www.example.com").await;
    let [(method, stored)] = signed.as_slice() else {
        panic!("{signed:?}");
    };
    let found = stored.seen.caa.as_ref().unwrap();
    assert_eq!(
        (method.as_str(), found.checked_at),
        ("http-01", server.app.now())
    );
    assert_eq!(found.allowed_as.as_deref(), Some("acme.test"));
    let records = [
        "0 issue \"acme.test\"",
        "0 iodef \"mailto:admin@example.com\"",
    ];
    assert_eq!(found.records, records);
    let asked: Vec<_> = found
        .lookups
        .iter()
        .map(|each| (each.name.as_str(), each.secure))
        .collect();
    assert_eq!(asked, [("www.example.com", true), ("example.com", true)]);
    let plain = evidence(server, "www.example.org").await;
    let found = plain[0].1.seen.caa.as_ref().unwrap();
    assert!(found.records.is_empty() && found.allowed_as.is_none());
    let asked: Vec<_> = found
        .lookups
        .iter()
        .map(|each| (each.name.as_str(), each.secure))
        .collect();
    assert_eq!(
        asked,
        [
            ("www.example.org", false),
            ("example.org", false),
            ("org", true)
        ]
    );
}

async fn h0_a_domain_that_allows_others_fails_with_the_type_caa(server: &TestServer) {
    let (names, client) = begin(server).await;
    names.add_caa("example.org", "0 issue other.test");
    let (kind, detail) = refused(&client, "www.example.org", "http-01").await;
    assert_eq!(kind, "caa");
    assert_eq!(
        detail,
        "the CAA records at example.org forbid it: they allow other.test only"
    );
    // Closer records count, and none is needed for other names.
    names.add_caa("own.example.org", "0 issue acme.test");
    allowed(&client, "own.example.org", "http-01").await;
    // Who mends the records need not wait.
    names.add_caa("example.org", "0 issue acme.test");
    allowed(&client, "www.example.org", "http-01").await;
}

async fn h0_wildcards_follow_issuewild(server: &TestServer) {
    let (names, client) = begin(server).await;
    names.add_caa("example.com", "0 issue acme.test");
    names.add_caa("example.com", "0 issuewild ;");
    let (kind, detail) = refused(&client, "*.example.com", "dns-01").await;
    assert_eq!(kind, "caa");
    assert_eq!(
        detail,
        "the CAA records at example.com forbid it: they allow no CA"
    );
    allowed(&client, "www.example.com", "dns-01").await;
    names.remove("example.com", RecordType::CAA);
    names.add_caa("example.com", "0 issue other.test");
    names.add_caa("example.com", "0 issuewild acme.test");
    allowed(&client, "*.example.com", "dns-01").await;
    let (kind, _) = refused(&client, "b.example.com", "dns-01").await;
    assert_eq!(kind, "caa");
}

async fn h0_accounturi_is_the_account_or_its_subscription(server: &TestServer) {
    let names = zones().await;
    ask(server, &names);
    let eab = server.account().await;
    server.enroll(&eab, "*.example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let other = server.stranger().await.register(&eab).await;
    let urls = server.directory().paths.clone();
    let subscription = urls
        .at(testkit::server::ORIGIN)
        .subscription(eab.subscription);
    let property = |uri: &str| format!("0 issue acme.test; accounturi={uri}");
    names.add_caa("a.example.com", &property(&client.account));
    names.add_caa("b.example.com", &property(&subscription));
    allowed(&client, "a.example.com", "http-01").await;
    let (kind, detail) = refused(&other, "a.example.com", "http-01").await;
    assert_eq!(kind, "caa");
    let expected =
        "the CAA records at a.example.com forbid it: they allow this CA for another account only";
    assert_eq!(detail, expected);
    // The subscription stands for every account that is bound to it, and the evidence says so.
    allowed(&client, "b.example.com", "http-01").await;
    allowed(&other, "b.example.com", "http-01").await;
    let stored = evidence(server, "b.example.com").await;
    for (_, stored) in &stored {
        let found = stored.seen.caa.as_ref().unwrap();
        assert_eq!(found.allowed_account.as_ref(), Some(&subscription));
    }
    assert_eq!(stored.len(), 2);
    let elsewhere = server.client("b.example.com").await;
    let (kind, _) = refused(&elsewhere, "b.example.com", "http-01").await;
    assert_eq!(kind, "caa");
}

async fn h0_validationmethods_is_the_way_of_the_proof(server: &TestServer) {
    let (names, client) = begin(server).await;
    names.add_caa(
        "www.example.com",
        "0 issue acme.test; validationmethods=dns-01",
    );
    let (kind, detail) = refused(&client, "www.example.com", "http-01").await;
    assert_eq!(kind, "caa");
    assert!(
        detail.ends_with("they allow this CA, but not by http-01"),
        "{detail}"
    );
    allowed(&client, "www.example.com", "dns-01").await;
}

async fn h0_without_an_answer_nothing_is_issued(server: &TestServer) {
    let (names, client) = begin(server).await;
    let explained = Some((6, "DNSSEC Bogus"));
    for (how, words) in [
        (
            Misbehaviour::Forged(vec![caa("0 issue acme.test")]),
            "DNSSEC validation failed",
        ),
        (Misbehaviour::Unsigned, "DNSSEC validation failed"),
        (
            Misbehaviour::DeniedBy("example.org"),
            "DNSSEC validation failed",
        ),
        (
            Misbehaviour::Fails(ResponseCode::ServFail, explained),
            "extended error 6: DNSSEC Bogus",
        ),
        (
            Misbehaviour::Fails(ResponseCode::Refused, None),
            "refused the query",
        ),
        (Misbehaviour::Silent, "timeout"),
    ] {
        for place in ["www.example.com", "example.com"] {
            // What failed is earned again.
            server.clock().advance(Duration::from_secs(720));
            ask(server, &names);
            names.misbehave(place, RecordType::CAA, how.clone());
            let (kind, detail) = refused(&client, "www.example.com", "http-01").await;
            assert_eq!(kind, "dns", "{how:?}");
            assert!(detail.contains(words) && detail.contains("CAA"), "{detail}");
            names.behave();
        }
    }
    // Records are cut off over UDP and whole over TCP.
    names.add_caa("www.example.com", "0 issue acme.test");
    names.misbehave("www.example.com", RecordType::CAA, Misbehaviour::Truncated);
    allowed(&client, "www.example.com", "http-01").await;
}

async fn h0_a_name_that_cannot_be_proven_says_so_first(server: &TestServer) {
    let (names, client) = begin(server).await;
    names.add_caa("www.example.com", "0 issue other.test");
    let failure = validation::Failure::TxtMissing {
        name: "_acme-challenge.www.example.com".to_owned(),
    };
    server.validator().fail("www.example.com", failure);
    let (kind, _) = refused(&client, "www.example.com", "dns-01").await;
    assert_eq!(kind, "dns");
}

async fn h0_answers_of_seven_hours_are_asked_for_again_before_the_signature(server: &TestServer) {
    let (names, client) = begin(server).await;
    names.add_caa("www.example.com", "0 issue acme.test");
    let asked = || names.count("www.example.com", RecordType::CAA);
    client.issue(&["www.example.com"]).await;
    server.clock().advance(Duration::from_secs(7 * 3600 - 1));
    client.issue(&["www.example.com"]).await;
    assert_eq!(asked(), 1);
    server.clock().advance(Duration::from_secs(1));
    let at = server.app.now();
    client.issue(&["www.example.com"]).await;
    assert_eq!(asked(), 2);
    // That answer is good for seven hours too.
    client.issue(&["www.example.com"]).await;
    assert_eq!(asked(), 2);
    let stored = evidence(server, "www.example.com").await;
    let methods: Vec<_> = stored.iter().map(|(method, _)| method.as_str()).collect();
    assert_eq!(methods, ["http-01", "caa"]);
    let again = stored[1].1.seen.caa.as_ref().unwrap();
    assert_eq!(
        (again.checked_at, again.allowed_as.as_deref()),
        (at, Some("acme.test"))
    );
    assert_eq!(server.validator().probes("www.example.com"), 1);
}

async fn h0_a_domain_that_forbids_it_meanwhile_gets_no_certificate(server: &TestServer) {
    let (names, client) = begin(server).await;
    let both = ["a.example.com", "b.example.com"];
    let order = client.ready_order(&both).await;
    server.clock().advance(SEVEN_HOURS);
    ask(server, &names);
    names.add_caa("b.example.com", "0 issue other.test");
    let answer = client
        .finalize(&order, &Key::generate().csr(&both))
        .await
        .expect(200);
    let json = answer.json();
    assert_eq!(json["status"], "invalid", "{json}");
    assert_eq!(
        json["error"]["type"], "urn:ietf:params:acme:error:caa",
        "{json}"
    );
    assert!(
        json["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("b.example.com"),
        "{json}"
    );
    // Nothing was signed, and nothing is left to do. Why is told.
    let store = server.app.store(system("a test"));
    let stored = store
        .read(id_of(&order), order::by_id)
        .await
        .unwrap()
        .unwrap();
    let certificate = stored.certificate.unwrap();
    let intent = store
        .read(certificate, signing_intent::by_certificate)
        .await;
    assert!(intent.unwrap().is_none());
    let entries = server.app.store(tenant(stored.tenant));
    let entries = entries.read(100, store::audit::newest).await.unwrap();
    let told = entries
        .iter()
        .find(|entry| entry.action == "order.fail")
        .unwrap();
    assert!(
        told.change.contains("they allow other.test only"),
        "{}",
        told.change
    );
    // The proofs are still good; an answer in time is needed only.
    names.remove("b.example.com", RecordType::CAA);
    let issued = client.issue(&both).await;
    assert_eq!(
        server.validator().probes("b.example.com"),
        1,
        "{}",
        issued.url
    );
}

async fn h0_an_order_that_waited_is_asked_for_again(server: &TestServer) {
    let (names, _) = begin(server).await;
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let left = left_behind(server, &order, &Key::generate()).await;
    leave(server, left).await;
    server.clock().advance(SEVEN_HOURS);
    ask(server, &names);
    names.add_caa("example.com", "0 issue other.test");
    server.reclaim_jobs().await;
    let ended = client.read(&order).await.json();
    assert_eq!(ended["status"], "invalid", "{ended}");
    assert_eq!(
        ended["error"]["type"], "urn:ietf:params:acme:error:caa",
        "{ended}"
    );
}

async fn h0_proofs_from_before_are_asked_for_when_a_directory_begins_to(server: &TestServer) {
    let (names, _) = begin(server).await;
    let silent = server
        .beside_with(|settings| settings.meta.caa_identities.clear())
        .await;
    names.add_caa("example.com", "0 issue other.test");
    let client = server.client("example.com").await;
    let before = client.at(silent.acme.clone());
    let order = before.ready_order(&["example.com"]).await;
    assert_eq!(names.count("example.com", RecordType::CAA), 0);
    let csr = Key::generate().csr(&["example.com"]);
    let ended = client.finalize(&order, &csr).await.expect(200);
    assert_eq!(ended.member("status"), "invalid");
}

async fn h0_a_directory_without_identities_asks_for_none(server: &TestServer) {
    let (names, _) = begin(server).await;
    let silent = server
        .beside_with(|settings| settings.meta.caa_identities.clear())
        .await;
    names.add_caa("example.com", "0 issue other.test");
    let client = server.client("example.com").await.at(silent.acme.clone());
    client.issue(&["example.com"]).await;
    server.clock().advance(SEVEN_HOURS);
    client.issue(&["example.com"]).await;
    assert_eq!(names.count("example.com", RecordType::CAA), 0);
    let id = base::AuthorizationId::from_suffix(
        client.order(&["example.com"]).await.authorizations[0]
            .rsplit('/')
            .next()
            .unwrap(),
    );
    let store = server.app.store(system("a test"));
    let found = store.read(id.unwrap(), authorization::by_id).await.unwrap();
    assert_eq!(found.unwrap().caa_checked_at, None);
}
