//! What a fresh database offers: one product of this server itself, in one directory, under the rules of the first
//! preset. Products, directories and offers are rows from then on.

use aws_lc_rs::digest::{SHA256, digest};
use base::{Actor, AuthorityId, OfferId, OfferVersionId, Random, Timestamp};
use serde_json::json;
use store::catalog::offer::{self, Authority, Directory, Offer, OfferVersion, Product};
use store::operations::node::insert_setting;
use store::{ReadTx, Scoped, WriteTx};

/// The offer that subscriptions are opened under.
pub const OFFER: &str = "dv";

/// All rows.
#[derive(Clone, Debug)]
struct Seed {
    authority: Authority,
    product: Product,
    directory: Directory,
    offer: Offer,
    version: OfferVersion,
}

/// Stores what is offered, unless there is something; several nodes may do so at once.
pub async fn seed(
    store: Scoped<'_>,
    now: Timestamp,
    random: &dyn Random,
) -> Result<(), store::Error> {
    if store.read((), has_offer).await? {
        return Ok(());
    }
    store.write(rows(now, random), save).await
}

async fn has_offer(tx: &mut ReadTx, (): &()) -> Result<bool, store::Error> {
    let found = offer::newest_version(tx, OFFER).await?;
    Ok(found.is_some())
}

async fn save(tx: &mut WriteTx, seed: &Seed) -> Result<(), store::Error> {
    // The setting decides between nodes that start at the same time.
    if !insert_setting(tx, "catalog_seed", &seed.version.id.to_string()).await? {
        return Ok(());
    }
    tx.insert(&seed.authority).await?;
    tx.insert(&seed.product).await?;
    tx.insert(&seed.directory).await?;
    tx.insert(&seed.offer).await?;
    tx.insert(&seed.version).await
}

fn rows(created_at: Timestamp, random: &dyn Random) -> Seed {
    let authority = Authority {
        id: AuthorityId::generate(created_at, random),
        kind: "builtin".to_owned(),
        name: "This server".to_owned(),
        config: "{}".to_owned(),
        created_at,
    };
    let product = Product {
        code: "dv".to_owned(),
        name: "Domain validated".to_owned(),
        level: "domain".to_owned(),
        config: "{}".to_owned(),
        created_at,
    };
    let offer = Offer {
        id: OfferId::generate(created_at, random),
        seller: None,
        authority: authority.id,
        product_code: product.code.clone(),
        slug: OFFER.to_owned(),
        name: product.name.clone(),
        created_at,
    };
    let policy = policy();
    Seed {
        directory: Directory {
            slug: "DV".to_owned(),
            product_code: product.code.clone(),
            is_test: false,
            config: "{}".to_owned(),
            created_at,
        },
        version: OfferVersion {
            id: OfferVersionId::generate(created_at, random),
            offer: offer.id,
            number: 1,
            policy_digest: sha256(policy.as_bytes()),
            policy,
            created_at,
            created_by: Actor::System,
        },
        authority,
        product,
        offer,
    }
}

/// The rules that the code follows today; they are read as data later.
fn policy() -> String {
    json!({
        "companion_mode": "auto",
        "eab_max_bindings": null,
        "eab_reveal": "always",
        "name_admission": "subscribed_names",
        "terms": ["P1Y", "P2Y", "P3Y"],
        "zone": "UTC",
    })
    .to_string()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    let digest = digest(&SHA256, bytes);
    for (to, from) in out.iter_mut().zip(digest.as_ref()) {
        *to = *from;
    }
    out
}
