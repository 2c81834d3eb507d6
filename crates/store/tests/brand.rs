//! Brands and host names come back as they were stored, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU8, Ordering};

use base::{DnsName, Random, Scope, TenantId, Timestamp};
use store::tenancy::brand::{self, BrandHostRow, BrandRow};
use store::tenancy::tenant;
use store::testing::each_engine;
use store::{Scoped, Store};
use tenancy::tenant::brand::{BrandContact, BrandName};
use tenancy::tenant::{Tenant, TenantKind, TenantName};

struct Seed(AtomicU8);

impl Random for Seed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

static RANDOM: Seed = Seed(AtomicU8::new(1));
const START: Timestamp = Timestamp::from_seconds(1_800_000_000);

fn all(store: &Store) -> Scoped<'_> {
    store.within(Scope::System("a test"))
}

fn of<'s>(store: &'s Store, tenant: &Tenant) -> Scoped<'s> {
    store.within(Scope::Tenant(tenant.id))
}

async fn insert(store: &Store, kind: TenantKind, parent: Option<&Tenant>) -> Tenant {
    let id = TenantId::generate(START, &RANDOM);
    let name = TenantName::parse("Example").unwrap();
    let made = Tenant::new(id, kind, name, parent, START).unwrap();
    let inserted = all(store).write(made.clone(), tenant::insert).await;
    assert!(inserted.unwrap());
    made
}

async fn put(store: &Store, tenant: &Tenant, name: &str) {
    let row = BrandRow {
        tenant: tenant.id,
        name: BrandName::parse(name).unwrap(),
        contact: BrandContact::parse("help@a.example\n+358 9").unwrap(),
        changed_at: START,
    };
    of(store, tenant).write(row, brand::put).await.unwrap();
}

async fn add(store: &Store, tenant: &Tenant, host: &str) -> bool {
    let row = BrandHostRow {
        host: DnsName::parse(host).unwrap(),
        tenant: tenant.id,
        added_at: START,
    };
    of(store, tenant)
        .write(row, brand::insert_host)
        .await
        .unwrap()
}

async fn nearest(store: &Store, tenant: &Tenant) -> Option<String> {
    let found = all(store).read(tenant.id, brand::nearest).await.unwrap();
    found.map(|placed| placed.brand.name.as_str().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn f002_the_nearest_brand_above_a_tenant_counts() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let operator = insert(&store, TenantKind::Operator, None).await;
        let distributor = insert(&store, TenantKind::Distributor, Some(&operator)).await;
        let reseller = insert(&store, TenantKind::Reseller, Some(&distributor)).await;
        let customer = insert(&store, TenantKind::Customer, Some(&reseller)).await;
        let beside = insert(&store, TenantKind::Reseller, Some(&operator)).await;
        assert_eq!(nearest(&store, &customer).await, None);
        put(&store, &distributor, "Distributor").await;
        put(&store, &reseller, "Before").await;
        put(&store, &reseller, "Reseller").await;
        for (tenant, expected) in [
            (&operator, None),
            (&distributor, Some("Distributor")),
            (&reseller, Some("Reseller")),
            (&customer, Some("Reseller")),
            (&beside, None),
        ] {
            let found = nearest(&store, tenant).await;
            assert_eq!(found.as_deref(), expected, "{}", tenant.kind);
        }
        let found = all(&store).scan((), brand::all).await.unwrap();
        let placed = found.iter().find(|placed| placed.tenant == reseller.id);
        let placed = placed.unwrap();
        assert_eq!((found.len(), &placed.path), (2, &reseller.path));
        assert_eq!(placed.brand.contact.lines().count(), 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn f002_a_host_name_is_of_one_tenant() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let operator = insert(&store, TenantKind::Operator, None).await;
        let first = insert(&store, TenantKind::Reseller, Some(&operator)).await;
        let second = insert(&store, TenantKind::Reseller, Some(&operator)).await;
        for tenant in [&first, &second] {
            put(&store, tenant, "Example").await;
        }
        assert!(add(&store, &first, "b.example").await);
        assert!(add(&store, &first, "a.example").await);
        assert!(!add(&store, &second, "a.example").await);
        let hosts = of(&store, &first).read((), brand::hosts_of_tenant).await;
        let hosts = hosts.unwrap();
        let hosts: Vec<_> = hosts.iter().map(DnsName::as_str).collect();
        assert_eq!(hosts, ["a.example", "b.example"]);
        let name = DnsName::parse("a.example").unwrap();
        let remove = async |tenant: &Tenant| {
            let own = of(&store, tenant);
            let removed = own.write(name.clone(), brand::delete_host).await;
            removed.unwrap()
        };
        assert!(!remove(&second).await && remove(&first).await);
        assert!(add(&store, &second, "a.example").await);
        assert!(of(&store, &first).write((), brand::delete).await.unwrap());
        assert!(!of(&store, &first).write((), brand::delete).await.unwrap());
        let left = all(&store).scan((), brand::all_hosts).await.unwrap();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].tenant, second.id);
    })
    .await;
}
