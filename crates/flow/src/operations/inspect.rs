//! What `chancery doctor` and a start ask of a database besides nodes and keys.

use base::Timestamp;
use store::effects::effect;
use store::operations::node::seen_since;
use store::tenancy::tenant;
use store::{ReadTx, Store, audit};
use tenancy::tenant::TenantKind;

use crate::App;
use crate::caller::system;

/// What is known of an installation from its rows.
#[derive(Clone, Copy, Debug)]
pub struct Inspected {
    /// The latest moment that was written down.
    pub latest: Option<Timestamp>,
    /// Whether there is a reseller, without whom nobody can sign in.
    pub has_reseller: bool,
    /// How many effects wait for a person to say what became of them, counted up to a thousand.
    pub unknown_effects: i64,
}

/// The same of a node that runs.
pub async fn inspect_own(app: &App) -> Result<Inspected, store::Error> {
    inspect(&app.outside.store).await
}

/// Looks at a database that is up to date.
pub async fn inspect(store: &Store) -> Result<Inspected, store::Error> {
    let all = store.within(system("an operator asks about the installation"));
    all.scan((), load).await
}

async fn load(tx: &mut ReadTx, (): &()) -> Result<Inspected, store::Error> {
    let nodes = seen_since(tx, &Timestamp::from_micros(0)).await?;
    let resellers = tenant::of_kind(tx, &(TenantKind::Reseller, None, 1)).await?;
    let seen = nodes.iter().map(|node| node.seen_at).max();
    Ok(Inspected {
        latest: seen.max(audit::newest_at(tx).await?),
        has_reseller: !resellers.is_empty(),
        unknown_effects: effect::count_unknown(tx).await?,
    })
}
