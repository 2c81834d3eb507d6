//! What both engines promise, and where one of them needs looking after.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use base::Scope;
use store::testing::{Database, each_engine, make_schema};
use store::{DatabaseUrl, Engine, Error, ReadTx, Store, Value, WriteTx, sql, values};

#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error("given up")]
    GivenUp,
    #[error(transparent)]
    Store(#[from] Error),
}

const SCHEMA: &str = "CREATE TABLE item (
    id TEXT COLLATE \"C\" PRIMARY KEY, amount BIGINT NOT NULL, is_open BOOLEAN, body BYTEA);";

async fn insert(tx: &mut WriteTx, id: &str, amount: i64) -> Result<(), Error> {
    let insert = sql!("INSERT INTO item (id, amount) VALUES ($1, $2)");
    tx.execute(insert, &values![id, amount]).await.map(|_| ())
}

async fn amount(tx: &mut ReadTx, id: &str) -> Result<Option<i64>, Error> {
    let row = tx
        .row(sql!("SELECT amount FROM item WHERE id = $1"), &values![id])
        .await?;
    row.map(|row| row.int("amount")).transpose()
}

async fn add(store: &Store, id: &str) -> Result<(), Error> {
    store
        .write(id.to_owned(), |tx, id| Box::pin(insert(tx, id, 1)))
        .await
}

async fn stored(store: &Store, id: &str) -> Option<i64> {
    store
        .read(id, |tx, id| Box::pin(amount(tx, id)))
        .await
        .unwrap()
}

async fn count(store: &Store) -> i64 {
    let rows = store.scan((), |tx, ()| {
        Box::pin(async {
            tx.row(sql!("SELECT COUNT(*) AS items FROM item"), &[])
                .await
        })
    });
    let row: Result<_, Error> = rows.await;
    row.unwrap().unwrap().int("items").unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn values_come_back_as_they_were_given() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        let kept = store.write((), |tx, ()| {
            Box::pin(async move {
                let insert = sql!(
                    "INSERT INTO item (id, amount, is_open, body) VALUES ($1, $2, $3, $4)
                     RETURNING id, amount, is_open, body"
                );
                let values = values!["é'$1", i64::MIN, true, vec![0_u8, 255]];
                let row = tx.row(insert, &values).await?.unwrap();
                assert_eq!(row.text("id")?, "é'$1");
                assert_eq!(row.int("amount")?, i64::MIN);
                assert_eq!(
                    (row.bool("is_open")?, row.bytes("body")?),
                    (true, &[0, 255][..])
                );
                let values = values!["null", 0, None::<bool>, Value::Null];
                let row = tx.row(insert, &values).await?.unwrap();
                assert_eq!(
                    (row.opt_bool("is_open")?, row.opt_bytes("body")?),
                    (None, None)
                );
                assert!(matches!(row.bytes("body"), Err(Error::Corrupt { .. })));
                assert!(matches!(row.text("amount"), Err(Error::Corrupt { .. })));
                assert!(matches!(row.int("nowhere"), Err(Error::Corrupt { .. })));
                assert!(row.parse::<base::OrderId>("id").is_err());
                Ok::<_, Error>(())
            })
        });
        kept.await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_answered_is_read_by_everyone() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        for round in 0..50 {
            let id = format!("item {round}");
            add(&store, &id).await.unwrap();
            assert_eq!(stored(&store, &id).await, Some(1));
        }
        assert_eq!(count(&store).await, 50);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_failure_in_a_group_undoes_only_itself() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        let work = (0..40_u32).map(|number| {
            store.write(number, |tx, number| {
                Box::pin(async move {
                    // Some give up before they change anything, some after.
                    if number % 10 == 3 {
                        return Err(TestError::GivenUp);
                    }
                    insert(tx, &format!("item {number}"), i64::from(*number)).await?;
                    if number % 10 == 5 {
                        Err(TestError::GivenUp)
                    } else {
                        Ok(())
                    }
                })
            })
        });
        let answers = futures_util::future::join_all(work).await;
        for (number, answer) in answers.iter().enumerate() {
            let given_up = matches!(answer, Err(TestError::GivenUp));
            assert_eq!(
                given_up,
                matches!(number % 10, 3 | 5),
                "{number}: {answer:?}"
            );
            let there = stored(&store, &format!("item {number}")).await.is_some();
            assert_eq!(there, !given_up);
        }
        let counters = store.counters();
        assert_eq!(counters.transactions, 32 + 1);
        if store.engine() == Engine::Sqlite {
            assert!(
                counters.commits < 33,
                "grouped into {} commits",
                counters.commits
            );
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_panic_is_an_error_of_its_closure_alone() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        let work = (0..9_u32).map(|number| {
            store.write(number, |tx, number| {
                Box::pin(async move {
                    insert(tx, &format!("item {number}"), 0).await?;
                    assert_ne!(*number % 3, 1, "no ones");
                    Ok::<_, Error>(())
                })
            })
        });
        for (number, answer) in futures_util::future::join_all(work)
            .await
            .iter()
            .enumerate()
        {
            let panicked =
                matches!(answer, Err(Error::Panicked { message }) if message.contains("no ones"));
            assert_eq!(panicked, number % 3 == 1, "{number}: {answer:?}");
        }
        assert_eq!(count(&store).await, 6);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swallowed_failure_still_undoes_the_transaction() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        let answer = store.write((), |tx, ()| {
            Box::pin(async move {
                insert(tx, "kept", 1).await?;
                let twice = insert(tx, "kept", 2).await;
                assert!(matches!(twice, Err(Error::Statement { .. })));
                Ok::<_, Error>(())
            })
        });
        assert!(matches!(answer.await, Err(Error::Statement { .. })));
        assert_eq!(stored(&store, "kept").await, None);
        add(&store, "kept").await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn statements_in_one_round_trip_keep_their_order() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        let moved = store.write((), |tx, ()| {
            Box::pin(async move {
                let insert = sql!("INSERT INTO item (id, amount) VALUES ($1, $2)");
                let double = sql!("UPDATE item SET amount = amount * 2 WHERE amount < $1");
                tx.execute_all(&[
                    (insert, values!["a", 1].into()),
                    (double, values![10].into()),
                    (insert, values!["b", 1].into()),
                    (double, values![10].into()),
                ])
                .await
            })
        });
        let moved: Result<_, Error> = moved.await;
        assert_eq!(moved.unwrap(), [1, 1, 1, 2]);
        let found = store.read((), |tx, ()| {
            Box::pin(async move {
                let amount = sql!("SELECT amount FROM item WHERE id = $1");
                let ids = [
                    values!["b"].into(),
                    values!["none"].into(),
                    values!["a"].into(),
                ];
                let rows = tx.row_each(amount, &ids).await?;
                rows.iter()
                    .map(|row| row.as_ref().map(|row| row.int("amount")).transpose())
                    .collect()
            })
        });
        let found: Result<Vec<_>, Error> = found.await;
        assert_eq!(found.unwrap(), [Some(2), None, Some(4)]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_failure_of_a_batch_is_the_one_reported() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        let answer = store.write((), |tx, ()| {
            Box::pin(async move {
                let insert = sql!("INSERT INTO item (id, amount) VALUES ($1, $2)");
                let twice = (insert, values!["a", 1].into());
                let other = (insert, values!["b", 1].into());
                tx.execute_all(&[twice.clone(), twice, other]).await
            })
        });
        let answer: Result<Vec<u64>, Error> = answer.await;
        let text = format!("{:?}", answer.unwrap_err());
        assert!(
            text.contains("item_pkey") || text.contains("UNIQUE"),
            "{text}"
        );
        assert_eq!(count(&store).await, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_race_is_run_again() {
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres().await);
    for database in databases {
        // Two nodes; the closures of one node would wait for each other.
        let nodes = [database.open().await, database.open().await];
        make_schema(&nodes[0], SCHEMA).await.unwrap();
        let first = nodes[0].write((), |tx, ()| Box::pin(insert(tx, "counter", 0)));
        first.await.unwrap();
        let work = nodes.iter().cycle().take(64).map(|node| {
            node.write((), |tx, ()| {
                Box::pin(async move {
                    let before = amount(tx, "counter").await?.unwrap_or_default();
                    let update = sql!("UPDATE item SET amount = $2 WHERE id = $1");
                    tx.execute(update, &values!["counter", before + 1]).await
                })
            })
        });
        let answers: Vec<Result<u64, Error>> = futures_util::future::join_all(work).await;
        assert!(
            answers.iter().all(|answer| matches!(answer, Ok(1))),
            "{answers:?}"
        );
        assert_eq!(stored(&nodes[0], "counter").await, Some(64));
        let retries: u64 = nodes.iter().map(|node| node.counters().retries).sum();
        assert_eq!(retries > 0, nodes[0].engine() == Engine::Postgres);
        for node in &nodes {
            node.close().await;
        }
        database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_sent_without_waiting_fails_its_closure_alone() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        store
            .write((), |tx, ()| Box::pin(insert(tx, "taken", 0)))
            .await
            .unwrap();
        let before = store.counters();
        let ids: Vec<String> = (0..24).map(|number| format!("item{number}")).collect();
        let work = ids.iter().enumerate().map(|(number, id)| {
            // Every eighth wants what is there already.
            let taken = (number % 8 == 0).then(|| "taken".to_owned());
            let second = taken.unwrap_or_else(|| id.repeat(2));
            store.write((id.clone(), second), |tx, (id, second)| {
                Box::pin(async move {
                    let insert = sql!("INSERT INTO item (id, amount) VALUES ($1, $2)");
                    tx.execute_later(insert, &values![id, 1]).await?;
                    // Whether it failed is known only at the end.
                    let _ = tx.execute_later(insert, &values![second, 2]).await;
                    Ok::<_, Error>(())
                })
            })
        });
        let answers: Vec<Result<(), Error>> = futures_util::future::join_all(work).await;
        for (number, (id, answer)) in ids.iter().zip(&answers).enumerate() {
            let is_refused = number % 8 == 0;
            let is_statement = matches!(answer, Err(Error::Statement { .. }));
            assert_eq!(is_statement, is_refused, "{id}: {answer:?}");
            assert_eq!(stored(&store, id).await.is_none(), is_refused, "{id}");
        }
        assert_eq!(count(&store).await, 1 + 2 * 21);
        let after = store.counters();
        assert_eq!(after.transactions - before.transactions, 21);
        // They took others along, who were run again.
        assert!(after.undone > before.undone);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_fails_unseen_holds_up_nobody_who_asks_after_it() {
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres().await);
    for database in databases {
        let nodes = [database.open().await, database.open().await];
        make_schema(&nodes[0], SCHEMA).await.unwrap();
        let first = nodes[0].write((), |tx, ()| Box::pin(insert(tx, "counter", 0)));
        first.await.unwrap();
        let work = nodes.iter().cycle().take(256).map(|node| {
            node.write((), |tx, ()| {
                Box::pin(async move {
                    let before = amount(tx, "counter").await?.unwrap_or_default();
                    let update = sql!("UPDATE item SET amount = $2 WHERE id = $1");
                    let last = sql!("UPDATE item SET is_open = NULL WHERE id = $1");
                    tx.execute_later(update, &values!["counter", before + 1])
                        .await?;
                    for _ in 0..8 {
                        tx.execute_later(last, &values!["counter"]).await?;
                    }
                    Ok(())
                })
            })
        });
        let all = futures_util::future::join_all(work);
        let answers: Vec<Result<(), Error>> = tokio::time::timeout(Duration::from_secs(20), all)
            .await
            .expect("somebody waits for ever");
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(stored(&nodes[0], "counter").await, Some(256));
        for node in &nodes {
            node.close().await;
        }
        database.remove().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn closures_that_wait_together_share_a_commit() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        let before = store.counters();
        let ids: Vec<String> = (0..200).map(|number| format!("item{number}")).collect();
        let work = ids
            .iter()
            .map(|id| store.write(id.clone(), |tx, id| Box::pin(insert(tx, id, 1))));
        let answers: Vec<Result<(), Error>> = futures_util::future::join_all(work).await;
        assert!(answers.iter().all(Result::is_ok), "{answers:?}");
        assert_eq!(count(&store).await, 200);
        let after = store.counters();
        assert_eq!(after.transactions - before.transactions, 200);
        let commits = after.commits - before.commits;
        assert!(commits < 100, "{commits} commits");
        assert_eq!(after.undone, before.undone);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_write_that_nobody_waits_for_is_whole_or_absent() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        for round in 0..20 {
            let pair = store.write(round, |tx, round| {
                Box::pin(async move {
                    insert(tx, &format!("a{round}"), 1).await?;
                    insert(tx, &format!("b{round}"), 1).await
                })
            });
            let given_up = tokio::time::timeout(Duration::from_micros(round * 20), pair).await;
            assert!(given_up.is_err() || given_up.unwrap().is_ok());
        }
        store
            .write((), |tx, ()| Box::pin(insert(tx, "last", 1)))
            .await
            .unwrap();
        store.close().await;
        assert!(matches!(add(&store, "late").await, Err(Error::Closed)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn closing_finishes_what_was_begun() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        let begun = tokio::spawn({
            let store = store.clone();
            async move { add(&store, "begun").await }
        });
        store.close().await;
        // It was either done or refused; it does not hang.
        assert!(matches!(begun.await.unwrap(), Ok(()) | Err(Error::Closed)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ping_answers() {
    each_engine(|store| async move {
        store.within(Scope::System("a test")).ping().await.unwrap();
    })
    .await;
}

/// How many locks this process has on a file, as Linux tells.
#[cfg(target_os = "linux")]
fn locks_on(path: &std::path::Path) -> usize {
    use std::os::unix::fs::MetadataExt as _;

    let inode = format!(":{} ", std::fs::metadata(path).unwrap().ino());
    let own = format!(" {} ", std::process::id());
    let locks = std::fs::read_to_string("/proc/locks").unwrap();
    let is_own =
        |line: &&str| line.contains("POSIX") && line.contains(&own) && line.contains(&inode);
    locks.lines().filter(is_own).count()
}

/// Whoever opens the file beside the server, for a copy say, would else close it as the last one and take the log away, with
/// all that the server writes from then on.
#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn sb11_the_file_in_use_keeps_its_locks_on_sqlite() {
    let database = Database::sqlite();
    let DatabaseUrl::Sqlite(path) = database.location() else {
        return;
    };
    let store = database.open().await;
    store.migrate().await.unwrap();
    assert!(locks_on(path) > 0, "after the migrations");
    let all = store.within(Scope::System("a test"));
    assert!(all.forget("eab_key").await.unwrap());
    assert!(locks_on(path) > 0, "after the log was emptied");
}

#[tokio::test]
async fn readers_cannot_write_on_sqlite() {
    let database = Database::sqlite();
    let store = database.open().await;
    make_schema(&store, SCHEMA).await.unwrap();
    let delete = store.scan((), |tx, ()| {
        Box::pin(async move { tx.rows(sql!("DELETE FROM item"), &[]).await })
    });
    assert!(matches!(
        delete.await,
        Err::<Vec<_>, Error>(Error::Full { .. })
    ));
}

#[tokio::test]
async fn a_closure_that_waits_for_something_else_is_refused_on_sqlite() {
    let database = Database::sqlite();
    let store = database.open().await;
    make_schema(&store, SCHEMA).await.unwrap();
    let waits = store.write((), |tx, ()| {
        Box::pin(async move {
            insert(tx, "a", 1).await?;
            tokio::task::yield_now().await;
            Ok::<_, Error>(())
        })
    });
    assert!(matches!(waits.await, Err(Error::Pended)));
    assert_eq!(stored(&store, "a").await, None);
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing_half_done() {
    let database = Database::sqlite();
    let store = database.open().await;
    make_schema(&store, SCHEMA).await.unwrap();
    let limit = store.write((), |tx, ()| {
        Box::pin(async move {
            tx.row(sql!(sqlite: "PRAGMA max_page_count = 20"), &[])
                .await
        })
    });
    assert!(
        limit
            .await
            .is_ok_and(|row: Option<store::Row>| row.is_some())
    );
    let work = (0..64_u32).map(|number| {
        store.write(number, |tx, number| {
            Box::pin(async move {
                let insert = sql!("INSERT INTO item (id, amount, body) VALUES ($1, 1, $2)");
                let small = values![format!("small {number}"), vec![0_u8; 10]];
                tx.execute(insert, &small).await?;
                let large = values![format!("large {number}"), vec![0_u8; 9_000]];
                tx.execute(insert, &large).await
            })
        })
    });
    let answers: Vec<Result<u64, Error>> = futures_util::future::join_all(work).await;
    let full = answers
        .iter()
        .filter(|answer| answer.as_ref().is_err_and(Error::is_full))
        .count();
    let done = answers.iter().filter(|answer| answer.is_ok()).count();
    assert!(full > 0 && full + done == 64, "{answers:?}");
    assert_eq!(count(&store).await, i64::try_from(done).unwrap() * 2);
}

#[tokio::test]
async fn an_acknowledged_write_survives_reopening() {
    let database = Database::sqlite();
    let store = database.open().await;
    make_schema(&store, SCHEMA).await.unwrap();
    add(&store, "kept").await.unwrap();
    // Opened a second time beside the first, as the command line does.
    let beside = database.open().await;
    assert_eq!(stored(&beside, "kept").await, Some(1));
    add(&beside, "beside").await.unwrap();
    assert_eq!(stored(&store, "beside").await, Some(1));
    store.close().await;
    beside.close().await;
    assert_eq!(stored(&database.open().await, "kept").await, Some(1));
}

#[tokio::test]
async fn a_database_that_is_gone_is_told_quickly() {
    let gone = "postgres://nobody@127.0.0.1:1/none".parse().unwrap();
    let opened = tokio::time::timeout(
        Duration::from_secs(5),
        Store::open(&gone, store::Options::default()),
    );
    let error = opened.await.unwrap().err().unwrap();
    assert!(error.is_unavailable(), "{error:?}");
    let nowhere = "sqlite:/nonexistent/directory/x.db".parse().unwrap();
    let error = Store::open(&nowhere, store::Options::default())
        .await
        .err()
        .unwrap();
    assert!(error.is_unavailable(), "{error:?}");
}

/// The server ends our connections, as it does when it shuts down.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_connection_is_told_and_replaced() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    make_schema(&store, SCHEMA).await.unwrap();
    let runs = AtomicU32::new(0);
    let answer = store.write(runs, |tx, runs| {
        Box::pin(async move {
            runs.fetch_add(1, Ordering::Relaxed);
            insert(tx, "lost", 1).await?;
            let end = sql!(postgres: "SELECT pg_terminate_backend(pg_backend_pid()) AS ended");
            tx.row(end, &[]).await
        })
    });
    let answer: Result<_, Error> = answer.await;
    assert!(
        answer.as_ref().is_err_and(Error::is_unavailable),
        "{answer:?}"
    );
    assert_eq!(stored(&store, "lost").await, None);
    add(&store, "found").await.unwrap();
    store.close().await;
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_that_somebody_holds_stops_only_those_who_want_it() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    make_schema(&store, SCHEMA).await.unwrap();
    add(&store, "held").await.unwrap();
    let DatabaseUrl::Postgres(url) = database.location() else {
        return;
    };
    let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    let (stranger, connection) = connected.unwrap();
    tokio::spawn(connection);
    let update = "BEGIN; UPDATE item SET amount = 7 WHERE id = 'held'";
    stranger.batch_execute(update).await.unwrap();

    let ids: Vec<String> = (0..32).map(|number| format!("item{number}")).collect();
    let others = futures_util::future::join_all(ids.iter().map(|id| add(&store, id)));
    let held = store.write((), |tx, ()| {
        Box::pin(async move {
            let update = sql!("UPDATE item SET amount = 8 WHERE id = 'held'");
            tx.execute(update, &values![]).await
        })
    });
    let (held, others): (Result<u64, Error>, _) = tokio::join!(held, others);
    assert!(matches!(held, Err(Error::Busy { .. })), "{held:?}");
    assert!(others.iter().all(Result::is_ok), "{others:?}");
    stranger.batch_execute("COMMIT").await.unwrap();
    assert_eq!(stored(&store, "held").await, Some(7));
    store.close().await;
    database.remove().await;
}

/// The next number after the largest, as two at once would both take it.
async fn next_number(tx: &mut WriteTx, id: &String) -> Result<i64, TestError> {
    let largest = sql!("SELECT CAST(COALESCE(MAX(amount), 0) AS BIGINT) AS largest FROM item");
    let row = tx.row(largest, &[]).await?;
    let next = row.map_or(Ok(0), |row| row.int("largest"))? + 1;
    insert(tx, id, next).await?;
    Ok(next)
}

/// Changes first and refuses afterwards.
async fn give_up(tx: &mut WriteTx, id: &String) -> Result<i64, TestError> {
    next_number(tx, id).await?;
    Err(TestError::GivenUp)
}

/// Takes numbers at the same time, each of them by one of the stores in turn.
async fn take_numbers(stores: &[Store]) -> Vec<i64> {
    let mut running = tokio::task::JoinSet::new();
    for (number, store) in (0..24).zip(stores.iter().cycle()) {
        let store = store.clone();
        running.spawn(async move {
            let own = store.within(Scope::System("a test"));
            let id = format!("item {number}");
            own.write_keyed("numbers", id, next_number).await.unwrap()
        });
    }
    let mut taken = running.join_all().await;
    taken.sort_unstable();
    taken
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_key_each_sees_what_those_before_it_did() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        let taken = take_numbers(std::slice::from_ref(&store)).await;
        assert_eq!(taken, (1..=24).collect::<Vec<_>>());
        // Nobody lost a race on the way.
        assert_eq!(store.counters().retries, 0);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_one_key_one_runs_at_a_time_on_all_nodes() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let stores = [database.open().await, database.open().await];
    make_schema(&stores[0], SCHEMA).await.unwrap();
    let taken = take_numbers(&stores).await;
    assert_eq!(taken, (1..=24).collect::<Vec<_>>());
    let retries = stores.iter().map(|store| store.counters().retries);
    assert_eq!(retries.sum::<u64>(), 0);
    for store in &stores {
        store.close().await;
    }
    database.remove().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_by_key_leaves_nothing_and_the_key_is_free() {
    each_engine(|store| async move {
        make_schema(&store, SCHEMA).await.unwrap();
        let own = store.within(Scope::System("a test"));
        let refused = own.write_keyed("numbers", "one".to_owned(), give_up).await;
        assert!(matches!(refused, Err(TestError::GivenUp)));
        assert_eq!(count(&store).await, 0);
        let taken = own
            .write_keyed("numbers", "two".to_owned(), next_number)
            .await;
        assert_eq!(taken.unwrap(), 1);
        store.close().await;
        let late = own
            .write_keyed("numbers", "three".to_owned(), next_number)
            .await;
        assert!(matches!(late, Err(TestError::Store(Error::Closed))));
    })
    .await;
}
