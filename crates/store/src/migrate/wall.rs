//! The second wall between tenants, which PostgreSQL has and SQLite has not: policies of rows, and a role that they hold.
//!
//! Nobody has to remember it with a new table: it is made after the migrations, from the columns that the tables have. Who
//! may not make the role gets the statements for somebody who may, and works without.

use base::{Scope, TenantId};

use crate::{Engine, Error, ReadTx, Store, WriteTx, sql};

/// What makes it.
const TEXT: &str = include_str!("../../migrations/wall.postgres.sql");

/// Whether the database itself keeps tenants apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wall {
    /// It could: the role is there, and the tables named here are not guarded yet. `chancery migrate` does it.
    Behind {
        /// Their names, with commas between.
        tables: String,
    },
    /// The role cannot be taken.
    NoRole {
        /// What somebody who may make roles should run before `chancery migrate`.
        statements: String,
        /// What the database said.
        reason: String,
    },
    /// SQLite has nothing of the kind.
    NoneHere,
    /// It stands.
    Stands,
}

impl Store {
    /// Looks whether the database keeps tenants apart by itself, and has it do so from here on if it can.
    pub async fn wall(&self) -> Result<Wall, Error> {
        if self.engine() == Engine::Sqlite {
            return Ok(Wall::NoneHere);
        }
        // Nobody's rows: what is asked is whether a guard would stand before them.
        let guarded = Scope::Guarded(TenantId::from_bytes([0; 16]));
        let wall = match self.behind_the_wall(guarded).scan((), open_tables).await {
            Ok(tables) if tables.is_empty() => Wall::Stands,
            Ok(tables) => Wall::Behind { tables },
            Err(error @ Error::Statement { .. }) => Wall::NoRole {
                statements: self.statements().await?,
                reason: because(&error),
            },
            Err(error) => return Err(error),
        };
        self.note_guard(wall == Wall::Stands);
        Ok(wall)
    }

    async fn statements(&self) -> Result<String, Error> {
        let own = self.within(Scope::System("who the database takes us for"));
        own.read((), making_the_role).await
    }
}

/// Makes what is missing, as far as it may.
pub(super) async fn raise(tx: &mut WriteTx) -> Result<(), Error> {
    tx.batch(TEXT).await
}

/// The tables that a guard would not stand before, or that the role could not use; asked with that role.
async fn open_tables(tx: &mut ReadTx, (): &()) -> Result<String, Error> {
    let open = sql!(postgres:
        "SELECT COUNT(*) AS tables, COALESCE(string_agg(named.name, ', ' ORDER BY named.name) FILTER (WHERE NOT
             ((row_security_active(named.oid) OR NOT named.is_of_tenants)
               AND has_table_privilege(named.oid, 'SELECT') AND has_table_privilege(named.oid, 'INSERT')
               AND has_table_privilege(named.oid, 'UPDATE') AND has_table_privilege(named.oid, 'DELETE'))), '') AS open
         FROM (SELECT c.oid, CAST(c.relname AS TEXT) AS name,
             c.relname IN ('tenant', 'acme_order_pending', 'eab_key', 'order_identifier')
               OR EXISTS (SELECT 1 FROM pg_attribute a
                 WHERE a.attrelid = c.oid AND a.attname = 'tenant_id' AND NOT a.attisdropped) AS is_of_tenants
           FROM pg_class c
           WHERE c.relnamespace = to_regnamespace(quote_ident(current_schema())) AND c.relkind = 'r'
             AND c.relname NOT LIKE 'schema\\_%') named"
    );
    let Some(row) = tx.row(open, &[]).await? else {
        return Ok(NONE_SEEN.to_owned());
    };
    if row.int("tables")? == 0 {
        return Ok(NONE_SEEN.to_owned());
    }
    row.text("open").map(str::to_owned)
}

/// Without the right to use their schema there are no tables for it, whatever stands before them.
const NONE_SEEN: &str = "all, since the role cannot see their schema";

async fn making_the_role(tx: &mut ReadTx, (): &()) -> Result<String, Error> {
    let name = sql!(postgres: "SELECT quote_ident(current_user) AS name");
    let row = tx.row(name, &[]).await?;
    let name = row.map(|row| row.text("name").map(str::to_owned));
    let name = name.transpose()?.unwrap_or_default();
    Ok(format!(
        "CREATE ROLE chancery_portal NOLOGIN; GRANT chancery_portal TO {name};"
    ))
}

/// What the database said, without our own words around it.
fn because(error: &Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause.to_string()
}
