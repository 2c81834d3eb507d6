//! The world, injected: everything that a test replaces, and what the installation decides.

use std::sync::Arc;

use base::{Clock, Random};
use store::Store;
use store::seal::Sealer;
use validation::Validator;

use crate::nonce::Peers;
use crate::settings::Settings;

/// What an [`App`](crate::App) is made of.
pub struct Outside {
    /// The database, migrated.
    pub store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Proofs of control.
    pub validator: Arc<dyn Validator>,
    /// The other nodes.
    pub peers: Arc<dyn Peers>,
    /// Secrets at rest.
    pub sealer: Sealer,
    /// Where other nodes reach this one's internal listener.
    pub internal_url: String,
    /// What the installation decides.
    pub settings: Settings,
}
