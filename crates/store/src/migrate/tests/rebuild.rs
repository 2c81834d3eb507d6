//! Every table can be rebuilt, also one that others refer to, and with all the time that it takes.

use super::*;

/// A user who is signed in, then the users' table made anew with another column.
const REBUILT: &[Migration] = &[
    MIGRATIONS[0],
    Migration {
        name: "0002_signed_in",
        steps: &[Step::Both(SIGNED_IN)],
    },
    Migration {
        name: "0003_user",
        steps: &[
            Step::Pair {
                postgres: "LOCK TABLE portal_user, session IN ACCESS EXCLUSIVE MODE;",
                sqlite: "",
            },
            Step::Both(COPY),
            Step::Pair {
                postgres: "ALTER TABLE session DROP CONSTRAINT session_user_id_fkey;",
                sqlite: "",
            },
            Step::Both(
                "DROP TABLE portal_user;
                 ALTER TABLE portal_user_new RENAME TO portal_user;",
            ),
            Step::Pair {
                postgres: "ALTER TABLE session ADD CONSTRAINT session_user_id_fkey
                   FOREIGN KEY (user_id) REFERENCES portal_user (id);",
                sqlite: "",
            },
        ],
    },
];
const SIGNED_IN: &str = "
    INSERT INTO tenant (id, path, kind, name, config, created_at)
      VALUES (CAST('tenant' AS BYTEA), '00000o', 'operator', 'O', '{}', 0);
    INSERT INTO portal_user (id, tenant_id, email, display_name, role, status, theme, locale,
      password_hash, password_changed_at, created_at)
      VALUES (CAST('user' AS BYTEA), CAST('tenant' AS BYTEA), 'a@example.com', 'A', 'admin', 'active',
        'auto', 'en', 'x', 0, 0);
    INSERT INTO session SELECT CAST('token' AS BYTEA), id, tenant_id, 0, 0, 0, '', '' FROM portal_user;
";
const COPY: &str = "
    CREATE TABLE portal_user_new (
      id BYTEA PRIMARY KEY,
      tenant_id BYTEA NOT NULL REFERENCES tenant (id),
      email TEXT COLLATE \"C\" NOT NULL UNIQUE,
      is_service BOOLEAN NOT NULL
    );
    INSERT INTO portal_user_new SELECT id, tenant_id, email, FALSE FROM portal_user;";

/// What a rebuild forgets: the copy is empty.
const USERS_LOST: &[Migration] = &[
    REBUILT[0],
    REBUILT[1],
    Migration {
        name: "0003_user",
        steps: &[Step::Pair {
            postgres: "CREATE TABLE user_new (id BYTEA PRIMARY KEY);
                ALTER TABLE session DROP CONSTRAINT session_user_id_fkey;
                DROP TABLE portal_user;
                ALTER TABLE user_new RENAME TO portal_user;
                ALTER TABLE session ADD CONSTRAINT session_user_id_fkey
                  FOREIGN KEY (user_id) REFERENCES portal_user (id);",
            sqlite: "CREATE TABLE user_new (id BLOB PRIMARY KEY) STRICT;
                DROP TABLE portal_user;
                ALTER TABLE user_new RENAME TO portal_user;",
        }],
    },
];

#[tokio::test]
async fn sb4_a_migration_rebuilds_a_referenced_table() {
    each_engine(|store| async move {
        store.migrate_to(&REBUILT[..2]).await.unwrap();
        // Statements that were prepared on the old table go on with the new one.
        assert_eq!(signed_in(&store).await, "a@example.com");
        assert!(sign_in_nobody(&store).await.is_err());
        let applied = store.migrate_to(REBUILT).await.unwrap();
        assert_eq!(applied.names, ["0003_user"]);
        assert_eq!(signed_in(&store).await, "a@example.com");
        assert!(sign_in_nobody(&store).await.is_err());
        assert!(!tables(&store).await.contains("portal_user_new"));
    })
    .await;
}

#[tokio::test]
async fn sb4_a_rebuild_that_loses_rows_is_undone() {
    each_engine(|store| async move {
        store.migrate_to(&REBUILT[..2]).await.unwrap();
        let error = store.migrate_to(USERS_LOST).await.unwrap_err();
        assert!(matches!(error, Error::Migration { ref name, .. } if name == "0003_user"));
        assert_eq!(signed_in(&store).await, "a@example.com");
    })
    .await;
}

async fn signed_in(store: &Store) -> String {
    let read = store.read((), |tx, ()| {
        Box::pin(async move {
            let user = sql!("SELECT u.email FROM portal_user u JOIN session s ON s.user_id = u.id");
            tx.row(user, &[]).await
        })
    });
    let row: Option<Row> = read.await.unwrap();
    row.unwrap().text("email").unwrap().to_owned()
}

async fn sign_in_nobody(store: &Store) -> Result<u64, Error> {
    let write = store.write((), |tx, ()| {
        Box::pin(async move {
            let insert = sql!(
                "INSERT INTO session (digest, user_id, tenant_id, created_at, last_seen_at,
                   authenticated_at, client_address, client_agent)
                 VALUES ($1, $2, $3, 0, 0, 0, '', '')"
            );
            tx.execute(insert, &values![b"other token", b"nobody", b"tenant"])
                .await
        })
    });
    write.await
}

/// On PostgreSQL it fails when a setting that is meant for requests holds for a migration.
fn compare_settings(tx: &mut WriteTx) -> BoxFuture<'_, Result<(), Error>> {
    Box::pin(async move {
        if tx.engine() == Engine::Sqlite {
            return Ok(());
        }
        let settings = sql!(
            postgres: "SELECT current_setting('statement_timeout') AS statement_timeout,
             current_setting('idle_in_transaction_session_timeout') AS idle_timeout,
             current_setting('lock_timeout') AS lock_timeout,
             current_setting('enable_seqscan') AS enable_seqscan,
             current_setting('plan_cache_mode') AS plan_cache_mode,
             current_setting('transaction_isolation') AS isolation"
        );
        let row = tx.row(settings, &[]).await?.unwrap();
        for (name, expected) in [
            ("statement_timeout", "0"),
            ("idle_timeout", "0"),
            ("lock_timeout", "1s"),
            ("enable_seqscan", "on"),
            ("plan_cache_mode", "auto"),
            ("isolation", "read committed"),
        ] {
            assert_eq!(row.text(name)?, expected, "{name}");
        }
        Ok(())
    })
}

const ASKS_FOR_SETTINGS: &[Migration] = &[Migration {
    name: "0001_settings",
    steps: &[
        Step::Code(compare_settings),
        Step::Pair {
            postgres: "DO $$ BEGIN PERFORM pg_sleep(0.2); END $$;",
            sqlite: "SELECT 1;",
        },
    ],
}];

#[tokio::test]
async fn sb4_a_migration_is_not_bound_by_the_time_limits_of_requests() {
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres().await);
    for database in databases {
        let options = Options {
            postgres_connections: 8,
            statement_timeout: Duration::from_millis(100),
            ..Options::default()
        };
        let store = Store::open(database.location(), options).await.unwrap();
        if store.engine() == Engine::Postgres {
            let long = make_schema(&store, "DO $$ BEGIN PERFORM pg_sleep(0.2); END $$;");
            assert!(matches!(long.await, Err(Error::Busy { .. })));
        }
        store.migrate_to(ASKS_FOR_SETTINGS).await.unwrap();
        store.close().await;
        database.remove().await;
    }
}
