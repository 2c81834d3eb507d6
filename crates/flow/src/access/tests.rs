//! The way from the first user to the end of a session, on both engines.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use acme::paths::Shape;
use base::{Clock, DnsName, Random, Timestamp};
use futures_util::future::BoxFuture;
use outbound::identity::NoProviders;
use outbound::mail::NoMailer;
use store::Store;
use store::access::credential::{self, Replacement};
use store::access::sign_in_lock;
use store::seal::Sealer;
use store::testing::each_engine;
use tenancy::lockout::{AttemptKey, Limits, Lockout};
use tenancy::password::{HashParameters, Mode, Password};
use tenancy::tenant::TenantName;
use tenancy::user::{DisplayName, Email, Theme};
use validation::{CaaOutcome, CaaQuestion, ContactsOutcome, Outcome, Probe, Validator};

use super::attempt::Attempt;
use super::change_password::{ChangePasswordError, change_password};
use super::preferences::set_theme;
use super::reauthenticate::reauthenticate;
use super::session::{end_other_sessions, end_session, look_up, sessions_of_user, sign_out};
use super::sign_in::{Credentials, SignInError, SignInOutcome, sign_in};
use super::unlock_user::{unlock_network, unlock_user};
use super::{ProofError, SignedIn};
use crate::caller::{self, Client, system};
use crate::memory::password_work::Passwords;
use crate::operations::bootstrap::{Bootstrap, BootstrapError, Bootstrapped, bootstrap};
use crate::operations::node::start;
use crate::outside::NoPeers;
use crate::{App, Caller, Outside, Settings};

mod guessing;
mod passkey;
mod people;
mod second_factor;

struct FakeClock(AtomicI64);

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::Relaxed))
    }
}

/// SplitMix64: good enough that no two values of a test are equal.
struct Seeded(RwLock<u64>);

impl Random for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.write().unwrap_or_else(PoisonError::into_inner);
        for byte in bytes {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (*state ^ (*state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            *byte = mixed.to_be_bytes()[1];
        }
    }
}

struct NoValidator;

impl Validator for NoValidator {
    fn validate<'a>(&'a self, _: Probe<'a>) -> BoxFuture<'a, Outcome> {
        Box::pin(std::future::pending())
    }

    fn caa<'a>(&'a self, _: CaaQuestion<'a>) -> BoxFuture<'a, CaaOutcome> {
        panic!("nothing is issued here")
    }

    fn contacts<'a>(&'a self, _: &'a DnsName) -> BoxFuture<'a, ContactsOutcome> {
        panic!("no domain is proven here")
    }
}

/// A started application with one user, whose password is `PASSWORD`.
struct House {
    app: App,
    clock: Arc<FakeClock>,
    made: Bootstrapped,
}

const EMAIL: &str = "mirabel@example.com";
const PASSWORD: &str = "vB7!kq-Lw2#z";
const OTHER: &str = "Gx4?tuP_9rm&";
const HERE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

impl House {
    async fn open(store: Store, password: Option<Password>) -> Self {
        store.migrate().await.unwrap();
        let clock = Arc::new(FakeClock(AtomicI64::new(1_800_000_000_000_000)));
        let random = Arc::new(Seeded(RwLock::new(7)));
        let directory = tempfile::tempdir().unwrap();
        let key_file = directory.path().join("seal.key");
        let outside = Outside {
            store,
            clock: clock.clone(),
            sealer: Sealer::load_or_create(&key_file, random.as_ref()).unwrap(),
            random,
            validator: Arc::new(NoValidator),
            peers: Arc::new(NoPeers),
            mailer: Arc::new(NoMailer),
            providers: Arc::new(NoProviders),
            internal_url: String::new(),
            settings: settings(),
        };
        let app = start(outside, Vec::new()).await.unwrap();
        let made = bootstrap(&app, &Caller::command_line(), wanted(password))
            .await
            .unwrap();
        Self { app, clock, made }
    }

    fn wait(&self, seconds: i64) {
        self.clock
            .0
            .fetch_add(seconds * 1_000_000, Ordering::Relaxed);
    }

    /// Of somebody without a second factor.
    async fn sign_in(&self, email: &str, password: &str) -> Result<SignedIn, SignInError> {
        match self.begin(email, password).await? {
            SignInOutcome::SignedIn(signed_in) => Ok(*signed_in),
            SignInOutcome::SecondStep(_) => panic!("a second factor is asked for"),
        }
    }

    async fn begin(&self, email: &str, password: &str) -> Result<SignInOutcome, SignInError> {
        let credentials = Credentials {
            email: email.to_owned(),
            password: Password::new(password),
            client: HERE,
            replaces: None,
        };
        sign_in(&self.app, &visitor(), credentials).await
    }

    async fn look_up(&self, signed_in: &SignedIn) -> Option<SignedIn> {
        look_up(&self.app, &client(), &signed_in.token.reveal())
            .await
            .unwrap()
    }

    async fn suspend_operator(&self) {
        let suspension = (
            self.made.operator.id,
            self.app.now(),
            base::Actor::CommandLine,
        );
        let store = self.app.store(system("a test"));
        let suspended = store
            .write(suspension, store::tenancy::tenant::suspend)
            .await;
        assert!(suspended.unwrap());
    }

    /// What the tenant's audit log says was done, newest first.
    async fn audited(&self) -> Vec<String> {
        let store = self.app.store(caller::tenant(self.made.reseller.id));
        let entries = store.read(100, store::audit::newest).await;
        let mut actions: Vec<_> = entries
            .unwrap()
            .into_iter()
            .map(|entry| entry.action)
            .collect();
        actions.sort();
        actions
    }
}

fn settings() -> Settings {
    Settings {
        crl_wait: Duration::ZERO,
        counted_up_to: 10_000,
        acme_origin: "https://acme.example.com".to_owned(),
        portal_origin: "https://portal.example.com".to_owned(),
        pki_origin: "http://pki.example.com".to_owned(),
        paths: Shape::Ours,
        sole_directory: None,
        meta: acme::directory::Meta {
            terms_of_service: None,
            website: None,
            caa_identities: Vec::new(),
            external_account_required: true,
        },
        max_identifiers: 10,
        order_lifetime: Duration::from_secs(3600),
        authorization_lifetime: Duration::from_secs(3600),
        keep_certificates: Duration::from_secs(731 * 24 * 3600),
        keep_audit: Duration::from_secs(2557 * 24 * 3600),
        challenge_wait: Duration::ZERO,
        finalize_wait: Duration::ZERO,
        retry_after: Duration::from_secs(1),
        orders_per_page: 10,
        name_policy: acme::policy::Policy::new(),
        weak_keys: pki::DebianWeakKeys::default(),
        breached: None,
        password_policy: Mode::Composition,
        mail: None,
        has_limits: true,
        operator_needs_second_factor: true,
        password_hash: HashParameters::new(8, 1, 1).unwrap(),
    }
}

fn wanted(password: Option<Password>) -> Bootstrap {
    Bootstrap {
        operator: TenantName::parse("Operator").unwrap(),
        reseller: TenantName::parse("Northwind").unwrap(),
        email: Email::parse(EMAIL).unwrap(),
        display_name: DisplayName::parse("Mirabel Quist").unwrap(),
        password,
    }
}

fn own() -> Option<Password> {
    Some(Password::new(PASSWORD))
}

fn client() -> Client {
    Client {
        address: Some(HERE),
        agent: "Browser/1".to_owned(),
        request_id: None,
        place: None,
    }
}

fn visitor() -> Caller {
    Caller::visitor(client())
}

fn user(signed_in: &SignedIn) -> Caller {
    signed_in.caller(client())
}

#[track_caller]
fn refused<T>(answer: Result<T, SignInError>) -> String {
    match answer {
        Ok(_) => panic!("it was let in"),
        Err(error) => error.to_string(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn f003_a_visitor_signs_in_and_out() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let first = house
            .sign_in(" Mirabel@Example.com ", PASSWORD)
            .await
            .unwrap();
        house.wait(61);
        let found = house.look_up(&first).await.unwrap();
        assert_eq!((&found.user, &found.tenant), (&first.user, &first.tenant));
        assert!(found.session.last_seen_at > first.session.last_seen_at);
        let second = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let third = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let shown = sessions_of_user(&house.app, &user(&third), &third)
            .await
            .unwrap();
        assert_eq!(shown.len(), 3);
        let oldest = shown.last().unwrap();
        end_session(&house.app, &user(&third), &third, &oldest.id)
            .await
            .unwrap();
        let again = end_session(&house.app, &user(&third), &third, &oldest.id).await;
        assert!(again.is_err());
        assert_eq!(
            end_other_sessions(&house.app, &user(&third), &third)
                .await
                .unwrap(),
            1
        );
        assert!(house.look_up(&first).await.is_none());
        assert!(house.look_up(&second).await.is_none());
        set_theme(&house.app, &user(&third), &third, Theme::Dark)
            .await
            .unwrap();
        assert_eq!(house.look_up(&third).await.unwrap().user.theme, Theme::Dark);
        sign_out(&house.app, &user(&third), &third).await.unwrap();
        assert!(house.look_up(&third).await.is_none());
        let actions = [
            "session.end",
            "session.end",
            "session.end_others",
            "session.open",
            "session.open",
            "session.open",
            "tenant.create",
            "user.create",
            "user.set_theme",
        ];
        assert_eq!(house.audited().await, actions);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s08_the_right_password_is_refused_while_locked() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        for email in [EMAIL, "nobody@example.com"] {
            for _ in 0..5 {
                let answer = house.sign_in(email, "wrong").await;
                assert_eq!(refused(answer), "Invalid credentials");
            }
            assert_eq!(
                refused(house.sign_in(email, PASSWORD).await),
                "Account locked"
            );
        }
        house.wait(899);
        assert_eq!(
            refused(house.sign_in(EMAIL, PASSWORD).await),
            "Account locked"
        );
        house.wait(1);
        house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let failures = house.audited().await;
        let failures = failures.iter().filter(|action| *action == "session.refuse");
        assert_eq!(failures.count(), 5);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f006_an_operator_unlocks_at_once() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        for _ in 0..5 {
            refused(house.sign_in(EMAIL, "wrong").await);
        }
        let email = Email::parse(EMAIL).unwrap();
        let caller = Caller::command_line();
        assert!(
            unlock_user(&house.app, &caller, email.clone())
                .await
                .unwrap()
        );
        assert!(!unlock_user(&house.app, &caller, email).await.unwrap());
        house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let nobody = Email::parse("nobody@example.com").unwrap();
        assert!(unlock_user(&house.app, &caller, nobody).await.is_err());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f007_a_suspension_is_told_only_to_who_knows_the_password() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let signed_in = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        house.suspend_operator().await;
        assert!(house.look_up(&signed_in).await.is_none());
        assert_eq!(
            refused(house.sign_in(EMAIL, "wrong").await),
            "Invalid credentials"
        );
        assert_eq!(
            refused(house.sign_in(EMAIL, PASSWORD).await),
            "Organization suspended"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f015_s05_a_change_needs_the_current_password_and_ends_other_sessions() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let other = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let here = house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let (app, caller) = (&house.app, user(&here));
        let (right, wrong) = (Password::new(PASSWORD), Password::new("wrong"));
        let new = Password::new(OTHER);
        let weak = change_password(app, &caller, &here, &right, &Password::new("weak"), HERE).await;
        assert!(matches!(weak, Err(ChangePasswordError::Unmet(_))));
        let answer = change_password(app, &caller, &here, &wrong, &new, HERE).await;
        assert!(matches!(
            answer,
            Err(ChangePasswordError::Proof(ProofError::WrongPassword))
        ));
        let changed = change_password(app, &caller, &here, &right, &new, HERE)
            .await
            .unwrap();
        assert_eq!(changed.ended, 1);
        assert!(house.look_up(&other).await.is_none());
        assert!(house.look_up(&here).await.is_none());
        assert!(house.look_up(&changed.signed_in).await.is_some());
        refused(house.sign_in(EMAIL, PASSWORD).await);
        house.sign_in(EMAIL, OTHER).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s04_an_outdated_hash_is_renewed_at_the_next_sign_in() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let id = house.made.user.id;
        let cost = HashParameters::new(16, 1, 1).unwrap();
        let random = house.app.outside.random.clone();
        let passwords = Passwords::new(cost, random.as_ref()).unwrap();
        let old = passwords
            .hash(Password::new(PASSWORD), random)
            .await
            .unwrap();
        let own = house.app.store(caller::tenant(house.made.reseller.id));
        let stored = own.read(id, credential::password).await.unwrap().unwrap();
        let outdated = tenancy::password::Credential {
            hash: old,
            ..stored.clone()
        };
        let replacement = Replacement {
            user: id,
            from: stored.hash,
            to: outdated.clone(),
        };
        let replaced = own.write(replacement, credential::replace_password).await;
        assert!(replaced.unwrap());
        house.sign_in(EMAIL, PASSWORD).await.unwrap();
        let renewed = own.read(id, credential::password).await.unwrap().unwrap();
        assert_ne!(renewed.hash, outdated.hash);
        assert_eq!(renewed.changed_at, outdated.changed_at);
        house.sign_in(EMAIL, PASSWORD).await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sb8_who_waited_in_line_is_asked_again_before_any_work() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let passwords = &house.app.memory.passwords;
        let elsewhere = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7));
        let at_work = [
            passwords.turn(elsewhere).await,
            passwords.turn(elsewhere).await,
        ];
        let attempt = Attempt::new(EMAIL, HERE);
        let whose = || system("a test");
        let hash = credential::password;
        let own = house.app.store(caller::tenant(house.made.reseller.id));
        let stored = own.read(house.made.user.id, hash).await.unwrap().unwrap();
        let right = Password::new(PASSWORD);
        let waiting =
            attempt.verify::<ProofError>(&house.app, whose(), &right, Some(stored.hash.clone()));
        let others = async {
            tokio::time::sleep(Duration::from_millis(50)).await;
            let now = house.app.now();
            let locked = (0..Limits::NETWORK.failures).fold(Lockout::default(), |counted, _| {
                counted.failed(Limits::NETWORK, now)
            });
            let store = house.app.store(whose());
            let lock = (AttemptKey::network(HERE), locked);
            store.write(lock, sign_in_lock::save).await.unwrap();
            drop(at_work);
        };
        let (waited, ()) = tokio::join!(waiting, others);
        assert!(matches!(waited, Err(ProofError::Locked(_))), "{waited:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_given_once() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let answer = bootstrap(&house.app, &Caller::command_line(), wanted(own())).await;
        assert!(matches!(answer, Err(BootstrapError::EmailTaken(_))));
        let mut second = wanted(own());
        second.email = Email::parse("second@example.com").unwrap();
        let second = bootstrap(&house.app, &Caller::command_line(), second)
            .await
            .unwrap();
        assert_eq!(second.operator, house.made.operator);
        assert_ne!(second.reseller.id, house.made.reseller.id);
        let third = || {
            let mut third = wanted(own());
            third.email = Email::parse("third@example.com").unwrap();
            third
        };
        let caller = Caller::command_line();
        let (one, other) = tokio::join!(
            bootstrap(&house.app, &caller, third()),
            bootstrap(&house.app, &caller, third()),
        );
        assert!(one.is_ok() != other.is_ok(), "{one:?} {other:?}");
        let refused = one.and(other).unwrap_err();
        assert!(matches!(refused, BootstrapError::EmailTaken(_)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn m9_an_operator_lifts_the_lock_of_a_whole_network() {
    each_engine(|store| async move {
        let house = House::open(store, own()).await;
        let now = house.app.now();
        let locked = (0..Limits::NETWORK.failures).fold(Lockout::default(), |counted, _| {
            counted.failed(Limits::NETWORK, now)
        });
        let store = house.app.store(system("a test"));
        let lock = (AttemptKey::network(HERE), locked);
        store.write(lock, sign_in_lock::save).await.unwrap();
        let refused = house.sign_in(EMAIL, PASSWORD).await.unwrap_err();
        assert_eq!(refused.to_string(), "Account locked");
        let caller = Caller::command_line();
        // A person is not what is locked.
        let email = Email::parse(EMAIL).unwrap();
        assert!(!unlock_user(&house.app, &caller, email).await.unwrap());
        assert!(unlock_network(&house.app, &caller, HERE).await.unwrap());
        assert!(!unlock_network(&house.app, &caller, HERE).await.unwrap());
        assert!(house.sign_in(EMAIL, PASSWORD).await.is_ok());
        let of_operator = house.app.store(caller::tenant(house.made.operator.id));
        let told = of_operator.read(100, store::audit::newest).await.unwrap();
        let told: Vec<_> = told.iter().map(|entry| entry.action.as_str()).collect();
        assert!(told.contains(&"network.unlock"), "{told:?}");
    })
    .await;
}
