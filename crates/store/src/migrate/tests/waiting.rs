//! Who comes second waits, but not for ever, and nobody waits for long behind a migration.

use super::*;
use crate::DatabaseUrl;

#[tokio::test]
async fn a_second_process_waits_and_finds_all_done() {
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres().await);
    for database in databases {
        let (one, two) = (database.open().await, database.open().await);
        let (first, second) = tokio::join!(one.migrate_to(TWO), two.migrate_to(TWO));
        let done = [first.unwrap().names, second.unwrap().names].concat();
        assert_eq!(done, ["0001_first", "0002_second"]);
        assert_eq!(two.compare(TWO).await.unwrap(), SchemaState::Current);
        one.close().await;
        two.close().await;
        database.remove().await;
    }
}

#[tokio::test]
async fn nobody_waits_for_ever_for_another_node() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let (one, two) = (database.open().await, impatient(&database).await);
    let mut first = Runner::new(&one).await.unwrap();
    first.wait_for_turn().await.unwrap();
    let error = two.migrate_to(TWO).await.unwrap_err();
    assert!(matches!(error, Error::Schema(SchemaError::Occupied { .. })));
    first.close().await;
    assert_eq!(two.migrate_to(TWO).await.unwrap().names.len(), 2);
    one.close().await;
    two.close().await;
    database.remove().await;
}

#[tokio::test]
async fn sb4_a_migration_waits_for_whoever_holds_its_table() {
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres().await);
    for database in databases {
        let store = impatient(&database).await;
        store.migrate_to(&TWO[..1]).await.unwrap();
        let holder = Holder::start(&database).await;
        let error = store.migrate_to(TWO).await.unwrap_err();
        assert!(is_held(&error), "{error:?}");
        holder.end().await;
        assert_eq!(store.migrate_to(TWO).await.unwrap().names, ["0002_second"]);
        store.close().await;
        database.remove().await;
    }
}

#[tokio::test]
async fn sb4_a_migration_is_tried_again_until_its_table_is_free() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = with(&database, Duration::from_secs(60)).await;
    store.migrate_to(&TWO[..1]).await.unwrap();
    let holder = Holder::start(&database).await;
    let let_go = async {
        // It waits, lets those pass that are behind it, and waits again.
        for has_queued in [true, false, true] {
            while holder.has_somebody_queued().await != has_queued {}
        }
        holder.end().await;
    };
    let (applied, ()) = tokio::join!(store.migrate_to(TWO), let_go);
    assert_eq!(applied.unwrap().names, ["0002_second"]);
    store.close().await;
    database.remove().await;
}

fn is_held(error: &Error) -> bool {
    // With the name of the migration around it, or before the first has begun.
    format!("{error:?}").contains("Held { seconds: ")
}

async fn impatient(database: &Database) -> Store {
    with(database, Duration::ZERO).await
}

async fn with(database: &Database, patience: Duration) -> Store {
    let options = Options {
        postgres_connections: 8,
        migration: MigrationLimits {
            lock_timeout: Duration::from_millis(10),
            patience,
            statement_timeout: None,
        },
        ..Options::default()
    };
    Store::open(database.location(), options).await.unwrap()
}

/// A program beside us with an open transaction.
enum Holder {
    Postgres(tokio_postgres::Client),
    Sqlite(rusqlite::Connection),
}

impl Holder {
    async fn start(database: &Database) -> Self {
        match database.location() {
            DatabaseUrl::Postgres(url) => {
                let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
                let (client, connection) = connected.unwrap();
                tokio::spawn(connection);
                let hold = "BEGIN; SELECT COUNT(*) FROM first";
                client.batch_execute(hold).await.unwrap();
                Self::Postgres(client)
            }
            DatabaseUrl::Sqlite(path) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                Self::Sqlite(connection)
            }
        }
    }

    async fn has_somebody_queued(&self) -> bool {
        let Self::Postgres(client) = self else {
            return false;
        };
        let queued = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'first'::regclass";
        !client.query(queued, &[]).await.unwrap().is_empty()
    }

    async fn end(self) {
        match self {
            Self::Postgres(client) => client.batch_execute("ROLLBACK").await.unwrap(),
            Self::Sqlite(connection) => connection.execute_batch("ROLLBACK").unwrap(),
        }
    }
}
