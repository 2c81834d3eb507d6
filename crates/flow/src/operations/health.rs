//! What an operator's monitoring asks of a node.

use store::Counters;

use crate::App;
use crate::caller::system;

/// Whether the database answers.
pub async fn ping(app: &App) -> Result<(), store::Error> {
    app.store(system("the database is everybody's"))
        .ping()
        .await
}

/// What has been asked of the database so far.
pub fn counters(app: &App) -> Counters {
    app.store(system("the database is everybody's")).counters()
}
