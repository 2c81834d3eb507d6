//! The world, injected: everything that a test replaces, and what the installation decides.

use std::sync::Arc;

use base::{Clock, Random};
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use outbound::identity::IdentityProviders;
use outbound::mail::Mailer;
use store::Store;
use store::seal::Sealer;
use validation::Validator;

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
    /// Who delivers mails.
    pub mailer: Arc<dyn Mailer>,
    /// Who vouches for people, where a tenant has set that.
    pub providers: Arc<dyn IdentityProviders>,
    /// Secrets at rest.
    pub sealer: Sealer,
    /// Where other nodes reach this one's internal listener; empty for a command, which gives out no nonces.
    pub internal_url: String,
    /// What the installation decides.
    pub settings: Settings,
}

/// The other nodes, reached on their internal listeners.
pub trait Peers: Send + Sync {
    /// Asks the node at `url` to redeem a nonce that it gave out; `false` when it refuses or is away.
    fn redeem<'a>(&'a self, url: &'a str, nonce: &'a str) -> BoxFuture<'a, bool>;
}

/// For an installation of one node.
#[derive(Debug)]
pub struct NoPeers;

impl Peers for NoPeers {
    fn redeem<'a>(&'a self, _url: &'a str, _nonce: &'a str) -> BoxFuture<'a, bool> {
        ready(false).boxed()
    }
}
