//! What one issuance may cost: statements, transactions and commits for each request, probes for each name.

use store::Counters;
use testkit::{Key, TestServer};

testkit::on_both_engines![an_issuance_keeps_its_budget];

struct Meter<'a> {
    server: &'a TestServer,
    last: Counters,
    lines: Vec<String>,
}

impl<'a> Meter<'a> {
    fn new(server: &'a TestServer) -> Self {
        let last = server.store.counters();
        Self {
            server,
            last,
            lines: Vec::new(),
        }
    }

    fn note(&mut self, request: &str) {
        let now = self.server.store.counters();
        let Counters {
            statements,
            transactions,
            ..
        } = self.last;
        self.lines.push(format!(
            "{request}: {} statements, {} transactions",
            now.statements - statements,
            now.transactions - transactions
        ));
        self.last = now;
    }
}

async fn an_issuance_keeps_its_budget(server: &TestServer) {
    let eab = server.account().await;
    server.enroll(&eab, "example.com").await;
    let stranger = server.stranger().await;
    let key = Key::generate();
    let mut meter = Meter::new(server);
    let client = stranger.register(&eab).await;
    meter.note("newAccount");
    let before = server.store.counters();

    let order = client.order(&["example.com"]).await;
    meter.note("newOrder");
    let challenge = client.first_challenge(&order).await;
    meter.note("authorization");
    client.answer(&challenge).await.expect(200);
    meter.note("challenge, with the validation");
    client.read(&order).await;
    meter.note("order");
    let done = client
        .finalize(&order, &key.csr(&["example.com"]))
        .await
        .expect(200);
    meter.note("finalize, with the signature");
    client
        .post_as_get(&done.member("certificate"))
        .await
        .expect(200);
    meter.note("certificate");

    let lines = meter.lines.join("\n");
    insta::allow_duplicates! { insta::assert_snapshot!(lines, @r#"
    newAccount: 10 statements, 1 transactions
    newOrder: 7 statements, 1 transactions
    authorization: 0 statements, 0 transactions
    challenge, with the validation: 3 statements, 1 transactions
    order: 2 statements, 0 transactions
    finalize, with the signature: 12 statements, 2 transactions
    certificate: 0 statements, 0 transactions
    "#) };
    let after = server.store.counters();
    let commits = after.commits - before.commits;
    assert!(commits <= 4, "{commits} commits");
    // Fewer when several were waiting, never more.
    assert!(commits <= after.transactions - before.transactions);
    assert_eq!(server.validator().probes("example.com"), 1);
}
