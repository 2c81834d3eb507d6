//! Unmodified ACME clients against the built binary, on loopback, on both engines.
//!
//! Each test has a server, a database and a name server of its own. The programs are named by the
//! environment (`script/test` sets it); without one a test says so and passes, with `CI=true` it fails.

mod addresses;
mod alone;
mod certbot;
mod chain;
mod first_hour;
mod host;
mod identities;
mod import;
mod instant;
mod lego;
mod lint;
mod name_server;
mod oathtool;
mod organizations;
#[cfg(feature = "pebble")]
mod pebble;
mod program;
mod responder;
mod server;
mod two_directories;

use std::time::Duration;

use anyhow::Context as _;
use store::testing::Database;

use crate::server::Server;

/// Runs a client's test on a server on SQLite.
async fn on_sqlite<F>(test: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(&Server) -> anyhow::Result<()>,
{
    on(Database::sqlite(), test).await
}

/// Runs a client's test on a server on PostgreSQL, where there is one.
async fn on_postgres<F>(test: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(&Server) -> anyhow::Result<()>,
{
    if let Some(database) = Database::postgres().await {
        return on(database, test).await;
    }
    program::skip("CHANCERY_TEST_POSTGRES_URL");
    Ok(())
}

async fn on<F>(database: Database, test: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(&Server) -> anyhow::Result<()>,
{
    let server = Server::start(&database).await?;
    finish(server, database, test).await
}

/// Waits until something holds, so long and no longer.
async fn until(limit: Duration, holds: impl AsyncFn() -> bool) -> anyhow::Result<()> {
    let waiting = async {
        while !holds().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(limit, waiting)
        .await
        .with_context(|| format!("it does not hold after {limit:?}"))
}

/// Runs the test, shows the log if it failed, and leaves nothing behind.
async fn finish<F>(server: Server, database: Database, test: F) -> anyhow::Result<()>
where
    F: AsyncFnOnce(&Server) -> anyhow::Result<()>,
{
    let outcome = test(&server).await;
    if outcome.is_err() {
        server.show_log();
    }
    outcome?;
    server.stop().await?;
    database.remove().await;
    Ok(())
}
