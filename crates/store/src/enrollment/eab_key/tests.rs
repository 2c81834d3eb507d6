use base::Scope;

use super::*;
use crate::testing::{Database, files};
use crate::{DatabaseUrl, Store};

const KEY: &[u8] = b"a key that nothing else looks like";
const SYSTEM: Scope = Scope::System("a test");

/// A program beside us that reads and does not end.
enum Reader {
    Postgres(tokio_postgres::Client),
    Sqlite(rusqlite::Connection),
}

impl Reader {
    async fn of(database: &Database, table: &str) -> Self {
        match database.location() {
            DatabaseUrl::Postgres(url) => {
                let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
                let (client, connection) = connected.unwrap();
                tokio::spawn(connection);
                let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ";
                let read = format!("{begin}; SELECT COUNT(*) FROM {table}");
                client.batch_execute(&read).await.unwrap();
                Self::Postgres(client)
            }
            DatabaseUrl::Sqlite(path) => {
                let connection = rusqlite::Connection::open(path).unwrap();
                let read = format!("BEGIN; SELECT COUNT(*) FROM {table}");
                connection.execute_batch(&read).unwrap();
                Self::Sqlite(connection)
            }
        }
    }

    async fn end(self) {
        match self {
            Self::Postgres(client) => client.batch_execute("COMMIT").await.unwrap(),
            Self::Sqlite(connection) => connection.execute_batch("COMMIT").unwrap(),
        }
    }
}

async fn is_forgotten(store: &Store) -> bool {
    let own = store.within(SYSTEM);
    let is_written = own.forget(TABLE).await.unwrap();
    let is_rid: Result<_, Error> = own.read((), is_rid_of_deleted).await;
    is_written && is_rid.unwrap()
}

async fn files_with_key(database: &Database, store: &Store) -> usize {
    let files = files::contents(store.within(SYSTEM), database.location()).await;
    let has_key = |file: &&Vec<u8>| file.windows(KEY.len()).any(|part| part == KEY);
    files.iter().filter(has_key).count()
}

/// A credential with a key that is to go.
async fn fill(store: &Store) {
    let id = match store.engine() {
        Engine::Postgres => "'\\x01'::BYTEA",
        Engine::Sqlite => "X'01'",
    };
    let text = format!(
        "INSERT INTO tenant (id, path, kind, name, config, created_at)
           VALUES ({id}, 'o', 'operator', 'Operator', '{{}}', 1);
         INSERT INTO eab_credential (key_id, tenant_id, reveal, bindings, created_at, created_by)
           VALUES ('kid', {id}, 'until_bound', 0, 1, 'system');"
    );
    let filled = store.write(text, |tx, text| Box::pin(tx.batch(text)));
    filled.await.unwrap();
    let key = ErasableKey {
        key_id: "kid".to_owned(),
        mac_key: KEY.to_vec(),
    };
    let kept = store.write(key, |tx, key| Box::pin(tx.insert(key)));
    kept.await.unwrap();
}

#[tokio::test]
async fn s42_a_deleted_key_is_forgotten_once_nobody_can_see_it_any_more() {
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres().await);
    for database in databases {
        let store = database.open().await;
        store.migrate().await.unwrap();
        fill(&store).await;
        assert!(files_with_key(&database, &store).await > 0);
        // One holds the table, the other has begun before the key went.
        let holder = Reader::of(&database, TABLE).await;
        let older = Reader::of(&database, "setting").await;
        let gone = store.write((), |tx, ()| Box::pin(delete(tx, "kid")));
        gone.await.unwrap();
        assert!(!is_forgotten(&store).await, "while it is held");
        holder.end().await;
        assert!(!is_forgotten(&store).await, "while it can be seen");
        assert!(files_with_key(&database, &store).await > 0);
        older.end().await;
        // Other tests have transactions of their own.
        while !is_forgotten(&store).await {
            tokio::task::yield_now().await;
        }
        assert_eq!(files_with_key(&database, &store).await, 0);
        store.close().await;
        database.remove().await;
    }
}
