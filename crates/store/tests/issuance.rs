//! The rows of an issuance: lists by pages without gaps, figures that equal the lists, and nothing of another tenant,
//! on both engines.

#![expect(
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use acme::Thumbprint;
use acme::order::Progress;
use base::{
    AccountId, Actor, AuditId, AuthorizationId, CaId, CertificateId, DnsName, Identifier, JobId,
    OrderId, Page, Placed as _, ProfileVersionId, Query, Random, Scope, Slice, SubscriptionId,
    TenantId, Timestamp, ValidationId,
};
use enrollment::eab::{EabCredential, NewCredential, Reveal};
use enrollment::policy::TermUnit;
use enrollment::subscription::{Label, ProductCode, Purchase, Subscription, Term};
use store::audit::{self, Entry};
use store::catalog::profile::ProfileVersion;
use store::issuance::authorization::{self, Authorization};
use store::issuance::certificate::{self, NewCertificate, Signed, Validations};
use store::issuance::certificate_end::{self, delete_ended};
use store::issuance::certificate_list::{self, CertificateFilter, CertificateRow, Cursor, View};
use store::issuance::crl::{self, Crl};
use store::issuance::end;
use store::issuance::names::Names;
use store::issuance::order::{self, Order};
use store::issuance::order_list::{self, OrderEnding, OrderFilter};
use store::issuance::retired_key::{self, KeyStanding, RetiredKey};
use store::issuance::{blocked_key, evidence, lineage, revocation};
use store::old::Old;
use store::testing::each_engine;
use store::{Error, Progress as Pieces, ReadTx, Store, WriteTx, sql};
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

fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

fn name(text: &str) -> DnsName {
    text.parse().unwrap()
}

/// A reseller with one ACME account that a client registered for.
#[derive(Clone, Copy)]
struct Owner {
    tenant: TenantId,
    subscription: SubscriptionId,
    account: AccountId,
    ca: CaId,
    profile: ProfileVersionId,
}

impl Owner {
    fn scope(&self) -> Scope {
        Scope::Tenant(self.tenant)
    }

    fn order(&self, hosts: &[&str], progress: Progress, placed: Timestamp) -> Order {
        let mut names: Vec<Identifier> = hosts.iter().map(|host| host.parse().unwrap()).collect();
        names.sort_unstable();
        let ended = matches!(progress, Progress::Valid | Progress::Invalid).then_some(placed);
        Order {
            id: OrderId::generate(placed, &RANDOM),
            account: self.account,
            tenant: self.tenant,
            subscription: self.subscription,
            lineage: lineage::id_of(self.tenant, &names),
            authorizations: names
                .iter()
                .map(|_| AuthorizationId::generate(placed, &RANDOM))
                .collect(),
            names,
            not_before: None,
            not_after: None,
            expires_at: placed.plus(days(7)),
            finalized_at: (progress == Progress::Processing)
                .then_some(placed)
                .or(ended),
            ended_at: ended,
            certificate: None,
            error: (progress == Progress::Invalid).then(|| "{}".to_owned()),
            client_address: "192.0.2.7".to_owned(),
            client_agent: "certbot/5.8.0".to_owned(),
        }
    }

    /// Of 90 days, the last of which is `left` days from now.
    fn certificate(&self, host: &str, left: u64) -> Signed {
        self.of_names(&[host, &format!("www.{host}")], left)
    }

    fn of_names(&self, hosts: &[&str], left: u64) -> Signed {
        let mut names: Vec<Identifier> = hosts.iter().map(|host| host.parse().unwrap()).collect();
        names.sort_unstable();
        let not_after = NOW.plus(days(left));
        let id = CertificateId::generate(NOW, &RANDOM);
        let order = OrderId::generate(NOW, &RANDOM);
        let mut serial = id.to_bytes();
        serial[0] = 0x4a;
        RANDOM.fill(&mut serial[1..]);
        Signed {
            certificate: NewCertificate {
                id,
                not_before: not_after.minus(days(90)),
                not_after,
                crl_shard: Some(0),
                lineage: lineage::id_of(self.tenant, &names),
                tenant: self.tenant,
                subscription: Some(self.subscription),
                account: Some(self.account),
                order: Some(order),
                ca: Some(self.ca),
                profile: Some(self.profile),
                serial: Some(serial),
                validations: Validations::default(),
                source: "acme".to_owned(),
                der: Some(id.suffix().into_bytes()),
            },
            names,
            subscription: self.subscription,
            order,
            caa_checks: Vec::new(),
            is_test: false,
            job: JobId::generate(NOW, &RANDOM),
            now: NOW,
        }
    }
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

async fn owner(store: &Store, operator: &Tenant, (ca, profile): (CaId, ProfileVersionId)) -> Owner {
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
        ca,
        profile,
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

async fn store_certificate(tx: &mut WriteTx, signed: &Signed) -> Result<(), Error> {
    let certificate = &signed.certificate;
    let facts = end::for_issue(tx, certificate.id, certificate.lineage).await?;
    end::issue(tx, signed, facts.standing).await
}

async fn insert_certificates(store: &Store, certificates: &[Signed]) {
    for signed in certificates {
        store
            .within(Scope::Tenant(signed.certificate.tenant))
            .write(signed.clone(), store_certificate)
            .await
            .unwrap();
    }
}

async fn insert_orders(store: &Store, orders: &[Order]) {
    for order in orders {
        store
            .within(SYSTEM)
            .write(order.clone(), order::insert)
            .await
            .unwrap();
    }
}

async fn revoke(store: &Store, id: CertificateId) {
    store
        .within(SYSTEM)
        .write(id, save_revocation)
        .await
        .unwrap();
}

async fn save_revocation(tx: &mut WriteTx, id: &CertificateId) -> Result<(), Error> {
    let found = certificate::by_id(tx, id).await?.unwrap();
    revocation::insert(tx, &found, 4, Actor::System, NOW).await
}

async fn certificates(
    store: &Store,
    owner: &Owner,
    asked: Query<CertificateFilter, Cursor>,
) -> Page<CertificateRow> {
    store
        .within(owner.scope())
        .scan(asked, certificate_list::page)
        .await
        .unwrap()
}

async fn orders(
    store: &Store,
    owner: &Owner,
    asked: Query<OrderFilter, OrderId>,
) -> Page<order_list::OrderRow> {
    store
        .within(owner.scope())
        .scan(asked, order_list::page)
        .await
        .unwrap()
}

async fn count(store: &Store, owner: &Owner, view: View) -> i64 {
    store
        .within(owner.scope())
        .scan(view, count_view)
        .await
        .unwrap()
}

async fn count_view(tx: &mut ReadTx, view: &View) -> Result<i64, Error> {
    certificate_list::count(tx, *view, NOW, i64::MAX).await
}

fn view(view: View) -> Query<CertificateFilter, Cursor> {
    Query::first(CertificateFilter::of(view, NOW), 10)
}

/// Two that are fine, one overdue, one that was replaced in time, one over, one revoked.
async fn six_certificates(store: &Store, owner: &Owner) {
    let revoked = owner.certificate("revoked.example", 50);
    let all = [
        owner.certificate("replaced.example", 10),
        owner.certificate("overdue.example", 10),
        owner.certificate("fine.example", 60),
        owner.certificate("replaced.example", 80),
        owner.certificate("over.example", 0),
        revoked.clone(),
    ];
    insert_certificates(store, &all).await;
    revoke(store, revoked.certificate.id).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_figures_equal_the_lists_behind_them() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        six_certificates(&store, &ours).await;
        insert_certificates(&store, &[theirs.certificate("theirs.example", 10)]).await;
        let expected = [
            (View::Valid, 3),
            (View::Expiring, 1),
            (View::Revoked, 1),
            (View::Expired, 1),
        ];
        for (each, length) in expected {
            let page = certificates(&store, &ours, view(each)).await;
            assert_eq!(page.rows.len(), length, "{each:?}");
            let counted = count(&store, &ours, each).await;
            assert_eq!(counted, i64::try_from(length).unwrap(), "{each:?}");
            for row in &page.rows {
                assert_eq!(
                    row.is_expiring(NOW),
                    row.names[0].as_text() == "overdue.example"
                );
            }
        }
        let overdue = certificates(&store, &ours, view(View::Expiring)).await;
        assert_eq!(overdue.rows[0].names[0].as_text(), "overdue.example");
        assert_eq!(overdue.rows[0].label, "Production");
        assert_eq!(count(&store, &theirs, View::Valid).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sb6_a_certificate_whose_successor_is_revoked_counts_again() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let old = ours.certificate("a.example", 10);
        let new = ours.certificate("a.example", 80);
        insert_certificates(&store, &[old.clone(), new.clone()]).await;
        assert_eq!(count(&store, &ours, View::Expiring).await, 0);
        revoke(&store, new.certificate.id).await;
        let due = certificates(&store, &ours, view(View::Expiring)).await;
        assert_eq!(due.rows[0].id, old.certificate.id);
        revoke(&store, old.certificate.id).await;
        assert_eq!(count(&store, &ours, View::Valid).await, 0);
        assert_eq!(count(&store, &ours, View::Revoked).await, 2);
        // The same names may have one again.
        insert_certificates(&store, &[ours.certificate("a.example", 70)]).await;
        assert_eq!(count(&store, &ours, View::Valid).await, 1);
    })
    .await;
}

/// One row for a set of names, and no more work for its 300th certificate than for its second.
#[tokio::test(flavor = "multi_thread")]
async fn sb6_many_certificates_of_one_name_are_one_lineage() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let mut costs = Vec::new();
        for left in 0..300 {
            let before = store.counters().statements;
            insert_certificates(&store, &[ours.certificate("a.example", left)]).await;
            costs.push(store.counters().statements - before);
        }
        assert!(
            costs[1..].iter().all(|cost| *cost == costs[1]),
            "statements: {costs:?}"
        );
        let lineages = store.within(SYSTEM).scan((), lineages).await.unwrap();
        // The name and its www.
        assert_eq!(lineages, [(300, 2)], "certificates and names of each");
        assert_eq!(count(&store, &ours, View::Valid).await, 1);
    })
    .await;
}

async fn lineages(tx: &mut ReadTx, (): &()) -> Result<Vec<(i64, i64)>, Error> {
    let statement = sql!(system:
        "SELECT l.issued_count, (SELECT COUNT(*) FROM lineage_name n WHERE n.lineage_id = l.id) AS names
         FROM lineage l"
    );
    let rows = tx.rows(statement, &[]).await?;
    rows.iter()
        .map(|row| Ok((row.int("issued_count")?, row.int("names")?)))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_earlier_end_does_not_take_the_place_of_a_later_one() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let late = ours.certificate("a.example", 80);
        let early = ours.certificate("a.example", 20);
        insert_certificates(&store, &[late.clone(), early]).await;
        let page = certificates(&store, &ours, view(View::Valid)).await;
        assert_eq!(page.rows.len(), 1);
        assert_eq!(page.rows[0].id, late.certificate.id);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r14_pages_of_certificates_have_no_gaps_and_no_repeats() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let mut all = Vec::new();
        for place in 0..23 {
            // Some end at the same moment, so that the identifier has to decide.
            all.push(ours.certificate(&format!("n{place}.example"), 30 + place / 4));
            all.push(theirs.certificate(&format!("n{place}.example"), 30));
        }
        insert_certificates(&store, &all).await;
        for each in [View::Valid, View::Revoked] {
            let whole = Query {
                limit: 100,
                ..view(each)
            };
            let whole = certificates(&store, &ours, whole).await;
            assert_eq!((whole.rows.len(), whole.has_after), (23, false));
            check_pages(&store, &ours, each, &whole.rows).await;
            for row in &whole.rows {
                if each == View::Valid {
                    revoke(&store, row.id).await;
                }
            }
        }
    })
    .await;
}

async fn check_pages(store: &Store, owner: &Owner, each: View, whole: &[CertificateRow]) {
    let five = |slice| Query {
        slice,
        limit: 5,
        ..view(each)
    };
    let mut forwards = Vec::new();
    let mut slice = Slice::Start;
    loop {
        let page = certificates(store, owner, five(slice)).await;
        slice = Slice::After(page.rows.last().unwrap().cursor());
        forwards.extend(page.rows);
        if !page.has_after {
            break;
        }
    }
    assert_eq!(forwards, whole);
    let mut backwards = vec![whole[22].clone()];
    loop {
        let slice = Slice::Before(backwards[0].cursor());
        let page = certificates(store, owner, five(slice)).await;
        backwards.splice(0..0, page.rows);
        if !page.has_before {
            break;
        }
    }
    assert_eq!(backwards, whole);
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_found_by_parts_of_names_and_beginnings_of_serials() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let wanted = ours.certificate("shop.example", 40);
        let others = [
            wanted.clone(),
            ours.certificate("blog.example", 40),
            theirs.certificate("shop.example", 40),
        ];
        insert_certificates(&store, &others).await;
        let found = async |names: Names| {
            let filter = CertificateFilter {
                names,
                ..CertificateFilter::of(View::Valid, NOW)
            };
            let page = certificates(&store, &ours, Query::first(filter, 10)).await;
            page.rows.iter().map(|row| row.id).collect::<Vec<_>>()
        };
        let only = [wanted.certificate.id];
        assert_eq!(found(Names::containing("sho")).await, only);
        assert_eq!(found(Names::containing("www.shop")).await, only);
        assert_eq!(found(Names::containing("w.shop.ex")).await, only);
        assert_eq!(found(Names::Include(name("shop.example"))).await, only);
        assert!(found(Names::Include(name("hop.example"))).await.is_empty());
        // Each label fits, but not beside each other.
        assert!(found(Names::containing("shop.www")).await.is_empty());
        assert!(found(Names::containing("%")).await.is_empty());
        let digits = "4a";
        let by_serial = store
            .within(ours.scope())
            .scan(digits.to_owned(), by_serial)
            .await;
        assert_eq!(by_serial.unwrap().len(), 2);
        let filter = CertificateFilter {
            subscription: Some(theirs.subscription),
            ..CertificateFilter::of(View::Valid, NOW)
        };
        let page = certificates(&store, &ours, Query::first(filter, 10)).await;
        assert!(page.rows.is_empty());
    })
    .await;
}

async fn by_serial(tx: &mut ReadTx, digits: &String) -> Result<Vec<CertificateRow>, Error> {
    let rows = certificate_list::by_serial(tx, digits, 10).await?;
    let Some(first) = rows.first() else {
        return Ok(rows);
    };
    // Half an octet more or less, and the whole.
    let begun = first.serial[..7].to_owned();
    assert_eq!(certificate_list::by_serial(tx, &begun, 10).await?.len(), 1);
    assert_eq!(
        certificate_list::by_serial(tx, &first.serial, 10)
            .await?
            .len(),
        1
    );
    Ok(rows)
}

#[tokio::test(flavor = "multi_thread")]
async fn s30_objects_of_other_tenants_are_not_there() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let old = ours.certificate("a.example", 10);
        let new = ours.certificate("a.example", 80);
        insert_certificates(&store, &[old.clone(), new.clone()]).await;
        let placed = ours.order(&["a.example"], Progress::Valid, NOW);
        insert_orders(&store, std::slice::from_ref(&placed)).await;
        let asked = (old.certificate, placed.id);
        let seen = async |owner: Owner| {
            let asked = asked.clone();
            store
                .within(owner.scope())
                .read(asked, look_around)
                .await
                .unwrap()
        };
        let new = Some(new.certificate.id);
        assert_eq!(
            seen(ours).await,
            (true, new, true, Some("Production".to_owned()))
        );
        assert_eq!(seen(theirs).await, (false, None, false, None));
        // And nobody writes into another tenant's rows.
        let foreign = store
            .within(theirs.scope())
            .write(placed, order::insert)
            .await;
        assert!(
            matches!(foreign, Err(Error::Unscoped { .. })),
            "{foreign:?}"
        );
    })
    .await;
}

type Seen = (bool, Option<CertificateId>, bool, Option<String>);

async fn look_around(
    tx: &mut ReadTx,
    (old, order): &(NewCertificate, OrderId),
) -> Result<Seen, Error> {
    let found = certificate::of_tenant(tx, &old.id).await?;
    let successor = certificate_list::successor(tx, old.lineage, old.not_after).await?;
    let order = order_list::of_tenant(tx, order).await?;
    let label = order.map(|order| order.label);
    Ok((
        found.is_some(),
        successor,
        certificate_list::has_any(tx).await?,
        label,
    ))
}

#[tokio::test(flavor = "multi_thread")]
async fn r16_pages_of_orders_have_no_gaps_and_failures_are_counted() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let mut all = vec![theirs.order(&["x.example"], Progress::Invalid, NOW)];
        for place in 0..20_u64 {
            let progress = Progress::ALL[usize::try_from(place % 4).unwrap()];
            let moment = NOW.minus(Duration::from_secs(place * 3 * 3_600));
            all.push(ours.order(&[&format!("n{place}.example")], progress, moment));
        }
        insert_orders(&store, &all).await;
        let any = OrderFilter::default();
        let page_of_seven = |slice| Query {
            filter: any.clone(),
            slice,
            limit: 7,
        };
        let mut seen = Vec::new();
        let mut slice = Slice::Start;
        loop {
            let page = orders(&store, &ours, page_of_seven(slice)).await;
            seen.extend(page.rows.iter().map(|row| row.order.id));
            let Some(last) = page.rows.last().filter(|_| page.has_after) else {
                break;
            };
            slice = Slice::After(last.order.id);
        }
        let expected: Vec<_> = all.iter().skip(1).map(|order| order.id).collect();
        assert_eq!(seen, expected);
        let back = orders(&store, &ours, page_of_seven(Slice::Before(expected[10]))).await;
        let ids: Vec<_> = back.rows.iter().map(|row| row.order.id).collect();
        assert_eq!((ids.as_slice(), back.has_before), (&expected[3..10], true));

        let since = NOW.minus(days(1));
        let lately = OrderFilter {
            ending: OrderEnding::Failed,
            since: Some(since),
            ..OrderFilter::default()
        };
        let failed = orders(&store, &ours, Query::first(lately, 50)).await;
        let counted = store
            .within(ours.scope())
            .scan(since, count_since)
            .await
            .unwrap();
        assert_eq!(counted, (9, 2));
        assert_eq!(failed.rows.len(), 2);
        let issued = OrderFilter {
            ending: OrderEnding::Issued,
            names: Names::containing("n2"),
            ..OrderFilter::default()
        };
        let issued = orders(&store, &ours, Query::first(issued, 50)).await;
        assert_eq!(issued.rows.len(), 1);
    })
    .await;
}

async fn count_since(tx: &mut ReadTx, since: &Timestamp) -> Result<(i64, i64), Error> {
    order_list::count_since(tx, *since).await
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_were_made_good_need_no_attention() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let before = NOW.minus(Duration::from_secs(60));
        let good = ours.order(&["a.example", "www.a.example"], Progress::Invalid, before);
        let bad = ours.order(&["b.example"], Progress::Invalid, before);
        let old = ours.order(&["c.example"], Progress::Invalid, NOW.minus(days(2)));
        let foreign = theirs.order(&["d.example"], Progress::Invalid, before);
        insert_orders(&store, &[good, bad.clone(), old, foreign]).await;
        insert_certificates(&store, &[ours.certificate("a.example", 90)]).await;
        let since = NOW.minus(days(1));
        let found = store
            .within(ours.scope())
            .scan(since, still_failing)
            .await
            .unwrap();
        let ids: Vec<_> = found.iter().map(|row| row.order.id).collect();
        assert_eq!(ids, [bad.id]);
    })
    .await;
}

async fn still_failing(
    tx: &mut ReadTx,
    since: &Timestamp,
) -> Result<Vec<order_list::OrderRow>, Error> {
    order_list::still_failing(tx, *since, 10).await
}

/// A set of names is indexed by its digest alone, since an index entry has a greatest length on PostgreSQL.
#[tokio::test(flavor = "multi_thread")]
async fn sb2_an_order_of_a_hundred_long_names_is_stored_and_certified() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let label = || {
            let mut bytes = [0; 31];
            RANDOM.fill(&mut bytes);
            bytes
                .iter()
                .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
        };
        let hosts: Vec<_> = (0..100)
            .map(|_| format!("{}.example.com", label()))
            .collect();
        let hosts: Vec<_> = hosts.iter().map(String::as_str).collect();
        let placed = ours.order(&hosts, Progress::Pending, NOW);
        insert_orders(&store, std::slice::from_ref(&placed)).await;
        let found = store
            .within(SYSTEM)
            .read(placed.id, order::by_id)
            .await
            .unwrap();
        assert_eq!(found.unwrap().names, placed.names);
        let signed = ours.of_names(&hosts, 90);
        insert_certificates(&store, std::slice::from_ref(&signed)).await;
        let id = signed.certificate.id;
        let found = store
            .within(ours.scope())
            .read(id, certificate::of_tenant)
            .await
            .unwrap();
        assert_eq!(found.unwrap().names, placed.names);
        assert_eq!(count(&store, &ours, View::Valid).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn crls_have_one_of_each_number_and_old_ones_go() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let crl = |number| Crl {
            ca: ours.ca,
            shard: 0,
            number,
            der: vec![7],
            entries: 0,
            this_update: NOW,
            next_update: NOW.plus(days(7)),
        };
        let system = store.within(SYSTEM);
        assert!(system.read(ours.ca, crl::newest).await.unwrap().is_none());
        for number in 1..=4 {
            assert!(system.write((crl(number), 1), crl::publish).await.unwrap());
        }
        assert!(!system.write((crl(4), 1), crl::publish).await.unwrap());
        let newest = system.read(ours.ca, crl::newest).await.unwrap().unwrap();
        assert_eq!(newest.number, 4);
        // The one before the newest is kept, in its place nobody can publish another.
        assert!(!system.write((crl(3), 1), crl::publish).await.unwrap());
        assert!(system.write((crl(1), 9), crl::publish).await.unwrap());
    })
    .await;
}

async fn store_certificates(tx: &mut WriteTx, all: &Vec<Signed>) -> Result<(), Error> {
    for signed in all {
        store_certificate(tx, signed).await?;
    }
    Ok(())
}

/// Whichever way the statements take, a page narrowed by names has what the whole list has of them.
#[tokio::test(flavor = "multi_thread")]
async fn r1_lists_narrowed_by_names_equal_what_fits_of_the_whole() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        // More than are looked at from the names, and more than a window of the list holds.
        let early =
            (0..1_100).map(|place| ours.certificate(&format!("n{place}.early.example"), 20));
        let early =
            early.chain((0..1_100).map(|place| {
                ours.of_names(&[&format!("n{place}.apart.example")], 25 + place / 400)
            }));
        let late = (0..520).map(|place| ours.certificate(&format!("n{place}.late.example"), 60));
        let few = (0..7).map(|place| ours.certificate(&format!("n{place}.few.example"), place));
        let of_others = [theirs.certificate("n1.few.example", 40)];
        let all: Vec<Signed> = early.chain(late).chain(few).chain(of_others).collect();
        store
            .within(SYSTEM)
            .write(all, store_certificates)
            .await
            .unwrap();
        for each in [View::Valid, View::Expiring, View::Expired] {
            check_names(&store, &ours, each).await;
        }
        let valid = certificates(
            &store,
            &ours,
            Query {
                limit: 5_000,
                ..view(View::Valid)
            },
        )
        .await;
        for row in valid.rows.iter().step_by(40) {
            revoke(&store, row.id).await;
        }
        check_names(&store, &ours, View::Revoked).await;
    })
    .await;
}

/// Every page of every kind of name, forwards and backwards.
async fn check_names(store: &Store, owner: &Owner, view: View) {
    let whole = Query::first(CertificateFilter::of(view, NOW), 5_000);
    let whole = certificates(store, owner, whole).await.rows;
    let asked = [
        Names::Include(name("n40.late.example")),
        Names::Include(name("www.n3.few.example")),
        Names::Below(name("late.example")),
        Names::Below(name("early.example")),
        Names::Below(name("few.example")),
        Names::Below(name("example.late")),
        Names::containing("late"),
        Names::containing("1.late.example"),
        Names::containing("www.n4"),
        Names::containing("n1"),
        Names::containing("nowhere"),
    ];
    for names in asked {
        let expected: Vec<_> = whole.iter().filter(|row| fits(&names, row)).collect();
        let page = async |slice, limit| {
            let filter = CertificateFilter {
                names: names.clone(),
                ..CertificateFilter::of(view, NOW)
            };
            let query = Query {
                filter,
                slice,
                limit,
            };
            certificates(store, owner, query).await
        };
        let found = page(Slice::Start, 5_000).await.rows;
        assert!(
            found.iter().eq(expected.iter().copied()),
            "{view:?} {names:?}"
        );
        let first = page(Slice::Start, 3).await;
        assert!(
            first.rows.iter().eq(expected.iter().copied().take(3)),
            "{view:?} {names:?}"
        );
        assert_eq!(first.has_after, expected.len() > 3);
        let Some(last) = expected.last() else {
            continue;
        };
        let mut before = page(Slice::Before(last.cursor()), 3).await.rows;
        before.reverse();
        let expected = expected.iter().copied().rev().skip(1).take(3);
        assert!(before.iter().eq(expected), "{view:?} {names:?}");
    }
}

fn fits(names: &Names, row: &CertificateRow) -> bool {
    let mut each = row.names.iter().map(Identifier::to_string);
    match names {
        Names::Any => true,
        Names::Below(name) => each.any(|text| text.ends_with(&format!(".{name}"))),
        Names::Contain(text) => each.any(|each| each.contains(text)),
        Names::Include(name) => each.any(|text| text == name.as_str()),
    }
}

#[test]
fn a_whole_name_behind_a_dot_means_what_is_below_it() {
    let below = Names::Below(name("shop.example"));
    assert_eq!(Names::containing(".shop.example"), below);
    for text in [
        "shop.example",
        ".shop",
        ".shop.example.",
        ".*.shop.example",
        ".",
    ] {
        assert_eq!(Names::containing(text), Names::Contain(text.to_owned()));
    }
    assert_eq!(Names::containing(""), Names::Any);
}

/// How many rows a piece of pruning looks at.
const PIECE: i64 = 3;

async fn prune(store: &Store, ended_before: Timestamp) {
    let until = ended_before.minus(days(7));
    let orders = Old {
        after: OrderId::FIRST,
        until: OrderId::first_at(until),
        ended_before,
        rows: PIECE,
    };
    let proofs = Old {
        after: AuthorizationId::FIRST,
        until: AuthorizationId::first_at(until),
        ended_before,
        rows: PIECE,
    };
    let within = store.within(SYSTEM);
    within
        .write_bulk(orders.clone(), order::delete_old)
        .await
        .unwrap();
    within
        .write_bulk(orders, order::delete_old_names)
        .await
        .unwrap();
    within
        .write_bulk(proofs, authorization::delete_old)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn orders_go_when_they_ended_long_ago_and_never_while_they_matter() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let (long_ago, ended_before) = (NOW.minus(days(120)), NOW.minus(days(90)));
        let placed = |progress, placed| ours.order(&["a.example", "b.example"], progress, placed);
        let mut ended_late = placed(Progress::Valid, long_ago);
        ended_late.ended_at = Some(NOW.minus(days(89)));
        let mut long_lived = placed(Progress::Pending, long_ago);
        long_lived.expires_at = NOW.plus(days(1));
        let stay = [
            placed(Progress::Processing, long_ago),
            ended_late,
            long_lived,
            placed(Progress::Valid, NOW.minus(days(80))),
            placed(Progress::Pending, NOW),
        ];
        let ends = [Progress::Valid, Progress::Invalid, Progress::Pending];
        let mut go = Vec::new();
        for progress in ends.into_iter().cycle().take(11) {
            go.push(placed(progress, long_ago));
        }
        insert_orders(&store, &go[..5]).await;
        insert_orders(&store, &stay).await;
        insert_orders(&store, &go[5..]).await;
        prune(&store, ended_before).await;
        for order in go {
            assert!(by_id(&store, order.id).await.is_none(), "{order:?}");
        }
        for order in &stay {
            let found = by_id(&store, order.id).await.unwrap();
            assert_eq!(found.names, order.names);
        }
        let names = store.within(SYSTEM).scan((), count_names).await.unwrap();
        assert_eq!(names, 2 * i64::try_from(stay.len()).unwrap());
    })
    .await;
}

async fn by_id(store: &Store, id: OrderId) -> Option<Order> {
    store.within(SYSTEM).read(id, order::by_id).await.unwrap()
}

async fn count_names(tx: &mut ReadTx, (): &()) -> Result<i64, Error> {
    let statement = sql!("SELECT COUNT(*) AS names FROM order_identifier");
    tx.row(statement, &[]).await?.unwrap().int("names")
}

#[tokio::test(flavor = "multi_thread")]
async fn authorizations_go_when_no_order_can_use_them_any_more() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let long_ago = NOW.minus(days(120));
        let expiring = |left: Timestamp| authorization(&ours, long_ago, left);
        let go: Vec<Authorization> = (0..7).map(|_| expiring(long_ago.plus(days(7)))).collect();
        let proven = expiring(long_ago.plus(days(7)));
        let reusable = expiring(long_ago.plus(days(7)));
        let given_up = expiring(NOW);
        let young = authorization(&ours, NOW.minus(days(95)), NOW.minus(days(91)));
        let all: Vec<_> = go
            .iter()
            .chain([&proven, &reusable, &given_up, &young])
            .cloned()
            .collect();
        let within = store.within(SYSTEM);
        within.write(all, insert_authorizations).await.unwrap();
        let proofs = [
            proof(&proven, long_ago.plus(days(14))),
            proof(&reusable, NOW.minus(days(80))),
        ];
        for each in &proofs {
            within
                .write(each.clone(), authorization::complete)
                .await
                .unwrap();
        }
        within
            .write((given_up.record.id, long_ago), deactivate)
            .await
            .unwrap();
        prune(&store, NOW.minus(days(90))).await;
        let ids =
            |all: &[&Authorization]| all.iter().map(|each| each.record.id).collect::<Vec<_>>();
        let left = async |all: &[&Authorization]| {
            let found = within.read(ids(all), authorizations).await.unwrap();
            found.iter().map(|each| each.record.id).collect::<Vec<_>>()
        };
        let gone: Vec<_> = go.iter().chain([&proven, &given_up]).collect();
        assert_eq!(left(&gone).await, []);
        let stay = [&reusable, &young];
        assert_eq!(left(&stay).await, ids(&stay));
        let evidence = within.scan((), count_evidence).await.unwrap();
        assert_eq!(evidence, 2);
    })
    .await;
}

fn authorization(owner: &Owner, made: Timestamp, expires: Timestamp) -> Authorization {
    let id = AuthorizationId::generate(made, &RANDOM);
    let token = acme::challenge::Token::generate(&RANDOM);
    Authorization {
        record: acme::authorization::Authorization::new(
            id,
            &name("a.example").into(),
            token,
            expires,
        ),
        account: owner.account,
        tenant: owner.tenant,
        order: Some(OrderId::first_at(made)),
        begun_at: None,
        validation: None,
        caa_checked_at: None,
    }
}

fn proof(of: &Authorization, reusable_until: Timestamp) -> authorization::Ending {
    let mut authorization = of.clone();
    let validated = of.record.id.made_at();
    authorization.record.state = acme::authorization::State::Valid {
        challenge: acme::challenge::Type::Http01,
        validated,
    };
    authorization.record.expires = reusable_until;
    authorization.begun_at = Some(validated);
    authorization.validation = Some(ValidationId::generate(validated, &RANDOM));
    authorization::Ending {
        authorization,
        evidence: "{}".to_owned(),
        now: validated,
    }
}

async fn insert_authorizations(tx: &mut WriteTx, all: &Vec<Authorization>) -> Result<(), Error> {
    authorization::insert_all(tx, all).await
}

async fn deactivate(
    tx: &mut WriteTx,
    (id, now): &(AuthorizationId, Timestamp),
) -> Result<(), Error> {
    authorization::deactivate(tx, *id, *now).await
}

async fn authorizations(
    tx: &mut ReadTx,
    ids: &Vec<AuthorizationId>,
) -> Result<Vec<Authorization>, Error> {
    authorization::by_ids(tx, ids).await
}

async fn count_evidence(tx: &mut ReadTx, (): &()) -> Result<i64, Error> {
    let statement = sql!(system: "SELECT COUNT(*) AS proofs FROM domain_validation");
    tx.row(statement, &[]).await?.unwrap().int("proofs")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_expired_is_pending_no_more() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let placed =
            |days_ago| ours.order(&["a.example"], Progress::Pending, NOW.minus(days(days_ago)));
        let (old, new) = (placed(8), placed(6));
        insert_orders(&store, &[old, new.clone()]).await;
        let within = store.within(SYSTEM);
        let deleted = within.write((NOW, 10), order::delete_expired_pending).await;
        assert_eq!(deleted.unwrap(), 1);
        let left = within.scan((), pending).await.unwrap();
        assert_eq!(left, [new.id]);
    })
    .await;
}

async fn pending(tx: &mut ReadTx, (): &()) -> Result<Vec<OrderId>, Error> {
    let rows = tx
        .rows(sql!("SELECT order_id FROM acme_order_pending"), &[])
        .await?;
    rows.iter().map(|row| row.id("order_id")).collect()
}

#[tokio::test]
async fn h5_a_retired_key_is_one_of_its_directory_and_m7_a_blocked_one_of_all() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let all = store.within(SYSTEM);
        let key = RetiredKey {
            directory: "DV".to_owned(),
            thumbprint: thumbprint(AccountId::generate(NOW, &RANDOM)),
            account: AccountId::FIRST,
            retired_at: NOW,
        };
        all.write(key.clone(), retired_key::insert).await.unwrap();
        let lost = blocked_key::BlockedKey {
            digest: vec![7; 32],
            reason: "keyCompromise".to_owned(),
            created_at: NOW,
        };
        all.write(lost, blocked_key::insert).await.unwrap();
        for (directory, digest, is_retired, is_blocked) in [
            ("DV", [1; 32], true, false),
            ("OV", [1; 32], false, false),
            ("OV", [7; 32], false, true),
        ] {
            let asked = (directory, key.thumbprint, digest);
            let standing = all.read(asked, key_standing).await.unwrap();
            let expected = KeyStanding {
                is_blocked,
                is_retired,
            };
            assert_eq!(standing, expected, "{directory}");
        }
    })
    .await;
}

async fn key_standing(
    tx: &mut ReadTx,
    (directory, thumbprint, digest): &(&'static str, Thumbprint, [u8; 32]),
) -> Result<KeyStanding, Error> {
    retired_key::standing(tx, directory, thumbprint, digest).await
}

const SECOND: Duration = Duration::from_secs(1);

/// One that ends at a moment.
fn ending(mut signed: Signed, not_after: Timestamp) -> Signed {
    signed.certificate.not_after = not_after;
    signed
}

/// How many rows the tables of certificates have: certificates, revocations, lineages, names of lineages.
async fn of_certificates(tx: &mut ReadTx, (): &()) -> Result<[i64; 4], Error> {
    let statement = sql!(system:
        "SELECT (SELECT COUNT(*) FROM certificate) AS certificates, (SELECT COUNT(*) FROM revocation) AS revocations,
           (SELECT COUNT(*) FROM lineage) AS lineages, (SELECT COUNT(*) FROM lineage_name) AS names"
    );
    let row = tx.row(statement, &[]).await?.unwrap();
    Ok([
        row.int("certificates")?,
        row.int("revocations")?,
        row.int("lineages")?,
        row.int("names")?,
    ])
}

async fn gone(store: &Store, before: Timestamp) -> [i64; 4] {
    let within = store.within(SYSTEM);
    let input = (before, PIECE);
    within.write_bulk(input, delete_ended).await.unwrap();
    within.read((), of_certificates).await.unwrap()
}

async fn current(store: &Store, owner: &Owner, host: &str, view: View) -> usize {
    let names = Names::Include(name(host));
    let filter = CertificateFilter {
        names,
        ..CertificateFilter::of(view, NOW)
    };
    let page = certificates(store, owner, Query::first(filter, 10)).await;
    page.rows.len()
}

#[tokio::test(flavor = "multi_thread")]
async fn s75_certificates_go_after_their_period_with_all_that_hangs_on_them() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let period = NOW.minus(days(731));
        let made = |host: &str, end: Timestamp| ending(ours.certificate(host, 1), end);
        // Two of one set of names, of which one is still there.
        let renewed = made("renewed.example", period.plus(days(30)));
        let replaced = made("renewed.example", period);
        let once = made("once.example", period);
        let revoked = made("revoked.example", period);
        // The one that counts goes before one that was revoked.
        let longer = made("longer.example", period.plus(days(1)));
        let counting = made("longer.example", period);
        let others = ending(theirs.certificate("once.example", 1), period);
        let all = [
            &renewed, &replaced, &once, &revoked, &longer, &counting, &others,
        ];
        insert_certificates(&store, &all.map(Clone::clone)).await;
        revoke(&store, revoked.certificate.id).await;
        revoke(&store, longer.certificate.id).await;
        assert_eq!(gone(&store, period).await, [7, 2, 5, 10]);
        let before = period.plus(SECOND);
        assert_eq!(gone(&store, before).await, [2, 1, 2, 4]);
        assert_eq!(
            current(&store, &ours, "renewed.example", View::Expired).await,
            1
        );
        for host in ["once.example", "revoked.example"] {
            assert_eq!(
                current(&store, &ours, host, View::Expired).await,
                0,
                "{host}"
            );
        }
        let facts = store.within(SYSTEM);
        let standing = facts.read(longer.clone(), standing).await.unwrap();
        assert_eq!(standing, lineage::Standing::Revoked);
        for (owner, certificates) in [(&ours, 4), (&theirs, 1)] {
            let within = store.within(owner.scope());
            let months = within.read((), certificate_end::months).await.unwrap();
            let expected = certificate_end::Month {
                tenant: owner.tenant,
                month: "2027-01".to_owned(),
                certificates,
            };
            assert_eq!(months, [expected]);
        }
        // A set of names that is gone is one that never had a certificate.
        insert_certificates(&store, &[ours.certificate("once.example", 30)]).await;
        assert_eq!(current(&store, &ours, "once.example", View::Valid).await, 1);
        assert_eq!(gone(&store, before.plus(days(40))).await, [1, 0, 1, 2]);
    })
    .await;
}

async fn standing(tx: &mut ReadTx, signed: &Signed) -> Result<lineage::Standing, Error> {
    let certificate = &signed.certificate;
    let facts = end::for_issue(tx, certificate.id, certificate.lineage).await?;
    Ok(facts.standing)
}

#[tokio::test(flavor = "multi_thread")]
async fn s75_certificates_of_many_names_go_in_smaller_pieces() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let period = NOW.minus(days(731));
        let mut all = Vec::new();
        for number in 0..7 {
            let hosts = (0..100).map(|host| format!("h{host}.s{number}.example"));
            let hosts: Vec<String> = hosts.collect();
            let hosts: Vec<&str> = hosts.iter().map(String::as_str).collect();
            all.push(ending(ours.of_names(&hosts, 1), period.minus(SECOND)));
        }
        insert_certificates(&store, &all).await;
        let within = store.within(SYSTEM);
        for left in [[2, 0, 2, 200], [0; 4]] {
            let piece = within.write_piece((period, 25), delete_ended).await;
            let is_more = left[0] > 0;
            assert_eq!(matches!(piece, Ok(Pieces::More(_))), is_more);
            let found = within.read((), of_certificates).await.unwrap();
            assert_eq!(found, left);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s75_proofs_go_when_nobody_could_use_them_long_ago() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let used = NOW.minus(days(1100));
        let proven =
            |until: Timestamp| proof(&authorization(&ours, used.minus(days(7)), until), until);
        let mut all: Vec<_> = (0..7).map(|_| proven(used.minus(SECOND))).collect();
        all.extend([proven(used), proven(used.plus(days(300)))]);
        let young = authorization(&ours, used.minus(days(6)), used);
        all.push(proof(&young, used.minus(SECOND)));
        let within = store.within(SYSTEM);
        for each in &all {
            within
                .write(each.clone(), authorization::complete)
                .await
                .unwrap();
        }
        let old = Old {
            after: ValidationId::FIRST,
            until: ValidationId::first_at(used.minus(days(6))),
            ended_before: used,
            rows: PIECE,
        };
        let count = async || within.scan((), count_evidence).await.unwrap();
        assert_eq!(count().await, 10);
        let first = within.write_piece(old.clone(), evidence::delete_old).await;
        assert!(matches!(first, Ok(Pieces::More(_))));
        assert!(count().await >= 10 - PIECE);
        within.write_bulk(old, evidence::delete_old).await.unwrap();
        assert_eq!(count().await, 3);
    })
    .await;
}

fn entry(owner: &Owner, action: &str, at: Timestamp) -> Entry {
    Entry {
        id: AuditId::generate(at, &RANDOM),
        at,
        tenant: owner.tenant,
        customer: None,
        actor: Actor::System,
        acting_as: None,
        action: action.to_owned(),
        object_kind: None,
        object: String::new(),
        parent: None,
        change: "{}".to_owned(),
        client_address: String::new(),
        client_agent: None,
        request_id: String::new(),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn s75_audit_entries_go_after_their_period_but_for_those_of_cas_and_keys() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let period = NOW.minus(days(2557));
        let told = |action: &str, at: Timestamp| entry(&ours, action, at);
        let before = period.minus(SECOND);
        let mut all: Vec<Entry> = (0..7).map(|_| told("session.open", before)).collect();
        let stay = [
            ("ca.add", before),
            ("ca.retire", before),
            ("sealing_key.add", before),
            ("sealing_key.reseal", before),
            ("acme_account.change_key", period),
            ("session.open", NOW),
        ];
        all.extend(stay.map(|(action, at)| told(action, at)));
        all.extend([
            told("acme_account.change_key", before),
            told("certificate.revoke", before),
        ]);
        let within = store.within(SYSTEM);
        for each in all {
            within.write(each, audit::append).await.unwrap();
        }
        let old = Old {
            after: AuditId::FIRST,
            until: AuditId::first_at(period),
            ended_before: period,
            rows: PIECE,
        };
        let first = within.write_piece(old.clone(), audit::delete_old).await;
        assert!(matches!(first, Ok(Pieces::More(_))));
        let newest = async || {
            let owners = store.within(ours.scope());
            owners.read(20, audit::newest).await.unwrap()
        };
        assert!(newest().await.len() >= 15 - 3);
        within.write_bulk(old, audit::delete_old).await.unwrap();
        let left: BTreeSet<String> = newest().await.into_iter().map(|each| each.action).collect();
        let expected = stay.map(|(action, _)| action.to_owned());
        assert_eq!(left, BTreeSet::from(expected));
        assert_eq!(newest().await.len(), stay.len());
    })
    .await;
}
