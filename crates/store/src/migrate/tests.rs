//! What the runner does with migrations that are right, changed or broken, on every engine.

use std::collections::BTreeSet;

use super::*;
use crate::testing::{Database, each_engine};

const TWO: &[Migration] = &[
    Migration {
        name: "0001_first",
        step: Step::Both("CREATE TABLE first (id TEXT COLLATE \"C\" PRIMARY KEY, due BIGINT);"),
    },
    Migration {
        name: "0002_second",
        step: Step::Pair {
            postgres: "ALTER TABLE first ALTER COLUMN due SET NOT NULL;",
            sqlite: "DROP TABLE first; CREATE TABLE first (id TEXT, due INTEGER NOT NULL) STRICT;",
        },
    },
];
const FIRST_CHANGED: &[Migration] = &[Migration {
    name: "0001_first",
    step: Step::Both("CREATE TABLE first (id TEXT);"),
}];
const SECOND_BROKEN: &[Migration] = &[
    TWO[0],
    Migration {
        name: "0002_second",
        step: Step::Both("CREATE TABLE second (id TEXT); INSERT INTO nowhere VALUES (1);"),
    },
];

#[tokio::test]
async fn migrations_run_once_and_in_order() {
    each_engine(|store| async move {
        let first = store.migrate_to(&TWO[..1]).await.unwrap();
        assert_eq!(first.names, ["0001_first"]);
        assert_eq!(store.migrate_to(TWO).await.unwrap().names, ["0002_second"]);
        assert_eq!(store.migrate_to(TWO).await.unwrap(), Applied::default());
        // The previous release goes on with what it knows.
        assert_eq!(
            store.migrate_to(&TWO[..1]).await.unwrap(),
            Applied::default()
        );
    })
    .await;
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    each_engine(|store| async move {
        store.migrate_to(TWO).await.unwrap();
        let error = store.migrate_to(FIRST_CHANGED).await.unwrap_err();
        assert!(matches!(error, Error::Migration { ref name, .. } if name == "0001_first"));
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind() {
    each_engine(|store| async move {
        let error = store.migrate_to(SECOND_BROKEN).await.unwrap_err();
        assert!(matches!(error, Error::Migration { ref name, .. } if name == "0002_second"));
        let tables = tables(&store).await;
        assert!(
            tables.contains("first") && !tables.contains("second"),
            "{tables:?}"
        );
        assert_eq!(store.migrate_to(TWO).await.unwrap().names, ["0002_second"]);
    })
    .await;
}

#[tokio::test]
async fn two_nodes_migrate_at_the_same_time() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let (one, two) = (database.open().await, database.open().await);
    let (first, second) = tokio::join!(one.migrate_to(TWO), two.migrate_to(TWO));
    let done = [first.unwrap().names, second.unwrap().names].concat();
    assert_eq!(done, ["0001_first", "0002_second"]);
    one.close().await;
    two.close().await;
    database.remove().await;
}

async fn tables(store: &Store) -> BTreeSet<String> {
    let rows = store.scan((), |tx, ()| {
        Box::pin(async move {
            let tables = tx.pick(
                sql!(sqlite: "SELECT name FROM sqlite_master"),
                sql!(
                    postgres: "SELECT table_name AS name FROM information_schema.tables
                     WHERE table_schema = current_schema()"
                ),
            );
            tx.rows(tables, &[]).await
        })
    });
    let rows: Vec<crate::Row> = rows.await.unwrap();
    rows.iter()
        .map(|row| row.text("name").unwrap().to_owned())
        .collect()
}
