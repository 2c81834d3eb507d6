//! What people are told by mail of what happens to their account.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Extension;
use axum::extract::ConnectInfo;
use testkit::{MailServer, ReceivedMail, TestServer, Visitor};

use super::people::user_of;
use super::sign_in::passkey;
use super::{ORIGIN, PASSWORD, Shop, assert_says, sign_in, stranger};

testkit::on_both_engines![
    f015_a_new_password_is_told,
    f011_f030_an_invitation_comes_by_mail_and_nobody_else_sees_its_link,
    s07_a_link_for_a_new_password_comes_by_mail_to_whoever_has_the_address,
    s07_known_and_unknown_addresses_are_answered_alike,
    f006_a_lock_is_told_once,
    s17_what_happens_to_a_second_factor_is_told,
    s16_a_passkey_that_may_have_been_copied_is_told_of,
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

async fn s16_a_passkey_that_may_have_been_copied_is_told_of(server: &TestServer) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    let shop = Shop::open(&node, "alpha").await;
    let mut browser = shop.browser(&node).await;
    let mut key = passkey::key();
    passkey::add(&mut browser, &mut key, "Work laptop")
        .await
        .expect(200);
    passkey::browser(&node, &mut key).await;
    key.counter -= 1;
    let copied = passkey::prove_alone(&mut stranger(&node), &mut key).await;
    assert_eq!(copied.status.as_u16(), 422);
    node.run_jobs().await;
    let told = subjects(&mail.mails(), &shop.email);
    for subject in [
        "A passkey of yours was refused",
        "Your second factor was changed",
    ] {
        assert!(told.iter().any(|found| found == subject), "{told:?}");
    }
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

/// The path of the link in a mail.
#[track_caller]
fn link_in(mail: &ReceivedMail) -> String {
    let text = mail.text();
    let rest = text.split("https://portal.test/link/").nth(1);
    let token = rest.and_then(|rest| rest.get(..43));
    format!(
        "/link/{}",
        token.unwrap_or_else(|| panic!("no link in {text}"))
    )
}

async fn f011_f030_an_invitation_comes_by_mail_and_nobody_else_sees_its_link(server: &TestServer) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    let shop = Shop::open(&node, "alpha").await;
    let mut admin = shop.browser(&node).await;
    node.run_jobs().await;
    let before = mail.mails().len();
    let fields = [("email", "noor@shop.test"), ("role", "viewer")];
    let answer = admin.post_form("/team", "/team", &fields).await;
    assert_eq!(answer.expect(303).header("location"), "/team");
    let page = admin.get("/team").await;
    assert_says(&page, "A link was sent to noor@shop.test.");
    assert!(!page.text().contains("/link/"));
    node.run_jobs().await;
    let mails = mail.mails();
    let sent = &mails[before];
    assert_eq!(sent.to, ["noor@shop.test"]);
    assert_eq!(sent.header("Subject").unwrap(), "Shop alpha invites you");
    assert!(sent.text().contains("Admin has opened an account for you"));

    let link = link_in(sent);
    let mut noor = stranger(&node);
    let typed = [
        ("name", "Noor"),
        ("new_password", NEW),
        ("repeat_password", NEW),
    ];
    noor.post_form(&link, &link, &typed).await.expect(303);
    sign_in(&mut noor, "noor@shop.test", NEW).await.expect(303);
    node.run_jobs().await;
}

async fn s07_a_link_for_a_new_password_comes_by_mail_to_whoever_has_the_address(
    server: &TestServer,
) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    let shop = Shop::open(&node, "alpha").await;
    let mut visitor = stranger(&node);
    assert_says(&visitor.get("/sign-in").await, "Forgot your password?");
    let page = "/forgotten";
    let wrong = visitor.post_form(page, page, &[("email", "x")]).await;
    assert_eq!(wrong.status.as_u16(), 422);
    for email in [shop.email.as_str(), "nobody@shop.test"] {
        let answer = visitor.post_form(page, page, &[("email", email)]).await;
        assert_says(&answer, "If somebody signs in with");
    }
    node.run_jobs().await;
    let mails = mail.mails();
    assert_eq!(subjects(&mails, &shop.email), ["Set a new password"]);
    let link = link_in(&mails[0]);
    let typed = [("new_password", NEW), ("repeat_password", NEW)];
    visitor.post_form(&link, &link, &typed).await.expect(303);
    let answer = sign_in(&mut visitor, &shop.email, NEW).await;
    answer.expect(303);
    node.run_jobs().await;
    let told = subjects(&mail.mails(), &shop.email);
    assert!(told.iter().any(|subject| subject == CHANGED), "{told:?}");
}

async fn s07_known_and_unknown_addresses_are_answered_alike(server: &TestServer) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    let shop = Shop::open(&node, "alpha").await;
    let mut answers = Vec::new();
    let page = "/forgotten";
    for email in [shop.email.as_str(), "nobody@shop.test"] {
        let mut visitor = stranger(&node);
        visitor.get(page).await.expect(200);
        let before = node.store.counters().statements;
        let answer = visitor.post_form(page, page, &[("email", email)]).await;
        let cost = node.store.counters().statements - before;
        let csrf = answer.csrf().unwrap_or_default();
        let text = answer.text().replace(email, "").replace(&csrf, "");
        answers.push((answer.status, text, cost));
    }
    assert_eq!(answers[0], answers[1]);
    let without = server;
    let mut visitor = stranger(without);
    let answer = visitor
        .post_form(page, page, &[("email", "a@shop.test")])
        .await;
    assert_says(&answer, "This server sends no mail");
    assert!(!visitor.get("/sign-in").await.text().contains("Forgot"));
}

async fn s17_what_happens_to_a_second_factor_is_told(server: &TestServer) {
    let mail = MailServer::start().await;
    let node = server.mailing(mail.mailer()).await;
    let shop = Shop::open(&node, "alpha").await;
    let mut browser = shop.browser(&node).await;
    super::second_factor::set_up(&node, &mut browser).await;
    let person = format!("/team/{}", user_of(&node, &shop.email).await);
    let reset = format!("{person}/second-factor");
    let reason = [("reason", "called back")];
    node.clock().advance(Duration::from_secs(1));
    browser
        .post_form(&person, &reset, &reason)
        .await
        .expect(303);
    node.run_jobs().await;
    let mails = mail.mails();
    let subject = "Your second factor was changed";
    let told: Vec<String> = mails
        .iter()
        .filter(|mail| mail.header("Subject").as_deref() == Some(subject))
        .map(ReceivedMail::text)
        .collect();
    assert_eq!(told.len(), 2);
    assert!(
        told.iter()
            .any(|text| text.contains("An authenticator app was set up"))
    );
    assert!(
        told.iter()
            .any(|text| text.contains("has taken your second factor away"))
    );
}
