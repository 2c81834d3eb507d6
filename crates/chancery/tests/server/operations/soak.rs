//! A short form of `cargo xtask soak`: nothing grows for ever, whatever is done for more than three years.

use store::testing::Database;
use testkit::soak::{Soak, soak};

const SHORT: Soak = Soak {
    orders: 400,
    days: 1_200,
    step: 15,
    audit_days: 500,
};

#[tokio::test(flavor = "multi_thread")]
async fn s75_soak_sqlite() {
    soak(Database::sqlite(), SHORT, |_| {}).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn s75_soak_postgres() {
    if let Some(database) = Database::postgres().await {
        soak(database, SHORT, |_| {}).await;
    }
}
