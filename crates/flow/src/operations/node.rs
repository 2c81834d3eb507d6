//! Joining the other nodes that share the database, and taking leave of them.

use base::NodeId;
use store::operations::node::{Node, insert};

use crate::app::StartError;
use crate::caller::system;
use crate::outside::Outside;

/// Finds a nonce prefix that no other node has and writes this node down.
pub(crate) async fn announce(outside: &Outside) -> Result<Node, StartError> {
    let now = outside.clock.now();
    for _ in 0..16 {
        let mut prefix = [0_u8; 4];
        outside.random.fill(&mut prefix);
        let node = Node {
            id: NodeId::generate(now, outside.random.as_ref()),
            nonce_prefix: u32::from_be_bytes(prefix),
            internal_url: outside.internal_url.clone(),
            started_at: now,
            seen_at: now,
        };
        let store = outside.store.within(system("nodes are everybody's"));
        if store.write(node.clone(), insert).await? {
            return Ok(node);
        }
    }
    Err(StartError::NoncePrefix)
}
