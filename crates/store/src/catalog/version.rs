//! Counters that nodes watch, so that a change at one place is known everywhere.

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

/// A counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// What it is about.
    pub name: String,
    /// How often that has changed.
    pub value: i64,
}

columns! { "version" version => Version { name, value } }

/// How often the catalogue was changed; 0 before anything is in it.
pub async fn of_catalog(tx: &mut ReadTx, (): &()) -> Result<i64, Error> {
    of(tx, CATALOG).await
}

/// How often a brand was changed; 0 before there is one.
pub async fn of_brands(tx: &mut ReadTx, (): &()) -> Result<i64, Error> {
    of(tx, BRANDS).await
}

/// Tells all nodes that the catalogue has changed; in the transaction that changes it.
pub async fn raise_catalog(tx: &mut WriteTx) -> Result<(), Error> {
    raise(tx, CATALOG).await
}

/// Tells all nodes that a brand has changed; in the transaction that changes it.
pub async fn raise_brands(tx: &mut WriteTx) -> Result<(), Error> {
    raise(tx, BRANDS).await
}

const BRANDS: &str = "brands";
const CATALOG: &str = "catalog";

async fn of(tx: &mut ReadTx, name: &str) -> Result<i64, Error> {
    let statement = sql!("SELECT ", version!(), " FROM version WHERE name = $1");
    let found: Option<Version> = tx.record(statement, &values![name]).await?;
    Ok(found.map_or(0, |version| version.value))
}

async fn raise(tx: &mut WriteTx, name: &str) -> Result<(), Error> {
    let statement = sql!(
        "INSERT INTO version (",
        version!(),
        ") VALUES ($1, $2)
         ON CONFLICT (name) DO UPDATE SET value = version.value + 1"
    );
    tx.execute(statement, &values![name, 1_i64]).await.map(drop)
}
