//! Effects move from what was seen only, and mails lose what they say, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use base::{EffectId, MailId, Random, Scope, TenantId, Timestamp};
use store::effects::effect::{self, Effect, EffectOutcome, EffectState, Move, Resolution, Seen};
use store::effects::mail::{self, Mail, ResealedMail};
use store::tenancy::tenant;
use store::testing::each_engine;
use store::{Error, Scoped, Store};
use tenancy::tenant::{Tenant, TenantKind, TenantName};

/// Other bytes every time.
struct Seed(AtomicU8);

impl Random for Seed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

static RANDOM: Seed = Seed(AtomicU8::new(1));
const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// Two tenants, stored.
struct World {
    store: Store,
    owner: TenantId,
    other: TenantId,
}

impl World {
    async fn make(store: Store) -> Self {
        store.migrate().await.unwrap();
        let new = |kind, name, parent: Option<&Tenant>| {
            let name = TenantName::parse(name).unwrap();
            let id = TenantId::generate(START, &RANDOM);
            Tenant::new(id, kind, name, parent, START).unwrap()
        };
        let owner = new(TenantKind::Operator, "Owner", None);
        let other = new(TenantKind::Reseller, "Other", Some(&owner));
        let all = store.within(Scope::System("a test"));
        for each in [&owner, &other] {
            assert!(all.write(each.clone(), tenant::insert).await.unwrap());
        }
        Self {
            owner: owner.id,
            other: other.id,
            store,
        }
    }

    fn all(&self) -> Scoped<'_> {
        self.store.within(Scope::System("a test"))
    }

    fn own(&self) -> Scoped<'_> {
        self.store.within(Scope::Tenant(self.owner))
    }

    fn others(&self) -> Scoped<'_> {
        self.store.within(Scope::Tenant(self.other))
    }

    fn effect(&self, key: &str) -> Effect {
        Effect {
            id: EffectId::generate(START, &RANDOM),
            tenant: self.owner,
            kind: "mail".to_owned(),
            idempotency_key: key.to_owned(),
            state: EffectState::Intended,
            outcome: None,
            attempt: 0,
            sent_at: None,
            resolved_at: None,
            request: b"{}".to_vec(),
            response: None,
        }
    }

    fn mail(&self, recipient: &str) -> Mail {
        Mail {
            id: MailId::generate(START, &RANDOM),
            tenant: self.owner,
            kind: "password_changed".to_owned(),
            recipient: recipient.to_owned(),
            dedup_key: "key".to_owned(),
            body: Some(b"sealed".to_vec()),
            sent_at: None,
            error: None,
        }
    }

    async fn stored(&self, id: EffectId) -> Effect {
        let found: Result<_, Error> = self.own().read(id, effect::by_id).await;
        found.unwrap().unwrap()
    }

    async fn stored_mail(&self, id: MailId) -> Mail {
        let found: Result<_, Error> = self.own().read(id, mail::by_id).await;
        found.unwrap().unwrap()
    }

    async fn end(&self, from: Seen, outcome: EffectOutcome) -> bool {
        let end = Resolution {
            from,
            outcome,
            response: Some("250 taken".to_owned()),
            now: START,
        };
        self.own().write(end, effect::resolve).await.unwrap()
    }
}

#[tokio::test]
async fn an_effect_is_intended_once_for_each_key() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let first = world.effect("one");
        let own = world.own();
        assert!(own.write(first.clone(), effect::insert).await.unwrap());
        let again = world.effect("one");
        assert!(!own.write(again, effect::insert).await.unwrap());
        assert_eq!(world.stored(first.id).await, first);
        let foreign: Result<_, Error> = world.others().read(first.id, effect::by_id).await;
        assert_eq!(foreign.unwrap(), None);
        let listed: Vec<Effect> = world.all().read(9, effect::unresolved).await.unwrap();
        assert_eq!(listed.as_slice(), std::slice::from_ref(&first));
        let asked = ("mail".to_owned(), 9);
        let newest: Vec<Effect> = world.all().read(asked, effect::newest).await.unwrap();
        assert_eq!(newest, [first]);
    })
    .await;
}

#[tokio::test]
async fn an_effect_moves_from_what_was_seen_only() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (first, own) = (world.effect("one"), world.own());
        own.write(first.clone(), effect::insert).await.unwrap();
        let seen = first.seen();
        assert!(own.write((seen, START), effect::mark_sent).await.unwrap());
        assert!(!own.write((seen, START), effect::mark_sent).await.unwrap());
        let sent = world.stored(first.id).await;
        assert_eq!((sent.attempt, sent.sent_at), (1, Some(START)));
        let lost = Move {
            from: sent.seen(),
            to: EffectState::Unknown,
            response: Some("the connection broke".to_owned()),
        };
        assert!(own.write(lost.clone(), effect::change).await.unwrap());
        assert!(!own.write(lost, effect::change).await.unwrap());
        let foreign = (sent.seen(), "by hand".to_owned());
        assert!(!world.others().write(foreign, effect::close).await.unwrap());
        // The answer came after all.
        assert!(world.end(sent.seen(), EffectOutcome::Done).await);
        assert!(!world.end(sent.seen(), EffectOutcome::Refused).await);
        let ended = world.stored(first.id).await;
        assert_eq!(ended.state, EffectState::Resolved);
        assert_eq!(ended.outcome, Some(EffectOutcome::Done));
        assert_eq!(ended.response.as_deref(), Some("250 taken"));
        let listed: Vec<Effect> = world.all().read(9, effect::unresolved).await.unwrap();
        assert!(listed.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_a_person_closed_does_not_move_any_more() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let mut unknown = world.effect("one");
        unknown.state = EffectState::Unknown;
        let own = world.own();
        own.write(unknown.clone(), effect::insert).await.unwrap();
        let closing = (unknown.seen(), "it arrived".to_owned());
        assert!(own.write(closing, effect::close).await.unwrap());
        let again = Move {
            from: unknown.seen(),
            to: EffectState::Intended,
            response: None,
        };
        assert!(!own.write(again, effect::change).await.unwrap());
        let sent = (unknown.seen(), START);
        assert!(!own.write(sent, effect::mark_sent).await.unwrap());
        assert!(world.end(unknown.seen(), EffectOutcome::Done).await);
    })
    .await;
}

#[tokio::test]
async fn a_mail_is_written_once_and_loses_what_it_says() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (first, own) = (world.mail("a@example.com"), world.own());
        assert!(own.write(first.clone(), mail::insert).await.unwrap());
        let again = world.mail("a@example.com");
        assert!(!own.write(again, mail::insert).await.unwrap());
        let second = world.mail("b@example.com");
        assert!(own.write(second.clone(), mail::insert).await.unwrap());
        assert_eq!(world.stored_mail(first.id).await, first);
        let foreign: Result<_, Error> = world.others().read(first.id, mail::by_id).await;
        assert_eq!(foreign.unwrap(), None);
        own.write((first.id, START), mail::mark_sent).await.unwrap();
        let sent = world.stored_mail(first.id).await;
        assert_eq!((sent.body, sent.sent_at), (None, Some(START)));
        let refused = (second.id, "550 no".to_owned());
        own.write(refused, mail::mark_refused).await.unwrap();
        let refused = world.stored_mail(second.id).await;
        assert_eq!(
            (refused.body, refused.error.as_deref()),
            (None, Some("550 no"))
        );
    })
    .await;
}

#[tokio::test]
async fn mails_and_effects_go_when_they_are_old() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (mail, effect, own) = (
            world.mail("a@example.com"),
            world.effect("one"),
            world.own(),
        );
        own.write(mail.clone(), mail::insert).await.unwrap();
        own.write(effect, effect::insert).await.unwrap();
        let resealed = ResealedMail {
            id: mail.id,
            from: b"sealed".to_vec(),
            to: b"anew".to_vec(),
        };
        let page: Vec<Mail> = world
            .all()
            .read((MailId::FIRST, 9), mail::page)
            .await
            .unwrap();
        assert_eq!(page.as_slice(), std::slice::from_ref(&mail));
        world.all().write(resealed, mail::reseal).await.unwrap();
        assert_eq!(world.stored_mail(mail.id).await.body.unwrap(), b"anew");
        let later = START.plus(Duration::from_secs(1));
        for (until, expected) in [(START, 0), (later, 1)] {
            let until = (MailId::first_at(until), 9);
            assert_eq!(
                world.all().write(until, mail::erase_old).await.unwrap(),
                expected
            );
        }
        assert_eq!(world.stored_mail(mail.id).await.body, None);
        let until = (MailId::first_at(later), 9);
        assert_eq!(world.all().write(until, mail::delete_old).await.unwrap(), 1);
        for (kind, expected) in [("payment", 0), ("mail", 1)] {
            let until = (kind, EffectId::first_at(later), 9);
            assert_eq!(
                world.all().write(until, effect::delete_old).await.unwrap(),
                expected
            );
        }
    })
    .await;
}
