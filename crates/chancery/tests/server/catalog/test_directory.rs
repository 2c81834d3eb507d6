//! The test directory beside a production directory: the same rules, another CA, and ways in that real clients need.

use flow::Caller;
use flow::caller::system;
use flow::catalog::change_directory::{DirectoryPlan, change_directory};
use flow::catalog::publish_profile::publish_profile;
use serde_json::json;
use store::enrollment::eab_credential;
use testkit::acme_client::leaf;
use testkit::{AcmeClient, Key, TestServer};

testkit::on_both_engines![
    a_guest_learns_whose_names_are_enrolled_only_after_the_proof,
    what_a_guest_proves_for_a_customer_is_issued_by_the_test_ca,
    a_guest_is_the_operators,
    a_production_binding_is_not_used_up,
    a_production_account_is_known_by_its_url_and_by_its_key,
    what_the_test_directory_issues_takes_nobodys_place,
    a_test_order_is_not_seen_in_production,
    a_production_directory_takes_no_guests,
    guests_go_with_their_orders,
    it_follows_the_rules_and_the_profile_of_production
];

async fn guest(server: &TestServer) -> AcmeClient {
    tester(server).await.register_unbound().await
}

async fn tester(server: &TestServer) -> AcmeClient {
    let catalog = server.app.catalog();
    let test = catalog.test_of(&server.directory().slug).unwrap();
    server.stranger_in(&test.slug).await
}

async fn a_guest_learns_whose_names_are_enrolled_only_after_the_proof(server: &TestServer) {
    server.client("example.com").await;
    let guest = guest(server).await;
    // Both orders look alike until control is proven.
    let stranger = guest.ready_order(&["example.net"]).await;
    let refused = guest
        .finalize(&stranger, &Key::generate().csr(&["example.net"]))
        .await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"\"example.net\" is not enrolled in any live subscription of this server; add it in the portal","status":403,"subproblems":[{"type":"urn:ietf:params:acme:error:rejectedIdentifier","detail":"\"example.net\" is not enrolled in any live subscription of this server; add it in the portal","identifier":{"type":"dns","value":"example.net"}}]}"#);
    guest.issue(&["example.com"]).await;
}

async fn what_a_guest_proves_for_a_customer_is_issued_by_the_test_ca(server: &TestServer) {
    server.client("*.example.com\nexample.com").await;
    let issued = guest(server)
        .await
        .issue(&["www.example.com", "example.com"])
        .await;
    let certificate = leaf(&issued.chain);
    assert_eq!(certificate.issuer, "CN=acme.test test issuing CA");
    let usual = server.directory().profile.profile.validity_seconds;
    let seconds = certificate.not_after.as_seconds() - certificate.not_before.as_seconds() + 1;
    assert_eq!(seconds, usual);
}

async fn a_guest_is_the_operators(server: &TestServer) {
    let none = tester(server).await.new_unbound_account().await;
    assert_problem!(none, @r#"{"type":"urn:ietf:params:acme:error:serverInternal","detail":"this server has no operator yet, so that nothing can be tried; ask whoever installs it","status":503}"#);
    server.client("example.com").await;
    let guest = guest(server).await;
    let id = base::AccountId::from_suffix(guest.account.rsplit('/').next().unwrap()).unwrap();
    let store = server.app.store(system("a test"));
    let stored = store
        .read(id, store::issuance::account::by_id)
        .await
        .unwrap();
    let operator = store.read((), operator).await.unwrap();
    assert_eq!(stored.unwrap().tenant, operator);
    // Two guests are two accounts of one subscription.
    let other = tester(server).await.register_unbound().await;
    assert_ne!(other.account, guest.account);
}

async fn operator(tx: &mut store::ReadTx, (): &()) -> Result<base::TenantId, store::Error> {
    let found = store::tenancy::tenant::operator(tx).await?;
    Ok(found.expect("an operator").id)
}

async fn a_production_binding_is_not_used_up(server: &TestServer) {
    let reseller = server.reseller().await;
    let eab = server.account_of(reseller, Some(1)).await;
    server.enroll(&eab, "example.com").await;
    let tried = tester(server).await.register(&eab).await;
    tried.issue(&["example.com"]).await;
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["example.com"]).await;
    // Used up by the one account of production, and still good for trying.
    let second = server.stranger().await.new_account(&eab).await.expect(403);
    assert_eq!(second.problem_type(), "unauthorized");
    tester(server)
        .await
        .register(&eab)
        .await
        .issue(&["example.com"])
        .await;
    let store = server.app.store(flow::caller::tenant(eab.tenant));
    let found = store.read(eab.key_id.clone(), find).await.unwrap();
    assert_eq!(found, 1);
    // The names have to be the subscription's own.
    let other = tester(server).await.register(&eab).await;
    let refused = other.new_order(&["example.org"]).await.expect(403);
    assert_eq!(refused.problem_type(), "rejectedIdentifier");
}

async fn find(tx: &mut store::ReadTx, key_id: &String) -> Result<u32, store::Error> {
    let found = eab_credential::find(tx, key_id).await?;
    Ok(found.expect("a credential").credential.bindings)
}

async fn a_production_account_is_known_by_its_url_and_by_its_key(server: &TestServer) {
    let client = server.client("example.com").await;
    // As lego does, which keeps one account for a host: the URL of production in the test directory.
    let mut tried = tester(server).await.with_key(client.key.clone());
    tried.account.clone_from(&client.account);
    let issued = tried.issue(&["example.com"]).await;
    assert_eq!(leaf(&issued.chain).issuer, "CN=acme.test test issuing CA");
    // As others do: by asking for the account of the key.
    let asked = json!({ "onlyReturnExisting": true });
    let found = tried
        .post_by_key(&tried.resource("newAccount"), &asked)
        .await
        .expect(200);
    assert_ne!(found.header("location"), client.account);
    // A deactivated account is none in the test directory either.
    let ended = client
        .post(&client.account, &json!({ "status": "deactivated" }))
        .await;
    ended.expect(200);
    let refused = tried.new_order(&["example.com"]).await.expect(401);
    assert_eq!(refused.problem_type(), "unauthorized");
}

async fn what_the_test_directory_issues_takes_nobodys_place(server: &TestServer) {
    let eab = server.account().await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["example.com"]).await;
    let tried = tester(server).await.register(&eab).await;
    let first = tried.issue(&["example.com"]).await;
    tried.issue(&["example.com"]).await;
    let counted = server.app.store(flow::caller::tenant(eab.tenant));
    let now = server.app.now();
    let until = now.plus(std::time::Duration::from_secs(400 * 24 * 3600));
    let ranges = vec![(now, until)];
    let valid = counted.scan(ranges, count).await.unwrap();
    assert_eq!(valid, 1, "the one of production");
    // It is as real as others: it can be revoked, and is on the list of its CA.
    tried.revoke(&first.der, 4).await.expect(200);
    server.run_jobs().await;
    assert_eq!(counted.scan(vec![(now, until)], count).await.unwrap(), 1);
}

async fn count(
    tx: &mut store::ReadTx,
    ranges: &Vec<(base::Timestamp, base::Timestamp)>,
) -> Result<i64, store::Error> {
    let counted = store::issuance::certificate_list::count_ending(tx, ranges, i64::MAX).await?;
    Ok(counted.into_iter().sum())
}

async fn a_test_order_is_not_seen_in_production(server: &TestServer) {
    let client = server.client("example.com").await;
    let mut tried = tester(server).await.with_key(client.key.clone());
    tried.account.clone_from(&client.account);
    let order = tried.ready_order(&["example.com"]).await;
    let there = order.url.replace("-TEST", "");
    client.post_as_get(&there).await.expect(404);
    let csr = Key::generate().csr(&["example.com"]);
    let mut moved = order.clone();
    moved.finalize = order.finalize.replace("-TEST", "");
    client.finalize(&moved, &csr).await.expect(404);
}

async fn a_production_directory_takes_no_guests(server: &TestServer) {
    let refused = server
        .stranger()
        .await
        .new_unbound_account()
        .await
        .expect(403);
    assert_eq!(refused.problem_type(), "externalAccountRequired");
    // An account of the test directory is none in production.
    server.client("example.com").await;
    let guest = guest(server).await;
    let mut client = server.stranger().await.with_key(guest.key.clone());
    client.account.clone_from(&guest.account);
    assert_problem!(client.new_order(&["example.com"]).await, @r#"{"type":"urn:ietf:params:acme:error:accountDoesNotExist","detail":"this account belongs to directory DV-TEST and not to DV: register your client there with the EAB credentials of an ACME account for it (certbot: --server https://acme.test/v2/DV --eab-kid ... --eab-hmac-key ...; lego: --server https://acme.test/v2/DV --eab --kid ... --hmac ...)","status":400}"#);
}

async fn guests_go_with_their_orders(server: &TestServer) {
    let client = server.client("example.com").await;
    let old = guest(server).await;
    let busy = guest(server).await;
    busy.issue(&["example.com"]).await;
    let days = |days: u64| std::time::Duration::from_secs(days * 86_400);
    server.clock().advance(days(60));
    busy.issue(&["example.com"]).await;
    server.clock().advance(days(40));
    server.run_jobs().await;
    old.post_as_get(&old.account).await.expect(400);
    busy.post_as_get(&busy.account).await.expect(200);
    client.post_as_get(&client.account).await.expect(200);
    server.clock().advance(days(200));
    server.run_jobs().await;
    server.run_jobs().await;
    busy.post_as_get(&busy.account).await.expect(400);
    client.post_as_get(&client.account).await.expect(200);
}

async fn it_follows_the_rules_and_the_profile_of_production(server: &TestServer) {
    server.client("example.com\nexample.org").await;
    let guest = guest(server).await;
    let production = server.directory();
    let caller = Caller::command_line();
    let short = pki::Profile {
        name: "short".to_owned(),
        validity_seconds: 864_000,
        ..production.profile.profile.clone()
    };
    publish_profile(&server.app, &caller, &short).await.unwrap();
    let plan = |slug: &str, key: &str, text: &str| DirectoryPlan {
        slug: slug.to_owned(),
        rules: vec![(key.to_owned(), text.to_owned())],
        ..DirectoryPlan::default()
    };
    let changed = DirectoryPlan {
        profile: Some("short".to_owned()),
        ..plan(&production.slug, "max_names", "1")
    };
    change_directory(&server.app, &caller, changed)
        .await
        .unwrap();
    guest
        .new_order(&["example.com", "example.org"])
        .await
        .expect(400);
    let issued = leaf(&guest.issue(&["example.com"]).await.chain);
    let seconds = issued.not_after.as_seconds() - issued.not_before.as_seconds() + 1;
    assert_eq!(seconds, 864_000);
    // Setting it there would be overruled, so that it is refused; who is let in is its own.
    let catalog = server.app.catalog();
    let test = catalog.test_of(&production.slug).unwrap().slug.clone();
    let refused = change_directory(&server.app, &caller, plan(&test, "max_names", "5")).await;
    let refused = refused.err().unwrap().to_string();
    assert!(
        refused.starts_with("DV-TEST follows the profile and the rules of DV;"),
        "{refused}"
    );
    let closed = plan(&test, "external_account_required", "true");
    change_directory(&server.app, &caller, closed)
        .await
        .unwrap();
    let answer = tester(server).await.new_unbound_account().await.expect(403);
    assert_eq!(answer.problem_type(), "externalAccountRequired");
}
