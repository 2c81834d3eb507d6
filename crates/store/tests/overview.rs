//! The figures of the start page, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU64, Ordering};

use acme::Thumbprint;
use base::{
    AccountId, CaId, DnsName, EnrolledDomainId, ProfileVersionId, Random, Scope, SubscriptionId,
    TenantId, Timestamp, UserId,
};
use enrollment::eab::EabCredential;
use enrollment::enrolled_domain::{EnrolledDomain, Kind, Status as DomainStatus};
use enrollment::subscription::{Label, Subscription, Term};
use store::catalog::profile::ProfileVersion;
use store::testing::each_engine;
use store::{BoxFuture, Error, Store, WriteTx};
use tenancy::tenant::{Tenant, TenantKind, TenantName};

/// Other bytes every time.
struct Seed(AtomicU64);

impl Random for Seed {
    fn fill(&self, bytes: &mut [u8]) {
        let mut state = self.0.fetch_add(1, Ordering::Relaxed);
        for byte in bytes {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            *byte = state.to_be_bytes()[0];
        }
    }
}

static RANDOM: Seed = Seed(AtomicU64::new(1));
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const SYSTEM: Scope = Scope::System("a test");

fn name(text: &str) -> DnsName {
    text.parse().unwrap()
}

/// A reseller with one ACME account that a client registered for.
#[derive(Clone, Copy)]
struct Owner {
    tenant: TenantId,
    subscription: SubscriptionId,
    account: AccountId,
}

/// Two resellers of one operator.
async fn world(store: &Store) -> (Owner, Owner) {
    store.migrate().await.unwrap();
    let operator = tenant(TenantKind::Operator, "Operator", None);
    write(store, operator.clone(), |tx, operator| {
        Box::pin(async move { store::tenancy::tenant::insert(tx, operator).await })
    })
    .await;
    let ca = store::catalog::ca::Ca {
        id: CaId::generate(NOW, &RANDOM),
        parent: None,
        kind: "root".to_owned(),
        name: "CN=Root".to_owned(),
        certificate: Vec::new(),
        private_key: None,
        created_at: NOW,
        retired_at: None,
    };
    let profile = ProfileVersion {
        id: ProfileVersionId::generate(NOW, &RANDOM),
        name: "dv".to_owned(),
        number: 1,
        config: "{}".to_owned(),
        created_at: NOW,
    };
    let id = (ca.id, profile.id);
    let ours = store.within(SYSTEM);
    ours.write(ca, store::catalog::ca::insert).await.unwrap();
    ours.write(profile, store::catalog::profile::insert)
        .await
        .unwrap();
    (
        owner(store, &operator, id).await,
        owner(store, &operator, id).await,
    )
}

async fn owner(store: &Store, operator: &Tenant, _: (CaId, ProfileVersionId)) -> Owner {
    let reseller = tenant(TenantKind::Reseller, "Northwind", Some(operator));
    let subscription = Subscription::new(
        SubscriptionId::generate(NOW, &RANDOM),
        reseller.id,
        Label::parse("Production").unwrap(),
        Term::from_years(1).unwrap(),
        UserId::generate(NOW, &RANDOM),
        NOW,
    );
    let (credential, _) = EabCredential::generate(subscription.id, None, NOW, &RANDOM);
    let owner = Owner {
        tenant: reseller.id,
        subscription: subscription.id,
        account: AccountId::generate(NOW, &RANDOM),
    };
    let account = account(&owner, &credential);
    let credential = store::enrollment::eab_credential::Stored {
        credential,
        tenant: reseller.id,
        sealed_mac_key: Vec::new(),
    };
    write(
        store,
        (reseller, subscription, credential, account),
        |tx, (reseller, subscription, credential, account)| {
            Box::pin(async move {
                store::tenancy::tenant::insert(tx, reseller).await?;
                store::enrollment::subscription::insert(tx, subscription).await?;
                store::enrollment::eab_credential::insert(tx, credential).await?;
                store::issuance::account::insert(tx, account).await
            })
        },
    )
    .await;
    owner
}

fn account(owner: &Owner, credential: &EabCredential) -> store::issuance::account::Account {
    store::issuance::account::Account {
        id: owner.account,
        directory: "DV".to_owned(),
        thumbprint: thumbprint(owner.account),
        tenant: owner.tenant,
        subscription: owner.subscription,
        eab_key_id: Some(credential.key_id.as_str().to_owned()),
        external_account_binding: None,
        jwk: "{}".to_owned(),
        contact: store::issuance::account::Contact::default(),
        created_at: NOW,
        terms_agreed_at: None,
        suspended_at: None,
        deactivated_at: None,
        client_address: String::new(),
        client_agent: String::new(),
    }
}

/// Another one for each account.
fn thumbprint(account: AccountId) -> Thumbprint {
    let mut bytes = [0; 32];
    bytes[..16].copy_from_slice(&account.to_bytes());
    Thumbprint::from_bytes(bytes)
}

fn tenant(kind: TenantKind, name: &str, parent: Option<&Tenant>) -> Tenant {
    let name = TenantName::parse(name).unwrap();
    Tenant::new(TenantId::generate(NOW, &RANDOM), kind, name, parent, NOW).unwrap()
}

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
async fn f020_totals_count_companions_apart_and_stay_in_the_tenant() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let paid = EnrolledDomain {
            id: EnrolledDomainId::generate(NOW, &RANDOM),
            subscription: ours.subscription,
            name: name("a.example"),
            kind: Kind::Paid,
            added_at: NOW,
            status: DomainStatus::Active,
        };
        let companion = EnrolledDomain {
            id: EnrolledDomainId::generate(NOW, &RANDOM),
            name: name("www.a.example"),
            kind: Kind::Companion { of: paid.id },
            ..paid.clone()
        };
        let input = (ours, theirs, paid, companion);
        write(&store, input, |tx, (ours, theirs, paid, companion)| {
            Box::pin(async move {
                use store::overview::dashboard::totals;
                store::enrollment::enrolled_domain::insert(tx, ours.tenant, paid, "somebody")
                    .await?;
                store::enrollment::enrolled_domain::insert(tx, ours.tenant, companion, "somebody")
                    .await?;
                let found = totals(tx, ours.tenant).await?;
                assert_eq!((found.domains, found.companions), (2, 1));
                assert_eq!((found.subscriptions, found.registered), (1, 1));
                assert_eq!(found.first_subscription, Some(ours.subscription));
                let found = totals(tx, theirs.tenant).await?;
                assert_eq!((found.domains, found.subscriptions), (0, 1));
                let nobody = totals(tx, TenantId::generate(NOW, &RANDOM)).await?;
                assert_eq!(nobody, store::overview::dashboard::Totals::default());
                Ok(())
            })
        })
        .await;
    })
    .await;
}
