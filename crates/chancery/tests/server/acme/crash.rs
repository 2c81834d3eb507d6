//! What a node that died has begun is ended by the next one, and what has expired is deleted.

use std::time::Duration;

use acme::order::Progress;
use base::{CertificateId, JobId, NodeId, OrderId, RequestId, TenantId};
use flow::Caller;
use flow::caller::{system, tenant};
use flow::catalog::publish_profile::publish_profile;
use flow::issuance::issue::Issue;
use flow::operations::node::shut_down;
use flow::queue::LEASE;
use pki::{IssuanceRequest, PublicKey, RequestedValidity, SerialNumber};
use store::WriteTx;
use store::issuance::order;
use store::issuance::signing_intent::SigningIntent;
use store::queue::job::Job;
use testkit::acme_client::leaf;
use testkit::{AcmeClient, Key, Order, TestServer};

testkit::on_both_engines![
    acme_2_1_a_validation_of_a_dead_node_is_ended_when_its_lease_ends,
    acme_2_1_a_restarted_node_goes_on_at_once,
    acme_2_3_an_intended_certificate_is_signed_after_a_crash,
    acme_2_3_sb10_what_cannot_be_signed_ends_its_order,
    sb12_a_shorter_profile_leaves_orders_in_flight_alone,
    sb12_the_same_profile_ends_orders_in_flight,
    a_lost_answer_to_finalize_is_found_again,
    ended_orders_are_pruned,
];

/// Begins a validation that its node does not live to end.
async fn interrupted(client: &AcmeClient, server: &TestServer) -> Order {
    let hasty = server
        .beside_with(|settings| settings.challenge_wait = Duration::ZERO)
        .await;
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    server.validator().hang("example.com");
    client
        .at(hasty.acme.clone())
        .answer(&challenge)
        .await
        .expect(200);
    server.validator().probed("example.com", 1).await;
    order
}

async fn acme_2_1_a_validation_of_a_dead_node_is_ended_when_its_lease_ends(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = interrupted(&client, server).await;
    let second = server.beside().await;
    let elsewhere = client.at(second.acme.clone());
    // The first probe hangs for ever; another one would not.
    second.run_jobs().await;
    assert_eq!(server.validator().probes("example.com"), 1);
    server.clock().advance(LEASE + Duration::from_secs(1));
    let ((), ()) = tokio::join!(second.run_jobs(), async {
        server.validator().probed("example.com", 2).await;
        server.validator().release("example.com");
    });
    assert_eq!(elsewhere.read(&order).await.member("status"), "ready");
    let csr = Key::generate().csr(&["example.com"]);
    let done = elsewhere.finalize(&order, &csr).await.expect(200);
    assert_eq!(done.member("status"), "valid");
}

async fn acme_2_1_a_restarted_node_goes_on_at_once(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = interrupted(&client, server).await;
    let restarted = server.beside().await;
    tokio::join!(restarted.reclaim_jobs(), async {
        server.validator().probed("example.com", 2).await;
        server.validator().release("example.com");
    });
    let client = client.at(restarted.acme.clone());
    assert_eq!(client.read(&order).await.member("status"), "ready");
}

/// The state between finalize and the signature, as a node leaves it behind that dies there.
pub(crate) struct Left {
    order: order::Order,
    pub(super) intent: SigningIntent,
    job: Job,
}

pub(crate) async fn left_behind(server: &TestServer, placed: &Order, key: &Key) -> Left {
    let app = &server.app;
    let (now, random) = (app.now(), app.random());
    let id = OrderId::from_suffix(placed.url.rsplit('/').next().unwrap()).unwrap();
    let found = app
        .store(system("a test"))
        .read(id, order::by_id)
        .await
        .unwrap()
        .unwrap();
    let directory = server.directory();
    let issuing = &directory.issuing;
    let profile = &directory.profile.profile;
    let validity = profile.validity(RequestedValidity::default(), now).unwrap();
    let csr = pki::Csr::parse(&key.csr(&["example.com"])).unwrap();
    let key: PublicKey = csr.key().clone();
    let request = IssuanceRequest {
        serial: SerialNumber::generate(random),
        names: found.names.clone(),
        subject: None,
        key,
        validity,
        must_staple: false,
        crl_url: issuing.crl_url.clone(),
    };
    let content = issuing.issuer.prepare(profile, &request);
    let intent = SigningIntent {
        certificate: CertificateId::generate(now, random),
        order: Some(id),
        tenant: found.tenant,
        ca: issuing.id,
        profile: directory.profile.id,
        serial: *content.serial().as_bytes(),
        step: "certificate".to_owned(),
        fence: 1,
        tbs: content.der().to_vec(),
        created_at: now,
    };
    let job = leased(server, id, found.tenant);
    Left {
        order: found,
        intent,
        job,
    }
}

/// The job of a node that is no more.
fn leased(server: &TestServer, order: OrderId, of: TenantId) -> Job {
    let (now, random) = (server.app.now(), server.app.random());
    let work = Issue {
        order,
        tenant: Some(of),
    };
    Job {
        id: JobId::generate(now, random),
        due_at: now.plus(LEASE),
        priority: 0,
        attempt: 1,
        max_attempts: 8,
        leased_by: Some(NodeId::generate(now, random)),
        share_of: Some(of),
        queue: "issue".to_owned(),
        kind: "issue".to_owned(),
        dedup_key: None,
        payload: serde_json::to_string(&work).unwrap(),
        last_error: None,
        request_id: None,
    }
}

pub(crate) async fn leave(server: &TestServer, left: Left) {
    let store = server.app.store(system("a test"));
    store.write(left, save_left).await.unwrap();
}

async fn save_left(tx: &mut WriteTx, left: &Left) -> Result<(), store::Error> {
    let intent = &left.intent;
    order::take(tx, &left.order, intent.certificate, intent.created_at).await?;
    tx.insert(intent).await?;
    store::queue::job::insert(tx, &left.job).await
}

async fn acme_2_3_an_intended_certificate_is_signed_after_a_crash(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let left = left_behind(server, &order, &Key::generate()).await;
    let serial = SerialNumber::from_bytes(&left.intent.serial)
        .unwrap()
        .to_string();
    leave(server, left).await;
    let waiting = client.read(&order).await;
    assert_eq!(waiting.member("status"), Progress::Processing.as_str());
    assert_eq!(waiting.header("retry-after"), "1");

    server.reclaim_jobs().await;
    let done = client.read(&order).await;
    assert_eq!(done.member("status"), "valid");
    let chain = client
        .post_as_get(&done.member("certificate"))
        .await
        .expect(200);
    let certificate = leaf(chain.text());
    // What was intended is what was signed.
    assert_eq!(certificate.serial, serial);
    client.revoke(certificate.der(), 0).await.expect(200);
}

async fn acme_2_3_sb10_what_cannot_be_signed_ends_its_order(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let mut left = left_behind(server, &order, &Key::generate()).await;
    left.intent.tbs = b"not a certificate".to_vec();
    let request = RequestId::generate(server.app.now(), server.app.random());
    left.job.request_id = Some(request);
    leave(server, left).await;
    // The dead node took it once.
    for _ in 1..8 {
        assert_eq!(client.read(&order).await.member("status"), "processing");
        server.clock().advance(Duration::from_secs(601));
        server.run_jobs().await;
    }
    let ended = client.read(&order).await;
    assert_eq!(ended.member("status"), "invalid");
    insta::allow_duplicates! { insta::assert_snapshot!(ended.error(), @r#"{"type":"urn:ietf:params:acme:error:serverInternal","detail":"the certificate could not be signed; place a new order and tell the operator if it happens again","status":500}"#) };
    // The operator sees why.
    let store = server.app.store(system("a test"));
    let letters = store.read(9_i64, store::queue::dead::newest).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].kind.as_str(), letters[0].attempt), ("issue", 8));
    assert!(
        letters[0].error.contains("cannot be signed"),
        "{}",
        letters[0].error
    );
    // SB-10: both tell which request it was.
    assert_eq!(letters[0].request_id, Some(request));
    let store = server.app.store(tenant(letters[0].share_of.unwrap()));
    let entries = store.read(9, store::audit::newest).await.unwrap();
    let told = entries.iter().find(|entry| entry.action == "order.fail");
    assert_eq!(told.unwrap().request_id, request.to_string());
    client.issue(&["example.com"]).await;
}

/// An order is taken by a node that dies, and gone on with by one that came with another setting.
async fn resumed_with(server: &TestServer, validity_seconds: i64) {
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let left = left_behind(server, &order, &Key::generate()).await;
    let serial = SerialNumber::from_bytes(&left.intent.serial)
        .unwrap()
        .to_string();
    leave(server, left).await;

    let before = server.directory();
    let changed = pki::Profile {
        validity_seconds,
        ..before.profile.profile.clone()
    };
    let published = publish_profile(&server.app, &Caller::command_line(), &changed).await;
    published.unwrap();
    let updated = server.beside().await;
    updated.reclaim_jobs().await;
    let client = client.at(updated.acme.clone());
    let ended = client.read(&order).await;
    assert_eq!(ended.member("status"), "valid", "{}", ended.text());
    let chain = client.post_as_get(&ended.member("certificate")).await;
    let taken = leaf(chain.expect(200).text());
    assert_eq!(taken.serial, serial);
    assert_eq!(lifetime(&taken), before.profile.profile.validity_seconds);
    // What is ordered from now on is as this node makes it.
    let next = client.issue(&["example.com"]).await;
    assert_eq!(lifetime(&leaf(&next.chain)), validity_seconds);
    shut_down(&updated.app).await;
}

/// In seconds, the first and the last one included (RFC 5280 §4.1.2.5).
fn lifetime(certificate: &pki::Certificate) -> i64 {
    certificate.not_after.as_seconds() - certificate.not_before.as_seconds() + 1
}

async fn sb12_a_shorter_profile_leaves_orders_in_flight_alone(server: &TestServer) {
    resumed_with(server, 45 * 86_400).await;
}

async fn sb12_the_same_profile_ends_orders_in_flight(server: &TestServer) {
    resumed_with(server, 90 * 86_400).await;
}

async fn a_lost_answer_to_finalize_is_found_again(server: &TestServer) {
    let hasty = server
        .beside_with(|settings| settings.finalize_wait = Duration::ZERO)
        .await;
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let csr = Key::generate().csr(&["example.com"]);
    let answer = client
        .at(hasty.acme.clone())
        .finalize(&order, &csr)
        .await
        .expect(200);
    assert!(["processing", "valid"].contains(&answer.member("status").as_str()));
    // What a node that ends has not signed is signed by another one.
    shut_down(&hasty.app).await;
    server.run_jobs().await;
    assert_eq!(client.read(&order).await.member("status"), "valid");
}

async fn ended_orders_are_pruned(server: &TestServer) {
    let client = server.client("example.com\nexample.org").await;
    let abandoned = client.order(&["example.com"]).await;
    let issued = client.issue(&["example.org"]).await;
    server.clock().advance(Duration::from_secs(8 * 24 * 3600));
    server.run_jobs().await;
    // People may still wonder what became of it.
    assert_eq!(client.read(&abandoned).await.member("status"), "invalid");
    server.clock().advance(Duration::from_secs(88 * 24 * 3600));
    server.run_jobs().await;
    client.read(&abandoned).await;
    client.read(&issued.order).await;
    server.clock().advance(Duration::from_secs(9 * 24 * 3600));
    server.run_jobs().await;
    for order in [&abandoned, &issued.order] {
        client.post_as_get(&order.url).await.expect(404);
        let proof = &order.authorizations[0];
        client.post_as_get(proof).await.expect(404);
    }
    client.post_as_get(&issued.url).await.expect(200);
}
