//! Brings the schema to what this program expects, one migration after the other.
//!
//! A migration is a new entry in `MIGRATIONS` and never a change to one that was released: what
//! was applied is recorded with its checksum. There is no way down: expand, migrate, contract.
//!
//! Migrations run on a connection of their own, without the limits of requests. The texts and Rust
//! functions of one run in a transaction that also records them; a back-fill and what can run in no
//! transaction stand alone, and whoever is interrupted goes on after the last that was recorded.
//! Rust functions belong in `migrate/steps/`: their statements meet the schema of their time, not
//! that of today.

mod record;
mod runner;
mod step;
mod wall;

use std::collections::BTreeMap;

use base::Scope;

pub use step::{Code, Fill, Migration, Piece, Step};
pub use wall::Wall;

use crate::{Engine, Error, SchemaError, Store};
use runner::Runner;

/// The schema, oldest first.
const MIGRATIONS: &[Migration] = &[
    Migration {
        name: FIRST,
        steps: &[Step::Both(include_str!("../migrations/0001_initial.sql"))],
    },
    Migration {
        name: "0002_server_certificate",
        steps: &[Step::Both(include_str!(
            "../migrations/0002_server_certificate.sql"
        ))],
    },
    Migration {
        name: "0003_catalog",
        steps: &[Step::Both(include_str!("../migrations/0003_catalog.sql"))],
    },
    Migration {
        name: "0004_account_by_credential",
        steps: &[Step::Both(include_str!(
            "../migrations/0004_account_by_credential.sql"
        ))],
    },
    Migration {
        name: "0005_guest",
        steps: &[Step::Both(include_str!("../migrations/0005_guest.sql"))],
    },
    Migration {
        name: "0006_queue",
        steps: &[Step::Both(include_str!("../migrations/0006_queue.sql"))],
    },
    Migration {
        name: "0007_audit",
        steps: &[Step::Both(include_str!("../migrations/0007_audit.sql"))],
    },
    Migration {
        name: "0008_job_request",
        steps: &[Step::Both(include_str!(
            "../migrations/0008_job_request.sql"
        ))],
    },
    Migration {
        name: "0009_certificate_figures",
        steps: &[Step::Both(include_str!(
            "../migrations/0009_certificate_figures.sql"
        ))],
    },
    Migration {
        name: "0010_limits",
        steps: &[Step::Both(include_str!("../migrations/0010_limits.sql"))],
    },
    Migration {
        name: "0011_caa_checked",
        steps: &[Step::Both(include_str!(
            "../migrations/0011_caa_checked.sql"
        ))],
    },
    Migration {
        name: "0012_retired_key",
        steps: &[Step::Both(include_str!(
            "../migrations/0012_retired_key.sql"
        ))],
    },
    Migration {
        name: "0013_refusal",
        steps: &[Step::Both(include_str!("../migrations/0013_refusal.sql"))],
    },
    Migration {
        name: "0014_retention",
        steps: &[
            Step::Both(include_str!("../migrations/0014_retention.sql")),
            Step::Outside(
                "DROP INDEX CONCURRENTLY IF EXISTS certificate_by_end;
                 CREATE INDEX CONCURRENTLY certificate_by_end ON certificate (not_after);",
            ),
        ],
    },
    Migration {
        name: "0015_domain_part",
        steps: &[Step::Pair {
            postgres: include_str!("../migrations/0015_domain_part.postgres.sql"),
            sqlite: "",
        }],
    },
    Migration {
        name: "0016_people",
        steps: &[Step::Both(include_str!("../migrations/0016_people.sql"))],
    },
    Migration {
        name: "0017_second_factor",
        steps: &[Step::Both(include_str!(
            "../migrations/0017_second_factor.sql"
        ))],
    },
    Migration {
        name: "0018_effect",
        steps: &[Step::Both(include_str!("../migrations/0018_effect.sql"))],
    },
    Migration {
        name: "0019_organization",
        steps: &[Step::Both(include_str!(
            "../migrations/0019_organization.sql"
        ))],
    },
    Migration {
        name: "0020_api_token",
        steps: &[Step::Both(include_str!("../migrations/0020_api_token.sql"))],
    },
    Migration {
        name: "0021_delegation",
        steps: &[Step::Both(include_str!(
            "../migrations/0021_delegation.sql"
        ))],
    },
    Migration {
        name: "0022_eab_key",
        steps: &[Step::Both(include_str!("../migrations/0022_eab_key.sql"))],
    },
    Migration {
        name: "0024_passkey",
        steps: &[Step::Both(include_str!("../migrations/0024_passkey.sql"))],
    },
    Migration {
        name: "0025_identity_provider",
        steps: &[Step::Both(include_str!(
            "../migrations/0025_identity_provider.sql"
        ))],
    },
    Migration {
        name: "0026_brand",
        steps: &[Step::Both(include_str!("../migrations/0026_brand.sql"))],
    },
    Migration {
        name: "0027_acting",
        steps: &[Step::Both(include_str!("../migrations/0027_acting.sql"))],
    },
    Migration {
        name: "0028_entitlement",
        steps: &[Step::Both(include_str!(
            "../migrations/0028_entitlement.sql"
        ))],
    },
    Migration {
        name: "0029_domain_mail",
        steps: &[Step::Both(include_str!(
            "../migrations/0029_domain_mail.sql"
        ))],
    },
    Migration {
        name: "0030_anchor",
        steps: &[Step::Both(include_str!("../migrations/0030_anchor.sql"))],
    },
    Migration {
        name: "0031_role_binding",
        steps: &[Step::Both(include_str!(
            "../migrations/0031_role_binding.sql"
        ))],
    },
    Migration {
        name: "0032_eab_key_vacuum",
        steps: &[Step::Pair {
            postgres: include_str!("../migrations/0032_eab_key_vacuum.postgres.sql"),
            sqlite: "",
        }],
    },
    Migration {
        name: "0033_suspended_by",
        steps: &[Step::Both(include_str!(
            "../migrations/0033_suspended_by.sql"
        ))],
    },
    Migration {
        name: "0034_looks",
        steps: &[Step::Both(include_str!("../migrations/0034_looks.sql"))],
    },
];

/// What every release begins with. A database with another text of it has never seen a release.
const FIRST: &str = "0001_initial";

/// The migrations that were run just now, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Applied {
    /// Their names.
    pub names: Vec<&'static str>,
}

/// How the schema of a database compares to what this program expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SchemaState {
    /// These migrations have not been run, or not to their end.
    Behind(Vec<&'static str>),
    /// It is what this program expects.
    Current,
    /// There is none.
    Empty,
}

impl Store {
    /// Runs the migrations that this database has not seen, and has it keep tenants apart by itself if it can.
    pub async fn migrate(&self) -> Result<Applied, Error> {
        let applied = self.migrate_to(MIGRATIONS).await?;
        self.raise_wall().await?;
        Ok(applied)
    }

    async fn raise_wall(&self) -> Result<(), Error> {
        match self.wall().await? {
            Wall::NoneHere | Wall::Stands => return Ok(()),
            Wall::Behind { .. } | Wall::NoRole { .. } => {}
        }
        let mut runner = Runner::new(self).await?;
        let raised = runner.raise_wall().await;
        runner.close().await;
        raised?;
        self.wall().await.map(|_| ())
    }

    /// Compares the schema to what this program expects, and changes nothing. Fails when this
    /// program must not work with the database at all.
    pub async fn check_schema(&self) -> Result<SchemaState, Error> {
        self.compare(MIGRATIONS).await
    }

    pub(crate) async fn migrate_to(&self, all: &'static [Migration]) -> Result<Applied, Error> {
        if self.compare(all).await? == SchemaState::Current {
            return Ok(Applied::default());
        }
        match self.engine() {
            Engine::Postgres => migrate(self.clone(), all).await,
            Engine::Sqlite => self.migrate_on_a_thread(all).await,
        }
    }

    /// SQLite does its work where it is called, which must not be where requests are answered.
    async fn migrate_on_a_thread(&self, all: &'static [Migration]) -> Result<Applied, Error> {
        let (store, runtime) = (self.clone(), tokio::runtime::Handle::current());
        let migrate = move || runtime.block_on(migrate(store, all));
        match tokio::task::spawn_blocking(migrate).await {
            Ok(outcome) => outcome,
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => Err(Error::Closed),
        }
    }

    async fn compare(&self, all: &'static [Migration]) -> Result<SchemaState, Error> {
        let own = self.within(Scope::System("which migrations were run"));
        let checksums = own.read((), record::checksums).await?;
        if checksums.is_empty() {
            return Ok(SchemaState::Empty);
        }
        refuse_foreign(&checksums, all, self.engine())?;
        let unfinished = own.read((), record::unfinished).await?;
        let is_missing = |name: &str| {
            !checksums.contains_key(name) || unfinished.iter().any(|other| other == name)
        };
        let names = all.iter().map(|migration| migration.name);
        let missing: Vec<&str> = names.filter(|name| is_missing(name)).collect();
        Ok(if missing.is_empty() {
            SchemaState::Current
        } else {
            SchemaState::Behind(missing)
        })
    }
}

/// Refuses a database that other programs than this and its predecessors have made.
fn refuse_foreign(
    recorded: &BTreeMap<String, String>,
    all: &[Migration],
    engine: Engine,
) -> Result<(), SchemaError> {
    let has_changed = |migration: &&Migration| {
        let recorded = recorded.get(migration.name);
        recorded.is_some_and(|checksum| *checksum != migration.checksum(engine))
    };
    let changed = all.iter().find(has_changed);
    if changed.is_some_and(|migration| migration.name == FIRST) {
        return Err(SchemaError::Development);
    }
    let is_known = |name: &str| all.iter().any(|migration| migration.name == name);
    if let Some(name) = recorded.keys().find(|name| !is_known(name)) {
        return Err(SchemaError::Newer { name: name.clone() });
    }
    changed.map_or(Ok(()), |migration| {
        let name = migration.name.to_owned();
        Err(SchemaError::Changed { name })
    })
}

async fn migrate(store: Store, all: &'static [Migration]) -> Result<Applied, Error> {
    let mut runner = Runner::new(&store).await?;
    let outcome = run(&store, &mut runner, all).await;
    runner.close().await;
    outcome
}

async fn run(
    store: &Store,
    runner: &mut Runner,
    all: &'static [Migration],
) -> Result<Applied, Error> {
    runner.wait_for_turn().await?;
    // Whoever had its turn before may have done all of it.
    let missing = match store.compare(all).await? {
        SchemaState::Behind(missing) => missing,
        SchemaState::Current => Vec::new(),
        SchemaState::Empty => all.iter().map(|migration| migration.name).collect(),
    };
    let mut applied = Applied::default();
    for migration in all {
        if missing.contains(&migration.name) && runner.apply(migration).await? {
            applied.names.push(migration.name);
        }
    }
    Ok(applied)
}

#[cfg(test)]
mod tests;
