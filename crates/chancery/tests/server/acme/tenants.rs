//! What a tenant's standing does to its clients: suspended by a person, on hold for money.

use acme::identifier::Identifiers;
use base::{Actor, Refuse as _, TenantId};
use flow::Caller;
use flow::caller::system;
use flow::enrollment::explain_admission::explain_admission;
use store::tenancy::tenant;
use testkit::{Eab, Key, TestServer};

testkit::on_both_engines![
    m4_sb13_a_suspended_reseller_issues_nothing,
    m4_sb13_whoever_is_below_a_suspended_tenant_is_too,
    b56_sb13_on_hold_old_sets_of_names_are_renewed_and_no_new_ones,
    explaining_says_what_an_order_would_be_told
];

async fn suspend(server: &TestServer, id: TenantId) {
    let store = server.app.store(system("a test"));
    let done = store
        .write((id, server.app.now(), Actor::CommandLine), tenant::suspend)
        .await;
    assert!(done.unwrap());
}

async fn account(server: &TestServer, names: &str) -> Eab {
    let eab = server.account().await;
    server.enroll(&eab, names).await;
    eab
}

async fn m4_sb13_a_suspended_reseller_issues_nothing(server: &TestServer) {
    let eab = account(server, "example.com\nexample.org").await;
    let client = server.stranger().await.register(&eab).await;
    let ready = client.ready_order(&["example.com"]).await;
    suspend(server, eab.tenant).await;

    let refused = client.new_order(&["example.org"]).await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"whoever this ACME account belongs to is suspended, so nothing is issued; ask your provider","status":403}"#);
    let csr = Key::generate().csr(&["example.com"]);
    let refused = client.finalize(&ready, &csr).await;
    assert_eq!(refused.expect(403).problem_type(), "unauthorized");
    let refused = server.stranger().await.new_account(&eab).await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"EAB key ID \"KEY-ID\" belongs to an ACME account whose owner is suspended; ask your provider","status":403}"#);
    // Nobody else is.
    let other = server.client("example.net").await;
    other.issue(&["example.net"]).await;
}

async fn m4_sb13_whoever_is_below_a_suspended_tenant_is_too(server: &TestServer) {
    let eab = account(server, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let store = server.app.store(system("a test"));
    let operator = store.read((), operator).await.unwrap();
    suspend(server, operator).await;
    let refused = client.new_order(&["example.com"]).await.expect(403);
    assert_eq!(refused.problem_type(), "unauthorized");
}

async fn operator(tx: &mut store::ReadTx, (): &()) -> Result<TenantId, store::Error> {
    let found = tenant::operator(tx).await?;
    Ok(found.expect("an operator").id)
}

async fn b56_sb13_on_hold_old_sets_of_names_are_renewed_and_no_new_ones(server: &TestServer) {
    let eab = account(server, "example.com\nexample.org").await;
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["example.com"]).await;
    let waiting = client.ready_order(&["example.org"]).await;
    let store = server.app.store(system("a test"));
    let held = store.write((eab.tenant, server.app.now()), tenant::hold);
    assert!(held.await.unwrap());

    client.issue(&["example.com"]).await;
    let refused = client.new_order(&["example.com", "example.org"]).await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:unauthorized","detail":"payment is overdue, so certificates are renewed but none is issued for new sets of names; pay what is open in the portal, then order again","status":403}"#);
    let csr = Key::generate().csr(&["example.org"]);
    client.finalize(&waiting, &csr).await.expect(403);
    // A new client can take over the renewals.
    let other = server.stranger().await.register(&eab).await;
    other.issue(&["example.com"]).await;
}

async fn explained(server: &TestServer, eab: &Eab, names: &[&str]) -> String {
    let names = names.iter().map(|name| name.parse().unwrap());
    let names = Identifiers::new(names).unwrap();
    let caller = Caller::command_line();
    let told = explain_admission(&server.app, &caller, eab.subscription, names).await;
    told.err()
        .map(|error| error.refusal().sentence)
        .unwrap_or_default()
}

async fn explaining_says_what_an_order_would_be_told(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await.register(&eab).await;
    let names = [
        &["example.com"][..],
        &["example.org", "example.com"],
        &["www.example.net"],
        &["*.co.uk"],
    ];
    for step in 0..3 {
        match step {
            0 => {}
            1 => drop(server.enroll(&eab, "example.com\n*.example.net").await),
            _ => suspend(server, eab.tenant).await,
        }
        for names in names {
            let explained = explained(server, &eab, names).await;
            let told = client.new_order(names).await;
            if explained.is_empty() {
                told.expect(201);
            } else {
                assert_eq!(told.member("detail"), explained, "{names:?} in step {step}");
            }
        }
    }
}
