//! Running processes that share this database, and settings that they must agree on.

use base::{NodeId, Timestamp};

use crate::{Error, ReadTx, WriteTx, sql, values};

/// A running process.
#[derive(Clone, Debug)]
pub struct Node {
    /// The node's identifier, new at every start.
    pub id: NodeId,
    /// What stands at the start of every nonce that it gives out.
    pub nonce_prefix: u32,
    /// Where other nodes reach its internal listener.
    pub internal_url: String,
    /// When it started.
    pub started_at: Timestamp,
}

/// Announces a node; `false` when another one has the same nonce prefix.
pub async fn insert(tx: &mut WriteTx, node: &Node) -> Result<bool, Error> {
    let stored = tx
        .execute(
            sql!(
                "INSERT INTO node (id, nonce_prefix, internal_url, started_at, seen_at)
                 VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING"
            ),
            &values![
                node.id,
                i64::from(node.nonce_prefix),
                &node.internal_url,
                node.started_at
            ],
        )
        .await?;
    Ok(stored == 1)
}

/// Says that the node is alive.
pub async fn touch(tx: &mut WriteTx, id: NodeId, now: Timestamp) -> Result<(), Error> {
    tx.execute(
        sql!("UPDATE node SET seen_at = $2 WHERE id = $1"),
        &values![id, now],
    )
    .await?;
    Ok(())
}

/// Removes nodes that were not seen since `before`.
pub async fn delete_unseen(tx: &mut WriteTx, before: Timestamp) -> Result<u64, Error> {
    tx.execute(
        sql!("DELETE FROM node WHERE seen_at < $1"),
        &values![before],
    )
    .await
}

/// Removes a node that shuts down.
pub async fn delete(tx: &mut WriteTx, id: NodeId) -> Result<(), Error> {
    tx.execute(sql!("DELETE FROM node WHERE id = $1"), &values![id])
        .await?;
    Ok(())
}

/// The node that gives out nonces with this prefix.
pub async fn by_nonce_prefix(tx: &mut ReadTx, prefix: u32) -> Result<Option<Node>, Error> {
    let row = tx
        .row(
            sql!(
                "SELECT id, nonce_prefix, internal_url, started_at FROM node WHERE nonce_prefix = $1"
            ),
            &values![i64::from(prefix)],
        )
        .await?;
    row.map(|row| {
        Ok(Node {
            id: row.id("id")?,
            nonce_prefix: prefix,
            internal_url: row.text("internal_url")?.to_owned(),
            started_at: row.timestamp("started_at")?,
        })
    })
    .transpose()
}

/// A setting that all nodes share.
pub async fn setting(tx: &mut ReadTx, name: &str) -> Result<Option<String>, Error> {
    let row = tx
        .row(
            sql!("SELECT value FROM setting WHERE name = $1"),
            &values![name],
        )
        .await?;
    row.map(|row| row.text("value").map(str::to_owned))
        .transpose()
}

/// Stores a setting unless it is there already; `false` when it was.
pub async fn insert_setting(tx: &mut WriteTx, name: &str, value: &str) -> Result<bool, Error> {
    let stored = tx
        .execute(
            sql!("INSERT INTO setting (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING"),
            &values![name, value],
        )
        .await?;
    Ok(stored == 1)
}
