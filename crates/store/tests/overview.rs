//! What people look at in the portal: lists by pages without gaps, figures that equal the lists, and
//! nothing of another tenant, on both engines.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use acme::order::Progress;
use base::{
    AccountId, AuditId, CaId, CertificateId, DnsName, EnrolledDomainId, JobId, OrderId, Random,
    SubscriptionId, TenantId, Timestamp, UserId,
};
use enrollment::eab::EabCredential;
use enrollment::enrolled_domain::{EnrolledDomain, Kind, Status as DomainStatus};
use enrollment::subscription::{Label, Subscription, Term};
use store::issuance::certificate::{Certificate, Status};
use store::issuance::certificate_list::{Filter, View};
use store::issuance::order::Order;
use store::issuance::order_list::{Ending, Filter as OrderFilter};
use store::page::{Names, Page, Slice};
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

fn days(count: u64) -> Duration {
    Duration::from_secs(count * 86_400)
}

fn name(text: &str) -> DnsName {
    text.parse().unwrap()
}

/// A reseller with one ACME account that a client registered for.
#[derive(Clone)]
struct Owner {
    tenant: TenantId,
    subscription: SubscriptionId,
    account: AccountId,
    ca: CaId,
}

impl Owner {
    fn order(&self, host: &str, progress: Progress, placed: Timestamp) -> Order {
        Order {
            id: OrderId::generate(placed, &RANDOM),
            account: self.account,
            tenant: self.tenant,
            subscription: self.subscription,
            progress,
            names: vec![name(host)],
            authorizations: Vec::new(),
            not_before: None,
            not_after: None,
            created_at: placed,
            expires_at: placed.plus(days(7)),
            finalized_at: None,
            ended_at: None,
            certificate: None,
            error: None,
            client_address: "192.0.2.7".to_owned(),
            client_agent: "certbot/5.8.0".to_owned(),
        }
    }

    /// Of 90 days, the last of which is `left` days from now.
    fn certificate(&self, host: &str, left: u64) -> Certificate {
        let not_after = NOW.plus(days(left));
        let id = CertificateId::generate(NOW, &RANDOM);
        Certificate {
            id,
            serial: format!("04{}", id.suffix()),
            ca: self.ca,
            tenant: self.tenant,
            subscription: self.subscription,
            account: self.account,
            order: OrderId::generate(NOW, &RANDOM),
            status: Status::Issued,
            profile: "dv".to_owned(),
            names: vec![name(host), name(&format!("www.{host}"))],
            not_before: not_after.minus(days(90)),
            not_after,
            der: id.suffix().into_bytes(),
            created_at: NOW,
            issued_at: None,
            revoked_at: None,
            revocation_reason: None,
        }
    }
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
        status: "active".to_owned(),
        subject: "CN=Root".to_owned(),
        certificate: Vec::new(),
        private_key: Vec::new(),
        created_at: NOW,
    };
    let id = ca.id;
    write(store, ca, |tx, ca| {
        Box::pin(store::catalog::ca::insert(tx, ca))
    })
    .await;
    (
        owner(store, &operator, id).await,
        owner(store, &operator, id).await,
    )
}

async fn owner(store: &Store, operator: &Tenant, ca: CaId) -> Owner {
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
        ca,
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
        tenant: owner.tenant,
        subscription: owner.subscription,
        eab_key_id: credential.key_id.as_str().to_owned(),
        external_account_binding: "{}".to_owned(),
        thumbprint: owner.account.to_string(),
        jwk: "{}".to_owned(),
        status: acme::account::Status::Valid,
        contact: Vec::new(),
        terms_agreed_at: None,
        created_at: NOW,
        client_address: String::new(),
        client_agent: String::new(),
    }
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

async fn insert_certificates(store: &Store, certificates: &[Certificate]) {
    write(store, certificates.to_vec(), |tx, certificates| {
        Box::pin(async move {
            for certificate in certificates {
                store::issuance::certificate::intend(tx, certificate).await?;
                let job = JobId::generate(NOW, &RANDOM);
                let (id, order) = (certificate.id, certificate.order);
                store::issuance::order_facts::complete(tx, id, order, job, &certificate.der, NOW)
                    .await?;
            }
            Ok(())
        })
    })
    .await;
}

async fn insert_orders(store: &Store, orders: &[Order]) {
    write(store, orders.to_vec(), |tx, orders| {
        Box::pin(async move {
            for order in orders {
                store::issuance::order::insert(tx, order).await?;
            }
            Ok(())
        })
    })
    .await;
}

async fn certificates(
    store: &Store,
    tenant: TenantId,
    filter: &Filter,
    slice: Slice<store::issuance::certificate_list::Cursor>,
    limit: usize,
) -> Page<store::issuance::certificate_list::Listed> {
    store
        .scan((filter.clone(), slice), move |tx, (filter, slice)| {
            Box::pin(store::issuance::certificate_list::page(
                tx, tenant, filter, slice, limit, NOW,
            ))
        })
        .await
        .map_err(|error: Error| error)
        .unwrap()
}

async fn orders(
    store: &Store,
    tenant: TenantId,
    filter: &OrderFilter,
    slice: Slice<OrderId>,
    limit: usize,
) -> Page<store::issuance::order_list::Listed> {
    store
        .scan((filter.clone(), slice), move |tx, (filter, slice)| {
            Box::pin(store::issuance::order_list::page(
                tx, tenant, filter, slice, limit,
            ))
        })
        .await
        .map_err(|error: Error| error)
        .unwrap()
}

async fn count(store: &Store, tenant: TenantId, view: View) -> i64 {
    store
        .scan((), move |tx, ()| {
            Box::pin(store::issuance::certificate_list::count(
                tx, tenant, view, NOW,
            ))
        })
        .await
        .map_err(|error: Error| error)
        .unwrap()
}

fn view(view: View) -> Filter {
    Filter {
        view,
        ..Filter::default()
    }
}

/// Two that are fine, one overdue, one that was replaced in time, one over, one revoked.
async fn six_certificates(store: &Store, owner: &Owner) {
    let revoked = owner.certificate("revoked.example", 50);
    let mut over = owner.certificate("over.example", 0);
    over.not_after = NOW;
    let all = [
        owner.certificate("replaced.example", 10),
        owner.certificate("overdue.example", 10),
        owner.certificate("fine.example", 60),
        owner.certificate("replaced.example", 80),
        over,
        revoked.clone(),
    ];
    insert_certificates(store, &all).await;
    let entry = store::audit::Entry {
        id: AuditId::generate(NOW, &RANDOM),
        at: NOW,
        tenant: owner.tenant,
        actor: "somebody".to_owned(),
        action: "certificate.revoke".to_owned(),
        object: revoked.id.to_string(),
        detail: "{}".to_owned(),
        client_address: String::new(),
        request_id: String::new(),
    };
    write(store, (revoked.id, entry), |tx, (id, entry)| {
        Box::pin(async move {
            assert!(store::issuance::certificate::revoke(tx, *id, 4, NOW).await?);
            store::audit::append(tx, entry).await?;
            let found = store::audit::revocation(tx, entry.tenant, *id).await?;
            assert_eq!(found.map(|found| found.actor).as_deref(), Some("somebody"));
            let stranger = TenantId::generate(NOW, &RANDOM);
            assert!(store::audit::revocation(tx, stranger, *id).await?.is_none());
            Ok(())
        })
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r1_figures_equal_the_lists_behind_them() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        six_certificates(&store, &ours).await;
        insert_certificates(&store, &[theirs.certificate("theirs.example", 10)]).await;
        let expected = [
            (View::Valid, 4),
            (View::Expiring, 1),
            (View::Revoked, 1),
            (View::Expired, 1),
        ];
        for (each, length) in expected {
            let page = certificates(&store, ours.tenant, &view(each), Slice::Start, 10).await;
            assert_eq!(page.rows.len(), length, "{each:?}");
            let counted = count(&store, ours.tenant, each).await;
            assert_eq!(counted, i64::try_from(length).unwrap(), "{each:?}");
            for row in &page.rows {
                assert_eq!(
                    row.is_expiring(NOW),
                    row.names[0].as_str() == "overdue.example"
                );
            }
        }
        let overdue =
            certificates(&store, ours.tenant, &view(View::Expiring), Slice::Start, 10).await;
        assert_eq!(overdue.rows[0].names[0].as_str(), "overdue.example");
        assert_eq!(overdue.rows[0].label, "Production");
        assert_eq!(count(&store, theirs.tenant, View::Valid).await, 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_whose_successor_is_revoked_needs_another() {
    each_engine(|store| async move {
        let (ours, _) = world(&store).await;
        let old = ours.certificate("a.example", 10);
        let new = ours.certificate("a.example", 80);
        insert_certificates(&store, &[old, new.clone()]).await;
        assert_eq!(count(&store, ours.tenant, View::Expiring).await, 0);
        let revoked = write(&store, new.id, |tx, id| {
            Box::pin(store::issuance::certificate::revoke(tx, *id, 1, NOW))
        })
        .await;
        assert!(revoked);
        assert_eq!(count(&store, ours.tenant, View::Expiring).await, 1);
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
        let whole = certificates(&store, ours.tenant, &view(View::Valid), Slice::Start, 100).await;
        assert_eq!((whole.rows.len(), whole.has_after), (23, false));
        assert!(whole.rows.is_sorted_by_key(|row| row.not_after));

        let mut forwards = Vec::new();
        let mut slice = Slice::Start;
        loop {
            let page = certificates(&store, ours.tenant, &view(View::Valid), slice, 5).await;
            slice = Slice::After(page.rows.last().unwrap().cursor());
            forwards.extend(page.rows);
            if !page.has_after {
                break;
            }
        }
        assert_eq!(forwards, whole.rows);

        let mut backwards = vec![whole.rows[22].clone()];
        loop {
            let slice = Slice::Before(backwards[0].cursor());
            let page = certificates(&store, ours.tenant, &view(View::Valid), slice, 5).await;
            backwards.splice(0..0, page.rows);
            if !page.has_before {
                break;
            }
        }
        assert_eq!(backwards, whole.rows);
    })
    .await;
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
        let found = async |names: Names, serial: &str| {
            let filter = Filter {
                names,
                serial: serial.to_owned(),
                ..Filter::default()
            };
            let page = certificates(&store, ours.tenant, &filter, Slice::Start, 10).await;
            page.rows.iter().map(|row| row.id).collect::<Vec<_>>()
        };
        assert_eq!(found(Names::containing("sho"), "").await, [wanted.id]);
        assert_eq!(found(Names::containing("www.shop"), "").await, [wanted.id]);
        assert_eq!(
            found(Names::Include(name("shop.example")), "").await,
            [wanted.id]
        );
        assert!(
            found(Names::Include(name("hop.example")), "")
                .await
                .is_empty()
        );
        assert!(found(Names::containing("%"), "").await.is_empty());
        assert_eq!(
            found(Names::containing("zzz"), &wanted.serial).await,
            [wanted.id]
        );
        let other = Filter {
            subscription: Some(theirs.subscription),
            ..Filter::default()
        };
        let page = certificates(&store, ours.tenant, &other, Slice::Start, 10).await;
        assert!(page.rows.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s30_objects_of_other_tenants_are_not_there() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let old = ours.certificate("a.example", 10);
        let new = ours.certificate("a.example", 80);
        let mut intent = ours.certificate("b.example", 80);
        intent.status = Status::Intended;
        insert_certificates(&store, &[old.clone(), new.clone()]).await;
        let order = ours.order("a.example", Progress::Valid, NOW);
        insert_orders(&store, std::slice::from_ref(&order)).await;
        let input = (ours, theirs, old, new, intent, order);
        write(
            &store,
            input,
            |tx, (ours, theirs, old, new, intent, order)| {
                Box::pin(async move {
                    use store::issuance::certificate_list::{has_any, of_tenant, successor};
                    use store::issuance::order_list::of_tenant as order_of;
                    store::issuance::certificate::intend(tx, intent).await?;
                    assert!(of_tenant(tx, ours.tenant, old.id).await?.is_some());
                    assert!(of_tenant(tx, theirs.tenant, old.id).await?.is_none());
                    assert!(of_tenant(tx, ours.tenant, intent.id).await?.is_none());
                    assert_eq!(successor(tx, old).await?, Some(new.id));
                    assert_eq!(successor(tx, new).await?, None);
                    assert!(has_any(tx, ours.tenant).await?);
                    assert!(!has_any(tx, theirs.tenant).await?);
                    let found = order_of(tx, ours.tenant, order.id).await?.unwrap();
                    assert_eq!(
                        (found.order.id, found.label.as_str()),
                        (order.id, "Production")
                    );
                    assert!(order_of(tx, theirs.tenant, order.id).await?.is_none());
                    Ok(())
                })
            },
        )
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r16_pages_of_orders_have_no_gaps_and_failures_are_counted() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let mut all = vec![theirs.order("x.example", Progress::Invalid, NOW)];
        for place in 0..20_u64 {
            let progress = Progress::ALL[usize::try_from(place % 4).unwrap()];
            let placed = NOW.minus(Duration::from_secs(place * 3 * 3_600));
            all.push(ours.order(&format!("n{place}.example"), progress, placed));
        }
        insert_orders(&store, &all).await;
        let any = OrderFilter::default();
        let mut seen = Vec::new();
        let mut slice = Slice::Start;
        loop {
            let page = orders(&store, ours.tenant, &any, slice, 7).await;
            seen.extend(page.rows.iter().map(|row| row.order.id));
            let Some(last) = page.rows.last().filter(|_| page.has_after) else {
                break;
            };
            slice = Slice::After(last.order.id);
        }
        let expected: Vec<_> = all.iter().skip(1).map(|order| order.id).collect();
        assert_eq!(seen, expected);
        let back = orders(&store, ours.tenant, &any, Slice::Before(expected[10]), 7).await;
        let ids: Vec<_> = back.rows.iter().map(|row| row.order.id).collect();
        assert_eq!((ids.as_slice(), back.has_before), (&expected[3..10], true));

        let since = NOW.minus(days(1));
        let lately = OrderFilter {
            ending: Ending::Failed,
            since: Some(since),
            ..OrderFilter::default()
        };
        let failed = orders(&store, ours.tenant, &lately, Slice::Start, 50).await;
        let tenant = ours.tenant;
        let (placed, counted) = store
            .scan((), move |tx, ()| {
                Box::pin(store::issuance::order_list::count_since(tx, tenant, since))
            })
            .await
            .map_err(|error: Error| error)
            .unwrap();
        assert_eq!((placed, counted), (9, 2));
        assert_eq!(failed.rows.len(), 2);
        let issued = OrderFilter {
            ending: Ending::Issued,
            names: Names::containing("n2"),
            ..OrderFilter::default()
        };
        let issued = orders(&store, ours.tenant, &issued, Slice::Start, 50).await;
        assert_eq!(issued.rows.len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn failures_that_were_made_good_need_no_attention() {
    each_engine(|store| async move {
        let (ours, theirs) = world(&store).await;
        let before = NOW.minus(Duration::from_secs(60));
        let mut good = ours.order("a.example", Progress::Invalid, before);
        let certificate = ours.certificate("a.example", 90);
        good.names.clone_from(&certificate.names);
        let bad = ours.order("b.example", Progress::Invalid, before);
        let old = ours.order("c.example", Progress::Invalid, NOW.minus(days(2)));
        let foreign = theirs.order("d.example", Progress::Invalid, before);
        insert_orders(&store, &[good, bad.clone(), old, foreign]).await;
        insert_certificates(&store, &[certificate]).await;
        let tenant = ours.tenant;
        let found = store
            .scan((), move |tx, ()| {
                Box::pin(store::issuance::order_list::still_failing(
                    tx,
                    tenant,
                    NOW.minus(days(1)),
                    10,
                ))
            })
            .await
            .map_err(|error: Error| error)
            .unwrap();
        let ids: Vec<_> = found.iter().map(|row| row.order.id).collect();
        assert_eq!(ids, [bad.id]);
    })
    .await;
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
