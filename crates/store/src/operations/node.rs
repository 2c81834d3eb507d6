//! Running processes that share this database.

use base::{NodeId, Timestamp};

use crate::{Error, ReadTx, WriteTx, columns, sql, values};

columns! { "node" node => Node { id, nonce_prefix, internal_url, started_at, seen_at } }

/// A running process.
#[derive(Clone, Debug)]
pub struct Node {
    /// The node's identifier, new at every start.
    pub id: NodeId,
    /// What stands at the start of every nonce that it gives out.
    pub nonce_prefix: u32,
    /// Where other nodes reach its internal listener; empty for a command, which gives out no nonces.
    pub internal_url: String,
    /// When it started.
    pub started_at: Timestamp,
    /// When it last said that it is alive.
    pub seen_at: Timestamp,
}

/// Announces a node; `false` when another one has the same nonce prefix.
pub async fn insert(tx: &mut WriteTx, node: &Node) -> Result<bool, Error> {
    tx.insert_new(node).await
}

/// Says that a node is alive.
pub async fn touch(tx: &mut WriteTx, (id, now): &(NodeId, Timestamp)) -> Result<(), Error> {
    tx.execute(
        sql!("UPDATE node SET seen_at = $2 WHERE id = $1"),
        &values![id, *now],
    )
    .await?;
    Ok(())
}

/// Removes nodes that were not seen since `before`.
pub async fn delete_unseen(tx: &mut WriteTx, before: &Timestamp) -> Result<u64, Error> {
    tx.execute(
        sql!("DELETE FROM node WHERE seen_at < $1"),
        &values![*before],
    )
    .await
}

/// Removes a node that shuts down.
pub async fn delete(tx: &mut WriteTx, id: &NodeId) -> Result<(), Error> {
    tx.execute(sql!("DELETE FROM node WHERE id = $1"), &values![id])
        .await?;
    Ok(())
}

/// The node that gives out nonces with this prefix.
pub async fn by_nonce_prefix(tx: &mut ReadTx, prefix: &u32) -> Result<Option<Node>, Error> {
    tx.record(
        sql!("SELECT ", node!(), " FROM node WHERE nonce_prefix = $1"),
        &values![*prefix],
    )
    .await
}

/// The nodes that were seen since a moment, the oldest first.
pub async fn seen_since(tx: &mut ReadTx, moment: &Timestamp) -> Result<Vec<Node>, Error> {
    tx.records(
        sql!(
            "SELECT ",
            node!(),
            " FROM node WHERE seen_at >= $1 ORDER BY id"
        ),
        &values![*moment],
    )
    .await
}

/// Stores a setting unless it is there already; `false` when it was.
pub async fn insert_setting(tx: &mut WriteTx, name: &str, value: &str) -> Result<bool, Error> {
    let (name, value) = (name.to_owned(), value.to_owned());
    super::setting::insert(tx, &super::setting::Setting { name, value }).await
}
