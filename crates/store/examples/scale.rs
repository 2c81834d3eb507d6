//! The hot statements on a small and a large store, through the functions that the program uses.
//!
//! `cargo xtask bench scale` runs it. A database that is empty is filled; one that was filled is taken as it is.

#[path = "scale/pruning.rs"]
mod pruning;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base::{CaId, DnsName, OrderId, Query, Random, Scope, Slice, SubscriptionId, Timestamp};
use enrollment::admission::Coverage;
use enrollment::subscription::ProductCode;
use store::enrollment::enrolled_domain::{self, DomainCursor, DomainFilter};
use store::enrollment::order_facts::{self, Asked};
use store::enrollment::subscription::{self, SubscriptionFilter};
use store::issuance::certificate_list::{self, CertificateFilter, Cursor, View};
use store::issuance::names::Names;
use store::issuance::order::Order;
use store::issuance::order_list::{self, OrderEnding, OrderFilter};
use store::issuance::{certificate, revocation};
use store::testing::fill::{Lineage, Plan, Shape, fill, shape_of};
use store::testing::report::{say, stopwatch};
use store::testing::{settle, size};
use store::{DatabaseUrl, Error, Options, ReadTx, Scoped, Store};

/// How often each statement is measured, and for how long at most.
const TIMES: u64 = 1_000;
const LIMIT: Duration = Duration::from_secs(4);
/// Rows on a page.
const ROWS: usize = 50;
/// How far certificates are counted for a page.
const COUNTED_UP_TO: i64 = 10_000;
const DAY: Duration = Duration::from_secs(86_400);
const SYSTEM: Scope = Scope::System("a database is measured");

type Failure = Box<dyn std::error::Error>;

#[tokio::main]
async fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [small, large] = arguments.as_chunks::<2>().0 else {
        return Err("scale SMALL_DATABASE CERTIFICATES LARGE_DATABASE CERTIFICATES".into());
    };
    let small = subject(small).await?;
    let large = subject(large).await?;
    let (few, many) = (small.measure().await?, large.measure().await?);
    report(&small, &large, &few, &many);
    small.store.close().await;
    large.store.close().await;
    Ok(())
}

/// A filled database.
struct Subject {
    store: Store,
    plan: Arc<Plan>,
    ca: CaId,
    bytes: i64,
}

/// How long a statement took, in microseconds, and how many rows it gave.
struct Line {
    name: &'static str,
    median: u128,
    late: u128,
    rows: usize,
}

async fn subject([location, certificates]: &[String; 2]) -> Result<Subject, Failure> {
    let location: DatabaseUrl = location.parse()?;
    let options = Options {
        statement_timeout: Duration::from_secs(3600),
        ..Options::default()
    };
    let store = Store::open(&location, options).await?;
    store.migrate().await?;
    let within = store.within(SYSTEM);
    let plan = if let Some(shape) = shape_of(within).await? {
        Arc::new(Plan::new(shape))
    } else {
        let shape = Shape {
            certificates: certificates.parse()?,
            seed: 1,
            now: now(),
        };
        say(&format!("filling {} certificates", shape.certificates));
        let plan = fill(&store, within, shape, &mut |_, _, _| ()).await?;
        settle(&location).await;
        plan
    };
    let bytes = within.read((), size).await?;
    let any = plan.lineage(0);
    let any = plan.issuance(&any, 0).certificate;
    let any = within.read(any, certificate::by_id).await?;
    let ca = any.ok_or("the store holds something else")?.ca;
    Ok(Subject {
        store,
        plan,
        ca,
        bytes,
    })
}

impl Subject {
    async fn measure(&self) -> Result<Vec<Line>, Error> {
        let mut lines = self.look_ups().await?;
        lines.extend(self.certificates().await?);
        lines.extend(self.certificates_by_name().await?);
        lines.extend(self.orders().await?);
        lines.extend(self.names().await?);
        lines.extend(self.counts().await?);
        lines.extend(self.pruning().await?);
        Ok(lines)
    }

    /// As everybody's caller.
    fn ours(&self) -> Scoped<'_> {
        self.store.within(SYSTEM)
    }

    /// As a person of the big reseller, whom PostgreSQL holds to its rows.
    fn big(&self) -> Scoped<'_> {
        self.store.within(Scope::Guarded(self.plan.tenant(0)))
    }

    fn now(&self) -> Timestamp {
        self.plan.shape().now
    }

    /// Some set of names, another one each time.
    fn any(&self, time: u64) -> Lineage {
        let number = time.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20;
        self.plan.lineage(number % self.plan.lineages())
    }

    /// Some name of the big reseller.
    fn name(&self, time: u64) -> DnsName {
        let slots = self.plan.slots(0);
        let number = (time.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 20) % (slots.end - slots.start);
        let names = self.plan.names(slots.start + number);
        names
            .into_iter()
            .next()
            .unwrap_or_else(|| unreachable!("every slot has a name"))
    }

    async fn look_ups(&self) -> Result<Vec<Line>, Error> {
        let wanted = |time| new_order(&self.any(time), self.now());
        let newest = |time| {
            let lineage = self.any(time);
            self.plan.issuance(&lineage, lineage.last)
        };
        let serial = |time| format!("{:032x}", u128::from_be_bytes(newest(time).serial));
        Ok(vec![
            time("admission of an order", wanted, async |wanted| {
                let found = self.ours().read(wanted, admission).await?;
                Ok(found.admission.enrolled.len())
            })
            .await?,
            time(
                "certificate by serial number",
                serial,
                async |serial: String| {
                    let found = self.ours().read(serial, certificate::by_serial).await?;
                    Ok(usize::from(found.is_some()))
                },
            )
            .await?,
            time(
                "certificate by id",
                |time| newest(time).certificate,
                async |id| {
                    let found = self.ours().read(id, certificate::by_id).await?;
                    Ok(usize::from(found.is_some()))
                },
            )
            .await?,
        ])
    }

    fn certificates_of(&self, view: View, names: Names) -> Query<CertificateFilter, Cursor> {
        let filter = CertificateFilter {
            names,
            ..CertificateFilter::of(view, self.now())
        };
        Query::first(filter, ROWS)
    }

    async fn certificate_page(
        &self,
        query: Query<CertificateFilter, Cursor>,
    ) -> Result<usize, Error> {
        let page = self.big().scan(query, certificate_list::page).await?;
        Ok(page.rows.len())
    }

    async fn certificates(&self) -> Result<Vec<Line>, Error> {
        let of = |view| self.certificates_of(view, Names::Any);
        let deep = |_| {
            let mut query = of(View::Valid);
            query.slice = Slice::After(Cursor {
                at: self.now().plus(DAY * 45),
                id: [0x80; 16],
            });
            query
        };
        let page = async |query| self.certificate_page(query).await;
        let listing = async |query| self.big().scan(query, listing).await;
        Ok(vec![
            time("certificates, valid", |_| of(View::Valid), page).await?,
            time("certificates, valid, deep page", deep, page).await?,
            time(
                "certificates, valid, with counts",
                |_| of(View::Valid),
                listing,
            )
            .await?,
            time("certificates, expiring", |_| of(View::Expiring), page).await?,
            time("certificates, expired", |_| of(View::Expired), page).await?,
            time("certificates, revoked", |_| of(View::Revoked), page).await?,
        ])
    }

    async fn certificates_by_name(&self) -> Result<Vec<Line>, Error> {
        let valid = |names| self.certificates_of(View::Valid, names);
        let exact = |time| valid(Names::Include(self.name(time)));
        let below = |time| valid(Names::Below(self.name(time).base()));
        let few = |time| valid(Names::containing(self.name(time).as_str()));
        let revoked = |time| self.certificates_of(View::Revoked, Names::Include(self.name(time)));
        let containing = |text: &'static str| move |_| valid(Names::containing(text));
        let page = async |query| self.certificate_page(query).await;
        Ok(vec![
            time("certificates of an exact name", exact, page).await?,
            time("certificates below a name", below, page).await?,
            time(
                "certificates, search, many found",
                containing("harbor"),
                page,
            )
            .await?,
            time("certificates, search, few found", few, page).await?,
            time(
                "certificates, search, nothing found",
                containing("nowhere"),
                page,
            )
            .await?,
            time("revoked certificates of an exact name", revoked, page).await?,
        ])
    }

    async fn orders(&self) -> Result<Vec<Line>, Error> {
        let of = |ending| {
            let filter = OrderFilter {
                ending,
                ..OrderFilter::default()
            };
            Query::first(filter, ROWS)
        };
        let deep = |_| {
            let mut query = of(OrderEnding::Any);
            query.slice = Slice::After(OrderId::first_at(self.now().minus(DAY * 60)));
            query
        };
        let page = async |query| {
            let page = self.big().scan(query, order_list::page).await?;
            Ok(page.rows.len())
        };
        let subscriptions = |_| {
            let query: Query<_, SubscriptionId> = Query::first(SubscriptionFilter::default(), ROWS);
            (query, self.now())
        };
        Ok(vec![
            time("orders", |_| of(OrderEnding::Any), page).await?,
            time("orders, deep page", deep, page).await?,
            time("orders that failed", |_| of(OrderEnding::Failed), page).await?,
            time("subscriptions", subscriptions, async |query| {
                let page = self.big().scan(query, subscription::page).await?;
                Ok(page.rows.len())
            })
            .await?,
        ])
    }

    async fn names(&self) -> Result<Vec<Line>, Error> {
        let containing = |text: &str| {
            let filter = DomainFilter {
                contains: text.to_owned(),
                ..DomainFilter::default()
            };
            Query::first(filter, ROWS)
        };
        let deep = |time| {
            let mut query = containing("");
            query.slice = Slice::After(DomainCursor {
                rname: self.name(time).reversed(),
                id: base::EnrolledDomainId::LAST,
            });
            query
        };
        let list = async |query| {
            let found = self.big().scan(query, enrolled_domain::list).await?;
            Ok(found.matching)
        };
        let page = (0..50).map(|time| self.name(time)).collect::<Vec<_>>();
        Ok(vec![
            time("enrolled names", |_| containing(""), list).await?,
            time("enrolled names, deep page", deep, list).await?,
            time("search, many found", |_| containing("harbor"), list).await?,
            time(
                "search, few found",
                |time| containing(self.name(time).as_str()),
                list,
            )
            .await?,
            time("search, nothing found", |_| containing("nowhere"), list).await?,
            time(
                "last issued, 50 names",
                |_| page.clone(),
                async |names| {
                    let found = self.big().scan(names, last_issued).await?;
                    Ok(found.len())
                },
            )
            .await?,
        ])
    }

    async fn counts(&self) -> Result<Vec<Line>, Error> {
        let whole = |count: i64| usize::try_from(count).unwrap_or_default();
        let count = async |view| {
            let counted = self.big().scan((view, self.now()), count_view).await?;
            Ok(whole(counted))
        };
        let month = |_| self.now().minus(DAY * 30);
        Ok(vec![
            time("count, valid", |_| View::Valid, count).await?,
            time("count, expiring", |_| View::Expiring, count).await?,
            time("count, expired", |_| View::Expired, count).await?,
            time("count, revoked", |_| View::Revoked, count).await?,
            time("count, orders of 30 days", month, async |since| {
                let (orders, _) = self.big().scan(since, orders_since).await?;
                Ok(whole(orders))
            })
            .await?,
            time(
                "totals of the start page",
                |_| (),
                async |()| {
                    let totals = store::overview::dashboard::totals;
                    Ok(whole(self.big().scan((), totals).await?.domains))
                },
            )
            .await?,
            time(
                "what a CRL lists",
                |_| (self.ca, self.now()),
                async |asked| Ok(self.ours().scan(asked, listed).await?.len()),
            )
            .await?,
        ])
    }
}

/// Measures what `run` does with other targets every time, after it was done as often without looking.
async fn time<I>(
    name: &'static str,
    target: impl Fn(u64) -> I,
    run: impl AsyncFn(I) -> Result<usize, Error>,
) -> Result<Line, Error> {
    let (mut waits, mut rows) = (Vec::new(), 0);
    for is_measured in [false, true] {
        let begun = stopwatch();
        for time in 0..TIMES {
            let input = target(time);
            let asked = stopwatch();
            rows = run(input).await?;
            if is_measured {
                waits.push(asked.elapsed());
            }
            if begun.elapsed() > LIMIT {
                break;
            }
        }
    }
    Ok(of(name, waits, rows))
}

fn of(name: &'static str, mut waits: Vec<Duration>, rows: usize) -> Line {
    waits.sort_unstable();
    let at = |part: usize| {
        let wait = waits.get(waits.len().saturating_sub(1) * part / 100);
        wait.copied().unwrap_or_default().as_micros()
    };
    Line {
        name,
        median: at(50),
        late: at(99),
        rows,
    }
}

/// An order for the same names as before.
fn new_order(lineage: &Lineage, now: Timestamp) -> Order {
    Order {
        id: OrderId::generate(now, &Sequence),
        account: lineage.owner.account,
        tenant: lineage.owner.tenant,
        subscription: lineage.owner.subscription,
        lineage: lineage.id,
        names: lineage.names.clone(),
        authorizations: Vec::new(),
        not_before: None,
        not_after: None,
        expires_at: now.plus(DAY * 7),
        finalized_at: None,
        ended_at: None,
        certificate: None,
        error: None,
        client_address: "192.0.2.7".to_owned(),
        client_agent: "certbot/5.8.0".to_owned(),
    }
}

#[expect(clippy::expect_used, reason = "this is a code")]
fn product() -> ProductCode {
    ProductCode::parse("dv").expect("a code")
}

async fn admission(tx: &mut ReadTx, wanted: &Order) -> Result<order_facts::ForOrder, Error> {
    let asked = Asked {
        coverage: Coverage::Subscription,
        renewal_of: wanted.lineage,
        product: product(),
        certificate_type: None,
        needs_proof: true,
        takes_mail: true,
        policies: Arc::default(),
        now: wanted.created_at(),
    };
    order_facts::for_order(tx, (wanted, &asked), wanted.created_at().plus(DAY)).await
}

async fn last_issued(
    tx: &mut ReadTx,
    names: &Vec<DnsName>,
) -> Result<Vec<Option<Timestamp>>, Error> {
    certificate_list::last_issued(tx, names).await
}

/// A page with the counts that stand above it.
async fn listing(
    tx: &mut ReadTx,
    asked: &Query<CertificateFilter, Cursor>,
) -> Result<usize, Error> {
    let page = certificate_list::page(tx, asked).await?;
    for view in [View::Valid, View::Expiring, View::Revoked] {
        certificate_list::count(tx, view, asked.filter.now, COUNTED_UP_TO).await?;
    }
    Ok(page.rows.len())
}

async fn count_view(tx: &mut ReadTx, (view, now): &(View, Timestamp)) -> Result<i64, Error> {
    certificate_list::count(tx, *view, *now, COUNTED_UP_TO).await
}

async fn orders_since(tx: &mut ReadTx, since: &Timestamp) -> Result<(i64, i64), Error> {
    order_list::count_since(tx, *since).await
}

async fn listed(
    tx: &mut ReadTx,
    (ca, valid_at): &(CaId, Timestamp),
) -> Result<Vec<revocation::Revoked>, Error> {
    revocation::listed(tx, *ca, *valid_at).await
}

/// Other bytes every time.
struct Sequence;

impl Random for Sequence {
    fn fill(&self, bytes: &mut [u8]) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let next = NEXT.fetch_add(1, Ordering::Relaxed);
        let mixed = next.wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
        for (byte, random) in bytes.iter_mut().zip(mixed.into_iter().cycle()) {
            *byte = random;
        }
    }
}

fn report(small: &Subject, large: &Subject, few: &[Line], many: &[Line]) {
    let number = |subject: &Subject| subject.plan.shape().certificates;
    let (small_number, large_number) = (number(small), number(large));
    say(&format!(
        "| statement, microseconds | {small_number}: p50 | p99 | rows | {large_number}: p50 | p99 | rows | p50 grew by |"
    ));
    say("|---|--:|--:|--:|--:|--:|--:|--:|");
    for (few, many) in few.iter().zip(many) {
        let grown = many.median * 100 / few.median.max(1);
        say(&format!(
            "| {} | {} | {} | {} | {} | {} | {} | {}.{:02} |",
            few.name,
            few.median,
            few.late,
            few.rows,
            many.median,
            many.late,
            many.rows,
            grown / 100,
            grown % 100
        ));
    }
    for subject in [small, large] {
        let bytes = u64::try_from(subject.bytes).unwrap_or_default();
        say(&format!(
            "{} certificates: {} MB, {} bytes each",
            number(subject),
            bytes / 1_000_000,
            bytes / number(subject).max(1)
        ));
    }
}

/// The beginning of this hour.
#[expect(
    clippy::disallowed_methods,
    reason = "a server that is started on it looks at its own clock"
)]
fn now() -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let hours = since.unwrap_or_default().as_secs() / 3600;
    Timestamp::from_seconds(i64::try_from(hours * 3600).unwrap_or_default())
}
