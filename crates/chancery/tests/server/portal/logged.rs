//! What docs/logging.md promises to tell an operator: issuance, revocation, sign-in and refused sign-in.

use std::io::Write;
use std::sync::{Arc, Mutex};

use testkit::{TestServer, Visitor};
use tracing::subscriber::DefaultGuard;

use super::{PASSWORD, Shop, sign_in, stranger};

testkit::on_both_engines![
    m10_s63_issuance_and_revocation_are_in_the_log,
    m10_s41_sign_ins_are_in_the_log_without_what_was_typed,
    m10_what_a_client_got_wrong_is_logged_for_developers_only,
];

/// The log of this thread, on which a test does all its work.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn at(level: tracing::Level) -> (Self, DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The lines with this message.
    pub(crate) fn lines(&self, message: &str) -> Vec<String> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().filter(|line| line.contains(message));
        lines.map(str::to_owned).collect()
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[track_caller]
fn check(log: &Log, message: &str, says: &[&str]) {
    let lines = log.lines(message);
    assert_eq!(lines.len(), 1, "{message}: {lines:?}");
    for piece in says {
        assert!(lines[0].contains(piece), "{piece} is not in {}", lines[0]);
    }
}

async fn m10_s63_issuance_and_revocation_are_in_the_log(server: &TestServer) {
    let (log, _guard) = Log::at(tracing::Level::INFO);
    let client = server.client("example.com").await;
    let issued = client.issue(&["example.com"]).await;
    let says = [
        "INFO",
        "certificate.id=crt_",
        "certificate.serial=\"",
        "certificate.names=1 certificate.first_name=\"example.com\"",
        "order.id=ord_",
        "account.id=acc_",
        "tenant.id=ten_",
    ];
    check(&log, "certificate issued", &says);
    client.revoke(&issued.der, 4).await.expect(200);
    let says = [
        "INFO",
        "certificate.id=crt_",
        "reason=4",
        "actor=acc_",
        "request.id=req_",
    ];
    check(&log, "certificate revoked", &says);
}

async fn m10_s41_sign_ins_are_in_the_log_without_what_was_typed(server: &TestServer) {
    let shop = Shop::open(server, "alpha").await;
    let (log, _guard) = Log::at(tracing::Level::TRACE);
    let wrong = "not-my-password";
    sign_in(&mut stranger(server), &shop.email, wrong)
        .await
        .expect(422);
    let says = [
        "INFO",
        "user.id=usr_",
        "purpose=\"sign_in\"",
        "reason=\"wrong password\"",
    ];
    check(&log, "proof refused", &says);
    sign_in(&mut stranger(server), "my-password@typed.here", wrong)
        .await
        .expect(422);
    let lines = log.lines("proof refused");
    assert!(lines[1].contains("unknown address"), "{lines:?}");
    sign_in(&mut stranger(server), &shop.email, PASSWORD)
        .await
        .expect(303);
    check(
        &log,
        "signed in",
        &["INFO", "user.id=usr_", "tenant.id=ten_", "request.id=req_"],
    );
    for _ in 0..5 {
        sign_in(&mut stranger(server), &shop.email, wrong)
            .await
            .expect(422);
    }
    sign_in(&mut stranger(server), &shop.email, PASSWORD)
        .await
        .expect(422);
    check(&log, "sign-in refused", &["INFO", "reason=\"locked\""]);
    for typed in [wrong, PASSWORD, "my-password", "shop.test"] {
        assert_eq!(log.lines(typed), Vec::<String>::new());
    }
}

async fn m10_what_a_client_got_wrong_is_logged_for_developers_only(server: &TestServer) {
    let (log, guard) = Log::at(tracing::Level::INFO);
    let mut visitor = Visitor::new(server.acme.clone(), "https://acme.test");
    visitor.get("/nowhere").await.expect(404);
    assert_eq!(log.lines("refused"), Vec::<String>::new());
    drop(guard);
    let (log, _guard) = Log::at(tracing::Level::DEBUG);
    visitor.get("/nowhere").await.expect(404);
    let says = [
        "DEBUG",
        "request.id=\"req_",
        "response.status=404",
        "refusal.code=\"not_found\"",
    ];
    check(&log, "request refused", &says);
}
