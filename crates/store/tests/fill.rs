//! What a filled store holds is what its plan says, on both engines.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test that cannot go on has failed"
)]

use base::{Query, Scope, Timestamp};
use store::enrollment::enrolled_domain::{self, DomainFilter};
use store::issuance::certificate::{self, Certificate, Status};
use store::issuance::certificate_list::{self, CertificateFilter, View};
use store::issuance::order_list;
use store::testing::each_engine;
use store::testing::fill::{Plan, Shape, fill, shape_of};
use store::{Error, ReadTx, Store};

const SYSTEM: Scope = Scope::System("a test");
const SHAPE: Shape = Shape {
    certificates: 2_000,
    seed: 7,
    now: Timestamp::from_seconds(1_800_000_000),
};

#[tokio::test]
async fn a_filled_store_holds_what_its_plan_says() {
    each_engine(async |store| {
        store.migrate().await.unwrap();
        let plan = fill(&store, store.within(SYSTEM), SHAPE, &mut |_, _, _| ())
            .await
            .unwrap();
        assert_eq!(
            shape_of(store.within(SYSTEM)).await.unwrap(),
            Some(plan.shape())
        );
        certificates(&store, &plan).await;
        lists(&store, &plan).await;
    })
    .await;
}

async fn certificates(store: &Store, plan: &Plan) {
    let page = (None, 10_000);
    let all: Vec<Certificate> = store
        .within(SYSTEM)
        .scan(page, certificate::page)
        .await
        .unwrap();
    assert!((1_900..2_100).contains(&all.len()), "{}", all.len());
    assert!(all.is_sorted_by_key(|certificate| certificate.id));
    let expired = all.iter().filter(|each| each.not_after < SHAPE.now).count();
    assert!((85..95).contains(&(expired * 100 / all.len())), "{expired}");
    let lineage = plan.lineage(3);
    let issuance = plan.issuance(&lineage, 0);
    let found = all
        .iter()
        .find(|each| each.id == issuance.certificate)
        .unwrap();
    assert_eq!((found.lineage, &found.names), (lineage.id, &lineage.names));
    assert_eq!(
        found.status == Status::Revoked,
        issuance.revoked_at.is_some()
    );
    assert_eq!(found.der.len(), 914);
}

async fn lists(store: &Store, plan: &Plan) {
    let big = store.within(Scope::Tenant(plan.tenant(0)));
    let asked = Query::first(CertificateFilter::of(View::Valid, SHAPE.now), 1_000);
    let valid = big.scan(asked, certificate_list::page).await.unwrap();
    let slots = plan.slots(0);
    let slots = usize::try_from(slots.end - slots.start).unwrap();
    assert!(valid.rows.len() > slots / 2 && valid.rows.len() <= slots);
    let asked = Query::first(DomainFilter::default(), 1_000);
    let names = big.scan(asked, enrolled_domain::page).await.unwrap();
    let expected: usize = plan.slots(0).map(|slot| plan.names(slot).len()).sum();
    assert_eq!(names.rows.len(), expected);
    let asked = Query::first(order_list::OrderFilter::default(), 1_000);
    let orders = big.scan(asked, order_list::page).await.unwrap();
    assert!(!orders.rows.is_empty());
    let name = names.rows[0].name.clone();
    let issued = big.scan(vec![name], last_issued).await.unwrap();
    assert!(issued[0].is_some());
}

async fn last_issued(
    tx: &mut ReadTx,
    names: &Vec<base::DnsName>,
) -> Result<Vec<Option<Timestamp>>, Error> {
    certificate_list::last_issued(tx, names).await
}
