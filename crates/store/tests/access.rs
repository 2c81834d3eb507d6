//! Tenants, users, sessions and locks come back as they were stored, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use base::{Actor, Random, Scope, TenantId, Timestamp, UserId};
use store::access::api_token::{self, LiveTokens};
use store::access::credential::{self, NewPassword, Replacement};
use store::access::identity::{self, LinkedIdentity};
use store::access::identity_provider::{self, IdentityProvider};
use store::access::identity_request::{self, IdentityRequest};
use store::access::passkey::{self, UsedPasskey};
use store::access::passkey_challenge::{self, PasskeyChallenge};
use store::access::role_assignment::{self, Assignment};
use store::access::session::{self, Browser};
use store::access::{invitation, sign_in_lock, user};
use store::tenancy::tenant::Switched;
use store::tenancy::{bearer, sign_in, tenant};
use store::testing::each_engine;
use store::{Error, Scoped, Store};
use tenancy::api_token::{ApiToken, ApiTokenName, ApiTokenRequest, Networks, Scopes, Validity};
use tenancy::invitation::{Invitation, Purpose};
use tenancy::lockout::{AttemptKey, Limits, Lockout};
use tenancy::oidc::{ClientId, Identity, Issuer, PkceVerifier, ProviderShortName};
use tenancy::passkey::testing::SoftAuthenticator;
use tenancy::passkey::{ChallengePurpose, Passkey, PasskeyName, RelyingParty, UserHandle};
use tenancy::password::{Credential, HashParameters, Hasher, Password};
use tenancy::role::{Role, Roles};
use tenancy::session::Session;
use tenancy::tenant::{Tenant, TenantKind, TenantName, TenantSwitch};
use tenancy::token::Token;
use tenancy::user::{DisplayName, Email, Status, Theme, User};

/// Other bytes every time.
struct Seed(AtomicU8);

impl Random for Seed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

static RANDOM: Seed = Seed(AtomicU8::new(1));
const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn after(minutes: u64) -> Timestamp {
    START.plus(Duration::from_secs(minutes * 60))
}

fn new_tenant(kind: TenantKind, name: &str, parent: Option<&Tenant>) -> Tenant {
    let name = TenantName::parse(name).unwrap();
    Tenant::new(
        TenantId::generate(START, &RANDOM),
        kind,
        name,
        parent,
        START,
    )
    .unwrap()
}

fn new_user(tenant: &Tenant, email: &str) -> User {
    let invited = User::invited(
        UserId::generate(START, &RANDOM),
        tenant.id,
        Email::parse(email).unwrap(),
        DisplayName::parse("Theodora Quist").unwrap(),
        START,
    );
    User {
        status: Status::Active,
        ..invited
    }
}

fn credential(password: &str, now: Timestamp) -> Credential {
    let cheap = HashParameters::new(8, 1, 1).unwrap();
    let hasher = Hasher::new(cheap, &RANDOM).unwrap();
    Credential {
        hash: hasher.hash(&Password::new(password), &RANDOM).unwrap(),
        changed_at: now,
    }
}

fn browser(user: &User, now: Timestamp) -> Browser {
    Browser {
        session: Session::open(user.id, user.tenant, now, &RANDOM).0,
        client_address: "192.0.2.7".to_owned(),
        client_agent: "Browser/1".to_owned(),
        host: None,
    }
}

/// Stores a user with a password and the role of an administrator.
async fn insert_user(of: &Scoped<'_>, user: &User, credential: &Credential) -> bool {
    if !of.write(user.clone(), user::insert).await.unwrap() {
        return false;
    }
    let assignment = Assignment {
        user: user.id,
        tenant: user.tenant,
        roles: Roles::one(Role::Admin),
        at: START,
        by: Actor::CommandLine,
    };
    let inserted = of.write(assignment, role_assignment::insert).await;
    inserted.unwrap();
    let password = NewPassword {
        user: user.id,
        tenant: user.tenant,
        credential: credential.clone(),
    };
    let inserted = of.write(password, credential::insert_password).await;
    inserted.unwrap();
    true
}

/// An operator, a reseller below it and a user of the reseller, stored.
struct World {
    store: Store,
    operator: Tenant,
    reseller: Tenant,
    user: User,
    credential: Credential,
}

impl World {
    async fn make(store: Store) -> Self {
        store.migrate().await.unwrap();
        let operator = new_tenant(TenantKind::Operator, "Operator", None);
        let reseller = new_tenant(TenantKind::Reseller, "Northwind", Some(&operator));
        let user = new_user(&reseller, "theodora@example.com");
        let world = Self {
            store,
            operator,
            reseller,
            user,
            credential: credential("first", START),
        };
        for tenant in [&world.operator, &world.reseller] {
            assert!(world.insert(tenant).await);
        }
        assert!(world.insert_user(world.user.clone()).await);
        world
    }

    fn all(&self) -> Scoped<'_> {
        self.store.within(Scope::System("a test"))
    }

    fn own(&self) -> Scoped<'_> {
        self.of(self.reseller.id)
    }

    fn of(&self, tenant: TenantId) -> Scoped<'_> {
        self.store.within(Scope::Tenant(tenant))
    }

    async fn insert(&self, tenant: &Tenant) -> bool {
        let inserted = self.all().write(tenant.clone(), tenant::insert).await;
        inserted.unwrap()
    }

    async fn insert_user(&self, user: User) -> bool {
        insert_user(&self.own(), &user, &self.credential).await
    }

    async fn open(&self, browser: &Browser) {
        let opened = self.own().write(browser.clone(), session::insert).await;
        opened.unwrap();
    }

    async fn end(&self, browser: &Browser) -> bool {
        let digest = browser.session.digest;
        self.own().write(digest, session::delete).await.unwrap()
    }

    async fn is_there(&self, browser: &Browser) -> bool {
        let digest = browser.session.digest;
        let found = self.all().read(digest, sign_in::by_digest).await;
        found.unwrap().is_some()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_come_back_and_there_is_one_operator() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let second = new_tenant(TenantKind::Operator, "Second", None);
        assert!(!world.insert(&second).await);
        let (operator, reseller) = (&world.operator, &world.reseller);
        let all = world.all();
        let found = all.write((), operator_of).await.unwrap();
        assert_eq!(found.as_ref(), Some(operator));
        let found = all.read(reseller.id, tenant::by_id).await.unwrap();
        assert_eq!(found.as_ref(), Some(reseller));
        assert_eq!(all.read(second.id, tenant::by_id).await.unwrap(), None);
        let named = all.read((reseller.name.clone(), 2), tenant::by_name).await;
        assert_eq!(named.unwrap().as_slice(), std::slice::from_ref(reseller));
    })
    .await;
}

async fn operator_of(tx: &mut store::WriteTx, (): &()) -> Result<Option<Tenant>, Error> {
    tenant::operator(tx).await
}

#[tokio::test(flavor = "multi_thread")]
async fn f028_two_tenants_have_two_paths() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let mut twin = new_tenant(TenantKind::Reseller, "Twin", Some(&world.operator));
        twin.path = world.reseller.path.clone();
        assert!(!world.insert(&twin).await);
    })
    .await;
}

/// What a sign-in of somebody at the bottom of the tree finds, with the tenants that are above them.
async fn bottom_of_four(world: &World) -> (Vec<Tenant>, User) {
    let distributor = new_tenant(
        TenantKind::Distributor,
        "Distributor",
        Some(&world.operator),
    );
    let reseller = new_tenant(TenantKind::Reseller, "Reseller", Some(&distributor));
    let customer = new_tenant(TenantKind::Customer, "Customer", Some(&reseller));
    let user = new_user(&customer, "customer@example.com");
    let tenants = vec![distributor, reseller, customer];
    for tenant in &tenants {
        assert!(world.insert(tenant).await);
    }
    assert!(insert_user(&world.of(user.tenant), &user, &world.credential).await);
    (tenants, user)
}

#[tokio::test(flavor = "multi_thread")]
async fn f007_f028_a_suspension_on_any_of_four_levels_is_seen() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (tenants, customer) = bottom_of_four(&world).await;
        let browser = browser(&customer, START);
        let own = world.of(customer.tenant);
        own.write(browser.clone(), session::insert).await.unwrap();
        let suspended_at = async || {
            let digest = browser.session.digest;
            let found = world.all().read(digest, sign_in::by_digest).await;
            let whose = (customer.tenant, customer.id);
            let candidate = own.read(whose, sign_in::candidate).await.unwrap();
            let suspended_at = found.unwrap().unwrap().suspended_at;
            assert_eq!(candidate.unwrap().suspended_at, suspended_at);
            suspended_at
        };
        assert_eq!(suspended_at().await, None);
        // Those beside the way down say nothing.
        let suspend = async |tenant: &Tenant, minutes| {
            let suspension = (tenant.id, after(minutes), Actor::CommandLine);
            world
                .all()
                .write(suspension, tenant::suspend)
                .await
                .unwrap()
        };
        assert!(suspend(&world.reseller, 9).await);
        assert_eq!(suspended_at().await, None);
        // From the bottom to the top; the earliest suspension counts.
        let above = [&tenants[2], &tenants[1], &tenants[0], &world.operator];
        for (tenant, minutes) in above.into_iter().zip([8, 7, 6, 5]) {
            assert!(suspend(tenant, minutes).await);
            assert!(!suspend(tenant, minutes).await);
            assert_eq!(
                suspended_at().await,
                Some(after(minutes)),
                "{}",
                tenant.kind
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_has_all_that_decides_a_sign_in() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (all, email) = (world.all(), world.user.email.clone());
        let by_email = all.read(email, sign_in::candidate_by_email).await;
        let whose = (world.user.tenant, world.user.id);
        let by_id = world.own().read(whose, sign_in::candidate).await;
        for found in [by_email.unwrap().unwrap(), by_id.unwrap().unwrap()] {
            assert_eq!(found.user, world.user);
            assert_eq!(found.tenant, world.reseller);
            assert_eq!(found.credential.as_ref(), Some(&world.credential));
            assert_eq!(found.roles, Roles::one(Role::Admin));
            assert_eq!(found.suspended_at, None);
        }
        let nobody = Email::parse("nobody@example.com").unwrap();
        let found = all.read(nobody.clone(), sign_in::candidate_by_email).await;
        assert!(found.unwrap().is_none());
        assert!(all.read(nobody, user::by_email).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_unique_by_address_and_keep_what_they_choose() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, id) = (world.own(), world.user.id);
        let twin = new_user(&world.reseller, "theodora@example.com");
        assert!(!world.insert_user(twin.clone()).await);
        let theme = |id| own.write((id, Theme::Dark), user::set_theme);
        assert!(theme(id).await.unwrap());
        assert!(!theme(twin.id).await.unwrap());
        let name = DisplayName::parse("Theo").unwrap();
        let named = own.write((id, name.clone()), user::set_display_name).await;
        assert!(named.unwrap());
        let noted = own.write((id, after(1)), user::note_sign_in).await;
        noted.unwrap();
        let expected = User {
            theme: Theme::Dark,
            display_name: name,
            ..world.user.clone()
        };
        let found = world.all().read(id, by_id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&expected));
        let email = expected.email.clone();
        let found = world.all().read(email, user::by_email).await.unwrap();
        assert_eq!(found.as_ref(), Some(&expected));
        let people = own.read(10, user::list).await.unwrap();
        let people: Vec<_> = people
            .into_iter()
            .map(|person| (person.user, person.last_sign_in_at))
            .collect();
        assert_eq!(people, [(expected, Some(after(1)))]);
        let others = world.of(world.operator.id).read(10, user::list).await;
        assert!(others.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_s33_roles_are_replaced_and_those_who_can_give_them_are_counted() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let own = world.own();
        let second = new_user(&world.reseller, "second@example.com");
        assert!(world.insert_user(second.clone()).await);
        let others = async |besides: UserId| {
            let asked = (Role::Admin, besides);
            own.read(asked, role_assignment::count_others)
                .await
                .unwrap()
        };
        assert_eq!(others(world.user.id).await, 1);
        let roles: Roles = [Role::Manager, Role::Viewer].into_iter().collect();
        let assignment = Assignment {
            user: second.id,
            tenant: second.tenant,
            roles: roles.clone(),
            at: after(1),
            by: Actor::User(world.user.id),
        };
        let replaced = own.write(assignment, role_assignment::replace).await;
        replaced.unwrap();
        let found = own.read(second.id, user::person_by_id).await.unwrap();
        assert_eq!(found.unwrap().roles, roles);
        assert_eq!(others(world.user.id).await, 0);
        assert_eq!(others(second.id).await, 1);
        let disabled = (world.user.id, Status::Disabled);
        assert!(own.write(disabled, user::set_status).await.unwrap());
        assert_eq!(others(second.id).await, 0);
        let foreign = world.of(world.operator.id);
        let found = foreign.read(second.id, user::person_by_id).await;
        assert!(found.unwrap().is_none());
        assert_eq!(foreign.read((), user::count).await.unwrap(), 0);
        assert_eq!(own.read((), user::count).await.unwrap(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s06_a_link_is_found_used_once_and_replaced() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, all) = (world.own(), world.all());
        let whose = (world.user.id, world.user.tenant);
        let make =
            |purpose| Invitation::generate(whose, purpose, Actor::CommandLine, START, &RANDOM).0;
        let (first, second) = (make(Purpose::Invitation), make(Purpose::Reset));
        own.write(first.clone(), invitation::replace).await.unwrap();
        let found = all.read(first.digest, invitation::by_digest).await.unwrap();
        assert_eq!(found, Some(first.clone()));
        own.write(second.clone(), invitation::replace)
            .await
            .unwrap();
        let found = all.read(first.digest, invitation::by_digest).await.unwrap();
        assert_eq!(found, None);
        let used = (second.digest, after(1));
        let foreign = world.of(world.operator.id);
        assert!(!foreign.write(used, invitation::mark_used).await.unwrap());
        assert!(own.write(used, invitation::mark_used).await.unwrap());
        assert!(!own.write(used, invitation::mark_used).await.unwrap());
        let ended = (second.expires_at, 10);
        let deleted = all.write(ended, invitation::delete_ended).await;
        assert_eq!(deleted.unwrap(), 0);
        let ended = (second.expires_at.plus(Duration::from_secs(1)), 10);
        let deleted = all.write(ended, invitation::delete_ended).await;
        assert_eq!(deleted.unwrap(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_is_gone_has_neither_name_nor_address() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, id) = (world.own(), world.user.id);
        assert!(!own.write(id, user::delete_invited).await.unwrap());
        assert!(own.write(id, user::erase).await.unwrap());
        let found = own.read(id, user::person_by_id).await.unwrap().unwrap();
        assert_eq!(found.user.status, Status::Removed);
        assert_eq!(found.user.display_name.as_str(), "Removed person");
        assert!(!found.user.email.as_str().contains("theodora"));
        assert!(own.read(10, user::list).await.unwrap().is_empty());
        assert_eq!(own.read((), user::count).await.unwrap(), 0);
    })
    .await;
}

async fn by_id(tx: &mut store::ReadTx, id: &UserId) -> Result<Option<User>, Error> {
    user::by_id(tx, *id).await
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_a_tenant_changes_nothing_of_another() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (others, id) = (world.of(world.operator.id), world.user.id);
        let browser = browser(&world.user, START);
        world.open(&browser).await;
        let digest = browser.session.digest;
        let changed = others.write((id, Theme::Dark), user::set_theme).await;
        assert!(!changed.unwrap());
        let touched = others.write((digest, after(1)), session::touch).await;
        assert!(!touched.unwrap());
        assert!(!others.write(digest, session::delete).await.unwrap());
        assert!(
            others
                .read(id, credential::password)
                .await
                .unwrap()
                .is_none()
        );
        let whose = (world.operator.id, id);
        assert!(
            others
                .read(whose, sign_in::candidate)
                .await
                .unwrap()
                .is_none()
        );
        let seen = others.read((id, 10), session::of_user).await;
        assert!(seen.unwrap().is_empty());
        let inserted = others.write(browser, session::insert).await;
        assert!(matches!(inserted, Err(Error::Unscoped { .. })));
        let unscoped = world.all().read(id, credential::password).await;
        assert!(matches!(unscoped, Err(Error::Unscoped { .. })));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_replaced_only_while_it_is_the_known_one() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, id) = (world.own(), world.user.id);
        let stored = own.read(id, credential::password).await.unwrap();
        assert_eq!(stored.as_ref(), Some(&world.credential));
        let second = credential("second", after(1));
        let replacement = Replacement {
            user: id,
            from: world.credential.hash.clone(),
            to: second.clone(),
        };
        let replace = || own.write(replacement.clone(), credential::replace_password);
        assert!(replace().await.unwrap());
        assert!(!replace().await.unwrap());
        let stored = own.read(id, credential::password).await.unwrap();
        assert_eq!(stored, Some(second));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_found_with_its_user_and_tenant_in_one_statement() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let browser = browser(&world.user, START);
        world.open(&browser).await;
        let before = world.store.counters().statements;
        let digest = browser.session.digest;
        let found = world.all().read(digest, sign_in::by_digest).await;
        let found = found.unwrap().unwrap();
        assert_eq!(world.store.counters().statements - before, 1);
        assert_eq!(found.session, browser.session);
        assert_eq!(found.user, world.user);
        assert_eq!(found.user.status, Status::Active);
        assert_eq!(found.tenant, world.reseller);
        assert_eq!(found.suspended_at, None);
        assert_eq!(found.roles, Roles::one(Role::Admin));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_touched_listed_and_ended() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, user) = (world.own(), world.user.id);
        let browsers = [0, 1, 2].map(|minute| browser(&world.user, after(minute)));
        for browser in &browsers {
            world.open(browser).await;
        }
        let digests = browsers.clone().map(|browser| browser.session.digest);
        let touch = |minute| own.write((digests[0], after(minute)), session::touch);
        assert!(touch(5).await.unwrap());
        assert!(!touch(4).await.unwrap());
        let order = own.read((user, 10), session::of_user).await.unwrap();
        assert_eq!(order[0].session.last_seen_at, after(5));
        assert_eq!(order[0].client_agent, "Browser/1");
        let order: Vec<_> = order.iter().map(|found| found.session.digest).collect();
        assert_eq!(order, [digests[0], digests[2], digests[1]]);
        assert!(world.end(&browsers[1]).await);
        assert!(!world.end(&browsers[1]).await);
        let others = (user, Some(digests[0]));
        let count = own.read(others, session::count_of_user).await;
        assert_eq!(count.unwrap(), 1);
        let ended = own.write(others, session::delete_of_user).await;
        ended.unwrap();
        assert!(!world.is_there(&browsers[2]).await);
        assert!(world.is_there(&browsers[0]).await);
        let ended = own.write((user, None), session::delete_of_user).await;
        ended.unwrap();
        assert!(!world.is_there(&browsers[0]).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s21_ended_sessions_are_deleted_and_live_ones_are_not() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let browsers = [0, 1, 2].map(|minute| browser(&world.user, after(minute)));
        for browser in &browsers {
            world.open(browser).await;
        }
        let idle = 12 * 60;
        for (minute, limit, expected) in [(idle - 1, 10, 0), (idle + 1, 1, 1), (idle + 1, 10, 1)] {
            let asked = (after(minute), limit);
            let deleted = world.all().write(asked, session::delete_ended).await;
            assert_eq!(deleted.unwrap(), expected, "after {minute} minutes");
        }
        assert!(world.is_there(&browsers[2]).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f005_failures_are_kept_per_key_and_forgotten_when_they_say_nothing() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let all = store.within(Scope::System("a test"));
        let address = AttemptKey::address("nobody@example.com");
        let network = AttemptKey::network(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));
        let keys = [address.clone(), network.clone()];
        let load = || all.read(keys.clone(), sign_in_lock::load);
        let save = async |key: &AttemptKey, lockout| {
            let counted = (key.clone(), lockout);
            all.write(counted, sign_in_lock::save).await.unwrap();
        };
        let none = [Lockout::default(); 2];
        assert_eq!(load().await.unwrap(), none);
        let mut locked = Lockout::default();
        for _ in 0..5 {
            locked = locked.failed(Limits::ADDRESS, START);
            save(&address, locked).await;
        }
        let once = Lockout::default().failed(Limits::NETWORK, after(1));
        save(&network, once).await;
        assert_eq!(locked.locked_until, Some(after(15)));
        assert_eq!(load().await.unwrap(), [locked, once]);
        for (minute, expected) in [(14, 0), (15, 1)] {
            let asked = (after(minute), 10);
            let deleted = all.write(asked, sign_in_lock::delete_ended).await;
            assert_eq!(deleted.unwrap(), expected, "after {minute} minutes");
        }
        let delete = || all.write(network.clone(), sign_in_lock::delete);
        assert!(delete().await.unwrap());
        assert!(!delete().await.unwrap());
        save(&address, locked).await;
        save(&address, Lockout::unlocked()).await;
        assert_eq!(load().await.unwrap(), none);
    })
    .await;
}

/// A token that a person makes at a moment, for 30 days.
fn new_token(of: &User, now: Timestamp) -> ApiToken {
    let request = ApiTokenRequest {
        name: ApiTokenName::parse("Monitoring").unwrap(),
        scopes: Scopes::parse("cert.view domain.view").unwrap(),
        networks: Networks::parse("192.0.2.0/24 2001:db8::/32").unwrap(),
        validity: Validity::from_days(30).unwrap(),
    };
    let actor = Actor::User(of.id);
    ApiToken::generate((of.id, of.tenant), request, actor, now, &RANDOM).0
}

async fn store_token(of: &Scoped<'_>, token: &ApiToken) {
    let stored = of.write(token.clone(), api_token::insert).await;
    stored.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn s44_a_token_is_found_by_its_digest_with_all_that_decides_about_it() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, user) = (world.own(), &world.user);
        let token = new_token(user, START);
        store_token(&own, &token).await;
        let by_digest = async |digest| world.all().read(digest, bearer::by_digest).await.unwrap();
        let found = by_digest(token.digest).await.unwrap();
        assert_eq!((&found.token, &found.user), (&token, user));
        assert_eq!(found.tenant, world.reseller);
        assert_eq!(found.roles, Roles::one(Role::Admin));
        assert_eq!(found.suspended_at, None);
        assert!(by_digest(new_token(user, START).digest).await.is_none());
        let suspension = (world.operator.id, after(5), Actor::CommandLine);
        let suspended = world.all().write(suspension, tenant::suspend).await;
        assert!(suspended.unwrap());
        let found = by_digest(token.digest).await.unwrap();
        assert_eq!(found.suspended_at, Some(after(5)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s29_tokens_are_listed_for_their_owner_and_their_tenant() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, user) = (world.own(), &world.user);
        let colleague = new_user(&world.reseller, "colleague@example.com");
        assert!(world.insert_user(colleague.clone()).await);
        let (first, second) = (new_token(user, START), new_token(user, after(1)));
        let third = new_token(&colleague, after(2));
        for token in [&first, &second, &third] {
            store_token(&own, token).await;
        }
        let of_user = own.read((user.id, 10), api_token::of_user).await.unwrap();
        assert_eq!(of_user, [second.clone(), first.clone()]);
        assert_eq!(
            own.read((user.id, 1), api_token::of_user)
                .await
                .unwrap()
                .len(),
            1
        );
        assert_eq!(own.read(10, api_token::of_tenant).await.unwrap().len(), 3);
        let elsewhere = world.of(world.operator.id);
        assert!(
            elsewhere
                .read(10, api_token::of_tenant)
                .await
                .unwrap()
                .is_empty()
        );
        let by_id = async |scope: &Scoped<'_>, of| {
            let found = scope.read((of, first.id), api_token::of_user_by_id).await;
            found.unwrap()
        };
        assert_eq!(by_id(&own, user.id).await.as_ref(), Some(&first));
        assert_eq!(by_id(&own, colleague.id).await, None);
        assert_eq!(by_id(&elsewhere, user.id).await, None);
        let found = world.all().read(third.id, api_token::by_id).await.unwrap();
        assert_eq!(found, Some(third));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s44_tokens_are_counted_revoked_and_deleted_by_their_end() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, user) = (world.own(), &world.user);
        let colleague = new_user(&world.reseller, "colleague@example.com");
        assert!(world.insert_user(colleague.clone()).await);
        let (first, second) = (new_token(user, START), new_token(user, after(10)));
        let third = new_token(&colleague, after(20));
        for token in [&first, &second, &third] {
            store_token(&own, token).await;
        }
        let live = async |now| {
            own.read((user.id, now), api_token::count_live)
                .await
                .unwrap()
        };
        let counted = |of_user, of_tenant| LiveTokens { of_user, of_tenant };
        assert_eq!(live(after(20)).await, counted(2, 3));
        assert_eq!(live(first.expires_at).await, counted(1, 2));
        let revoke = async |scope: &Scoped<'_>, id| {
            scope
                .write((id, after(30)), api_token::revoke)
                .await
                .unwrap()
        };
        assert!(!revoke(&world.of(world.operator.id), second.id).await);
        assert!(revoke(&own, second.id).await);
        assert!(!revoke(&own, second.id).await);
        assert_eq!(live(after(30)).await, counted(1, 2));
        let all_of = (user.id, after(40));
        own.write(all_of, api_token::revoke_of_user).await.unwrap();
        assert_eq!(live(after(40)).await, counted(0, 1));
        let delete = async |before| {
            let deleted = world
                .all()
                .write((before, 10), api_token::delete_ended)
                .await;
            deleted.unwrap()
        };
        assert_eq!(delete(after(30)).await, 0);
        assert_eq!(delete(after(31)).await, 1);
        assert_eq!(delete(after(41)).await, 1);
        let left = own.read(10, api_token::of_tenant).await.unwrap();
        assert_eq!(left, std::slice::from_ref(&third));
        assert_eq!(delete(third.expires_at).await, 0);
        assert_eq!(
            delete(third.expires_at.plus(Duration::from_secs(1))).await,
            1
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s63_of_two_uses_at_once_one_is_noted() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let own = world.own();
        let token = new_token(&world.user, START);
        store_token(&own, &token).await;
        let from = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));
        let noted = token.note(from, after(1)).unwrap();
        let note = async |found: &ApiToken| {
            let found = (found.clone(), noted.clone());
            own.write(found, api_token::note_use).await.unwrap()
        };
        assert!(note(&token).await);
        assert!(!note(&token).await);
        let found = world.all().read(token.id, api_token::by_id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&noted.token));
        assert_eq!(noted.token.last_used_at, Some(after(1)));
        assert!(note(&noted.token).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s17_a_tenant_demands_second_factors_in_its_document() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let demand = async |is_required| {
            let tenant = world.reseller.id;
            let demand = Switched {
                tenant,
                switch: TenantSwitch::RequireSecondFactor,
                is_on: is_required,
            };
            let all = world.all();
            all.write(demand, tenant::switch).await.unwrap();
            let found = all.read(tenant, tenant::by_id).await.unwrap().unwrap();
            found.requires_second_factor
        };
        assert!(demand(true).await);
        assert!(demand(true).await);
        let operator = world.all().write((), operator_of).await.unwrap().unwrap();
        assert!(!operator.requires_second_factor);
        assert!(!demand(false).await);
    })
    .await;
}

fn new_passkey(of: &User, name: &str) -> Passkey {
    let origin = "https://portal.example.com";
    let mut authenticator = SoftAuthenticator::new(origin);
    let handle = UserHandle::generate(&RANDOM);
    let challenge = Token::generate(&RANDOM).reveal();
    let form = authenticator.register(&challenge, &handle.to_text());
    let party = RelyingParty::at(origin).unwrap();
    let (id, proven) = form.answer().unwrap().verify(&party).unwrap();
    Passkey {
        user: of.id,
        tenant: of.tenant,
        id,
        name: PasskeyName::parse(name).unwrap(),
        handle,
        proven,
        created_at: START,
        last_used_at: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_passkeys_come_back_as_they_were_stored_and_are_found_by_their_ids() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, all) = (world.own(), world.all());
        let first = new_passkey(&world.user, "Laptop");
        let second = Passkey {
            created_at: after(1),
            ..new_passkey(&world.user, "Phone")
        };
        for passkey in [&second, &first] {
            own.write(passkey.clone(), passkey::insert).await.unwrap();
        }
        let of_user = async || own.read(world.user.id, passkey::of_user).await.unwrap();
        assert_eq!(of_user().await, [first.clone(), second.clone()]);
        let key = (world.user.id, second.id.clone());
        let found = own.read(key.clone(), passkey::of_user_by_id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&second));
        let owner = all.read(first.id.clone(), passkey::owner).await.unwrap();
        assert_eq!(owner, Some(world.user.id));
        let found = all
            .read(world.user.id, sign_in::candidate_of)
            .await
            .unwrap();
        assert!(found.unwrap().has_second_factor);
        // One is of one person.
        let other = new_user(&world.reseller, "second@example.com");
        assert!(world.insert_user(other.clone()).await);
        let taken = Passkey {
            user: other.id,
            ..first.clone()
        };
        assert!(own.write(taken, passkey::insert).await.is_err());
        // Another tenant finds and changes nothing.
        let foreign = world.of(world.operator.id);
        let found = foreign.read(key.clone(), passkey::of_user_by_id).await;
        assert!(found.unwrap().is_none());
        assert!(!foreign.write(key.clone(), passkey::delete).await.unwrap());
        let name = PasskeyName::parse("Old phone").unwrap();
        let renaming = (key.0, key.1.clone(), name.clone());
        assert!(own.write(renaming, passkey::rename).await.unwrap());
        assert_eq!(of_user().await[1].name, name);
        assert!(own.write(key.clone(), passkey::delete).await.unwrap());
        assert!(!own.write(key, passkey::delete).await.unwrap());
        own.write(world.user.id, passkey::delete_of_user)
            .await
            .unwrap();
        assert!(of_user().await.is_empty());
        let found = all
            .read(world.user.id, sign_in::candidate_of)
            .await
            .unwrap();
        assert!(!found.unwrap().has_second_factor);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_a_counter_only_rises_but_of_those_that_never_count() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let own = world.own();
        let passkey = new_passkey(&world.user, "Laptop");
        own.write(passkey.clone(), passkey::insert).await.unwrap();
        let note = async |counter| {
            let used = UsedPasskey {
                user: world.user.id,
                id: passkey.id.clone(),
                counter,
                at: after(1),
            };
            own.write(used, passkey::note_use).await.unwrap()
        };
        assert!(note(0).await && note(0).await);
        assert!(note(7).await && note(8).await);
        assert!(!note(8).await && !note(3).await && !note(0).await);
        let found = own.read(world.user.id, passkey::of_user).await.unwrap();
        assert_eq!(found[0].proven.counter, 8);
        assert_eq!(found[0].last_used_at, Some(after(1)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s16_challenges_are_used_once_replaced_and_deleted_by_their_end() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let all = world.all();
        let challenge = |user, purpose, minutes| PasskeyChallenge {
            digest: Token::generate(&RANDOM).digest(),
            purpose,
            user,
            handle: Some(UserHandle::generate(&RANDOM)),
            created_at: START,
            expires_at: after(minutes),
        };
        let of = Some(world.user.id);
        let anybodys = challenge(None, ChallengePurpose::SignIn, 5);
        let replaced = challenge(of, ChallengePurpose::SignIn, 5);
        let newer = challenge(of, ChallengePurpose::SignIn, 6);
        let to_add = challenge(of, ChallengePurpose::Register, 7);
        for given in [&anybodys, &replaced, &newer, &to_add] {
            let given = given.clone();
            all.write(given, passkey_challenge::insert).await.unwrap();
        }
        let find = async |of: &PasskeyChallenge| {
            let found = all.read(of.digest, passkey_challenge::by_digest);
            found.await.unwrap()
        };
        assert_eq!(find(&anybodys).await.as_ref(), Some(&anybodys));
        assert_eq!(find(&to_add).await.as_ref(), Some(&to_add));
        assert_eq!(find(&replaced).await, None);
        let using = async || {
            all.write(newer.digest, passkey_challenge::delete)
                .await
                .unwrap()
        };
        assert!(using().await);
        assert!(!using().await);
        let ended = (after(6), 10);
        let deleted = all.write(ended, passkey_challenge::delete_ended).await;
        assert_eq!(deleted.unwrap(), 1);
        assert_eq!(find(&anybodys).await, None);
        assert!(find(&to_add).await.is_some());
    })
    .await;
}

fn new_provider(of: &Tenant, name: &str) -> IdentityProvider {
    IdentityProvider {
        tenant: of.id,
        short_name: ProviderShortName::parse(name).unwrap(),
        issuer: Issuer::parse("https://login.example.com/northwind").unwrap(),
        client: ClientId::parse("portal").unwrap(),
        sealed_secret: vec![1, 2, 3],
        is_required: false,
        created_at: START,
        changed_at: START,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_a_tenant_has_one_provider_and_a_short_name_is_of_one_tenant() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, all) = (world.own(), world.all());
        assert!(!all.read((), identity_provider::any).await.unwrap());
        let first = new_provider(&world.reseller, "northwind");
        own.write(first.clone(), identity_provider::put)
            .await
            .unwrap();
        let second = IdentityProvider {
            is_required: true,
            sealed_secret: vec![4],
            ..first.clone()
        };
        own.write(second.clone(), identity_provider::put)
            .await
            .unwrap();
        let found = own.read((), identity_provider::own).await.unwrap();
        assert_eq!(found.as_ref(), Some(&second));
        let name = second.short_name.clone();
        let found = all.read(name, identity_provider::by_short_name).await;
        assert_eq!(found.unwrap().as_ref(), Some(&second));
        assert!(all.read((), identity_provider::any).await.unwrap());
        // Another tenant has none, and cannot take the name.
        let foreign = world.of(world.operator.id);
        assert!(
            foreign
                .read((), identity_provider::own)
                .await
                .unwrap()
                .is_none()
        );
        assert!(!foreign.write((), identity_provider::delete).await.unwrap());
        let taken = new_provider(&world.operator, "northwind");
        assert!(foreign.write(taken, identity_provider::put).await.is_err());
        let other = new_provider(&world.operator, "operator");
        foreign.write(other, identity_provider::put).await.unwrap();
        let page = all
            .read((TenantId::FIRST, 10), identity_provider::page)
            .await;
        assert_eq!(page.unwrap().len(), 2);
        // Sealed anew only as it was read.
        let resealed = (second.clone(), vec![9]);
        all.write(resealed.clone(), identity_provider::reseal)
            .await
            .unwrap();
        all.write((second, vec![8]), identity_provider::reseal)
            .await
            .unwrap();
        let found = own.read((), identity_provider::own).await.unwrap().unwrap();
        assert_eq!(found.sealed_secret, [9]);
        assert!(own.write((), identity_provider::delete).await.unwrap());
        assert!(!own.write((), identity_provider::delete).await.unwrap());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_an_identity_is_of_one_person_of_a_tenant_and_found_in_it_alone() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let own = world.own();
        let identity = Identity::parse("https://login.example.com/northwind 248 289").unwrap();
        let linked = LinkedIdentity {
            user: world.user.id,
            tenant: world.user.tenant,
            identity: identity.clone(),
            linked_at: START,
            last_used_at: None,
        };
        own.write(linked.clone(), identity::insert).await.unwrap();
        let found = own.read(identity.clone(), identity::by_identity).await;
        assert_eq!(found.unwrap().as_ref(), Some(&linked));
        let other = new_user(&world.reseller, "second@example.com");
        assert!(world.insert_user(other.clone()).await);
        let taken = LinkedIdentity {
            user: other.id,
            ..linked.clone()
        };
        assert!(own.write(taken, identity::insert).await.is_err());
        // The same provider may know somebody of another tenant by the same name.
        let foreign = world.of(world.operator.id);
        let found = foreign.read(identity.clone(), identity::by_identity).await;
        assert!(found.unwrap().is_none());
        assert!(
            !foreign
                .write(world.user.id, identity::delete)
                .await
                .unwrap()
        );
        own.write((world.user.id, after(1)), identity::note_use)
            .await
            .unwrap();
        let found = own
            .read(world.user.id, identity::of_user)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(found.last_used_at, Some(after(1)));
        // It is no second factor.
        let all = world.all();
        let found = all.read(world.user.id, sign_in::candidate_of).await;
        assert!(!found.unwrap().unwrap().has_second_factor);
        assert!(own.write(world.user.id, identity::delete).await.unwrap());
        assert!(
            own.read(world.user.id, identity::of_user)
                .await
                .unwrap()
                .is_none()
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s67_questions_to_a_provider_are_used_once_replaced_and_deleted_by_their_end() {
    each_engine(|store| async move {
        let world = World::make(store).await;
        let (own, all) = (world.own(), world.all());
        let request = |user, minutes| IdentityRequest {
            digest: Token::generate(&RANDOM).digest(),
            tenant: world.reseller.id,
            user,
            browser: Token::generate(&RANDOM).digest(),
            issuer: Issuer::parse("https://login.example.com").unwrap(),
            nonce: Token::generate(&RANDOM).digest(),
            verifier: PkceVerifier::generate(&RANDOM),
            next: "/domains?q=ä".to_owned(),
            created_at: START,
            expires_at: after(minutes),
        };
        let of = Some(world.user.id);
        let (anybodys, replaced, newer) = (request(None, 5), request(of, 5), request(of, 7));
        for given in [&anybodys, &replaced, &newer] {
            own.write(given.clone(), identity_request::insert)
                .await
                .unwrap();
        }
        let find = async |of: &IdentityRequest| {
            let found = all.read(of.digest, identity_request::by_digest);
            found.await.unwrap()
        };
        assert_eq!(find(&anybodys).await.as_ref(), Some(&anybodys));
        assert_eq!(find(&replaced).await, None);
        let foreign = world.of(world.operator.id);
        assert!(
            !foreign
                .write(newer.digest, identity_request::delete)
                .await
                .unwrap()
        );
        assert!(
            own.write(newer.digest, identity_request::delete)
                .await
                .unwrap()
        );
        assert!(
            !own.write(newer.digest, identity_request::delete)
                .await
                .unwrap()
        );
        let deleted = all
            .write((after(6), 10), identity_request::delete_ended)
            .await;
        assert_eq!(deleted.unwrap(), 1);
        assert_eq!(find(&anybodys).await, None);
    })
    .await;
}
