//! Several directories, and a catalogue that changes while orders are under way.

use std::collections::BTreeSet;
use std::time::Duration;

use base::CaId;
use enrollment::policy::{Policy, Preset};
use flow::Caller;
use flow::catalog::change_directory::{DirectoryPlan, change_directory};
use flow::catalog::create_ca::{CaPlan, create_ca};
use flow::catalog::publish_offer::{OfferPlan, publish_offer};
use flow::catalog::publish_profile::publish_profile;
use flow::catalog::reload::reload_until_stopped;
use flow::issuance::publish_crl::publish_first;
use flow::jobs::ensure_schedules;
use flow::operations::node::shut_down;
use pki::{CaName, KeyAlgorithm, Profile};
use store::catalog::ca::Trust;
use testkit::acme_client::leaf;
use testkit::{AcmeClient, TestServer};

testkit::on_both_engines![
    f060_an_account_belongs_to_its_directory,
    a_directory_that_there_is_not_says_so,
    a_closed_directory_takes_no_orders,
    three_nodes_hear_of_a_change_and_no_order_sees_half_of_it,
    a_profile_of_private_trust_may_be_longer_than_the_law_allows,
    an_offer_that_needs_what_is_not_there_is_not_published
];

const CALLER: fn() -> Caller = Caller::command_line;

async fn issuing(server: &TestServer, name: &str, algorithm: KeyAlgorithm) -> CaId {
    let plan = |name: String, algorithm, parent| CaPlan {
        name: CaName::private(&name).unwrap(),
        algorithm,
        parent,
        trust: Trust::Private,
        policies: Vec::new(),
    };
    let root = plan(format!("{name} root"), KeyAlgorithm::EcdsaP384, None);
    let root = create_ca(&server.app, &CALLER(), root).await.unwrap();
    let ca = plan(name.to_owned(), algorithm, Some(root));
    let ca = create_ca(&server.app, &CALLER(), ca).await.unwrap();
    publish_first(&server.app).await.unwrap();
    ensure_schedules(&server.app).await.unwrap();
    ca
}

fn as_long_as_its_profile() -> Policy {
    let preset = &Preset::named("000").unwrap().policy;
    preset.with("max_cert_days", "profile").unwrap()
}

/// The private directory of the seed, with an offer for it.
async fn private_offer(server: &TestServer) {
    // Offers are sorted by when they were made.
    server.clock().advance(Duration::from_millis(1));
    let plan = OfferPlan {
        slug: "inside".to_owned(),
        name: Some("Inside".to_owned()),
        product: Some("private".to_owned()),
        policy: as_long_as_its_profile(),
    };
    publish_offer(&server.app, &CALLER(), plan).await.unwrap();
}

async fn f060_an_account_belongs_to_its_directory(server: &TestServer) {
    let client = server.client("example.com").await;
    let mut other = server
        .stranger_in("PRIVATE")
        .await
        .with_key(client.key.clone());
    other.account.clone_from(&client.account);
    assert_problem!(other.new_order(&["example.com"]).await, @r#"{"type":"urn:ietf:params:acme:error:accountDoesNotExist","detail":"this account belongs to directory DV and not to PRIVATE: register your client there with the EAB credentials of an ACME account for it (certbot: --server https://acme.test/v2/PRIVATE --eab-kid ... --eab-hmac-key ...; lego: --server https://acme.test/v2/PRIVATE --eab --kid ... --hmac ...)","status":400}"#);
    // A credential of one product is none of another.
    let eab = server.account().await;
    let refused = server.stranger_in("PRIVATE").await.new_account(&eab).await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"EAB key ID \"KEY-ID\" is not for directory PRIVATE: give your client the server URL https://acme.test/v2/DV","status":403}"#);
}

async fn a_directory_that_there_is_not_says_so(server: &TestServer) {
    let client = server.stranger().await;
    for path in ["/v2/NONE", "/v2/NONE/new-nonce", "/v2/dv", "/v2/"] {
        let answer = client
            .get(&format!("https://acme.test{path}"))
            .await
            .expect(404);
        assert!(
            answer.text().contains("directory") || path == "/v2/",
            "{}",
            answer.text()
        );
    }
}

async fn a_closed_directory_takes_no_orders(server: &TestServer) {
    let client = server.client("example.com").await;
    let plan = |is_closed| DirectoryPlan {
        slug: server.directory().slug.clone(),
        is_closed: Some(is_closed),
        ..DirectoryPlan::default()
    };
    let (close, open) = (plan(true), plan(false));
    change_directory(&server.app, &CALLER(), close)
        .await
        .unwrap();
    client.new_order(&["example.com"]).await.expect(404);
    change_directory(&server.app, &CALLER(), open)
        .await
        .unwrap();
    client.issue(&["example.com"]).await;
}

/// Which CA signed, and for how long.
fn made(chain: &str) -> (String, i64) {
    let certificate = leaf(chain);
    let seconds = certificate.not_after.as_seconds() - certificate.not_before.as_seconds() + 1;
    (certificate.issuer, seconds)
}

/// A new CA, a new profile, a new offer, and the directory with both.
async fn change_it_all(server: &TestServer) -> CaId {
    let ca = issuing(server, "Second", KeyAlgorithm::EcdsaP256).await;
    let profile = Profile {
        name: "short".to_owned(),
        validity_seconds: 864_000,
        ..server.directory().profile.profile.clone()
    };
    publish_profile(&server.app, &CALLER(), &profile)
        .await
        .unwrap();
    private_offer(server).await;
    let plan = DirectoryPlan {
        slug: server.directory().slug.clone(),
        cas: vec![ca],
        profile: Some("short".to_owned()),
        ..DirectoryPlan::default()
    };
    change_directory(&server.app, &CALLER(), plan)
        .await
        .unwrap();
    ca
}

async fn all_hear(nodes: &[TestServer], ca: CaId) {
    for node in nodes {
        while node.directory().issuing.id != ca || node.app.catalog().offer("inside").is_none() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn three_nodes_hear_of_a_change_and_no_order_sees_half_of_it(server: &TestServer) {
    // Each client issues for its name as often as it can.
    let node = || server.beside_with(|settings| settings.has_limits = false);
    let nodes = [node().await, node().await, node().await];
    let new = ("CN=Second".to_owned(), 864_000);
    let watching: Vec<_> = nodes
        .iter()
        .map(|node| tokio::spawn(reload_until_stopped(node.app.clone(), |_| {})))
        .collect();
    let mut load = Vec::new();
    for node in nodes.iter().chain(&nodes) {
        let name = format!("host{}.example.com", load.len());
        let client = server.client(&name).await.at(node.acme.clone());
        load.push(tokio::spawn(issue_until(client, name, new.clone())));
    }
    let old = (
        server
            .directory()
            .issuing
            .issuer
            .certificate()
            .subject
            .clone(),
        7_776_000,
    );

    let ca = change_it_all(server).await;
    let heard = tokio::time::timeout(Duration::from_secs(2), all_hear(&nodes, ca));
    heard
        .await
        .expect("every node hears of it within two seconds");
    let client = server.client("example.com").await;
    for node in &nodes {
        let issued = client.at(node.acme.clone()).issue(&["example.com"]).await;
        assert_eq!(made(&issued.chain), new);
    }
    let mut seen = BTreeSet::new();
    for worker in load {
        let ended = tokio::time::timeout(Duration::from_secs(20), worker).await;
        seen.extend(ended.expect("it hears of the change").unwrap());
    }
    assert_eq!(seen, BTreeSet::from([old, new]));
    for node in &nodes {
        shut_down(&node.app).await;
    }
    for watcher in watching {
        watcher.await.unwrap();
    }
}

async fn issue_until(
    client: AcmeClient,
    name: String,
    last: (String, i64),
) -> BTreeSet<(String, i64)> {
    let mut seen = BTreeSet::new();
    while !seen.contains(&last) {
        seen.insert(made(&client.issue(&[&name]).await.chain));
    }
    seen
}

async fn a_profile_of_private_trust_may_be_longer_than_the_law_allows(server: &TestServer) {
    private_offer(server).await;
    let eab = server.account_for("inside").await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger_in("PRIVATE").await.register(&eab).await;
    let (issuer, seconds) = made(&client.issue(&["example.com"]).await.chain);
    assert_eq!(issuer, "CN=acme.test private issuing CA");
    assert_eq!(seconds, 365 * 86_400);
}

async fn an_offer_that_needs_what_is_not_there_is_not_published(server: &TestServer) {
    let plan = OfferPlan {
        slug: "more".to_owned(),
        name: Some("More".to_owned()),
        product: Some("dv".to_owned()),
        policy: Preset::named("003").unwrap().policy.clone(),
    };
    let refused = publish_offer(&server.app, &CALLER(), plan)
        .await
        .err()
        .unwrap();
    assert!(refused.to_string().contains("hook"), "{refused}");
    assert!(server.app.catalog().offer("more").is_none());
}
