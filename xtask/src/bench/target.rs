//! What is measured: Chancery on one of its databases, or Pebble.

use std::path::Path;

use anyhow::{Context, bail};

use crate::acme_client::Client;
use crate::fill::{self, Engine};
use crate::server::chancery::{ALL_HERE, Access, Chancery, Settings, Validation};
use crate::server::metrics::Counters;
use crate::server::pebble::{self, Pebble};
use crate::server::postgres::wal::WalPosition;
use crate::server::postgres::{Durability, Postgres};
use crate::server::usage;

/// Which server, and on what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Pebble, which stores nothing.
    Pebble,
    /// Chancery on PostgreSQL.
    Postgres,
    /// Chancery on its embedded database.
    Sqlite,
}

/// What is started, and what it finds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ground {
    /// Which server.
    pub(crate) kind: Kind,
    /// How many certificates its database holds before; none when it is empty.
    pub(crate) certificates: Option<u64>,
}

/// How the servers run: on which core each process, and whether limits are counted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Placement {
    /// The server.
    pub(crate) server: usize,
    /// PostgreSQL; anywhere when `None`.
    pub(crate) postgres: Option<usize>,
    /// Whether it counts how often something is done, with bounds that nothing reaches.
    pub(crate) has_limits: bool,
}

/// A started server. Fields are dropped in order: the server before its database.
pub(crate) struct Target {
    server: Server,
    access: Option<Access>,
    postgres: Option<Postgres>,
}

enum Server {
    Chancery(Box<Chancery>),
    Pebble(Box<Pebble>),
}

/// What had been used at one moment.
pub(crate) struct Reading {
    /// Server CPU in milliseconds.
    pub(crate) server_ms: f64,
    /// CPU of all PostgreSQL processes in milliseconds.
    pub(crate) postgres_ms: Option<f64>,
    /// This process's CPU in milliseconds.
    pub(crate) client_ms: f64,
    /// Peak memory of the server in KiB.
    pub(crate) peak_kib: u64,
    /// The server's counters; empty for Pebble.
    pub(crate) counters: Counters,
    /// What the server had given to the disk, in KiB.
    written_kib: f64,
    /// Where PostgreSQL's log of changes ended.
    wal: Option<WalPosition>,
}

/// What changed in a database between two readings, as far as it is known.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// What the server's process gave to the disk, or, with PostgreSQL, the WAL, in KiB.
    pub(crate) written_kib: Option<f64>,
    /// Rows inserted, changed and deleted.
    pub(crate) rows: Option<f64>,
}

/// A counter that the server has on SQLite only.
const ROWS: &str = "chancery_store_rows_total";

impl Kind {
    /// What a reader calls it.
    pub(crate) fn label(self) -> &'static str {
        match self {
            Self::Pebble => "Pebble",
            Self::Postgres => "Chancery, PostgreSQL",
            Self::Sqlite => "Chancery, SQLite",
        }
    }
}

impl From<Engine> for Kind {
    fn from(engine: Engine) -> Self {
        match engine {
            Engine::Postgres => Self::Postgres,
            Engine::Sqlite => Self::Sqlite,
        }
    }
}

impl Target {
    /// Starts on empty or filled data and registers `concurrency` clients.
    pub(crate) async fn start(
        Ground { kind, certificates }: Ground,
        binary: &Path,
        placement: Placement,
        validation: Validation,
        concurrency: usize,
    ) -> anyhow::Result<(Self, Vec<Client>)> {
        if kind == Kind::Pebble {
            return Self::start_pebble(placement, validation, concurrency).await;
        }
        let mut postgres = None;
        let mut database = None;
        if kind == Kind::Postgres {
            let cluster = Postgres::start(placement.postgres, Durability::Full)?;
            cluster.create_database("bench")?;
            database = Some(cluster.socket_url("bench"));
            postgres = Some(cluster);
        }
        let settings = Settings {
            binary,
            core: Some(placement.server),
            database,
            validation,
            descriptors: None,
            has_limits: placement.has_limits,
            addresses: ALL_HERE.to_owned(),
        };
        let mut chancery = Chancery::start(settings).await?;
        let access = chancery.furnish().await?;
        if placement.has_limits {
            chancery.raise_limits().await?;
        }
        if let Some(certificates) = certificates {
            chancery.kill()?;
            fill::database(chancery.database(), certificates)?;
            chancery.restart().await?;
        }
        let clients = register(&chancery, &access, concurrency).await?;
        let server = Server::Chancery(Box::new(chancery));
        let target = Self {
            server,
            access: Some(access),
            postgres,
        };
        Ok((target, clients))
    }

    async fn start_pebble(
        placement: Placement,
        validation: Validation,
        concurrency: usize,
    ) -> anyhow::Result<(Self, Vec<Client>)> {
        let program = pebble::find("pebble").context("pebble is not on the PATH")?;
        let pebble = Pebble::start(&program, Some(placement.server), validation).await?;
        let mut clients = Vec::new();
        for _ in 0..concurrency {
            let client = Client::register(&pebble.directory_url, &pebble.trust, None);
            clients.push(client.await?);
        }
        let target = Self {
            server: Server::Pebble(Box::new(pebble)),
            access: None,
            postgres: None,
        };
        Ok((target, clients))
    }

    /// The server and what its clients need, unless it is Pebble.
    pub(crate) fn chancery(&self) -> anyhow::Result<(&Chancery, &Access)> {
        match (&self.server, &self.access) {
            (Server::Chancery(chancery), Some(access)) => Ok((chancery, access)),
            (Server::Chancery(_) | Server::Pebble(_), _) => bail!("Pebble has no portal"),
        }
    }

    /// What has been used so far.
    pub(crate) async fn read(&self) -> anyhow::Result<Reading> {
        let (process, counters) = match &self.server {
            Server::Chancery(chancery) => (chancery.process_id(), chancery.counters().await?),
            Server::Pebble(pebble) => (pebble.process_id(), Counters::default()),
        };
        let postgres = self.postgres.as_ref().map(Postgres::process_id);
        Ok(Reading {
            server_ms: usage::cpu_ms(process)?,
            postgres_ms: postgres.map(usage::family_cpu_ms).transpose()?,
            client_ms: usage::cpu_ms(std::process::id())?,
            peak_kib: usage::peak_memory_kib(process)?,
            counters,
            written_kib: usage::written_kib(process)?,
            wal: self
                .postgres
                .as_ref()
                .map(Postgres::wal_position)
                .transpose()?,
        })
    }

    /// What changed from one reading to another.
    pub(crate) fn changes(&self, before: &Reading, after: &Reading) -> Changes {
        if let (Some(postgres), Some(from), Some(to)) = (&self.postgres, before.wal, after.wal) {
            return Changes {
                written_kib: Some(from.kib_to(to)),
                // A log that is thrown away already is not worth the figures of a whole run.
                rows: postgres.rows_changed(from, to).ok(),
            };
        }
        Changes {
            written_kib: Some(after.written_kib - before.written_kib),
            rows: after.counters.since(&before.counters).total(ROWS),
        }
    }
}

async fn register(
    chancery: &Chancery,
    access: &Access,
    concurrency: usize,
) -> anyhow::Result<Vec<Client>> {
    let mut clients = Vec::new();
    for _ in 0..concurrency {
        clients.push(
            access
                .client()
                .await
                .with_context(|| chancery.last_words())?,
        );
    }
    Ok(clients)
}
