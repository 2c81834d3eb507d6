//! What operators read at `/metrics`: what happened is counted, every figure is in the document, and nothing that
//! comes from outside becomes a label.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use base::{AuthorizationId, JobId};
use flow::caller::system;
use flow::memory::measures::DoorName;
use flow::operations::health::measures;
use store::Engine;
use store::queue::job::{self, Job};
use testkit::{Answer, TestServer, Visitor};
use tower::ServiceExt as _;

testkit::on_both_engines![
    requests_refusals_and_jobs_are_counted,
    answers_of_500_and_above_are_counted,
    the_document_names_every_figure,
];

const DOCUMENT: &str = include_str!("../../../../../docs/metrics.md");

/// After one issuance, requests to nothing, and two jobs.
const EXPECTED: &str = r#"chancery_request_duration_seconds_count{door="acme",method="POST",resource="newOrder",status="2xx"} 1
chancery_request_duration_seconds_count{door="acme",method="GET",resource="newOrder",status="4xx"} 1
chancery_request_duration_seconds_count{door="acme",method="GET",resource="none",status="4xx"} 1
chancery_request_duration_seconds_count{door="portal",method="GET",resource="/sign-in",status="2xx"} 1
chancery_request_duration_seconds_count{door="portal",method="GET",resource="none",status="4xx"} 1
chancery_refusals_total{door="acme",code="malformed"} 1
chancery_refusals_total{door="acme",code="not_found"} 1
chancery_refusals_total{door="portal",code="not_found"} 1
chancery_server_errors_total{door="acme"} 0
chancery_validation_duration_seconds_count{challenge="http-01",result="valid"} 1
chancery_signature_duration_seconds_count{key="ecdsa-p256"} 1
chancery_job_attempts_total{kind="issue",queue="issue",result="done"} 1
chancery_job_attempts_total{kind="validate",queue="validate",result="done"} 1
chancery_job_attempts_total{kind="unknown",queue="validate",result="given_up"} 1
chancery_job_duration_seconds_count{kind="validate"} 1
chancery_job_wait_seconds_count{queue="validate"} 2"#;

async fn internal(server: &TestServer, path: &str) -> Answer {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let router = web::internal::router(server.app.clone());
    Answer::read(router.oneshot(request).await.unwrap()).await
}

async fn figures(server: &TestServer) -> String {
    let answer = internal(server, "/metrics").await.expect(200);
    let kind = "text/plain; version=0.0.4; charset=utf-8";
    assert_eq!(answer.header("content-type"), kind);
    answer.text().to_owned()
}

#[track_caller]
fn check(text: &str, line: &str) {
    let found = text.lines().any(|found| found == line);
    assert!(found, "{line} is not in\n{text}");
}

/// Urgent jobs that this node takes from their queues: one that has nothing to do, and one that nobody knows.
async fn run_two_jobs(server: &TestServer) {
    let app = &server.app;
    let waiting = |kind: &str, payload: String| Job {
        id: JobId::generate(app.now(), app.random()),
        due_at: app.now(),
        priority: 0,
        attempt: 0,
        max_attempts: 1,
        leased_by: None,
        share_of: None,
        queue: "validate".to_owned(),
        kind: kind.to_owned(),
        dedup_key: None,
        payload,
        last_error: None,
        request_id: None,
    };
    let nothing = AuthorizationId::generate(app.now(), app.random());
    let payload = format!(r#"{{"authorization":"{nothing}"}}"#);
    for job in [
        waiting("validate", payload),
        waiting("of_a_newer_version", "{}".to_owned()),
    ] {
        let store = app.store(system("a test"));
        store.write(job, job::insert).await.unwrap();
    }
    server.run_jobs().await;
}

async fn requests_refusals_and_jobs_are_counted(server: &TestServer) {
    let client = server.client("example.com").await;
    client.issue(&["example.com"]).await;
    let new_order = client.resource("newOrder");
    client.get(&new_order).await.expect(405);
    client
        .get("https://acme.test/v2/DV/no/such/thing")
        .await
        .expect(404);
    run_two_jobs(server).await;
    let mut browser = Visitor::new(
        web::portal::router(server.app.clone(), "https://p.test"),
        "https://p.test",
    );
    browser.get("/sign-in").await.expect(200);
    browser.get("/no/such/page").await.expect(404);

    let text = figures(server).await;
    for line in EXPECTED.lines() {
        check(&text, line);
    }
    for outside in ["no/such", "of_a_newer_version", "example.com"] {
        assert!(!text.contains(outside), "{outside}");
    }
}

async fn answers_of_500_and_above_are_counted(server: &TestServer) {
    let client = server.client("example.com").await;
    let second = server.beside().await;
    second.store.close().await;
    let elsewhere = client.at(second.acme.clone());
    elsewhere.new_order(&["example.com"]).await.expect(503);
    let health = internal(&second, "/healthz").await;
    let text = figures(&second).await;
    let unavailable = r#"chancery_refusals_total{door="acme",code="database_unavailable"} 1"#;
    let errors =
        |door: &str, count: u8| format!(r#"chancery_server_errors_total{{door="{door}"}} {count}"#);
    check(&text, unavailable);
    check(&text, &errors("acme", 1));
    // SQLite's file is still there to be read.
    check(&text, &errors("internal", u8::from(health.status == 503)));
    // Each node counts for itself.
    check(&figures(server).await, &errors("acme", 0));
}

async fn the_document_names_every_figure(server: &TestServer) {
    let client = server.client("example.com").await;
    client.issue(&["example.com"]).await;
    client.get(&client.resource("newOrder")).await.expect(405);
    run_two_jobs(server).await;
    measures(&server.app)
        .requests
        .no_room(DoorName::Acme)
        .count();
    let text = figures(server).await;
    let told: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .collect();
    let documented: BTreeSet<&str> = DOCUMENT
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|name| name.starts_with("chancery_"))
        .collect();
    assert_eq!(told, documented);
    // The bench reads these lines.
    for name in ["statements", "commits", "transactions"] {
        let start = format!("chancery_store_{name}_total ");
        let line = text.lines().find_map(|line| line.strip_prefix(&start));
        let count: f64 = line.expect(name).parse().expect("a number");
        assert!(count > 0.0, "{name}");
    }
    let rows = text
        .lines()
        .find_map(|line| line.strip_prefix("chancery_store_rows_total "));
    assert_eq!(rows == Some("0"), server.store.engine() == Engine::Postgres);
}
