//! What a reseller does with many rows at once does not keep the clients of all others waiting (SB-14).

mod bounds;
pub(crate) mod credentials;
mod delegated_domains;
mod domain_mails;
pub(crate) mod erased_keys;
mod organizations;
mod terms;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use base::{AccountId, NodeId};
use flow::Caller;
use flow::caller::system;
use flow::enrollment::enroll_domains::{Enrollment, enroll_domains};
use flow::enrollment::list_domains::{self, DomainFilter, DomainQuery};
use flow::enrollment::remove_domain::remove_domain;
use futures_util::future::join_all;
use store::issuance::account::Account;
use store::{Error, WriteTx};
use testkit::{Eab, TestServer};
use tokio::time::Instant;

testkit::on_both_engines![
    sb14_removing_a_name_of_many_accounts_keeps_nobody_waiting,
    sb14_removing_a_name_reaches_every_account,
    sb14_removing_a_name_reaches_every_order_of_an_account,
    sb14_importing_a_thousand_names_keeps_nobody_waiting,
    s36_of_fifty_enrolments_of_one_name_at_once_one_is_a_row,
];

/// More than one piece, and more than were gone through at all once.
const ACCOUNTS: usize = 10_000;
/// How many small transactions end beside a large change at the least; they would be one or two for each of the others
/// if it were one transaction.
const BESIDE: usize = 60;
/// How many others there are.
const OTHERS: usize = 8;

async fn insert(tx: &mut WriteTx, accounts: &Vec<Account>) -> Result<(), Error> {
    for account in accounts {
        store::issuance::account::insert(tx, account).await?;
    }
    Ok(())
}

/// Registers accounts without clients.
async fn fill(server: &TestServer, eab: &Eab, count: usize) {
    server.clock().advance(Duration::from_secs(1));
    let now = server.app.now();
    let account = |_| {
        let id = AccountId::generate(now, server.app.random());
        let mut thumbprint = [0; 32];
        thumbprint[..16].copy_from_slice(&id.to_bytes());
        Account {
            id,
            directory: "DV".to_owned(),
            thumbprint: acme::Thumbprint::from_bytes(thumbprint),
            tenant: eab.tenant,
            subscription: eab.subscription,
            eab_key_id: Some(eab.key_id.clone()),
            external_account_binding: None,
            jwk: "{}".to_owned(),
            contact: store::issuance::account::Contact::default(),
            created_at: now,
            terms_agreed_at: None,
            suspended_at: None,
            deactivated_at: None,
            client_address: String::new(),
            client_agent: String::new(),
        }
    };
    let accounts: Vec<Account> = (0..count).map(account).collect();
    let store = server.app.store(system("a test"));
    for some in accounts.chunks(500) {
        store.write(some.to_vec(), insert).await.unwrap();
    }
}

/// How long `work` takes, and how long the small transactions of others wait meanwhile.
async fn beside_others<T>(server: &TestServer, what: &str, work: impl Future<Output = T>) -> T {
    let app = &server.app;
    let is_done = AtomicBool::new(false);
    let small = async || {
        let node = NodeId::generate(app.now(), app.random());
        let begun = Instant::now();
        let store = app.store(system("a test"));
        store.write(node, look).await.unwrap();
        begun.elapsed()
    };
    let one_after_the_other = async || {
        let mut waits = Vec::new();
        while !is_done.load(Ordering::Relaxed) {
            waits.push(small().await);
        }
        waits
    };
    let begun = Instant::now();
    let work = async {
        let done = work.await;
        is_done.store(true, Ordering::Relaxed);
        (done, begun.elapsed())
    };
    let others = join_all((0..OTHERS).map(|_| one_after_the_other()));
    let ((done, took), waits) = tokio::join!(work, others);
    let mut waits = waits.concat();
    waits.sort();
    let (engine, longest) = (server.store.engine(), waits[waits.len() - 1]);
    eprintln!(
        "{engine:?}: {what} took {took:?}; {} small transactions beside it waited up to {longest:?}",
        waits.len()
    );
    assert!(
        waits.len() > BESIDE,
        "{engine:?}: only {} small transactions ended beside {what}",
        waits.len()
    );
    done
}

/// The smallest transaction there is.
async fn look(tx: &mut WriteTx, node: &NodeId) -> Result<(), Error> {
    store::operations::node::delete(tx, node).await
}

async fn sb14_removing_a_name_of_many_accounts_keeps_nobody_waiting(server: &TestServer) {
    let eab = server.account().await;
    let added = server.enroll(&eab, "*.example.com").await;
    fill(server, &eab, ACCOUNTS).await;
    let caller = Caller::command_line().within(eab.tenant);
    let removal = remove_domain(&server.app, &caller, added[0].id);
    beside_others(server, "removing a wildcard of 10,000 accounts", removal)
        .await
        .unwrap();
}

async fn sb14_removing_a_name_reaches_every_account(server: &TestServer) {
    let eab = server.account().await;
    let added = server.enroll(&eab, "*.example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let order = client.order(&["*.example.com"]).await;
    fill(server, &eab, ACCOUNTS).await;
    let caller = Caller::command_line().within(eab.tenant);
    remove_domain(&server.app, &caller, added[0].id)
        .await
        .unwrap();
    server.run_jobs().await;
    let ended = client.read(&order).await;
    assert_eq!(
        ended.member("status"),
        "invalid",
        "the account that is the oldest of 10,001"
    );
}

async fn sb14_removing_a_name_reaches_every_order_of_an_account(server: &TestServer) {
    let eab = server.account().await;
    let added = server.enroll(&eab, "*.example.com\n*.example.net").await;
    let client = server.stranger().await.register(&eab).await;
    let mut orders = Vec::new();
    // More than one piece.
    for number in 0..110 {
        let name = format!("host{number}.example.net");
        orders.push(client.order(&["*.example.com", &name]).await);
    }
    let others = client.order(&["host.example.net"]).await;
    let caller = Caller::command_line().within(eab.tenant);
    remove_domain(&server.app, &caller, added[0].id)
        .await
        .unwrap();
    server.run_jobs().await;
    for (number, order) in orders.iter().enumerate() {
        let ended = client.read(order).await;
        assert_eq!(ended.member("status"), "invalid", "order {number}");
    }
    assert_eq!(client.read(&others).await.member("status"), "pending");
}

async fn sb14_importing_a_thousand_names_keeps_nobody_waiting(server: &TestServer) {
    let eab = server.account().await;
    let names: Vec<String> = (0..1_000)
        .map(|number| format!("example{number}.com"))
        .collect();
    let enrollment = Enrollment {
        anchor: None,
        subscription: eab.subscription,
        text: names.join("\n"),
        companions: None,
    };
    let caller = Caller::command_line().within(eab.tenant);
    let import = Box::pin(enroll_domains(&server.app, &caller, enrollment));
    let enrolled = beside_others(server, "importing 1,000 names", import)
        .await
        .unwrap();
    assert_eq!((enrolled.rows.len(), enrolled.added.len()), (1_000, 2_000));
}

async fn s36_of_fifty_enrolments_of_one_name_at_once_one_is_a_row(server: &TestServer) {
    let eab = server.account().await;
    let caller = Caller::command_line().within(eab.tenant);
    let tries = (0..50).map(|_| {
        let enrollment = Enrollment {
            anchor: None,
            subscription: eab.subscription,
            text: "example.com".to_owned(),
            companions: Some(false),
        };
        enroll_domains(&server.app, &caller, enrollment)
    });
    let added = join_all(tries).await.into_iter();
    let added: usize = added.map(|tried| tried.unwrap().added.len()).sum();
    assert_eq!(added, 1);
    let asked = DomainQuery::first(DomainFilter::default(), 10);
    let listed = list_domains::page(&server.app, &caller, asked)
        .await
        .unwrap();
    assert_eq!(listed.page.rows.len(), 1);
}
