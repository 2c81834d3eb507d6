//! Throw-away databases on both engines, for the tests of this crate and of those above it.
//!
//! PostgreSQL is tested when `CHANCERY_TEST_POSTGRES_URL` names a database in which schemas may
//! be made. Where `CI=true`, its absence is a failure and not a silent gap.

pub mod files;
pub mod fill;
pub mod older;
pub mod report;
pub mod rows;

use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};

use base::{Actor, AuthorityId, OfferId, OfferVersionId, Timestamp};
use tempfile::TempDir;

use crate::catalog::offer::{Offer, OfferVersion};
use crate::catalog::product::{Authority, Product};
use crate::db::schema_for;
use crate::{
    DatabaseUrl, Engine, Error, Options, ReadTx, Row, Scoped, Store, WriteTx, sql, values,
};

/// A database that is removed when this is dropped (SQLite) or [`removed`](Self::remove).
#[derive(Debug)]
pub struct Database {
    location: DatabaseUrl,
    keeps: Keeps,
}

#[derive(Debug)]
enum Keeps {
    Directory(TempDir),
    Schema {
        url: String,
        name: String,
    },
    /// The same, of a user of the same name.
    User {
        url: String,
        name: String,
    },
}

impl Database {
    /// An empty SQLite database.
    ///
    /// # Panics
    ///
    /// When there is no place for temporary files.
    #[expect(clippy::expect_used, reason = "a test without its database has failed")]
    pub fn sqlite() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self {
            location: DatabaseUrl::Sqlite(directory.path().join("test.db")),
            keeps: Keeps::Directory(directory),
        }
    }

    /// An empty schema in the PostgreSQL database of the environment, if it names one.
    pub async fn postgres() -> Option<Self> {
        let url = postgres_url()?;
        let name = new_name();
        administer(
            &url,
            &format!("DROP SCHEMA IF EXISTS {name} CASCADE; CREATE SCHEMA {name}"),
        )
        .await;
        Some(Self {
            location: within_schema(&url, &name),
            keeps: Keeps::Schema { url, name },
        })
    }

    /// The same, opened by a user who owns it and may make no roles.
    pub async fn modest() -> Option<Self> {
        let url = postgres_url()?;
        let name = new_name();
        let text = format!("CREATE ROLE {name} LOGIN; CREATE SCHEMA {name} AUTHORIZATION {name}");
        administer(&url, &text).await;
        let (scheme, rest) = url.split_once("://")?;
        let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
        Some(Self {
            location: within_schema(&format!("{scheme}://{name}@{place}"), &name),
            keeps: Keeps::User { url, name },
        })
    }

    /// Runs a statement as whoever has made the schema, whose name stands for `{}` in it; nothing on SQLite.
    pub async fn as_superuser(&self, statement: &str) {
        match &self.keeps {
            Keeps::Directory(_) => {}
            Keeps::Schema { url, name } | Keeps::User { url, name } => {
                administer(url, &statement.replace("{}", name)).await;
            }
        }
    }

    /// Where it is, as a setting says it.
    pub fn setting(&self) -> String {
        match &self.location {
            DatabaseUrl::Postgres(url) => url.clone(),
            DatabaseUrl::Sqlite(_) => self.location.to_string(),
        }
    }

    /// Where it is.
    pub fn location(&self) -> &DatabaseUrl {
        &self.location
    }

    /// Opens it with few connections; its schema is empty.
    ///
    /// # Panics
    ///
    /// When it cannot be opened.
    #[expect(clippy::expect_used, reason = "a test without its database has failed")]
    pub async fn open(&self) -> Store {
        let options = Options {
            postgres_connections: 8,
            ..Options::default()
        };
        Store::open(&self.location, options)
            .await
            .expect("an open database")
    }

    /// Removes what dropping it would leave behind.
    pub async fn remove(self) {
        match self.keeps {
            Keeps::Directory(directory) => drop(directory),
            Keeps::Schema { url, name } => {
                administer(&url, &format!("DROP SCHEMA IF EXISTS {name} CASCADE")).await;
            }
            Keeps::User { url, name } => {
                let text = format!("DROP OWNED BY {name} CASCADE; DROP ROLE {name}");
                administer(&url, &text).await;
            }
        }
    }
}

fn new_name() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    format!("test_{}_{count}", std::process::id())
}

fn within_schema(url: &str, name: &str) -> DatabaseUrl {
    let mut own = url.to_owned();
    let joint = if url.contains('?') { '&' } else { '?' };
    // Writing to a string cannot fail.
    let _ = write!(own, "{joint}options=-csearch_path%3D{name}");
    DatabaseUrl::Postgres(own)
}

/// Runs a test on an empty, unmigrated database of every engine there is.
pub async fn each_engine<F, R>(test: F)
where
    F: Fn(Store) -> R,
    R: Future<Output = ()>,
{
    let mut databases = vec![Database::sqlite()];
    databases.extend(Database::postgres().await);
    for database in databases {
        let store = database.open().await;
        test(store.clone()).await;
        store.close().await;
        database.remove().await;
    }
}

/// Runs the statements of a schema, in PostgreSQL's words.
pub async fn make_schema(store: &Store, schema: &str) -> Result<(), Error> {
    let text = schema_for(store.engine(), schema);
    store.write(text, |tx, text| Box::pin(tx.batch(text))).await
}

/// Makes a database answer and take no change of what a node says of itself, as on a full disk, or take them again.
pub async fn take_changes(store: &Store, takes: bool) -> Result<(), Error> {
    let text = if takes {
        "ALTER TABLE node_elsewhere RENAME TO node"
    } else {
        "ALTER TABLE node RENAME TO node_elsewhere"
    };
    make_schema(store, text).await
}

/// Makes a database look as if its last migration had been begun and not gone on with.
pub async fn leave_behind(store: &Store) -> Result<(), Error> {
    let text = "UPDATE schema_migration SET step = 0, finished_at = NULL
        WHERE name = (SELECT MAX(name) FROM schema_migration)";
    make_schema(store, text).await
}

/// Stores an offer, so that subscriptions can pin its version; gives the version.
///
/// # Panics
///
/// When it cannot be stored.
#[expect(clippy::expect_used, reason = "a test without its rows has failed")]
pub async fn offer(within: Scoped<'_>) -> OfferVersionId {
    static COUNT: AtomicU64 = AtomicU64::new(1);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let bytes = u128::from(count).to_be_bytes();
    let now = Timestamp::from_seconds(1_800_000_000);
    let authority = Authority {
        id: AuthorityId::from_bytes(bytes),
        kind: "builtin".to_owned(),
        name: "Authority".to_owned(),
        config: "{}".to_owned(),
        created_at: now,
    };
    let product = Product {
        code: format!("dv{count}"),
        name: "Product".to_owned(),
        level: "domain".to_owned(),
        config: "{}".to_owned(),
        created_at: now,
        retired_at: None,
    };
    let offer = Offer {
        id: OfferId::from_bytes(bytes),
        seller: None,
        authority: authority.id,
        product_code: product.code.clone(),
        slug: product.code.clone(),
        name: "Offer".to_owned(),
        created_at: now,
        retired_at: None,
    };
    let version = OfferVersion {
        id: OfferVersionId::from_bytes(bytes),
        offer: offer.id,
        number: 1,
        policy: enrollment::policy::Policy::default(),
        policy_digest: [0; 32],
        created_at: now,
        created_by: Actor::System,
    };
    let id = version.id;
    let rows = (authority, product, offer, version);
    within.write(rows, insert_offer).await.expect("an offer");
    id
}

async fn insert_offer(
    tx: &mut WriteTx,
    (authority, product, offer, version): &(Authority, Product, Offer, OfferVersion),
) -> Result<(), Error> {
    tx.insert(authority).await?;
    tx.insert(product).await?;
    tx.insert(offer).await?;
    tx.insert(version).await
}

/// Lets an embedded database grow to so many pages and no further; one that is larger stays as it is.
///
/// # Errors
///
/// On PostgreSQL, whose disk a test cannot fill.
pub async fn limit_pages(store: &Store, pages: u32) -> Result<(), Error> {
    make_schema(store, &format!("PRAGMA max_page_count = {pages}")).await
}

/// Whether an embedded database waits for the disk. One that is being filled need not: if it is lost, it is filled
/// again. Nobody else may write meanwhile.
pub async fn flush(store: &Store, is_on: bool) -> Result<(), Error> {
    if store.engine() == Engine::Postgres {
        return Ok(());
    }
    // It cannot be changed inside a transaction, and the writer runs nothing outside one.
    let word = if is_on { "FULL" } else { "OFF" };
    make_schema(
        store,
        &format!("COMMIT; PRAGMA synchronous = {word}; BEGIN IMMEDIATE"),
    )
    .await
}

/// Lets a database that was filled come to rest: PostgreSQL counts its rows and notes which pages all may see, as it
/// does by itself some minutes later. An embedded one writes its log back when it is closed.
pub async fn settle(location: &DatabaseUrl) {
    if let DatabaseUrl::Postgres(url) = location {
        administer(url, "VACUUM (ANALYZE)").await;
    }
}

/// How many bytes the tables and their indexes take.
pub async fn size(tx: &mut ReadTx, (): &()) -> Result<i64, Error> {
    let statement = tx.pick(
        sql!(sqlite:
            "SELECT c.page_count * s.page_size AS bytes FROM pragma_page_count() c, pragma_page_size() s"
        ),
        sql!(postgres:
            "SELECT CAST(COALESCE(SUM(pg_total_relation_size(c.oid)), 0) AS BIGINT) AS bytes
             FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
             WHERE n.nspname = current_schema() AND c.relkind = 'r'"
        ),
    );
    let row = tx.row(statement, &[]).await?;
    row.map_or(Ok(0), |row| row.int("bytes"))
}

/// The PostgreSQL database to test with.
///
/// # Panics
///
/// When none is given although `CI=true`.
#[expect(
    clippy::disallowed_methods,
    reason = "tests are told by the environment, not by settings"
)]
pub fn postgres_url() -> Option<String> {
    let url = std::env::var("CHANCERY_TEST_POSTGRES_URL")
        .ok()
        .filter(|url| !url.is_empty());
    let must_be_given = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(
        url.is_some() || !must_be_given,
        "CI must test on PostgreSQL too: set CHANCERY_TEST_POSTGRES_URL"
    );
    url
}

#[expect(clippy::expect_used, reason = "a test without its database has failed")]
async fn administer(url: &str, statement: &str) {
    let connected = tokio_postgres::connect(url, tokio_postgres::NoTls).await;
    let (client, connection) = connected.expect("a connection to PostgreSQL");
    let connection = tokio::spawn(connection);
    client
        .batch_execute(statement)
        .await
        .expect("a schema of our own");
    drop(client);
    // It ends when the client has gone; how does not matter here.
    let _ = connection.await;
}

/// The evidence for a name, oldest first: how it came about, and what was seen.
pub async fn evidence_of(tx: &mut ReadTx, name: &String) -> Result<Vec<(String, String)>, Error> {
    let statement = sql!(system:
        "SELECT method, evidence FROM domain_validation WHERE name = $1 ORDER BY validated_at, id"
    );
    let rows = tx.rows(statement, &values![name.as_str()]).await?;
    let read = |row: &Row| {
        Ok((
            row.text("method")?.to_owned(),
            row.text("evidence")?.to_owned(),
        ))
    };
    rows.iter().map(read).collect()
}
