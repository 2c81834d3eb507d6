//! One client at two nodes in turn, within the second in which each may go by its own copies.

use std::time::Duration;

use serde_json::json;
use testkit::{Key, TestServer};

testkit::on_both_engines![
    what_one_node_has_validated_another_one_finalizes_at_once,
    what_one_node_has_ended_another_one_does_not_show_as_open,
    what_was_given_up_at_one_node_counts_at_the_other_after_a_second,
];

async fn what_one_node_has_validated_another_one_finalizes_at_once(server: &TestServer) {
    let client = server.client("example.com").await;
    let second = server.beside().await;
    let elsewhere = client.at(second.acme.clone());
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    server.validator().hang("example.com");
    let ((), answer) = tokio::join!(
        async {
            server.validator().probed("example.com", 1).await;
            server.validator().release("example.com");
        },
        elsewhere.answer(&challenge)
    );
    answer.expect(200);
    assert_eq!(elsewhere.read(&order).await.member("status"), "ready");
    // The first node's own copy says that nothing was proven.
    let csr = Key::generate().csr(&["example.com"]);
    let done = client.finalize(&order, &csr).await.expect(200);
    assert_eq!(done.member("status"), "valid");
}

async fn what_one_node_has_ended_another_one_does_not_show_as_open(server: &TestServer) {
    let client = server.client("example.com").await;
    let second = server.beside().await;
    let elsewhere = client.at(second.acme.clone());
    let order = client.ready_order(&["example.com"]).await;
    let csr = Key::generate().csr(&["example.com"]);
    elsewhere.finalize(&order, &csr).await.expect(200);
    assert_eq!(client.read(&order).await.member("status"), "valid");
    let again = client.finalize(&order, &csr).await;
    assert_eq!(again.expect(403).problem_type(), "orderNotReady");
}

async fn what_was_given_up_at_one_node_counts_at_the_other_after_a_second(server: &TestServer) {
    let client = server.client("example.com").await;
    let second = server.beside().await;
    let elsewhere = client.at(second.acme.clone());
    let order = client.ready_order(&["example.com"]).await;
    let authorization = &order.authorizations[0];
    let wish = json!({ "status": "deactivated" });
    elsewhere.post(authorization, &wish).await.expect(200);
    let at_once = elsewhere.post_as_get(authorization).await;
    assert_eq!(at_once.member("status"), "deactivated");
    server.clock().advance(Duration::from_secs(1));
    let later = client.post_as_get(authorization).await;
    assert_eq!(later.member("status"), "deactivated");
    let csr = Key::generate().csr(&["example.com"]);
    assert_eq!(
        client
            .finalize(&order, &csr)
            .await
            .expect(403)
            .problem_type(),
        "orderNotReady"
    );
}
