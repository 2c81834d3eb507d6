//! A request that is refused costs others nothing: it looks before it changes anything, so that the transaction it
//! shares with them is not undone.

use std::time::Duration;

use flow::Caller;
use flow::enrollment::move_subscription::{Move, move_subscription};
use futures_util::future::join_all;
use testkit::{AcmeClient, Answer, Key, TestServer};

testkit::on_both_engines![sb3_refused_requests_undo_nobody_else];

/// Certificates that others obtain meanwhile.
const ORDERS: usize = 40;
/// How often each of the four requests is refused.
const REFUSALS: usize = 5;

async fn sb3_refused_requests_undo_nobody_else(server: &TestServer) {
    let expired = expired_challenge(server).await;
    let not_offered = challenge_that_is_not_offered(server).await;
    let blocked = blocked_key(server).await;
    let suspended = suspended_subscription(server).await;
    let others = server.client("*.example.net").await;
    let before = server.store.counters();

    let orders = (0..ORDERS).map(async |number| {
        others.issue(&[&format!("n{number}.example.net")]).await;
    });
    let refusals = async {
        for _ in 0..REFUSALS {
            tokio::join!(
                refused(404, async || not_offered.0.answer(&not_offered.1).await),
                refused(400, async || expired.0.answer(&expired.1).await),
                refused(400, async || {
                    blocked.client.finalize(&blocked.order, &blocked.csr).await
                }),
                refused(403, async || suspended.new_order(&["example.com"]).await),
            );
        }
    };
    tokio::join!(join_all(orders), refusals);

    let after = server.store.counters();
    let (commits, transactions) = (
        after.commits - before.commits,
        after.transactions - before.transactions,
    );
    // They did share transactions.
    assert!(commits < transactions / 2, "{commits} of {transactions}");
    assert_eq!(after.undone, before.undone, "groups undone");
}

async fn refused(status: u16, request: impl AsyncFn() -> Answer) {
    request().await.expect(status);
}

/// A challenge of an authorization whose time is over.
async fn expired_challenge(server: &TestServer) -> (AcmeClient, String) {
    let client = server.client("example.com").await;
    let order = client.order(&["example.com"]).await;
    let challenge = client.first_challenge(&order).await;
    server.clock().advance(Duration::from_secs(8 * 24 * 3600));
    (client, challenge)
}

/// The http-01 challenge of a wildcard's authorization, which is proven by dns-01 only.
async fn challenge_that_is_not_offered(server: &TestServer) -> (AcmeClient, String) {
    let client = server.client("*.example.com").await;
    let order = client.order(&["*.example.com"]).await;
    let dns_01 = client.challenge(&order.authorizations[0], "dns-01").await;
    let http_01 = dns_01.unwrap().replace("dns-01", "http-01");
    (client, http_01)
}

/// An order that is ready, and a CSR whose key was reported as known to others.
struct Blocked {
    client: AcmeClient,
    order: testkit::Order,
    csr: Vec<u8>,
}

async fn blocked_key(server: &TestServer) -> Blocked {
    let client = server.client("example.com\nexample.org").await;
    let key = Key::generate();
    let issued = client.issue_for(&key, &["example.com"]).await;
    let holder = client.with_key(key.clone());
    holder.revoke_by_key(&issued.der, 1).await.expect(200);
    let order = client.ready_order(&["example.org"]).await;
    let csr = key.csr(&["example.org"]);
    Blocked { client, order, csr }
}

async fn suspended_subscription(server: &TestServer) -> AcmeClient {
    let eab = server.account().await;
    server.enroll(&eab, "example.com").await;
    let client = server.stranger().await.register(&eab).await;
    let caller = Caller::command_line();
    let (tenant, subscription) = (eab.tenant, eab.subscription);
    move_subscription(
        &server.app,
        &caller.within(tenant),
        subscription,
        Move::Suspend,
    )
    .await
    .unwrap();
    client
}
