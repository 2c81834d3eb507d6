//! PostgreSQL keeps tenants apart by itself: each test takes the first barrier, the tenant in the text of a statement,
//! away.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use base::{Scope, TenantId};
use store::migrate::Wall;
use store::testing::{Database, make_schema};
use store::{Error, Progress, ReadTx, Rows, Sql, Statement, Store, WriteTx, sql};

/// What the identifiers of two tenants consist of.
const OWN: u8 = 0xAA;
const OTHER: u8 = 0xBB;

/// Tables without a policy, and why.
const NO_POLICY: &[(&str, &str)] = &[
    ("audit_seal", WHOLE),
    ("authority", CATALOGUE),
    ("blocked_key", WHOLE),
    ("ca", CATALOGUE),
    ("crl", "everybody may read it"),
    ("directory", CATALOGUE),
    ("directory_ca", CATALOGUE),
    ("directory_profile", CATALOGUE),
    ("job", QUEUE),
    ("job_dead", QUEUE),
    ("node", WHOLE),
    ("offer", CATALOGUE),
    ("offer_version", CATALOGUE),
    (
        "passkey_challenge",
        "by a digest of what a browser signs, before anybody is known",
    ),
    ("product", CATALOGUE),
    ("profile_version", CATALOGUE),
    ("rate_limit", WHOLE),
    (
        "retired_key",
        "a key that nobody may use again, whoever had it",
    ),
    ("schedule", QUEUE),
    ("schema_migration", "the role has no right to it"),
    ("server_certificate", WHOLE),
    ("setting", WHOLE),
    (
        "sign_in_lock",
        "by a digest of what was typed, before anybody is known",
    ),
    ("version", WHOLE),
];
const CATALOGUE: &str = "the catalogue is everybody's";
const QUEUE: &str = "work is the server's; what it is about is read in a scope";
const WHOLE: &str = "it is about the whole installation";

/// A database in which every table of tenants has a row of each of two of them.
struct Filled {
    database: Database,
    store: Store,
    /// The columns of each table of tenants.
    tables: BTreeMap<String, Vec<Column>>,
}

struct Column {
    name: String,
    kind: String,
}

impl Filled {
    async fn make() -> Option<Self> {
        let database = Database::postgres().await?;
        let store = database.open().await;
        store.migrate().await.unwrap();
        assert_eq!(store.wall().await.unwrap(), Wall::Stands);
        let tables = tables(&store).await;
        make_schema(&store, WITHOUT_KEYS).await.unwrap();
        for (table, columns) in &tables {
            for (tenant, seed) in [(OWN, 1), (OTHER, 2)] {
                let text = insert(table, columns, tenant, seed);
                make_schema(&store, &text).await.unwrap();
            }
        }
        Some(Self {
            database,
            store,
            tables,
        })
    }

    async fn remove(self) {
        self.store.close().await;
        self.database.remove().await;
    }
}

/// Rows are made up, so that none refers to another.
const WITHOUT_KEYS: &str = "DO $$ DECLARE found RECORD; BEGIN
    FOR found IN SELECT conname, conrelid::regclass AS of FROM pg_constraint
      WHERE contype = 'f' AND connamespace = to_regnamespace(current_schema()) LOOP
      EXECUTE format('ALTER TABLE %s DROP CONSTRAINT %I', found.of, found.conname);
    END LOOP; END $$";

/// The tables that have a tenant, or whose rows hang on an order or a credential, which has one.
async fn tables(store: &Store) -> BTreeMap<String, Vec<Column>> {
    let all = all_columns(store).await;
    let is_meant = |table: &str, columns: &[Column]| {
        [
            "tenant",
            "acme_order_pending",
            "eab_key",
            "order_identifier",
        ]
        .contains(&table)
            || columns.iter().any(|column| column.name == "tenant_id")
    };
    let meant = all
        .into_iter()
        .filter(|(table, columns)| is_meant(table, columns));
    meant.collect()
}

async fn all_columns(store: &Store) -> BTreeMap<String, Vec<Column>> {
    let rows = store.scan((), |tx, ()| {
        Box::pin(async move {
            let columns = sql!(postgres:
                "SELECT CAST(table_name AS TEXT) AS of, CAST(column_name AS TEXT) AS name, CAST(data_type AS TEXT) AS kind
                 FROM information_schema.columns WHERE table_schema = current_schema() ORDER BY table_name, ordinal_position"
            );
            tx.rows(columns, &[]).await
        })
    });
    let rows: Result<_, Error> = rows.await;
    let mut tables: BTreeMap<String, Vec<Column>> = BTreeMap::new();
    for row in rows.unwrap() {
        let column = Column {
            name: row.text("name").unwrap().to_owned(),
            kind: row.text("kind").unwrap().to_owned(),
        };
        let of = row.text("of").unwrap().to_owned();
        tables.entry(of).or_default().push(column);
    }
    tables
}

fn insert(table: &str, columns: &[Column], tenant: u8, seed: u8) -> String {
    let owner = format!("'\\x{}'", hex(tenant));
    let value = |column: &Column| match (column.name.as_str(), column.kind.as_str()) {
        ("tenant_id", _) => owner.clone(),
        ("id", _) if table == "tenant" => owner.clone(),
        ("id", _) if table == "acme_order" => order_of(tenant),
        ("order_id", _) => order_of(tenant),
        (name, "bytea") => format!("decode(md5('{table} {name} {seed}'), 'hex')"),
        (_, "boolean") => "FALSE".to_owned(),
        (_, "bigint") => seed.to_string(),
        (_, _) => format!("'{seed}'"),
    };
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let values: Vec<String> = columns.iter().map(value).collect();
    format!(
        "INSERT INTO {table} ({}) VALUES ({})",
        names.join(", "),
        values.join(", ")
    )
}

fn order_of(tenant: u8) -> String {
    format!("decode(md5('{}'), 'hex')", hex(tenant))
}

fn hex(tenant: u8) -> String {
    format!("{tenant:02X}").repeat(16)
}

fn guarded(tenant: u8) -> Scope {
    Scope::Guarded(TenantId::from_bytes([tenant; 16]))
}

/// A statement as one that somebody wrote, and forgot the tenant in.
fn statement(rows: Rows, text: String) -> Sql {
    let text: &'static str = text.leak();
    let statement = Statement::new(text, rows, None, file!(), line!());
    Sql::registered(Box::leak(Box::new(statement)))
}

fn everything(table: &str) -> Sql {
    statement(
        Rows::Tenants,
        format!("SELECT COUNT(*) AS found FROM {table} WHERE $1::bytea IS NOT NULL"),
    )
}

async fn count(tx: &mut ReadTx, sql: &Sql) -> Result<i64, Error> {
    let row = tx.row(*sql, &[]).await?;
    row.unwrap().int("found")
}

async fn count_in_a_write(tx: &mut WriteTx, sql: &Sql) -> Result<i64, Error> {
    count(tx, sql).await
}

async fn change(tx: &mut WriteTx, sql: &Sql) -> Result<u64, Error> {
    tx.execute(*sql, &[]).await
}

async fn change_later(tx: &mut WriteTx, sql: &Sql) -> Result<(), Error> {
    tx.execute_later(*sql, &[]).await
}

#[tokio::test]
async fn s31_every_table_has_a_policy_or_a_reason_to_have_none() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    store.migrate().await.unwrap();
    let all: BTreeSet<String> = all_columns(&store).await.into_keys().collect();
    let guarded = store.scan((), |tx, ()| {
        Box::pin(async move {
            let guarded = sql!(postgres:
                "SELECT CAST(c.relname AS TEXT) AS name FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid
                 WHERE c.relnamespace = to_regnamespace(current_schema()) AND c.relrowsecurity"
            );
            tx.rows(guarded, &[]).await
        })
    });
    let guarded: Result<Vec<_>, Error> = guarded.await;
    let guarded = guarded.unwrap();
    let guarded: BTreeSet<&str> = guarded
        .iter()
        .map(|row| row.text("name").unwrap())
        .collect();
    let of_tenants = tables(&store).await;
    let of_tenants: BTreeSet<&str> = of_tenants.keys().map(String::as_str).collect();
    assert!(of_tenants.len() > 20, "{of_tenants:?}");
    assert_eq!(guarded, of_tenants);
    let without: BTreeSet<&str> = all
        .iter()
        .map(String::as_str)
        .filter(|table| !guarded.contains(table))
        .collect();
    let listed: BTreeSet<&str> = NO_POLICY.iter().map(|(table, _)| *table).collect();
    assert_eq!(without, listed);
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn s31_without_the_tenant_in_the_statement_nothing_foreign_is_seen_or_changed() {
    let Some(filled) = Filled::make().await else {
        return;
    };
    let own = filled.store.within(guarded(OWN));
    let unguarded = filled
        .store
        .within(Scope::Tenant(TenantId::from_bytes([OWN; 16])));
    for (table, columns) in &filled.tables {
        let all = everything(table);
        assert_eq!(unguarded.scan(all, count).await.unwrap(), 2, "{table}");
        assert_eq!(own.scan(all, count).await.unwrap(), 1, "{table}");
        let column = &columns.first().unwrap().name;
        let update = format!("UPDATE {table} SET {column} = {column} WHERE $1::bytea IS NOT NULL");
        let update = statement(Rows::Tenants, update);
        assert_eq!(own.write(update, change).await.unwrap(), 1, "{table}");
        let foreign = statement(Rows::Ours, insert(table, columns, OTHER, 3));
        let refused = own.write(foreign, change).await;
        assert!(matches!(refused, Err(Error::Statement { .. })), "{table}");
        let refused = own.write(foreign, change_later).await;
        assert!(matches!(refused, Err(Error::Statement { .. })), "{table}");
        if columns.iter().any(|column| column.name == "tenant_id") {
            let given = format!("UPDATE {table} SET tenant_id = '\\x{}'", hex(OTHER));
            let refused = own.write(statement(Rows::Ours, given), change).await;
            assert!(matches!(refused, Err(Error::Statement { .. })), "{table}");
        }
    }
    // Orders and credentials last: others hang on them.
    let mut tables: Vec<&String> = filled.tables.keys().collect();
    tables.sort_by_key(|table| ["acme_order", "eab_credential"].contains(&table.as_str()));
    for table in tables {
        let delete = format!("DELETE FROM {table} WHERE $1::bytea IS NOT NULL");
        let delete = statement(Rows::Tenants, delete);
        assert_eq!(own.write(delete, change).await.unwrap(), 1, "{table}");
        let all = everything(table);
        assert_eq!(unguarded.scan(all, count).await.unwrap(), 1, "{table}");
        let other = filled.store.within(guarded(OTHER));
        assert_eq!(other.scan(all, count).await.unwrap(), 1, "{table}");
    }
    filled.remove().await;
}

async fn counted(tx: &mut WriteTx, sql: &Sql) -> Result<Progress<Sql>, Error> {
    assert_eq!(count(tx, sql).await?, 1);
    Ok(Progress::Done)
}

#[tokio::test]
async fn s31_every_way_to_the_rows_is_guarded() {
    let Some(filled) = Filled::make().await else {
        return;
    };
    let all = everything("certificate");
    let decide = |all: &Sql, found| {
        assert_eq!(found, 1);
        Ok::<_, Error>(*all)
    };
    for tenant in [OWN, OTHER] {
        let own = filled.store.within(guarded(tenant));
        assert_eq!(own.read(all, count).await.unwrap(), 1);
        assert_eq!(own.scan(all, count).await.unwrap(), 1);
        assert_eq!(own.write(all, count_in_a_write).await.unwrap(), 1);
        let keyed = own.write_keyed("a key", all, count_in_a_write).await;
        assert_eq!(keyed.unwrap(), 1);
        let decided = own.decide(all, count, decide, count_in_a_write).await;
        assert_eq!(decided.unwrap(), 1);
        let piece = own.decide_piece(all, count, decide, count_in_a_write);
        assert_eq!(piece.await.unwrap(), 1);
        own.write_bulk(all, counted).await.unwrap();
    }
    // What is said to be about everybody's rows is not guarded, whoever asks.
    let everybodys = "SELECT COUNT(*) AS found FROM certificate".to_owned();
    let everybodys = statement(Rows::Everybodys, everybodys);
    let own = filled.store.within(guarded(OWN));
    assert_eq!(own.read(everybodys, count).await.unwrap(), 2);
    filled.remove().await;
}

/// What a guarded transaction asks in turn: its own rows, everybody's, its own again.
async fn by_turns(tx: &mut WriteTx, sql: &(Sql, Sql)) -> Result<(), Error> {
    let (own, everybodys) = sql;
    assert_eq!(count(tx, own).await?, 1);
    assert_eq!(count(tx, everybodys).await?, 2);
    let both = tx
        .rows_all(&[
            (*own, Vec::new()),
            (*everybodys, Vec::new()),
            (*own, Vec::new()),
        ])
        .await?;
    let found: Vec<i64> = both
        .iter()
        .map(|rows| rows.first().unwrap().int("found").unwrap())
        .collect();
    assert_eq!(found, [1, 2, 1]);
    Ok(())
}

/// One connection after the other is used for a guarded tenant, another one, nobody in particular, and again after
/// failures; whoever comes has no guard but their own.
#[tokio::test]
async fn s31_a_guard_ends_with_its_transaction_also_after_an_error() {
    let Some(filled) = Filled::make().await else {
        return;
    };
    let store = &filled.store;
    let all = everything("certificate");
    let everybodys = "SELECT COUNT(*) AS found FROM certificate".to_owned();
    let everybodys = statement(Rows::Everybodys, everybodys);
    let broken = statement(
        Rows::Tenants,
        "SELECT 1 / COUNT(*) AS found FROM certificate WHERE $1::bytea = '\\x00'".to_owned(),
    );
    let whole = "SELECT COUNT(*) AS found FROM certificate WHERE tenant_id <> $1".to_owned();
    let foreign = statement(Rows::Tenants, whole);
    let system = Scope::System("a test of the wall");
    for round in 0..40 {
        let (tenant, next) = if round % 2 == 0 {
            (OWN, OTHER)
        } else {
            (OTHER, OWN)
        };
        let one = store.within(guarded(tenant));
        let two = store.within(guarded(next));
        let three = store.within(system);
        if round % 3 == 0 {
            assert!(one.read(broken, count).await.is_err());
            assert!(two.scan(broken, count).await.is_err());
            assert!(two.write(broken, count_in_a_write).await.is_err());
        }
        // All at once, so that they share connections, and in the lanes a transaction.
        let (read, other_read, written, first, everything, second, other_written, scanned) = tokio::join!(
            one.read(foreign, count),
            two.read(foreign, count),
            one.write(all, count_in_a_write),
            two.write((all, everybodys), by_turns),
            three.write(everybodys, count_in_a_write),
            one.write((all, everybodys), by_turns),
            two.write(foreign, count_in_a_write),
            three.scan(everybodys, count),
        );
        assert_eq!((read.unwrap(), other_read.unwrap()), (0, 0));
        assert_eq!((written.unwrap(), other_written.unwrap()), (1, 0));
        first.and(second).unwrap();
        assert_eq!((everything.unwrap(), scanned.unwrap()), (2, 2));
        let (broken, kept, everybodys) = tokio::join!(
            one.write(broken, count_in_a_write),
            two.write(all, count_in_a_write),
            three.write(everybodys, count_in_a_write),
        );
        assert!(broken.is_err());
        assert_eq!((kept.unwrap(), everybodys.unwrap()), (1, 2));
    }
    filled.remove().await;
}

/// A look that is given up in the middle leaves no guard, and no transaction, to whoever has the connection next.
#[tokio::test]
async fn s31_a_look_that_is_given_up_leaves_nothing_behind() {
    let Some(filled) = Filled::make().await else {
        return;
    };
    let slow =
        "SELECT COUNT(*) AS found FROM certificate, pg_sleep(0.05) WHERE $1::bytea IS NOT NULL";
    let slow = statement(Rows::Tenants, slow.to_owned());
    let own = filled.store.within(guarded(OWN));
    let other = filled.store.within(guarded(OTHER));
    let everybodys = "SELECT COUNT(*) AS found FROM certificate".to_owned();
    let everybodys = statement(Rows::Everybodys, everybodys);
    for _ in 0..10 {
        let wait = std::time::Duration::from_millis(10);
        let given_up = tokio::time::timeout(wait, own.read(slow, count)).await;
        assert!(given_up.is_err());
        let all = everything("certificate");
        assert_eq!(other.read(all, count).await.unwrap(), 1);
        let system = filled.store.within(Scope::System("a test of the wall"));
        assert_eq!(system.scan(everybodys, count).await.unwrap(), 2);
    }
    filled.remove().await;
}

#[tokio::test]
async fn s31_who_may_make_no_role_works_without_and_is_told_what_to_run() {
    // So that there is a role, which the next user may not take.
    let (Some(another), Some(database)) = (Database::postgres().await, Database::modest().await)
    else {
        return;
    };
    another.open().await.migrate().await.unwrap();
    let store = database.open().await;
    store.migrate().await.unwrap();
    let Wall::NoRole { statements, reason } = store.wall().await.unwrap() else {
        panic!("{:?}", store.wall().await);
    };
    let (making, granting) = statements.split_once("; ").unwrap();
    assert_eq!(making, "CREATE ROLE chancery_portal NOLOGIN");
    assert!(
        granting.starts_with("GRANT chancery_portal TO test_"),
        "{granting}"
    );
    assert!(reason.contains("chancery_portal"), "{reason}");
    let all = everything("tenant");
    let own = store.within(guarded(OWN));
    assert_eq!(own.read(all, count).await.unwrap(), 0);

    another.as_superuser(granting).await;
    database
        .as_superuser("REVOKE USAGE ON SCHEMA {} FROM chancery_portal")
        .await;
    let Wall::Behind { tables: open } = store.wall().await.unwrap() else {
        panic!("{:?}", store.wall().await);
    };
    assert!(open.starts_with("all, since"), "{open}");
    assert!(store.migrate().await.unwrap().names.is_empty());
    assert_eq!(store.wall().await.unwrap(), Wall::Stands);
    make_schema(&store, WITHOUT_KEYS).await.unwrap();
    for (tenant, seed) in [(OWN, 1), (OTHER, 2)] {
        let columns = tables(&store).await.remove("tenant").unwrap();
        let text = insert("tenant", &columns, tenant, seed);
        make_schema(&store, &text).await.unwrap();
    }
    let own = store.within(guarded(OWN));
    assert_eq!(own.read(all, count).await.unwrap(), 1);
    store.close().await;
    another.remove().await;
    database.remove().await;
}

/// A table that was opened again, or is new, is found, and closed by the next migration.
#[tokio::test]
async fn s31_a_table_without_its_policy_is_noticed_and_gets_it() {
    let Some(database) = Database::postgres().await else {
        return;
    };
    let store = database.open().await;
    store.migrate().await.unwrap();
    let text = "CREATE TABLE newcomer (id BYTEA PRIMARY KEY, tenant_id BYTEA NOT NULL);
        ALTER TABLE audit DISABLE ROW LEVEL SECURITY";
    make_schema(&store, text).await.unwrap();
    let tables = "audit, newcomer".to_owned();
    assert_eq!(store.wall().await.unwrap(), Wall::Behind { tables });
    store.migrate().await.unwrap();
    assert_eq!(store.wall().await.unwrap(), Wall::Stands);
    store.close().await;
    database.remove().await;
}

#[tokio::test]
async fn sqlite_has_one_wall_only() {
    let database = Database::sqlite();
    let store = database.open().await;
    store.migrate().await.unwrap();
    assert_eq!(store.wall().await.unwrap(), Wall::NoneHere);
    store.close().await;
}
