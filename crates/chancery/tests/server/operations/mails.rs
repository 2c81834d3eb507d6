//! Mails as effects: whatever becomes of the answer, a mail is sent once, or its state says that nobody knows.

use std::time::Duration;

use base::{Clock as _, Timestamp};
use flow::Caller;
use flow::caller::system;
use flow::mail::Recipient;
use flow::mail::send::{SendMailError, send};
use flow::operations::effect::change_effect::{ChangeEffectError, EffectChange, change_effect};
use flow::operations::effect::list_effects::{list_newest, list_unresolved, show_effect};
use flow::operations::inspect::inspect_own;
use flow::queue::LEASE;
use outbound::mail::letter::Brand;
use outbound::mail::smtp::{SmtpSecurity, SmtpSettings};
use outbound::mail::{Delivery, Letter, MailKind, Mailer as _, Message, SmtpMailer};
use store::effects::effect::{Effect, EffectOutcome, EffectState};
use store::effects::mail::Mail;
use tenancy::user::Email;
use testkit::mail_server::mailer;
use testkit::{MailServer, MailTrouble, Reseller, TestServer};

testkit::on_both_engines![
    a_mail_is_delivered_and_what_it_says_goes,
    after_a_lost_answer_every_kind_is_unknown_and_nothing_is_sent_twice,
    a_server_that_says_nothing_leaves_the_mail_unknown,
    a_node_that_dies_leaves_the_mail_unknown,
    a_refused_mail_ends_refused,
    what_is_refused_for_now_is_sent_later,
    a_mail_waits_for_a_server_that_is_away,
    a_mail_that_nobody_takes_is_given_up_after_a_day,
    of_an_unknown_mail_a_person_says_what_became,
    the_same_mail_to_the_same_person_is_one,
    a_person_gets_twenty_mails_of_a_kind_in_a_day,
    without_a_mail_server_nothing_is_intended,
    what_nobody_sends_is_erased_and_goes,
    s39_what_mails_say_is_sealed_anew,
];

const DAY: Duration = Duration::from_secs(24 * 3600);

/// A node that sends mails to people of a reseller.
struct Sender {
    node: TestServer,
    reseller: Reseller,
}

impl Sender {
    async fn new(server: &TestServer, mail: &MailServer) -> Self {
        Self {
            node: server.mailing(mail.mailer()).await,
            reseller: server.reseller().await,
        }
    }

    /// Intends a made-up mail.
    async fn intend(&self, kind: MailKind, key: &str) -> Result<(), SendMailError> {
        let email = Email::parse("theodora@example.com").unwrap();
        let to = Recipient {
            tenant: self.reseller.tenant,
            email: &email,
        };
        let caller = Caller::system("a test sends mails");
        send(&self.node.app, &caller, to, &Letter::sample(kind), key).await
    }

    /// Intends one and runs its job.
    async fn send(&self, kind: MailKind) {
        self.intend(kind, kind.as_str()).await.unwrap();
        self.node.run_jobs().await;
    }

    /// All effects, the last first.
    async fn effects(&self) -> Vec<Effect> {
        list_newest(&self.node.app, "mail").await.unwrap()
    }

    /// The only effect.
    async fn effect(&self) -> Effect {
        let effects = self.effects().await;
        assert_eq!(effects.len(), 1, "{effects:?}");
        effects.into_iter().next().unwrap()
    }

    /// The mail of the only effect.
    async fn mail(&self) -> Mail {
        let found = show_effect(&self.node.app, self.effect().await.id).await;
        found.unwrap().unwrap().mail.unwrap()
    }

    /// How the only effect stands.
    async fn standing(&self) -> (EffectState, Option<EffectOutcome>, i64) {
        let effect = self.effect().await;
        (effect.state, effect.outcome, effect.attempt)
    }

    async fn change(&self, change: EffectChange) -> Result<(), ChangeEffectError> {
        let (app, id) = (&self.node.app, self.effect().await.id);
        change_effect(app, &Caller::command_line(), id, change).await
    }
}

const DONE: EffectState = EffectState::Resolved;
const REFUSED: (EffectState, Option<EffectOutcome>, i64) =
    (EffectState::Resolved, Some(EffectOutcome::Refused), 1);
const UNKNOWN: (EffectState, Option<EffectOutcome>, i64) = (EffectState::Unknown, None, 1);

async fn a_mail_is_delivered_and_what_it_says_goes(server: &TestServer) {
    let mail = MailServer::start().await;
    let sender = Sender::new(server, &mail).await;
    sender.send(MailKind::Invitation).await;
    let mails = mail.mails();
    let [came] = mails.as_slice() else {
        panic!("{mails:?}")
    };
    assert_eq!(came.from, "noreply@ca.test");
    assert_eq!(came.to, ["theodora@example.com"]);
    let subject = came.header("Subject").unwrap();
    assert_eq!(subject, "Northwind & Sons invites you");
    let link = "https://portal.example/link/TOKEN";
    assert!(came.text().contains(link), "{}", came.text());
    assert!(came.html().contains(link), "{}", came.html());
    assert_eq!(
        sender.standing().await,
        (DONE, Some(EffectOutcome::Done), 1)
    );
    let stored = sender.mail().await;
    assert_eq!((stored.body, stored.error), (None, None));
    assert_eq!(stored.sent_at, Some(server.clock().now()));
    let id = came.header("Message-ID").unwrap();
    assert_eq!(id, format!("<{}@ca.test>", stored.id));
    let said = sender.effect().await.response.unwrap();
    assert_eq!(said, "250 2.0.0 taken");
    assert!(list_unresolved(&sender.node.app).await.unwrap().is_empty());
}

async fn after_a_lost_answer_every_kind_is_unknown_and_nothing_is_sent_twice(server: &TestServer) {
    let mail = MailServer::start().await;
    mail.trouble(Some(MailTrouble::BreaksOffAfterContent));
    let sender = Sender::new(server, &mail).await;
    for kind in MailKind::ALL {
        sender.send(*kind).await;
    }
    mail.trouble(None);
    // Nothing of it comes again, neither later nor on another node.
    let other = server.mailing(mail.mailer()).await;
    for _ in 0..3 {
        server.clock().advance(DAY);
        sender.node.run_jobs().await;
        other.run_jobs().await;
    }
    assert_eq!(mail.mails().len(), MailKind::ALL.len());
    let effects = sender.effects().await;
    assert_eq!(effects.len(), MailKind::ALL.len());
    for effect in effects {
        let standing = (effect.state, effect.outcome, effect.attempt);
        assert_eq!(standing, UNKNOWN, "{effect:?}");
    }
    let unresolved = list_unresolved(&sender.node.app).await.unwrap();
    assert_eq!(unresolved.len(), MailKind::ALL.len());
    // And the operator is told.
    let inspected = inspect_own(&sender.node.app).await.unwrap();
    let unknown = usize::try_from(inspected.unknown_effects).unwrap();
    assert_eq!(unknown, MailKind::ALL.len());
}

async fn a_server_that_says_nothing_leaves_the_mail_unknown(server: &TestServer) {
    let mail = MailServer::start().await;
    mail.trouble(Some(MailTrouble::HangsAfterContent));
    let hasty = mailer(mail.address, Duration::from_millis(200));
    let sender = Sender {
        node: server.mailing(hasty).await,
        reseller: server.reseller().await,
    };
    sender.send(MailKind::NewSignIn).await;
    assert_eq!(sender.standing().await, UNKNOWN);
    assert_eq!(mail.mails().len(), 1);
    let why = sender.effect().await.response.unwrap();
    assert_eq!(why, "the mail server took too long");
}

async fn a_node_that_dies_leaves_the_mail_unknown(server: &TestServer) {
    let mail = MailServer::start().await;
    mail.trouble(Some(MailTrouble::HangsAfterContent));
    let sender = Sender::new(server, &mail).await;
    sender.intend(MailKind::NewSignIn, "once").await.unwrap();
    let dying = sender.node.app.clone();
    let work = tokio::spawn(async move { flow::jobs::run_due(&dying).await });
    mail.received(1).await;
    let sent = sender.standing().await;
    assert_eq!(sent, (EffectState::Sent, None, 1));
    work.abort();
    mail.trouble(None);
    let next = server.mailing(mail.mailer()).await;
    next.run_jobs().await;
    assert_eq!(sender.standing().await, sent, "it may be alive");
    server.clock().advance(LEASE + Duration::from_secs(1));
    next.run_jobs().await;
    assert_eq!(sender.standing().await, UNKNOWN);
    assert_eq!(mail.mails().len(), 1);
}

async fn a_refused_mail_ends_refused(server: &TestServer) {
    let mail = MailServer::start().await;
    let sender = Sender::new(server, &mail).await;
    let troubles = [
        MailTrouble::RefusesRecipient(550),
        MailTrouble::RefusesContent(554),
    ];
    for (kind, trouble) in MailKind::ALL.iter().zip(troubles) {
        mail.trouble(Some(trouble));
        sender.send(*kind).await;
    }
    let effects = sender.effects().await;
    assert_eq!(effects.len(), 2);
    for effect in effects {
        let standing = (effect.state, effect.outcome, effect.attempt);
        assert_eq!(standing, REFUSED, "{effect:?}");
        let found = show_effect(&sender.node.app, effect.id).await.unwrap();
        let stored = found.unwrap().mail.unwrap();
        assert_eq!((stored.body, stored.sent_at), (None, None));
        assert!(stored.error.unwrap().contains("55"));
    }
    assert!(mail.mails().is_empty());
}

async fn what_is_refused_for_now_is_sent_later(server: &TestServer) {
    let mail = MailServer::start().await;
    let sender = Sender::new(server, &mail).await;
    sender.intend(MailKind::NewSignIn, "once").await.unwrap();
    let troubles = [
        MailTrouble::RefusesUs,
        MailTrouble::RefusesSender(550),
        MailTrouble::RefusesRecipient(450),
        MailTrouble::RefusesContent(451),
        MailTrouble::BreaksOffAtOnce,
    ];
    for (attempt, trouble) in (1..).zip(troubles) {
        mail.trouble(Some(trouble));
        sender.node.run_jobs().await;
        let standing = (EffectState::Intended, None, attempt);
        assert_eq!(sender.standing().await, standing, "{trouble:?}");
        server.clock().advance(Duration::from_secs(15 * 60));
    }
    assert!(mail.mails().is_empty());
    mail.trouble(None);
    sender.node.run_jobs().await;
    assert_eq!(
        sender.standing().await,
        (DONE, Some(EffectOutcome::Done), 6)
    );
    assert_eq!(mail.mails().len(), 1);
}

async fn a_mail_waits_for_a_server_that_is_away(server: &TestServer) {
    let address = MailServer::nowhere().await;
    let sender = Sender {
        node: server.mailing(mailer(address, DAY)).await,
        reseller: server.reseller().await,
    };
    sender.send(MailKind::PasswordReset).await;
    assert_eq!(sender.standing().await, (EffectState::Intended, None, 1));
    let mail = MailServer::start_at(address).await;
    sender.node.run_jobs().await;
    assert!(mail.mails().is_empty(), "before its time");
    server.clock().advance(Duration::from_secs(31));
    sender.node.run_jobs().await;
    assert_eq!(mail.mails().len(), 1);
    assert_eq!(
        sender.standing().await,
        (DONE, Some(EffectOutcome::Done), 2)
    );
}

async fn a_mail_that_nobody_takes_is_given_up_after_a_day(server: &TestServer) {
    let address = MailServer::nowhere().await;
    let sender = Sender {
        node: server.mailing(mailer(address, DAY)).await,
        reseller: server.reseller().await,
    };
    sender.intend(MailKind::NewSignIn, "once").await.unwrap();
    let mut waited = Duration::ZERO;
    let step = Duration::from_secs(30);
    while sender.effect().await.state == EffectState::Intended {
        sender.node.run_jobs().await;
        server.clock().advance(step);
        waited += step;
    }
    assert!(waited > DAY / 4 * 3 && waited < DAY / 4 * 5, "{waited:?}");
    let ended = (DONE, Some(EffectOutcome::Refused), 14);
    assert_eq!(sender.standing().await, ended);
    let stored = sender.mail().await;
    assert_eq!(stored.body, None);
    let why = stored.error.unwrap();
    assert!(why.starts_with("given up after 14 attempts: "), "{why}");
}

async fn of_an_unknown_mail_a_person_says_what_became(server: &TestServer) {
    let mail = MailServer::start().await;
    mail.trouble(Some(MailTrouble::BreaksOffAfterContent));
    let sender = Sender::new(server, &mail).await;
    sender.send(MailKind::NewSignIn).await;
    assert_eq!(sender.standing().await, UNKNOWN);
    sender.change(EffectChange::Resend).await.unwrap();
    sender.node.run_jobs().await;
    // Its answer was lost again.
    assert_eq!(sender.standing().await, (EffectState::Unknown, None, 2));
    let mails = mail.mails();
    assert_eq!(mails.len(), 2);
    // Whoever reads both can see that they are one.
    let ids = mails.iter().map(|mail| mail.header("Message-ID").unwrap());
    let ids: Vec<String> = ids.collect();
    assert_eq!(ids[0], ids[1]);
    let close = EffectChange::Close("it arrived".to_owned());
    sender.change(close.clone()).await.unwrap();
    let again = sender.change(close.clone()).await.unwrap_err();
    assert!(matches!(again, ChangeEffectError::Closed), "{again}");
    sender.node.run_jobs().await;
    assert_eq!(
        sender.standing().await,
        (DONE, Some(EffectOutcome::Done), 2)
    );
    let said = sender.effect().await.response.unwrap();
    assert_eq!(said, "closed by hand: it arrived");
    assert_eq!(sender.mail().await.body, None);
    let late = sender.change(close).await.unwrap_err();
    assert!(
        matches!(late, ChangeEffectError::NotUnknown(DONE)),
        "{late}"
    );
    let store = server
        .app
        .store(flow::caller::tenant(sender.reseller.tenant));
    let entries = store.read(100, store::audit::newest).await.unwrap();
    let told = |action: &str| {
        entries
            .iter()
            .filter(|entry| entry.action == action)
            .count()
    };
    assert_eq!((told("effect.resend"), told("effect.close")), (1, 1));
    assert_eq!(mail.mails().len(), 2);
}

async fn the_same_mail_to_the_same_person_is_one(server: &TestServer) {
    let mail = MailServer::start().await;
    let sender = Sender::new(server, &mail).await;
    for _ in 0..3 {
        sender.send(MailKind::PreValidationEnds).await;
    }
    assert_eq!(mail.mails().len(), 1);
    assert_eq!(sender.effects().await.len(), 1);
}

async fn a_person_gets_twenty_mails_of_a_kind_in_a_day(server: &TestServer) {
    let mail = MailServer::start().await;
    let sender = Sender::new(server, &mail).await;
    for number in 0..20 {
        let key = number.to_string();
        sender.intend(MailKind::NewSignIn, &key).await.unwrap();
    }
    let refused = sender.intend(MailKind::NewSignIn, "21").await.unwrap_err();
    let sentence = refused.to_string();
    let begin = "too many mails of one kind to one person: 20 in a day are allowed";
    assert!(sentence.starts_with(begin), "{sentence}");
    // Another kind is another matter.
    sender.intend(MailKind::PasswordReset, "22").await.unwrap();
    // A tenant has half of the slots; what waits for one comes a little later.
    for _ in 0..3 {
        sender.node.run_jobs().await;
        server.clock().advance(Duration::from_secs(2));
    }
    assert_eq!(mail.mails().len(), 21);
}

async fn without_a_mail_server_nothing_is_intended(server: &TestServer) {
    let sender = Sender {
        node: server.beside().await,
        reseller: server.reseller().await,
    };
    let refused = sender.intend(MailKind::NewSignIn, "once").await;
    assert!(matches!(refused, Err(SendMailError::Off)), "{refused:?}");
    assert!(sender.effects().await.is_empty());
}

async fn what_nobody_sends_is_erased_and_goes(server: &TestServer) {
    let mail = MailServer::start().await;
    mail.trouble(Some(MailTrouble::BreaksOffAfterContent));
    let sender = Sender::new(server, &mail).await;
    sender.send(MailKind::PasswordReset).await;
    server.clock().advance(DAY * 29);
    sender.node.run_jobs().await;
    assert!(sender.mail().await.body.is_some());
    server.clock().advance(DAY * 2);
    sender.node.run_jobs().await;
    assert_eq!(sender.mail().await.body, None);
    // It cannot be sent any more, whoever says so.
    sender.change(EffectChange::Resend).await.unwrap();
    sender.node.run_jobs().await;
    let ended = (DONE, Some(EffectOutcome::Refused), 2);
    assert_eq!(sender.standing().await, ended);
    assert_eq!(mail.mails().len(), 1);
    server.clock().advance(DAY * 336);
    sender.node.run_jobs().await;
    assert!(sender.effects().await.is_empty());
    let store = server.app.store(system("a test counts all rows"));
    let rows: Vec<i64> = store.scan((), store::testing::rows::of_all).await.unwrap();
    let tables = store::testing::rows::TABLES;
    let mails = tables.iter().position(|table| *table == "mail").unwrap();
    assert_eq!(rows[mails], 0);
}

async fn s39_what_mails_say_is_sealed_anew(server: &TestServer) {
    use flow::operations::rotate_sealing_key::{add_sealing_key, reseal_secrets};

    let mail = MailServer::start().await;
    let sender = Sender::new(server, &mail).await;
    sender
        .intend(MailKind::PasswordReset, "once")
        .await
        .unwrap();
    let before = sender.mail().await.body.unwrap();
    let shows = |part: &[u8]| before.windows(part.len()).any(|found| found == part);
    assert!(!shows(b"TOKEN") && !shows(b"password"));
    let (app, caller) = (&sender.node.app, Caller::command_line());
    add_sealing_key(app, &caller).await.unwrap();
    reseal_secrets(app, &caller).await.unwrap();
    assert_ne!(sender.mail().await.body.unwrap(), before);
    sender.node.run_jobs().await;
    assert!(mail.mails()[0].text().contains("TOKEN"));
}

/// Nothing of a mail leaves without TLS where it is asked for, whatever the server can do.
#[tokio::test]
async fn a_server_without_tls_gets_no_mail() {
    let mail = MailServer::start().await;
    for security in [SmtpSecurity::StartTls, SmtpSecurity::Tls] {
        let settings = SmtpSettings {
            host: "localhost".to_owned(),
            port: mail.address.port(),
            security,
            credentials: None,
            from: "noreply@ca.test".to_owned(),
            reply_to: None,
            timeout: Duration::from_secs(5),
        };
        let message = Message {
            sender: None,
            id: "mail_1".to_owned(),
            date: Timestamp::from_seconds(0),
            to: "theodora@example.com".to_owned(),
            body: Letter::sample(MailKind::NewSignIn).write(&Brand {
                name: "Chancery".to_owned(),
                contact: "help@ca.test".to_owned(),
            }),
        };
        let delivery = SmtpMailer::new(settings).unwrap().send(&message).await;
        assert!(
            matches!(delivery, Delivery::NotSent(_)),
            "{security:?}: {delivery:?}"
        );
    }
    assert!(mail.mails().is_empty());
}
