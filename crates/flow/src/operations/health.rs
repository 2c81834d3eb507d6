//! What an operator's monitoring asks of a node.

use crate::App;
use crate::caller::system;
use crate::memory::measures::Measures;

/// Whether the database answers.
pub async fn ping(app: &App) -> Result<(), store::Error> {
    app.store(system("the database is everybody's"))
        .ping()
        .await
}

/// What this node counts and times.
pub fn measures(app: &App) -> &Measures {
    &app.memory.measures
}
