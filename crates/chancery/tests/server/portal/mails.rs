//! What people are told by mail of what happens to their account.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Extension;
use axum::extract::ConnectInfo;
use testkit::{MailServer, ReceivedMail, TestServer, Visitor};

use super::{ORIGIN, PASSWORD, Shop, sign_in, stranger};

testkit::on_both_engines![
    f015_a_new_password_is_told,
    f006_a_lock_is_told_once,
    a_sign_in_from_another_network_is_told,
];

const NEW: &str = "Gx4?tuP_9rm&";

/// The subjects of all mails so far, in the order of the alphabet; all are to one address.
#[track_caller]
fn subjects(mails: &[ReceivedMail], to: &str) -> Vec<String> {
    let subject = |mail: &ReceivedMail| {
        assert_eq!(mail.to, [to]);
        mail.header("Subject").unwrap()
    };
    let mut subjects: Vec<String> = mails.iter().map(subject).collect();
    subjects.sort();
    subjects
}

const SIGN_IN: &str = "New sign-in to your account";
const CHANGED: &str = "Your password was changed";

async fn f015_a_new_password_is_told(server: &TestServer) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    let shop = Shop::open(&node, "alpha").await;
    let mut browser = shop.browser(&node).await;
    let change = [
        ("current_password", PASSWORD),
        ("new_password", NEW),
        ("repeat_password", NEW),
    ];
    browser
        .post_form("/settings", "/settings/password", &change)
        .await
        .expect(303);
    node.run_jobs().await;
    let mails = mail.mails();
    assert_eq!(subjects(&mails, &shop.email), [SIGN_IN, CHANGED]);
    let changed = mails.iter().map(ReceivedMail::text);
    let text = changed.into_iter().find(|text| text.contains(CHANGED));
    let text = text.unwrap();
    assert!(text.contains("Time: 23 November 2026, 12:00 UTC"), "{text}");
    assert!(!text.contains(NEW));
}

async fn f006_a_lock_is_told_once(server: &TestServer) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    let shop = Shop::open(&node, "alpha").await;
    let mut browser = stranger(&node);
    for attempt in 1..=7 {
        let unknown = format!("nobody{attempt}@shop.test");
        for email in [&shop.email, &unknown] {
            sign_in(&mut browser, email, "wrong").await.expect(422);
        }
    }
    node.run_jobs().await;
    let mails = mail.mails();
    assert_eq!(subjects(&mails, &shop.email), ["Your account is locked"]);
    let text = mails[0].text();
    assert!(
        text.contains("Locked until: 23 November 2026, 12:15 UTC"),
        "{text}"
    );
}

async fn a_sign_in_from_another_network_is_told(server: &TestServer) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    let shop = Shop::open(&node, "alpha").await;
    shop.browser(&node).await;
    // The same network again says nothing new.
    server.clock().advance(Duration::from_secs(60));
    shop.browser(&node).await;
    node.run_jobs().await;
    assert_eq!(subjects(&mail.mails(), &shop.email), [SIGN_IN]);
    let peer = SocketAddr::from(([198, 51, 100, 7], 4711));
    let router = web::portal::router(node.app.clone(), ORIGIN).layer(Extension(ConnectInfo(peer)));
    let mut elsewhere = Visitor::new(router, ORIGIN);
    sign_in(&mut elsewhere, &shop.email, PASSWORD)
        .await
        .expect(303);
    node.run_jobs().await;
    let mails = mail.mails();
    assert_eq!(subjects(&mails, &shop.email), [SIGN_IN, SIGN_IN]);
    let text = mails[1].text();
    assert!(text.contains("Address: 198.51.100.7"), "{text}");
}
