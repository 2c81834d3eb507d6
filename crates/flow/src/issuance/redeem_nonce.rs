//! Replay nonces (RFC 8555 §6.5) that cost no write and are good for one use on every node: a node
//! redeems its own in memory and asks the node that gave out any other.

use acme::nonce::Redeemed;
use store::operations::node;

use crate::App;
use crate::caller::system;

/// Uses a nonce up; `false` when it is unknown, stale or used.
pub async fn redeem_nonce(app: &App, nonce: &str) -> bool {
    match app.memory.nonces.redeem(nonce) {
        Redeemed::Fresh => true,
        Redeemed::Used | Redeemed::Malformed => false,
        Redeemed::Foreign { node } => {
            redeem_elsewhere(app, u32::from_be_bytes(node.as_bytes()), nonce).await
        }
    }
}

/// Uses up a nonce of this node for another one; never asks further.
pub fn redeem_own_nonce(app: &App, nonce: &str) -> bool {
    app.memory.nonces.redeem(nonce) == Redeemed::Fresh
}

async fn redeem_elsewhere(app: &App, prefix: u32, nonce: &str) -> bool {
    let store = app.store(system("nodes are everybody's"));
    match store.read(prefix, node::by_nonce_prefix).await {
        Ok(Some(node)) => app.outside.peers.redeem(&node.internal_url, nonce).await,
        Ok(None) => false,
        Err(error) => {
            tracing::warn!(error = %error, "could not look up the node of a nonce");
            false
        }
    }
}
