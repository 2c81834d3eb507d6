//! What is sold, as data, on both engines.

use std::sync::atomic::{AtomicU8, Ordering};

use base::{Actor, AuthorityId, OfferId, OfferVersionId, Random, Scope, Timestamp};
use store::catalog::offer::{self, Offer, OfferVersion};
use store::catalog::product::{Authority, Product};
use store::testing::each_engine;
use store::{Error, ReadTx, WriteTx};

/// Other bytes every time.
struct Count(AtomicU8);

impl Random for Count {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0.fetch_add(1, Ordering::Relaxed));
    }
}

static RANDOM: Count = Count(AtomicU8::new(1));
const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

type Rows = (Authority, Product, Offer, Vec<OfferVersion>);

fn rows() -> Rows {
    let authority = Authority {
        id: AuthorityId::generate(NOW, &RANDOM),
        kind: "builtin".to_owned(),
        name: "This server".to_owned(),
        config: "{}".to_owned(),
        created_at: NOW,
    };
    let product = Product {
        code: "dv".to_owned(),
        name: "Domain validated".to_owned(),
        level: "domain".to_owned(),
        config: "{}".to_owned(),
        created_at: NOW,
        retired_at: None,
    };
    let offer = Offer {
        id: OfferId::generate(NOW, &RANDOM),
        seller: None,
        authority: authority.id,
        product_code: "dv".to_owned(),
        slug: "dv".to_owned(),
        name: "Domain validated".to_owned(),
        created_at: NOW,
        retired_at: None,
    };
    let version = |number| OfferVersion {
        id: OfferVersionId::generate(NOW, &RANDOM),
        offer: offer.id,
        number,
        policy: enrollment::policy::Policy::default(),
        policy_digest: [7; 32],
        created_at: NOW,
        created_by: Actor::System,
    };
    let versions = [2, 3, 1].map(version).to_vec();
    (authority, product, offer, versions)
}

async fn insert(tx: &mut WriteTx, rows: &Rows) -> Result<(), Error> {
    let (authority, product, offer, versions) = rows;
    tx.insert(authority).await?;
    tx.insert(product).await?;
    tx.insert(offer).await?;
    for version in versions {
        tx.insert(version).await?;
    }
    Ok(())
}

async fn newest(tx: &mut ReadTx, slug: &&'static str) -> Result<Option<OfferVersion>, Error> {
    offer::newest_version(tx, slug).await
}

#[tokio::test]
async fn s59_an_offer_is_bought_in_its_newest_version() {
    each_engine(|store| async move {
        store.migrate().await.unwrap();
        let rows = rows();
        let within = store.within(Scope::System("a test"));
        within.write(rows.clone(), insert).await.unwrap();
        let found = within.read("dv", newest).await.unwrap();
        assert_eq!(found.as_ref(), rows.3.get(1));
        let found = within.read("other", newest).await.unwrap();
        assert_eq!(found, None);
    })
    .await;
}
