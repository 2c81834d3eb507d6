//! Work beside requests: one queue does not wait for another, one tenant not for another, and a node that ends for
//! none of it.

use std::time::Duration;

use base::{JobId, NodeId, TenantId};
use flow::caller::system;
use flow::operations::change_job::{ChangeJobError, JobChange, change_job};
use flow::operations::list_jobs::{
    FoundJob, list_dead, list_jobs, list_queues, list_schedules, show_job,
};
use flow::operations::node::shut_down;
use flow::queue::Queue;
use flow::{App, Caller, jobs};
use futures_util::future::join_all;
use store::queue::job::{self, Job};
use testkit::{AcmeClient, Order, TestServer};
use tokio::time::{Instant, timeout};

use crate::acme::revocation::published;

testkit::on_both_engines![
    sb7_hanging_validations_hold_up_neither_a_crl_nor_another_tenant,
    sb7_a_node_that_ends_waits_for_no_job,
    sb7_an_operator_sees_what_was_given_up_and_begins_it_again,
    sb7_an_operator_sees_what_comes_again,
];

/// More than a tenant may have at work at once.
const HANGING: usize = 300;

/// Asks for the validation of names that never answer; returns their orders.
async fn hang(client: &AcmeClient, server: &TestServer, names: &[String]) -> Vec<Order> {
    for name in names {
        server.validator().hang(name);
    }
    let mut orders = Vec::new();
    for some in names.chunks(50) {
        let some: Vec<&str> = some.iter().map(String::as_str).collect();
        let order = client.order(&some).await;
        let answers = order.authorizations.iter().map(async |url| {
            let challenge = client.challenge(url, "http-01").await;
            client.answer(&challenge.unwrap()).await.expect(200);
        });
        join_all(answers).await;
        orders.push(order);
    }
    orders
}

fn names(count: usize) -> Vec<String> {
    (0..count)
        .map(|number| format!("w{number}.example.com"))
        .collect()
}

async fn sb7_hanging_validations_hold_up_neither_a_crl_nor_another_tenant(server: &TestServer) {
    let hasty = server
        .beside_with(|settings| settings.challenge_wait = Duration::from_millis(1))
        .await;
    let working = tokio::spawn(jobs::run_until_ended(hasty.app.clone()));
    let names = names(HANGING);
    let greedy = server
        .client(&names.join("\n"))
        .await
        .at(hasty.acme.clone());
    hang(&greedy, server, &names).await;
    let at_work = names
        .iter()
        .filter(|name| server.validator().probes(name) > 0);
    let at_work = at_work.count();
    assert!((200..HANGING).contains(&at_work), "{at_work} are at work");

    let other = server
        .client("example.org\nexample.net")
        .await
        .at(hasty.acme.clone());
    let issued = other.issue(&["example.net"]).await;
    let began = Instant::now();
    let order = other.order(&["example.org"]).await;
    let challenge = other.first_challenge(&order).await;
    other.answer(&challenge).await.expect(200);
    server.validator().probed("example.org", 1).await;
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "{:?}",
        began.elapsed()
    );

    let began = Instant::now();
    other.revoke(&issued.der, 4).await.expect(200);
    while published(server).await.revoked.is_empty() {
        assert!(began.elapsed() < Duration::from_secs(2), "no CRL");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    for name in &names {
        server.validator().release(name);
    }
    // Those that waited for their turn have it now.
    server.clock().advance(Duration::from_secs(5));
    for name in &names {
        let probed = server.validator().probed(name, 1);
        timeout(Duration::from_secs(10), probed).await.expect(name);
    }
    shut_down(&hasty.app).await;
    working.await.unwrap();
}

async fn sb7_a_node_that_ends_waits_for_no_job(server: &TestServer) {
    let hasty = server
        .beside_with(|settings| settings.challenge_wait = Duration::from_millis(1))
        .await;
    let names = names(3);
    let client = server.client(&names.join("\n")).await;
    let orders = hang(&client.at(hasty.acme.clone()), server, &names).await;
    let began = Instant::now();
    shut_down(&hasty.app).await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    // Another node goes on at once: no lease has to end.
    for name in &names {
        server.validator().release(name);
    }
    server.run_jobs().await;
    assert_eq!(client.read(&orders[0]).await.member("status"), "ready");
    assert_eq!(server.validator().probes(&names[0]), 2);
}

/// A job that nobody here knows how to run.
fn gone(app: &App, of: TenantId, kind: &str) -> Job {
    Job {
        id: JobId::generate(app.now(), app.random()),
        due_at: app.now(),
        priority: 1,
        attempt: 0,
        max_attempts: 1,
        leased_by: None,
        share_of: Some(of),
        queue: "bulk".to_owned(),
        kind: kind.to_owned(),
        dedup_key: None,
        payload: "{}".to_owned(),
        last_error: None,
        request_id: None,
    }
}

async fn sb7_an_operator_sees_what_was_given_up_and_begins_it_again(server: &TestServer) {
    let (app, operator) = (&server.app, Caller::command_line());
    let reseller = server.reseller().await;
    let (first, second) = (
        gone(app, reseller.tenant, "of_a_newer_version"),
        gone(app, reseller.tenant, "of_another"),
    );
    for job in [&first, &second] {
        let store = app.store(system("a test"));
        store.write(job.clone(), job::insert).await.unwrap();
    }
    let waiting = list_jobs(app, Queue::Bulk).await.unwrap();
    assert!(waiting.iter().any(|job| job.id == first.id));
    server.run_jobs().await;
    // A tenant has one of the two slots.
    server.clock().advance(Duration::from_secs(2));
    server.run_jobs().await;
    let dead = list_dead(app).await.unwrap();
    assert_eq!(dead.len(), 2);
    assert!(
        dead[0].error.contains("unknown to this version"),
        "{}",
        dead[0].error
    );
    change_job(app, &operator, first.id, JobChange::Retry)
        .await
        .unwrap();
    let found = show_job(app, first.id).await.unwrap();
    assert!(
        matches!(found, Some(FoundJob::Live(job)) if job.attempt == 0 && job.due_at == app.now())
    );
    // What waits can go too, and only once.
    change_job(app, &operator, first.id, JobChange::Drop)
        .await
        .unwrap();
    change_job(app, &operator, second.id, JobChange::Drop)
        .await
        .unwrap();
    let again = change_job(app, &operator, second.id, JobChange::Drop).await;
    assert!(matches!(again, Err(ChangeJobError::NotFound)));
    let again = change_job(app, &operator, second.id, JobChange::Retry).await;
    assert!(matches!(again, Err(ChangeJobError::NotFound)));
    // Nobody takes away what a node is at work on.
    let held = Job {
        leased_by: Some(NodeId::generate(app.now(), app.random())),
        due_at: app.now().plus(Duration::from_secs(5)),
        ..gone(app, reseller.tenant, "held")
    };
    let store = app.store(system("a test"));
    store.write(held.clone(), job::insert).await.unwrap();
    let busy = change_job(app, &operator, held.id, JobChange::Drop).await;
    assert!(matches!(busy, Err(ChangeJobError::Running)));
    server.clock().advance(Duration::from_secs(6));
    server.run_jobs().await;
    let queues = list_queues(app).await.unwrap();
    assert!(
        queues
            .iter()
            .all(|item| item.standing.waiting == 0 && item.waits_since.is_none())
    );
}

async fn sb7_an_operator_sees_what_comes_again(server: &TestServer) {
    let schedules = list_schedules(&server.app).await.unwrap();
    let names: Vec<_> = schedules.iter().map(|each| each.name.as_str()).collect();
    assert!(names.contains(&"prune/expired"), "{names:?}");
    let crls = names.iter().filter(|name| name.starts_with("publish_crl/"));
    assert_eq!(crls.count(), server.app.catalog().crl_signers().count());
}
