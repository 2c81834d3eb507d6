//! Certificates as the portal lists them, and how many there are, where that is too many to be counted for each page.

use std::time::Duration;

use flow::operations::list_jobs::list_jobs;
use flow::queue::Queue;
use testkit::TestServer;

use super::{Shop, assert_says};

testkit::on_both_engines![
    long_lists_say_what_a_job_has_counted,
    f133_certificates_are_listed_with_their_state_and_end,
    f138_what_a_client_revokes_is_shown_as_revoked,
];

const DAY: u64 = 86_400;

async fn f133_certificates_are_listed_with_their_state_and_end(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let eab = server.account_of(shop.reseller, None).await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    client.issue(&["example.com"]).await;
    for (days, state) in [(0, "Valid"), (75, "Expiring")] {
        server.clock().advance(Duration::from_secs(days * DAY));
        let mut browser = shop.browser(server).await;
        let list = browser.get("/certificates").await.expect(200);
        for shown in ["example.com", "21 Feb 2027", state] {
            assert_says(&list, shown);
        }
    }
}

async fn f138_what_a_client_revokes_is_shown_as_revoked(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let eab = server.account_of(shop.reseller, None).await;
    server.enroll(&eab, "example.com\nexample.org").await;
    let client = server.stranger().await.register(&eab).await;
    // Whatever time is left.
    for (name, days) in [("example.com", 0), ("example.org", 89)] {
        let issued = client.issue(&[name]).await;
        server.clock().advance(Duration::from_secs(days * DAY));
        let mut browser = shop.browser(server).await;
        let id = issued.url.rsplit('/').next().unwrap();
        let path = format!("/certificates/{id}");
        let before = browser.get(&path).await.expect(200);
        assert!(!before.text().contains("Revoked"), "{}", before.text());
        client.revoke(&issued.der, 4).await.expect(200);
        assert_says(&browser.get(&path).await.expect(200), "Revoked");
    }
}

async fn long_lists_say_what_a_job_has_counted(server: &TestServer) {
    let shop = Shop::open(server, "long").await;
    let eab = server.account_of(shop.reseller, None).await;
    let names = ["a.com", "b.com", "c.com", "d.com"];
    server.enroll(&eab, &names.join("\n")).await;
    let client = server.stranger().await.register(&eab).await;
    let [first @ .., last] = &names;
    for name in first {
        client.issue(&[name]).await;
    }
    let short = server
        .beside_with(|settings| settings.counted_up_to = 2)
        .await;
    let mut browser = shop.browser(&short).await;
    for _ in 0..2 {
        assert_says(&browser.get("/certificates").await.expect(200), ">2+<");
    }
    assert_says(&browser.get("/").await.expect(200), ">2+<");
    // However often it is asked for, it is counted once.
    let jobs = list_jobs(&short.app, Queue::Bulk).await.unwrap();
    let counts = jobs.iter().filter(|job| job.kind == "count_certificates");
    assert_eq!(counts.count(), 1);
    short.run_jobs().await;
    let page = browser.get("/certificates?size=2").await.expect(200);
    assert_says(&page, ">3<");
    assert_says(&browser.get("/").await.expect(200), "counted just now");

    client.issue(&[last]).await;
    server.clock().advance(Duration::from_secs(11 * 60));
    let page = browser.get("/").await.expect(200);
    assert_says(&page, "counted 11 minutes ago");
    short.run_jobs().await;
    let page = browser.get("/").await.expect(200);
    assert_says(&page, "counted just now");
    assert_says(&page, ">4<");
}
