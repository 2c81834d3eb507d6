//! What the runner does with migrations that are right, changed or broken, on every engine.

use std::collections::BTreeSet;
use std::time::Duration;

use super::*;
use crate::testing::{Database, each_engine, make_schema};
use crate::{BoxFuture, MigrationLimits, Options, Row, WriteTx, sql, values};

mod eab_key;
mod pieces;
mod rebuild;
mod waiting;

const TWO: &[Migration] = &[
    Migration {
        name: "0001_first",
        steps: &[Step::Both(
            "CREATE TABLE first (id TEXT COLLATE \"C\" PRIMARY KEY, due BIGINT);",
        )],
    },
    Migration {
        name: "0002_second",
        steps: &[Step::Pair {
            postgres: "ALTER TABLE first ALTER COLUMN due SET NOT NULL;",
            sqlite: "DROP TABLE first; CREATE TABLE first (id TEXT, due INTEGER NOT NULL) STRICT;",
        }],
    },
];
const FIRST_CHANGED: &[Migration] = &[Migration {
    name: "0001_first",
    steps: &[Step::Both("CREATE TABLE first (id TEXT);")],
}];
const SECOND_BROKEN: &[Migration] = &[
    TWO[0],
    Migration {
        name: "0002_second",
        steps: &[
            Step::Both("CREATE TABLE second (id TEXT);"),
            Step::Both("INSERT INTO nowhere VALUES (1);"),
        ],
    },
];
const SECOND_IN_RUST: &[Migration] = &[
    TWO[0],
    Migration {
        name: "0002_second",
        steps: &[
            Step::Both("CREATE TABLE second (id TEXT);"),
            Step::Code(fill_and_fail),
        ],
    },
];

fn fill_and_fail(tx: &mut WriteTx) -> BoxFuture<'_, Result<(), Error>> {
    Box::pin(async move {
        let insert = sql!("INSERT INTO first (id, due) VALUES ($1, $2)");
        tx.execute(insert, &values!["a", 1]).await?;
        tx.execute(insert, &values!["a", 2]).await.map(|_| ())
    })
}

#[tokio::test]
async fn migrations_run_once_and_in_order() {
    each_engine(|store| async move {
        assert_eq!(store.compare(TWO).await.unwrap(), SchemaState::Empty);
        let first = store.migrate_to(&TWO[..1]).await.unwrap();
        assert_eq!(first.names, ["0001_first"]);
        let behind = SchemaState::Behind(vec!["0002_second"]);
        assert_eq!(store.compare(TWO).await.unwrap(), behind);
        assert_eq!(store.migrate_to(TWO).await.unwrap().names, ["0002_second"]);
        assert_eq!(store.compare(TWO).await.unwrap(), SchemaState::Current);
        assert_eq!(store.migrate_to(TWO).await.unwrap(), Applied::default());
    })
    .await;
}

#[tokio::test]
async fn every_migration_of_the_program_has_steps_and_a_name_of_its_own() {
    let names: Vec<&str> = MIGRATIONS.iter().map(|migration| migration.name).collect();
    assert!(names.is_sorted_by(|one, next| one < next), "{names:?}");
    assert!(
        MIGRATIONS
            .iter()
            .all(|migration| !migration.steps.is_empty())
    );
}

#[tokio::test]
async fn a_changed_migration_is_refused() {
    each_engine(|store| async move {
        store.migrate_to(&TWO[..1]).await.unwrap();
        let error = store.migrate_to(FIRST_CHANGED).await.unwrap_err();
        let name = "0001_first".to_owned();
        assert!(matches!(error, Error::Schema(found) if found == SchemaError::Changed { name }));
    })
    .await;
}

#[tokio::test]
async fn a_database_of_a_newer_release_is_refused() {
    each_engine(|store| async move {
        store.migrate_to(TWO).await.unwrap();
        let error = store.migrate_to(&TWO[..1]).await.unwrap_err();
        let sentence = "the database was changed by a newer release (0002_second); run that release, or one after it";
        assert_eq!(error.to_string(), sentence);
        let error = store.compare(&TWO[..1]).await.unwrap_err();
        assert_eq!(error.to_string(), sentence);
    })
    .await;
}

/// As the program before the first release left it.
const DEVELOPMENT: &str = "
    CREATE TABLE schema_migration (name TEXT PRIMARY KEY, checksum TEXT NOT NULL);
    INSERT INTO schema_migration VALUES ('0001_initial', 'df3f619804a92fdb4057192dc43dd748');
    CREATE TABLE tenant (id TEXT PRIMARY KEY);";

#[tokio::test]
async fn a_database_from_before_the_first_release_is_refused() {
    each_engine(|store| async move {
        make_schema(&store, DEVELOPMENT).await.unwrap();
        let sentence = "the database was made by a development version before the first release; \
             move it away and start with an empty one";
        let error = store.migrate().await.unwrap_err();
        assert_eq!(error.to_string(), sentence);
        let error = store.check_schema().await.unwrap_err();
        assert_eq!(error.to_string(), sentence);
        let expected = ["schema_migration", "tenant"].map(str::to_owned);
        assert_eq!(tables(&store).await, BTreeSet::from(expected));
    })
    .await;
}

#[tokio::test]
async fn a_migration_that_fails_leaves_nothing_behind() {
    each_engine(|store| async move {
        for broken in [SECOND_BROKEN, SECOND_IN_RUST] {
            let error = store.migrate_to(broken).await.unwrap_err();
            assert!(matches!(error, Error::Migration { ref name, .. } if name == "0002_second"));
            let tables = tables(&store).await;
            assert!(
                tables.contains("first") && !tables.contains("second"),
                "{tables:?}"
            );
            assert_eq!(rows(&store).await, 0);
        }
        assert_eq!(store.migrate_to(TWO).await.unwrap().names, ["0002_second"]);
    })
    .await;
}

#[tokio::test]
async fn a_checksum_is_over_every_step() {
    let with = |steps| {
        let migration = Migration { name: "a", steps };
        migration.checksum(Engine::Postgres)
    };
    let all = [
        with(&[Step::Both("a;b;")]),
        with(&[Step::Both("a;"), Step::Both("b;")]),
        with(&[Step::Both("a;"), Step::Outside("b;")]),
        with(&[Step::Both("a;"), Step::Code(fill_and_fail)]),
        with(&[Step::Both("a;")]),
    ];
    assert_eq!(BTreeSet::from(all.clone()).len(), all.len());
    let same = [Step::Pair {
        postgres: "a;",
        sqlite: "other;",
    }];
    let same = Migration {
        name: "b",
        steps: Box::leak(Box::new(same)),
    };
    assert_eq!(same.checksum(Engine::Postgres), all[4]);
    assert_ne!(same.checksum(Engine::Sqlite), all[4]);
}

async fn tables(store: &Store) -> BTreeSet<String> {
    let rows = store.scan((), |tx, ()| {
        Box::pin(async move {
            let tables = tx.pick(
                sql!(sqlite: "SELECT name FROM sqlite_master WHERE type = 'table'"),
                sql!(
                    postgres: "SELECT table_name AS name FROM information_schema.tables
                     WHERE table_schema = current_schema()"
                ),
            );
            tx.rows(tables, &[]).await
        })
    });
    let rows: Vec<Row> = rows.await.unwrap();
    rows.iter()
        .map(|row| row.text("name").unwrap().to_owned())
        .collect()
}

/// How many rows table `first` has.
async fn rows(store: &Store) -> i64 {
    let count = store.scan((), |tx, ()| {
        Box::pin(async move {
            tx.row(sql!("SELECT COUNT(*) AS all_rows FROM first"), &[])
                .await
        })
    });
    let row: Option<Row> = count.await.unwrap();
    row.unwrap().int("all_rows").unwrap()
}
