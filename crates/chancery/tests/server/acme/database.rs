//! A database that is full or gone: a sentence and a time to come back, and nothing half done.

use store::Engine;
use store::testing::limit_pages;
use testkit::{Key, TestServer};

testkit::on_both_engines![
    a_database_that_is_gone_says_so,
    a_full_database_refuses_whole_requests
];

async fn a_database_that_is_gone_says_so(server: &TestServer) {
    let client = server.client("example.com").await;
    let order = client.ready_order(&["example.com"]).await;
    let second = server.beside().await;
    let elsewhere = client.at(second.acme.clone());
    let nonce = elsewhere.fresh_nonce().await;
    assert!(!nonce.is_empty());
    second.store.close().await;
    let refused = elsewhere.new_order(&["example.com"]).await;
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:serverInternal","detail":"the server's database does not answer, so nothing can be changed now; try again in half a minute","status":503}"#);
    assert_eq!(refused.header("retry-after"), "30");
    let csr = Key::generate().csr(&["example.com"]);
    let refused = elsewhere.finalize(&order, &csr).await;
    assert_eq!(refused.expect(503).header("retry-after"), "30");
    // SQLite's file is still there to be read.
    if server.store.engine() == Engine::Postgres {
        let refused = elsewhere.post_as_get(&order.url).await;
        assert_eq!(refused.expect(503).header("retry-after"), "30");
    }
    // The directory and nonces need no database.
    elsewhere.get("https://acme.test/v2/DV").await.expect(200);
    // Nothing was begun.
    assert_eq!(client.read(&order).await.member("status"), "ready");
}

async fn a_full_database_refuses_whole_requests(server: &TestServer) {
    // PostgreSQL reports a full disk, which a test cannot make; its error is mapped in the store's tests.
    if server.store.engine() == Engine::Postgres {
        return;
    }
    let client = server.client("*.example.com").await;
    let ready = client.ready_order(&["ready.example.com"]).await;
    // SQLite takes it for the present size.
    limit_pages(&server.store, 1).await.unwrap();
    let mut placed = Vec::new();
    let refused = loop {
        let names: Vec<String> = (0..40)
            .map(|number| format!("n{}-{number}.example.com", placed.len()))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let answer = client.new_order(&names).await;
        if answer.status != 201 {
            break answer;
        }
        placed.push(answer.header("location").to_owned());
        assert!(placed.len() < 1_000, "the database does not become full");
    };
    assert_problem!(refused, @r#"{"type":"urn:ietf:params:acme:error:serverInternal","detail":"the server's database is full, so nothing was changed; the operator has to make room, then try again","status":503}"#);
    assert_eq!(refused.header("retry-after"), "30");

    // Reading goes on, and the refused order is not there in parts.
    let listed = async || {
        let mut next = Some(client.account.replace("/account/", "/orders/"));
        let mut count = 0;
        while let Some(url) = next {
            let page = client.post_as_get(&url).await.expect(200);
            count += page.json()["orders"].as_array().unwrap().len();
            next = page.link("next");
        }
        count
    };
    assert_eq!(listed().await, placed.len() + 1);
    assert_eq!(client.read(&ready).await.member("status"), "ready");

    limit_pages(&server.store, 1_000_000).await.unwrap();
    let csr = Key::generate().csr(&["ready.example.com"]);
    let done = client.finalize(&ready, &csr).await.expect(200);
    assert_eq!(done.member("status"), "valid");
}
