//! Subscriptions and their names, on both engines: a tenant's own, in pages without gaps.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU64, Ordering};

use base::{
    Actor, Cursor as _, DnsName, EnrolledDomainId, OfferVersionId, Page, Query, Random, Scope,
    Slice, SubscriptionId, TenantId, Timestamp,
};
use enrollment::enrolled_domain::{EnrolledDomain, Enrolling};
use enrollment::policy::TermUnit;
use enrollment::subscription::{Label, Names, ProductCode, Purchase, State, Subscription, Term};
use store::enrollment::enrolled_domain::{self, DomainCursor, DomainFilter, NamesOf, Removed};
use store::enrollment::subscription::{self, SubscriptionFilter};
use store::testing::{Database, each_engine, make_schema, offer};
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

/// A reseller with one subscription.
struct Owner {
    tenant: Tenant,
    subscription: Subscription,
}

impl Owner {
    fn new(offer_version: OfferVersionId) -> Self {
        let operator = tenant(TenantKind::Operator, None);
        let tenant = tenant(TenantKind::Reseller, Some(&operator));
        let purchase = Purchase {
            tenant: tenant.id,
            customer: None,
            offer_version,
            product: ProductCode::parse("dv").unwrap(),
            label: Label::default(),
            term: Term::from_years(1).unwrap(),
            unit: TermUnit::Days365n,
            starts_at_once: false,
            organization: None,
            department: None,
            created_by: Actor::System,
        };
        let id = SubscriptionId::generate(NOW, &RANDOM);
        let subscription = Subscription::new(id, purchase, NOW);
        let tenant = Tenant {
            parent: None,
            ..tenant
        };
        Self {
            tenant,
            subscription,
        }
    }

    fn scope(&self) -> Scope {
        Scope::Tenant(self.tenant.id)
    }

    fn domain(&self, name: &str, companion_of: Option<EnrolledDomainId>) -> EnrolledDomain {
        let enrolling = Enrolling {
            anchor: None,
            subscription: self.subscription.id,
            tenant: self.tenant.id,
            customer: None,
            added_by: Actor::System,
            now: NOW,
        };
        let id = EnrolledDomainId::generate(NOW, &RANDOM);
        enrolling.domain(id, &DnsName::parse(name).unwrap(), companion_of)
    }
}

fn tenant(kind: TenantKind, parent: Option<&Tenant>) -> Tenant {
    let name = TenantName::parse("Northwind").unwrap();
    Tenant::new(TenantId::generate(NOW, &RANDOM), kind, name, parent, NOW).unwrap()
}

async fn insert_owner(tx: &mut WriteTx, owner: &(Tenant, Subscription)) -> Result<(), Error> {
    store::tenancy::tenant::insert(tx, &owner.0).await?;
    tx.insert(&owner.1).await
}

async fn insert_domains(tx: &mut WriteTx, domains: &Vec<EnrolledDomain>) -> Result<(), Error> {
    for domain in domains {
        enrolled_domain::insert(tx, domain).await?;
    }
    Ok(())
}

async fn owner(store: &Store) -> Owner {
    let offer_version = offer(store.within(Scope::System("a test"))).await;
    let owner = Owner::new(offer_version);
    let rows = (owner.tenant.clone(), owner.subscription.clone());
    let ours = store.within(Scope::System("a test"));
    ours.write(rows, insert_owner).await.unwrap();
    owner
}

async fn add(store: &Store, owner: &Owner, names: &[&str]) {
    let domains: Vec<_> = names.iter().map(|name| owner.domain(name, None)).collect();
    let within = store.within(owner.scope());
    let after = owner
        .subscription
        .enroll(Names::of(&domains), TermUnit::Days365n, NOW);
    within.write(domains, insert_domains).await.unwrap();
    let written = within.write(after, subscription::update);
    written.await.unwrap();
}

async fn page(
    store: &Store,
    owner: &Owner,
    filter: &DomainFilter,
    slice: Slice<DomainCursor>,
) -> Page<EnrolledDomain> {
    let asked = Query {
        filter: filter.clone(),
        slice,
        limit: 3,
    };
    let within = store.within(owner.scope());
    let found: Result<_, Error> = within.scan(asked, enrolled_domain::page).await;
    found.unwrap()
}

/// How many domains match, as the first and the second page say.
async fn count(store: &Store, owner: &Owner, filter: &DomainFilter) -> usize {
    let within = store.within(owner.scope());
    let mut asked = Query::first(filter.clone(), 3);
    let first: Result<_, Error> = within.scan(asked.clone(), enrolled_domain::list).await;
    let first = first.unwrap();
    if let Some(last) = first.page.rows.last() {
        asked.slice = Slice::After(DomainCursor::of(last));
        let second: Result<_, Error> = within.scan(asked, enrolled_domain::list).await;
        assert_eq!(second.unwrap().matching, first.matching);
    }
    first.matching
}

fn containing(text: &str) -> DomainFilter {
    DomainFilter {
        contains: text.to_owned(),
        ..DomainFilter::default()
    }
}

/// All that match, page by page, forwards; each page is reached backwards too.
async fn all(store: &Store, owner: &Owner, filter: &DomainFilter) -> Vec<String> {
    let mut names = Vec::new();
    let mut found = page(store, owner, filter, Slice::Start).await;
    loop {
        names.extend(found.rows.iter().map(|domain| domain.name.to_string()));
        let Some(last) = found.rows.last().filter(|_| found.has_after) else {
            return names;
        };
        let next = page(store, owner, filter, Slice::After(DomainCursor::of(last))).await;
        let first = DomainCursor::of(next.rows.first().unwrap());
        let before = page(store, owner, filter, Slice::Before(first)).await;
        assert_eq!(before.rows, found.rows);
        assert_eq!(before.has_before, found.has_before);
        found = next;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_listed_by_their_labels_from_the_top() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let (ours, theirs) = (owner(&store).await, owner(&store).await);
        let names = [
            "www.example.com",
            "example.com",
            "a.test",
            "*.example.com",
            "example-b.com",
            "b.a.test",
            "0.example.com",
        ];
        add(&store, &ours, &names).await;
        add(&store, &theirs, &["example.com", "z.test"]).await;
        let everything = DomainFilter::default();
        let sorted = [
            "example.com",
            // A hyphen is before a dot.
            "example-b.com",
            "*.example.com",
            "0.example.com",
            "www.example.com",
            "a.test",
            "b.a.test",
        ];
        assert_eq!(all(&store, &ours, &everything).await, sorted);
        assert_eq!(
            all(&store, &theirs, &everything).await,
            ["example.com", "z.test"]
        );
        assert_eq!(count(&store, &ours, &everything).await, 7);
        let cursor = DomainCursor::of(&ours.domain("a.test", None));
        assert_eq!(DomainCursor::parse(&cursor.text()), Some(cursor));
        assert_eq!(DomainCursor::parse("a.test"), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_what_contains_finds() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let owner = owner(&store).await;
        let mut names = Vec::new();
        for first in ["", "*.", "ab.", "b.", "ab.b.", "www.ab."] {
            for last in [
                "ab.a",
                "a.ab",
                "aab.b.a",
                "b-a.ab.ab",
                "xn--bcher-kva.b",
                "shop.bakery.a",
            ] {
                names.push(format!("{first}{last}"));
            }
        }
        let texts: Vec<&str> = names.iter().map(String::as_str).collect();
        add(&store, &owner, &texts).await;
        check_searches(&store, &owner, &texts).await;
    })
    .await;
}

/// Where PostgreSQL's extensions could not be created there is no index of parts, and all is found nevertheless.
#[tokio::test(flavor = "multi_thread")]
async fn a_search_finds_the_same_without_the_index_of_parts() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    store.migrate().await.unwrap();
    let drop = "DROP INDEX enrolled_domain_by_part";
    make_schema(&store, drop).await.unwrap();
    let owner = owner(&store).await;
    let texts = [
        "shop.bakery.a",
        "www.ab.aab.b.a",
        "b-a.ab.ab",
        "xn--bcher-kva.b",
    ];
    add(&store, &owner, &texts).await;
    check_searches(&store, &owner, &texts).await;
    store.close().await;
    database.remove().await;
}

const PARTS: [&str; 32] = [
    "a",
    "ab",
    "ab.",
    ".ab",
    ".ab.",
    "b.a",
    "a.ab",
    "ab.ab",
    "ab.b.a",
    "b.aab.b",
    "*",
    "*.a",
    ".",
    "..",
    "%",
    "_",
    "\\",
    "w.ab",
    "-",
    "kva.b",
    "ab.b.b-a.ab.ab",
    "zz",
    "a.zz",
    "bakery",
    "p.bakery",
    "p.bakery.",
    "hop.bakery.a",
    "hop.aab",
    "b.shop.bakery",
    "*.shop.b",
    "aab.b.a",
    "w.ab.aab",
];

/// Each part is found in what contains it, in the order of the list.
async fn check_searches(store: &Store, owner: &Owner, names: &[&str]) {
    for part in PARTS {
        let contains = |name: &&str| name.contains(part);
        let mut expected: Vec<&str> = names.iter().copied().filter(contains).collect();
        expected.sort_by_key(|name| DnsName::parse(name).unwrap().reversed());
        let filter = containing(part);
        assert_eq!(all(store, owner, &filter).await, expected, "{part:?}");
        let counted = count(store, owner, &filter).await;
        assert_eq!(counted, expected.len(), "{part:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_companion_is_told_from_a_paid_name_and_what_is_removed_is_gone() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let (ours, theirs) = (owner(&store).await, owner(&store).await);
        let paid = ours.domain("example.com", None);
        let free = ours.domain("www.example.com", Some(paid.id));
        let within = store.within(ours.scope());
        let both = vec![paid.clone(), free.clone()];
        within.write(both, insert_domains).await.unwrap();
        let kind = |is_companion| DomainFilter {
            is_companion: Some(is_companion),
            subscription: Some(ours.subscription.id),
            ..DomainFilter::default()
        };
        assert_eq!(all(&store, &ours, &kind(false)).await, ["example.com"]);
        assert_eq!(all(&store, &ours, &kind(true)).await, ["www.example.com"]);

        let found: Result<_, Error> = within.read(paid.id, enrolled_domain::companions).await;
        assert_eq!(found.unwrap(), std::slice::from_ref(&free));
        let names = NamesOf {
            subscription: ours.subscription.id,
            names: vec![free.name.clone(), DnsName::parse("other.example").unwrap()],
        };
        let found: Result<_, Error> = within.read(names, enrolled_domain::active_by_names).await;
        assert_eq!(found.unwrap(), [Some(free.clone()), None]);

        let removed = Removed {
            id: free.id,
            at: NOW,
            by: Actor::System,
        };
        let stranger = store.within(theirs.scope());
        let found: Result<_, Error> = stranger.read(free.id, enrolled_domain::find).await;
        assert_eq!(found.unwrap(), None);
        for (within, is_done) in [(stranger, false), (within, true), (within, false)] {
            let done = within.write(removed.clone(), enrolled_domain::remove).await;
            assert_eq!(done.unwrap(), is_done);
        }
        let found: Result<_, Error> = within.read(free.id, enrolled_domain::find).await;
        assert_eq!(found.unwrap(), Some(free.remove(Actor::System, NOW)));
        assert_eq!(all(&store, &ours, &kind(true)).await, [""; 0]);
        // It can be added again, as another row.
        add(&store, &ours, &["www.example.com"]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_are_listed_by_what_they_are_now() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let (ours, theirs) = (owner(&store).await, owner(&store).await);
        let within = store.within(ours.scope());
        let pending = ours.subscription.clone();
        let started = pending.start(TermUnit::Days365n, NOW).unwrap();
        let end = started.covered_until.unwrap();
        for (is, now, state) in [
            (pending.clone(), NOW, State::Pending),
            (started.clone(), NOW, State::Active),
            (started.clone(), end, State::Expired),
            (started.suspend(NOW).unwrap(), end, State::Suspended),
            (started.deactivate(NOW).unwrap(), end, State::Deactivated),
        ] {
            within
                .write(is.clone(), subscription::update)
                .await
                .unwrap();
            let found: Result<_, Error> = within.read(is.id, subscription::find).await;
            assert_eq!(found.unwrap(), Some(is.clone()));
            for filter in State::ALL {
                let filter = SubscriptionFilter {
                    state: Some(*filter),
                };
                let asked = (Query::first(filter, 9), now);
                let found: Result<Page<_>, Error> = within.scan(asked, subscription::page).await;
                let is_found = filter.state == Some(state);
                assert_eq!(
                    found.unwrap().rows.len(),
                    usize::from(is_found),
                    "{filter:?}"
                );
            }
        }
        // A stranger can neither see nor change it.
        let stranger = store.within(theirs.scope());
        stranger
            .write(pending.clone(), subscription::update)
            .await
            .unwrap();
        let found: Result<_, Error> = stranger.read(pending.id, subscription::find).await;
        assert_eq!(found.unwrap(), None);
        let ours = store.within(Scope::System("a test"));
        let found: Result<_, Error> = ours.read(pending.id, subscription::by_id).await;
        assert_eq!(found.unwrap().unwrap().cancelled_at, Some(NOW));
    })
    .await;
}
