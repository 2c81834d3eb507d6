//! The list of an account's orders (RFC 8555 §7.1.2.1), three a page here.

use std::time::Duration;

use testkit::TestServer;

testkit::on_both_engines![the_list_is_paginated, orders_that_failed_are_not_listed];

async fn the_list_is_paginated(server: &TestServer) {
    let names: Vec<String> = (1..=7)
        .map(|number| format!("host{number}.example.com"))
        .collect();
    let client = server.client("*.example.com").await;
    let mut placed = Vec::new();
    for name in &names {
        placed.push(client.order(&[name]).await.url);
        server.clock().advance(Duration::from_secs(1));
    }
    let account = client.post_as_get(&client.account).await.expect(200);
    let mut next = Some(account.member("orders"));
    let mut pages = Vec::new();
    while let Some(url) = next {
        let page = client.post_as_get(&url).await.expect(200);
        next = page.link("next");
        pages.push(page.json()["orders"].as_array().unwrap().clone());
    }
    assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), [3, 3, 1]);
    let listed: Vec<_> = pages
        .concat()
        .iter()
        .map(|url| url.as_str().unwrap().to_owned())
        .collect();
    assert_eq!(listed, placed);
}

async fn orders_that_failed_are_not_listed(server: &TestServer) {
    let client = server.client("example.com").await;
    let failure = validation::Failure::Internal("broken");
    server.validator().fail("example.com", failure);
    let order = client.order(&["example.com"]).await;
    client
        .answer(&client.first_challenge(&order).await)
        .await
        .expect(200);
    let list = client.account.replace("/account/", "/orders/");
    let page = client.post_as_get(&list).await.expect(200);
    assert_eq!(page.json()["orders"], serde_json::json!([]));
}
