//! Every server test runs on both engines.

use crate::TestServer;
use store::testing::Database;

/// Runs a test on a fresh SQLite database.
pub async fn on_sqlite(test: impl AsyncFnOnce(&TestServer)) {
    on(Database::sqlite(), test).await;
}

/// Runs a test on a fresh schema of PostgreSQL, if the environment names one; in CI it must.
pub async fn on_postgres(test: impl AsyncFnOnce(&TestServer)) {
    if let Some(database) = Database::postgres().await {
        on(database, test).await;
    }
}

async fn on(database: Database, test: impl AsyncFnOnce(&TestServer)) {
    let server = TestServer::start(database).await;
    test(&server).await;
    server.end().await;
}

/// Makes two tests of each function `async fn(&TestServer)`: one for SQLite, one for PostgreSQL.
#[macro_export]
macro_rules! on_both_engines {
    ($($test:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test]
                async fn $test() {
                    $crate::engines::on_sqlite(super::$test).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test]
                async fn $test() {
                    $crate::engines::on_postgres(super::$test).await;
                }
            )+
        }
    };
}
