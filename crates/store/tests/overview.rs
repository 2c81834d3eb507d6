//! The figures of the start page, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU64, Ordering};

use acme::Thumbprint;
use base::{
    AccountId, Actor, CaId, DnsName, EnrolledDomainId, ProfileVersionId, Random, Scope,
    SubscriptionId, TenantId, Timestamp,
};
use enrollment::eab::{EabCredential, NewCredential, Reveal};
use enrollment::enrolled_domain::Enrolling;
use enrollment::policy::TermUnit;
use enrollment::subscription::{Label, ProductCode, Purchase, Subscription, Term};
use store::catalog::profile::ProfileVersion;
use store::enrollment::subscription;
use store::overview::dashboard::{Totals, totals};
use store::testing::each_engine;
use store::{Error, Store, WriteTx};
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
    store
        .within(SYSTEM)
        .write(operator.clone(), store::tenancy::tenant::insert)
        .await
        .unwrap();
    let ca = store::catalog::ca::Ca {
        id: CaId::generate(NOW, &RANDOM),
        parent: None,
        kind: "root".to_owned(),
        name: "CN=Root".to_owned(),
        certificate: Vec::new(),
        private_key: None,
        created_at: NOW,
        retired_at: None,
        trust: store::catalog::ca::Trust::Private,
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
    let purchase = Purchase {
        tenant: reseller.id,
        customer: None,
        offer_version: store::testing::offer(store.within(SYSTEM)).await,
        product: ProductCode::parse("dv").unwrap(),
        label: Label::parse("Production").unwrap(),
        term: Term::from_years(1).unwrap(),
        unit: TermUnit::Days365n,
        starts_at_once: false,
        organization: None,
        department: None,
        created_by: Actor::System,
    };
    let id = SubscriptionId::generate(NOW, &RANDOM);
    let subscription = Subscription::new(id, purchase, NOW);
    let new = NewCredential {
        tenant: reseller.id,
        customer: None,
        subscription: subscription.id,
        reveal: Reveal::Always,
        max_bindings: None,
        created_by: Actor::System,
    };
    let (credential, _) = EabCredential::generate(new, NOW, &RANDOM);
    let owner = Owner {
        tenant: reseller.id,
        subscription: subscription.id,
        account: AccountId::generate(NOW, &RANDOM),
    };
    let account = account(&owner, &credential);
    let credential = store::enrollment::eab_credential::SealedCredential {
        credential,
        sealed_mac_key: None,
    };
    let rows = (reseller, subscription, credential, account);
    store.within(SYSTEM).write(rows, save_owner).await.unwrap();
    owner
}

type Rows = (
    Tenant,
    Subscription,
    store::enrollment::eab_credential::SealedCredential,
    store::issuance::account::Account,
);

async fn save_owner(
    tx: &mut WriteTx,
    (reseller, subscription, credential, account): &Rows,
) -> Result<(), Error> {
    store::tenancy::tenant::insert(tx, reseller).await?;
    tx.insert(subscription).await?;
    store::enrollment::eab_credential::insert(tx, credential).await?;
    store::issuance::account::insert(tx, account).await
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

#[tokio::test(flavor = "multi_thread")]
async fn f020_totals_count_companions_apart_and_stay_in_the_tenant() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let enrolling = Enrolling {
            anchor: None,
            subscription: ours.subscription,
            tenant: ours.tenant,
            customer: None,
            added_by: Actor::System,
            now: NOW,
        };
        let id = EnrolledDomainId::generate(NOW, &RANDOM);
        let paid = enrolling.domain(id, &name("a.example"), None);
        let companion = EnrolledDomainId::generate(NOW, &RANDOM);
        let companion = enrolling.domain(companion, &name("www.a.example"), Some(id));
        for domain in [paid, companion] {
            let within = store.within(Scope::Tenant(ours.tenant));
            within
                .write(domain, store::enrollment::enrolled_domain::insert)
                .await
                .unwrap();
        }
        // Whoever enrols them counts them.
        let within = store.within(Scope::Tenant(ours.tenant));
        let subscription: Result<_, Error> =
            within.read(ours.subscription, subscription::find).await;
        let mut subscription = subscription.unwrap().unwrap();
        subscription.paid_names = 1;
        subscription.free_names = 1;
        within
            .write(subscription, subscription::update)
            .await
            .unwrap();
        let seen = async |tenant| {
            let within = store.within(Scope::Tenant(tenant));
            within.scan((), totals).await.unwrap()
        };
        let found: Totals = seen(ours.tenant).await;
        assert_eq!((found.domains, found.companions), (2, 1));
        assert_eq!((found.subscriptions, found.registered), (1, 1));
        assert_eq!(found.first_subscription, Some(ours.subscription));
        let found = seen(theirs.tenant).await;
        assert_eq!((found.domains, found.subscriptions), (0, 1));
        let nobody = seen(TenantId::generate(NOW, &RANDOM)).await;
        assert_eq!(nobody, Totals::default());
    })
    .await;
}
