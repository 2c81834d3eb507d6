//! What an operator's monitoring asks of a node.

use store::operations::node;

use crate::App;
use crate::caller::system;
use crate::memory::measures::Measures;

/// Why a node is not healthy.
#[derive(Debug, thiserror::Error)]
pub enum Unhealthy {
    /// Nothing can be read.
    #[error("the database does not answer")]
    Silent(#[source] store::Error),
    /// It can be read and not be changed: a full disk, or one that is read-only.
    #[error("the database answers and takes no changes; look whether its disk is full")]
    TakesNoChanges(#[source] store::Error),
}

/// Whether the database answers, and takes a change: what this node says of itself anyway.
pub async fn check(app: &App) -> Result<(), Unhealthy> {
    let store = app.store(system("the database is everybody's"));
    store.ping().await.map_err(Unhealthy::Silent)?;
    let alive = (app.work.node(), app.now());
    let touched = store.write(alive, node::touch).await;
    touched.map_err(Unhealthy::TakesNoChanges)
}

/// What this node counts and times.
pub fn measures(app: &App) -> &Measures {
    &app.memory.measures
}
