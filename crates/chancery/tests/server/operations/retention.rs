//! What is kept how long, as the job `prune` deletes it under the settings of an installation (docs/retention.md).

use std::time::Duration;

use flow::caller::system;
use flow::operations::clock::recover;
use store::testing::rows::{self, TABLES};
use testkit::{TestServer, acme_client::leaf};

testkit::on_both_engines![
    s75_certificates_go_two_years_after_their_end_and_their_proofs_later,
    s75_audit_entries_go_after_seven_years,
    s75_nothing_goes_while_the_clock_is_not_to_be_believed,
];

const DAY: Duration = Duration::from_secs(24 * 3600);
const SECOND: Duration = Duration::from_secs(1);
const CERTIFICATES: Duration = Duration::from_secs(731 * 24 * 3600);

/// How many rows a table has.
async fn rows(server: &TestServer, table: &str) -> i64 {
    let store = server.app.store(system("a test counts all rows"));
    let counted = store.scan((), rows::of_all).await.unwrap();
    let mut all = TABLES.iter().zip(counted);
    all.find(|(name, _)| **name == table).unwrap().1
}

/// Goes ahead to a moment, and lets what is due run.
async fn at(server: &TestServer, moment: base::Timestamp) {
    use base::Clock as _;
    let left = moment.since(server.clock().now());
    server.clock().advance(left);
    server.run_jobs().await;
}

async fn s75_certificates_go_two_years_after_their_end_and_their_proofs_later(server: &TestServer) {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    client.revoke(&issued.der, 4).await.expect(200);
    let made = server.app.now();
    let end = leaf(&issued.chain).not_after.plus(CERTIFICATES);
    // A schedule comes each hour: the last one before the end, and the first one behind it.
    at(server, end).await;
    client.post_as_get(&issued.url).await.expect(200);
    assert_eq!(rows(server, "revocation").await, 1);
    server.clock().advance(Duration::from_secs(3600) + SECOND);
    server.run_jobs().await;
    client.post_as_get(&issued.url).await.expect(404);
    for table in ["certificate", "revocation", "lineage", "lineage_name"] {
        assert_eq!(rows(server, table).await, 0, "{table}");
    }
    assert_eq!(rows(server, "certificate_month").await, 1);
    // The longest certificate by the proof would have been one of a year, begun when its use ended after a day.
    let last = made.plus(DAY * (1 + 2 + 365)).plus(CERTIFICATES);
    at(server, last).await;
    assert_eq!(rows(server, "domain_validation").await, 1);
    server.clock().advance(Duration::from_secs(3600) + SECOND);
    server.run_jobs().await;
    assert_eq!(rows(server, "domain_validation").await, 0);
}

async fn s75_audit_entries_go_after_seven_years(server: &TestServer) {
    server.account().await;
    let (made, told) = (server.app.now(), rows(server, "audit").await);
    assert!(told > 1);
    at(server, made.plus(DAY * 2557)).await;
    assert_eq!(rows(server, "audit").await, told);
    server.clock().advance(Duration::from_secs(3600) + SECOND);
    server.run_jobs().await;
    assert_eq!(rows(server, "audit").await, 0);
}

async fn s75_nothing_goes_while_the_clock_is_not_to_be_believed(server: &TestServer) {
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    let right = server.app.now();
    server.clock().leap_to(right.plus(DAY * 3000));
    server.run_jobs().await;
    server.clock().leap_to(right);
    recover(&server.app).await.unwrap();
    client.post_as_get(&issued.url).await.expect(200);
    assert_eq!(rows(server, "domain_validation").await, 1);
    assert!(rows(server, "audit").await > 1);
}
