//! One name of a request: the client reads it, the log has it, the audit keeps it.

use std::collections::HashSet;
use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use acme::Thumbprint;
use base::{AccountId, RequestId};
use flow::caller::{system, tenant};
use flow::operations::list_jobs::list_jobs;
use flow::queue::Queue;
use store::WriteTx;
use testkit::{Answer, TestServer};

testkit::on_both_engines![
    sb10_s66_a_failure_has_one_name_for_the_client_and_the_log,
    sb10_the_audit_keeps_the_name_that_the_client_was_given,
    sb10_a_job_keeps_the_name_of_the_request_that_caused_it,
    sb10_no_two_requests_have_one_name
];

fn name_of(answer: &Answer) -> String {
    let name = answer.header("x-request-id");
    name.parse::<RequestId>().expect("the name of a request");
    name.to_owned()
}

/// What is logged while it lives, by this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

async fn sb10_s66_a_failure_has_one_name_for_the_client_and_the_log(server: &TestServer) {
    let client = server.client("example.com").await;
    let id = client.account.rsplit('/').next().unwrap_or_default();
    let id = AccountId::from_suffix(id).unwrap();
    let store = server.app.store(system("a test"));
    store.write(id, spoil_key).await.unwrap();
    let node = server.beside().await;

    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let failed = client
        .at(node.acme.clone())
        .new_order(&["example.com"])
        .await
        .expect(500);
    drop(guard);
    let name = name_of(&failed);
    assert!(failed.text().contains(&name), "{}", failed.text());
    let told = log.text();
    assert!(told.contains(&format!("request.id={name}")), "{told}");
    assert!(told.contains("cannot be read"), "{told}");
}

/// What no client can do.
async fn spoil_key(tx: &mut WriteTx, id: &AccountId) -> Result<(), store::Error> {
    let account = store::issuance::account::by_id(tx, id).await?.unwrap();
    let old: Thumbprint = account.thumbprint;
    store::issuance::account::change_key(tx, *id, &old, &old, "no key").await?;
    Ok(())
}

async fn sb10_the_audit_keeps_the_name_that_the_client_was_given(server: &TestServer) {
    let eab = server.account().await;
    let client = server.stranger().await;
    let answer = client.new_account(&eab).await.expect(201);
    let store = server.app.store(tenant(eab.tenant));
    let mut entries = store.read(10, store::audit::newest).await.unwrap();
    entries.retain(|entry| entry.action == "acme_account.register");
    let kept: Vec<_> = entries.iter().map(|entry| &entry.request_id).collect();
    assert_eq!(kept, [&name_of(&answer)]);
}

async fn sb10_a_job_keeps_the_name_of_the_request_that_caused_it(server: &TestServer) {
    let hasty = server
        .beside_with(|settings| settings.challenge_wait = Duration::ZERO)
        .await;
    let client = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    server.validator().hang("example.com");
    let answer = client.at(hasty.acme.clone()).answer(&challenge).await;
    let jobs = list_jobs(&server.app, Queue::Validate).await.unwrap();
    assert_eq!(jobs.len(), 1);
    assert_eq!(jobs[0].request_id.unwrap().to_string(), name_of(&answer));
    server.validator().release("example.com");
}

/// On two nodes that begin at the same moment, as after a restart.
async fn sb10_no_two_requests_have_one_name(server: &TestServer) {
    let second = server.beside().await;
    let client = server.stranger().await;
    let mut names = HashSet::new();
    for client in [&client, &client.at(second.acme.clone())] {
        for _ in 0..50 {
            names.insert(name_of(&client.get("https://acme.test/v2/DV").await));
        }
    }
    assert_eq!(names.len(), 100);
}
