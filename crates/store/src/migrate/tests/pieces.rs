//! Back-fills go on where they were, and what needs no transaction finds none.

use super::*;

/// Rows to fill, of which one cannot be filled until somebody has put it right.
const ROWS: &str = "CREATE TABLE item (id TEXT COLLATE \"C\" PRIMARY KEY, value TEXT NOT NULL, filled BIGINT NOT NULL);
    INSERT INTO item VALUES ('a', '1', 0), ('b', '2', 0), ('c', '3', 0), ('d', 'x', 0), ('e', '5', 0);";
const FILLED: &[Migration] = &[
    Migration {
        name: "0001_item",
        steps: &[Step::Both(ROWS)],
    },
    Migration {
        name: "0002_fill",
        steps: &[
            Step::Both("CREATE TABLE before (id BIGINT);"),
            Step::Backfill(fill_two),
            Step::Both("CREATE TABLE after (id BIGINT);"),
        ],
    },
];

/// Adds their value to two rows after the cursor.
fn fill_two<'a>(
    tx: &'a mut WriteTx,
    cursor: Option<&'a str>,
) -> BoxFuture<'a, Result<Piece, Error>> {
    Box::pin(async move {
        let next = sql!("SELECT id, value FROM item WHERE id > $1 ORDER BY id LIMIT 2");
        let rows = tx.rows(next, &values![cursor.unwrap_or_default()]).await?;
        for row in &rows {
            let value: i64 = row.parse("value")?;
            let fill = sql!("UPDATE item SET filled = filled + $2 WHERE id = $1");
            tx.execute(fill, &values![row.text("id")?, value]).await?;
        }
        let last = rows.get(1).map(|row| row.text("id").map(str::to_owned));
        Ok(Piece {
            rows: rows.len() as u64,
            next: last.transpose()?,
        })
    })
}

#[tokio::test]
async fn sb4_an_interrupted_back_fill_goes_on_where_it_was() {
    each_engine(|store| async move {
        let error = store.migrate_to(FILLED).await.unwrap_err();
        assert!(matches!(error, Error::Migration { ref name, .. } if name == "0002_fill"));
        assert_eq!(filled(&store).await, [1, 2, 0, 0, 0]);
        let behind = SchemaState::Behind(vec!["0002_fill"]);
        assert_eq!(store.compare(FILLED).await.unwrap(), behind);
        let tables = tables(&store).await;
        assert!(
            tables.contains("before") && !tables.contains("after"),
            "{tables:?}"
        );

        make_schema(&store, "UPDATE item SET value = '4' WHERE id = 'd';")
            .await
            .unwrap();
        assert_eq!(store.migrate_to(FILLED).await.unwrap().names, ["0002_fill"]);
        // Had it begun anew, the first two would have been filled twice.
        assert_eq!(filled(&store).await, [1, 2, 3, 4, 5]);
        assert_eq!(store.compare(FILLED).await.unwrap(), SchemaState::Current);
    })
    .await;
}

async fn filled(store: &Store) -> Vec<i64> {
    let rows = store.scan((), |tx, ()| {
        Box::pin(async move {
            tx.rows(sql!("SELECT filled FROM item ORDER BY id"), &[])
                .await
        })
    });
    let rows: Vec<Row> = rows.await.unwrap();
    rows.iter().map(|row| row.int("filled").unwrap()).collect()
}

const INDEXED: &[Migration] = &[
    TWO[0],
    Migration {
        name: "0002_index",
        steps: &[
            Step::Outside(
                "-- Whatever an interruption has left is of no use.
                 DROP INDEX CONCURRENTLY IF EXISTS first_by_due;
                 CREATE INDEX CONCURRENTLY first_by_due ON first (due);",
            ),
            Step::Both("-- sqlite: CREATE INDEX first_by_due ON first (due)\n"),
            Step::Pair {
                postgres: "ALTER INDEX first_by_due RENAME TO first_due;",
                sqlite: "DROP INDEX first_by_due; CREATE INDEX first_due ON first (due);",
            },
        ],
    },
];

#[tokio::test]
async fn an_index_can_be_built_beside_those_who_write() {
    each_engine(|store| async move {
        let applied = store.migrate_to(INDEXED).await.unwrap();
        assert_eq!(applied.names, ["0001_first", "0002_index"]);
        let again = make_schema(&store, "CREATE INDEX first_due ON first (due);");
        assert!(again.await.is_err());
    })
    .await;
}
