//! A believable store of any size: resellers of very different sizes, names, and certificates of 90 days that were
//! renewed every 60 days for 900 days.
//!
//! What is in it follows from a [`Shape`] alone, so that whoever looks something up can compute what must be there:
//! see [`Plan`]. Rows come in the order in which they would have come, since that is how they lie on the disk;
//! secondary indexes are built afterwards, which makes them smaller than if they had grown row by row.

mod chance;
mod history;
mod indexes;
mod plan;
mod rows;
mod world;

use std::sync::Arc;

use base::Timestamp;

use self::history::Piece;
pub use self::plan::{Issuance, Lineage, Owner, Plan};
use crate::operations::setting::{self, Setting};
use crate::{Error, ReadTx, Scoped, Store, WriteTx, testing};

/// Where the store says what it was filled with.
const SETTING: &str = "filled_with";
/// How many turns one transaction takes.
const PIECE: u64 = 4_000;

/// What a store is to be like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shape {
    /// How many certificates, about.
    pub certificates: u64,
    /// Another one gives other names and numbers.
    pub seed: u64,
    /// When the history ends.
    pub now: Timestamp,
}

impl Shape {
    fn text(self) -> String {
        format!(
            "{} {} {}",
            self.certificates,
            self.seed,
            self.now.as_micros()
        )
    }

    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split(' ');
        Some(Self {
            certificates: words.next()?.parse().ok()?,
            seed: words.next()?.parse().ok()?,
            now: Timestamp::from_micros(words.next()?.parse().ok()?),
        })
    }
}

/// Told which step goes on, how far it is, and how far it has to go.
pub type Watch<'w> = &'w mut (dyn FnMut(&str, u64, u64) + Send);

/// What a store was filled with, if it was.
pub async fn shape_of(within: Scoped<'_>) -> Result<Option<Shape>, Error> {
    let found = within.read((), filled_with).await?;
    Ok(found.and_then(|setting: Setting| Shape::parse(&setting.value)))
}

async fn filled_with(tx: &mut ReadTx, (): &()) -> Result<Option<Setting>, Error> {
    setting::by_name(tx, SETTING).await
}

async fn note(tx: &mut WriteTx, setting: &Setting) -> Result<(), Error> {
    setting::insert(tx, setting).await.map(|_| ())
}

/// Fills a migrated store. What a server has put there, it uses: its operator, its CA and its offer.
pub async fn fill(
    store: &Store,
    within: Scoped<'_>,
    shape: Shape,
    watch: Watch<'_>,
) -> Result<Arc<Plan>, Error> {
    let plan = Arc::new(Plan::new(shape));
    let common = world::found(within, &plan).await?;
    testing::flush(store, false).await?;
    indexes::drop_all(store, watch).await?;
    world::fill(within, &plan, &common, watch).await?;
    for round in 0..plan::ROUNDS {
        for turns in pieces(plan.lineages()) {
            let begun = u64::from(round) * plan.lineages() + turns.start;
            watch("turns of renewal", begun, plan.lineages() * 15);
            let piece = Piece {
                plan: Arc::clone(&plan),
                common: common.clone(),
                round,
                turns,
            };
            within.write(piece, history::issue).await?;
        }
    }
    for turns in pieces(plan.lineages()) {
        watch("lineages", turns.start, plan.lineages());
        let lineages = (Arc::clone(&plan), turns);
        within.write(lineages, history::lineages).await?;
    }
    indexes::build_all(store, watch).await?;
    testing::flush(store, true).await?;
    let setting = Setting {
        name: SETTING.to_owned(),
        value: shape.text(),
    };
    within.write(setting, note).await?;
    Ok(plan)
}

/// All from 0 on, in ranges for one transaction each.
fn pieces(count: u64) -> impl Iterator<Item = std::ops::Range<u64>> {
    let number = count.div_ceil(PIECE);
    (0..number).map(move |piece| piece * PIECE..count.min((piece + 1) * PIECE))
}
