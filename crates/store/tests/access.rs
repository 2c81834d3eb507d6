//! Tenants, users, sessions and locks come back as they were stored, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use base::{Random, TenantId, Timestamp, UserId};
use store::access::session::Listed;
use store::testing::each_engine;
use store::{BoxFuture, Error, Store, WriteTx};
use tenancy::lockout::{AttemptKey, Limits, Lockout};
use tenancy::password::{Credential, HashParameters, Hasher, Password};
use tenancy::role::Role;
use tenancy::session::Session;
use tenancy::tenant::{self, Tenant, TenantKind, TenantName};
use tenancy::user::{self, DisplayName, Email, Theme, User};

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

fn tenant(kind: TenantKind, name: &str, parent: Option<&Tenant>) -> Tenant {
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

fn user(tenant: &Tenant, email: &str) -> User {
    User::new(
        UserId::generate(START, &RANDOM),
        tenant.id,
        Email::parse(email).unwrap(),
        DisplayName::parse("Theodora Quist").unwrap(),
        Role::Admin,
        START,
    )
}

fn credential(password: &str, now: Timestamp) -> Credential {
    let cheap = HashParameters::new(8, 1, 1).unwrap();
    let hasher = Hasher::new(cheap, &RANDOM).unwrap();
    Credential::initial(hasher.hash(&Password::new(password), &RANDOM).unwrap(), now)
}

fn listed(user: &User, now: Timestamp) -> Listed {
    Listed {
        session: Session::open(user.id, user.tenant, now, &RANDOM).0,
        client_address: "192.0.2.7".to_owned(),
        client_agent: "Browser/1".to_owned(),
    }
}

/// An operator, a reseller below it and a user of the reseller, stored.
struct World {
    operator: Tenant,
    reseller: Tenant,
    user: User,
    credential: Credential,
}

impl World {
    async fn make(store: &Store) -> Self {
        store.migrate().await.unwrap();
        let operator = tenant(TenantKind::Operator, "Operator", None);
        let reseller = tenant(TenantKind::Reseller, "Northwind", Some(&operator));
        let user = user(&reseller, "theodora@example.com");
        let credential = credential("first", START);
        let world = (operator, reseller, user, credential);
        let stored = write(
            store,
            world.clone(),
            |tx, (operator, reseller, user, credential)| {
                Box::pin(async move {
                    Ok(store::tenancy::tenant::insert(tx, operator).await?
                        && store::tenancy::tenant::insert(tx, reseller).await?
                        && store::access::user::insert(tx, user, credential).await?)
                })
            },
        )
        .await;
        assert!(stored);
        let (operator, reseller, user, credential) = world;
        Self {
            operator,
            reseller,
            user,
            credential,
        }
    }
}

/// Reads go through a write as well: both kinds of transaction run the same statements.
async fn write<I, T, F>(store: &Store, input: I, run: F) -> T
where
    I: Send + Sync + 'static,
    T: Send + 'static,
    F: for<'a> Fn(&'a mut WriteTx, &'a I) -> BoxFuture<'a, Result<T, Error>>
        + Send
        + Sync
        + 'static,
{
    store.write(input, run).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_come_back_and_there_is_one_operator() {
    each_engine(|store| async move {
        let world = World::make(&store).await;
        let second = tenant(TenantKind::Operator, "Second", None);
        let input = (world.operator, world.reseller, second);
        write(&store, input, |tx, (operator, reseller, second)| {
            Box::pin(async move {
                assert!(!store::tenancy::tenant::insert(tx, second).await?);
                assert_eq!(
                    store::tenancy::tenant::operator(tx).await?.as_ref(),
                    Some(operator)
                );
                let found = store::tenancy::tenant::by_id(tx, reseller.id).await?;
                assert_eq!(found.as_ref(), Some(reseller));
                assert_eq!(store::tenancy::tenant::by_id(tx, second.id).await?, None);
                let named = store::tenancy::tenant::by_name(tx, &reseller.name, 2).await?;
                assert_eq!(named.as_slice(), std::slice::from_ref(reseller));
                Ok(())
            })
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f007_the_chain_tells_the_status_of_every_tenant_above() {
    use tenant::Status::{Active, Suspended};
    each_engine(|store| async move {
        let world = World::make(&store).await;
        let customer = tenant(TenantKind::Customer, "Customer", Some(&world.reseller));
        write(
            &store,
            (world.operator.id, customer),
            |tx, (operator, customer)| {
                Box::pin(async move {
                    assert!(store::tenancy::tenant::insert(tx, customer).await?);
                    assert!(
                        store::tenancy::tenant::set_status(tx, *operator, Active, Suspended)
                            .await?
                    );
                    assert!(
                        !store::tenancy::tenant::set_status(tx, *operator, Active, Suspended)
                            .await?
                    );
                    let chain = store::tenancy::tenant::chain(tx, customer.id).await?;
                    assert_eq!(chain, [Active, Active, Suspended]);
                    assert_eq!(
                        store::tenancy::tenant::chain(tx, *operator).await?,
                        [Suspended]
                    );
                    Ok(())
                })
            },
        )
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_candidate_has_all_that_decides_a_sign_in() {
    each_engine(|store| async move {
        let world = World::make(&store).await;
        write(&store, world, |tx, world| {
            Box::pin(async move {
                let found = store::access::user::candidate(tx, &world.user.email)
                    .await?
                    .unwrap();
                assert_eq!(found.user, world.user);
                assert_eq!(found.tenant, world.reseller);
                assert_eq!(found.credential, world.credential);
                assert_eq!(found.chain, [tenant::Status::Active; 2]);
                let nobody = Email::parse("nobody@example.com").unwrap();
                assert!(store::access::user::candidate(tx, &nobody).await?.is_none());
                assert!(store::access::user::by_email(tx, &nobody).await?.is_none());
                Ok(())
            })
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn users_are_unique_by_address_and_keep_what_they_choose() {
    each_engine(|store| async move {
        let world = World::make(&store).await;
        write(&store, world, |tx, world| {
            Box::pin(async move {
                let id = world.user.id;
                let twin = user(&world.reseller, "theodora@example.com");
                assert!(!store::access::user::insert(tx, &twin, &world.credential).await?);
                assert!(store::access::user::set_theme(tx, id, Theme::Dark).await?);
                let name = DisplayName::parse("Theo").unwrap();
                assert!(store::access::user::set_display_name(tx, id, &name).await?);
                assert!(!store::access::user::set_theme(tx, twin.id, Theme::Dark).await?);
                store::access::user::note_sign_in(tx, id, after(1)).await?;
                let expected = User {
                    theme: Theme::Dark,
                    display_name: name,
                    ..world.user.clone()
                };
                let found = store::access::user::by_id(tx, id).await?;
                assert_eq!(found.as_ref(), Some(&expected));
                let found = store::access::user::by_email(tx, &expected.email).await?;
                assert_eq!(found.as_ref(), Some(&expected));
                let listed = store::access::user::of_tenant(tx, world.reseller.id, 10).await?;
                let listed: Vec<_> = listed
                    .into_iter()
                    .map(|listed| (listed.user, listed.last_sign_in_at))
                    .collect();
                assert_eq!(listed, [(expected, Some(after(1)))]);
                assert!(
                    store::access::user::of_tenant(tx, world.operator.id, 10)
                        .await?
                        .is_empty()
                );
                Ok(())
            })
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_is_replaced_only_while_it_is_the_known_one() {
    each_engine(|store| async move {
        let world = World::make(&store).await;
        let second = Credential::own(credential("second", START).hash, after(1));
        write(&store, (world, second), |tx, (world, second)| {
            Box::pin(async move {
                let (id, first) = (world.user.id, &world.credential.hash);
                let stored = store::access::user::credential(tx, id).await?;
                assert_eq!(stored.as_ref(), Some(&world.credential));
                assert!(store::access::user::update_credential(tx, id, first, second).await?);
                assert!(!store::access::user::update_credential(tx, id, first, second).await?);
                assert_eq!(
                    store::access::user::credential(tx, id).await?.as_ref(),
                    Some(second)
                );
                Ok(())
            })
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_is_found_with_its_user_and_tenant_in_one_statement() {
    each_engine(|store| async move {
        let world = World::make(&store).await;
        let listed = listed(&world.user, START);
        write(&store, listed.clone(), |tx, listed| {
            Box::pin(store::access::session::insert(tx, listed))
        })
        .await;
        let before = store.counters().statements;
        let digest = listed.session.digest;
        let found = store.read(digest, |tx, digest| {
            Box::pin(store::access::session::by_digest(tx, digest))
        });
        let found = found.await.unwrap().unwrap();
        assert_eq!(store.counters().statements - before, 1);
        assert_eq!(found.session, listed.session);
        assert_eq!(found.user, world.user);
        assert_eq!(found.user.status, user::Status::Active);
        assert_eq!(found.tenant, world.reseller);
        assert_eq!(found.chain.len(), 2);
        assert_eq!(found.password_initial_until, world.credential.initial_until);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_touched_listed_and_ended() {
    each_engine(|store| async move {
        let world = World::make(&store).await;
        let sessions: Vec<_> = (0..3)
            .map(|minute| listed(&world.user, after(minute)))
            .collect();
        write(&store, (world.user.id, sessions), |tx, (user, sessions)| {
            Box::pin(async move {
                for listed in sessions {
                    store::access::session::insert(tx, listed).await?;
                }
                let digests: Vec<_> = sessions
                    .iter()
                    .map(|listed| listed.session.digest)
                    .collect();
                assert!(store::access::session::touch(tx, &digests[0], after(5)).await?);
                assert!(!store::access::session::touch(tx, &digests[0], after(4)).await?);
                let order = store::access::session::of_user(tx, *user, 10).await?;
                assert_eq!(order[0].session.last_seen_at, after(5));
                assert_eq!(order[0].client_agent, "Browser/1");
                let order: Vec<_> = order.iter().map(|listed| listed.session.digest).collect();
                assert_eq!(order, [digests[0], digests[2], digests[1]]);
                assert!(store::access::session::delete(tx, &digests[1]).await?);
                assert!(!store::access::session::delete(tx, &digests[1]).await?);
                let keep = Some(&digests[0]);
                assert_eq!(
                    store::access::session::delete_of_user(tx, *user, keep).await?,
                    1
                );
                assert!(
                    store::access::session::by_digest(tx, &digests[2])
                        .await?
                        .is_none()
                );
                assert!(
                    store::access::session::by_digest(tx, &digests[0])
                        .await?
                        .is_some()
                );
                assert_eq!(
                    store::access::session::delete_of_user(tx, *user, None).await?,
                    1
                );
                Ok(())
            })
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s21_ended_sessions_are_deleted_and_live_ones_are_not() {
    each_engine(|store| async move {
        let world = World::make(&store).await;
        let sessions: Vec<_> = (0..3)
            .map(|minute| listed(&world.user, after(minute)))
            .collect();
        write(&store, sessions, |tx, sessions| {
            Box::pin(async move {
                for listed in sessions {
                    store::access::session::insert(tx, listed).await?;
                }
                let idle = 12 * 60;
                assert_eq!(
                    store::access::session::delete_ended(tx, after(idle - 1), 10).await?,
                    0
                );
                assert_eq!(
                    store::access::session::delete_ended(tx, after(idle + 1), 1).await?,
                    1
                );
                assert_eq!(
                    store::access::session::delete_ended(tx, after(idle + 1), 10).await?,
                    1
                );
                let left = &sessions[2].session.digest;
                assert!(store::access::session::by_digest(tx, left).await?.is_some());
                Ok(())
            })
        })
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f005_failures_are_kept_per_key_and_forgotten_when_they_say_nothing() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        write(&store, (), |tx, ()| {
            Box::pin(async move {
                let address = AttemptKey::address("nobody@example.com");
                let network = AttemptKey::network(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));
                let keys = [&address, &network];
                let none = [Lockout::default(); 2];
                assert_eq!(store::access::sign_in_lock::load(tx, &keys).await?, none);
                let mut locked = Lockout::default();
                for _ in 0..5 {
                    locked = locked.failed(Limits::ADDRESS, START);
                    store::access::sign_in_lock::save(tx, &address, &locked).await?;
                }
                let once = Lockout::default().failed(Limits::NETWORK, after(1));
                store::access::sign_in_lock::save(tx, &network, &once).await?;
                assert_eq!(locked.locked_until, Some(after(15)));
                assert_eq!(
                    store::access::sign_in_lock::load(tx, &keys).await?,
                    [locked, once]
                );
                assert_eq!(
                    store::access::sign_in_lock::delete_ended(tx, after(14), 10).await?,
                    0
                );
                assert_eq!(
                    store::access::sign_in_lock::delete_ended(tx, after(15), 10).await?,
                    1
                );
                assert!(store::access::sign_in_lock::delete(tx, &network).await?);
                assert!(!store::access::sign_in_lock::delete(tx, &network).await?);
                store::access::sign_in_lock::save(tx, &address, &locked).await?;
                store::access::sign_in_lock::save(tx, &address, &Lockout::unlocked()).await?;
                assert_eq!(store::access::sign_in_lock::load(tx, &keys).await?, none);
                Ok(())
            })
        })
        .await;
    })
    .await;
}
