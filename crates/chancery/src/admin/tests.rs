//! What commands do with a database that is empty, behind or foreign.

use store::migrate::SchemaState;
use store::testing::{Database, leave_behind};
use store::{DatabaseUrl, Store};
use tempfile::TempDir;

use super::*;
use crate::config;

/// An installation on one engine.
struct Installation {
    config: Config,
    database: Database,
    _data: TempDir,
}

impl Installation {
    async fn on_each_engine() -> Vec<Self> {
        let mut databases = vec![Database::sqlite()];
        databases.extend(Database::postgres().await);
        databases.into_iter().map(Self::on).collect()
    }

    fn on(database: Database) -> Self {
        let data = tempfile::tempdir().unwrap();
        let location = match database.location() {
            DatabaseUrl::Postgres(url) => url.clone(),
            DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        };
        let settings = format!(
            "data = {:?}\ndatabase = {location:?}\nlab_assume_valid = true",
            data.path()
        );
        let config = config::load(toml::from_str(&settings).unwrap()).unwrap();
        Self {
            config,
            database,
            _data: data,
        }
    }

    async fn store(&self) -> Store {
        self.database.open().await
    }

    async fn list(&self) -> anyhow::Result<()> {
        let command = CertificateCommand::List { json: true };
        run(&self.config, Admin::Certificate { command }).await
    }

    async fn state(&self) -> SchemaState {
        let store = self.store().await;
        let state = store.check_schema().await.unwrap();
        store.close().await;
        state
    }
}

#[tokio::test]
async fn sb4_a_command_sets_up_an_empty_database() {
    for installation in Installation::on_each_engine().await {
        assert_eq!(installation.state().await, SchemaState::Empty);
        installation.list().await.unwrap();
        assert_eq!(installation.state().await, SchemaState::Current);
        installation.database.remove().await;
    }
}

#[tokio::test]
async fn sb4_a_command_does_not_migrate() {
    for installation in Installation::on_each_engine().await {
        let store = installation.store().await;
        store.migrate().await.unwrap();
        leave_behind(&store).await.unwrap();
        store.close().await;
        let behind = installation.state().await;
        assert!(matches!(behind, SchemaState::Behind(_)), "{behind:?}");

        let error = installation.list().await.unwrap_err();
        let said = format!("{error:#}");
        assert!(
            said.ends_with("run chancery migrate, or chancery serve --migrate auto"),
            "{said}"
        );
        assert_eq!(installation.state().await, behind);

        let error = parts::start(&installation.config, Migrate::Check).await;
        assert!(error.is_err(), "a server that only checks has started");
        assert_eq!(installation.state().await, behind);
        installation.database.remove().await;
    }
}
