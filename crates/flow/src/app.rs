//! Everything a use case needs: the database, the outside as small traits, and settings. One cheap clone
//! per request.

use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};

use acme::nonce::{Mint, NodePrefix};
use acme::paths::Urls;
use base::{Clock, NodeId, Random, Scope};
use store::operations::node;
use store::queue::job;
use store::seal::Sealer;
use store::{Scoped, Store};
use tenancy::password::HashError;
use validation::Validator;

use crate::access::Passwords;
use crate::caller::system;
use crate::catalog::create_cas::create_cas;
use crate::catalog::publish_profile::publish_profile;
use crate::catalog::seed::seed;
use crate::issuance::account_cache::AccountCache;
use crate::jobs::Runner;
use crate::memory::Memory;
use crate::memory::catalog::{Catalog, CatalogError};
use crate::nonce::Peers;
use crate::operations::node::announce;
use crate::outside::Outside;
use crate::settings::Settings;

/// The name of the one product directory of this version.
pub const DIRECTORY: &str = "DV";

/// What every use case is given.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
    /// The origin of the URLs that are made and read here.
    acme_origin: Arc<str>,
}

/// The parts of an [`App`], reached through it.
pub struct Inner {
    store: Store,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Chance.
    pub random: Arc<dyn Random>,
    /// Settings.
    pub settings: Settings,
    /// Replay nonces of this node.
    pub nonces: Mint,
    pub(crate) validator: Arc<dyn Validator>,
    pub(crate) peers: Arc<dyn Peers>,
    pub(crate) sealer: Sealer,
    pub(crate) node: NodeId,
    pub(crate) accounts: AccountCache,
    pub(crate) passwords: Passwords,
    pub(crate) runner: Runner,
    pub(crate) memory: Memory,
    catalog: RwLock<Arc<Catalog>>,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

/// Why a node cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The CA keys cannot be made or loaded.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// The CAs that were made are not there.
    #[error("the CAs that were made just now are not in the database")]
    NoCas,
    /// The cost of password hashes is out of range.
    #[error(transparent)]
    Passwords(#[from] HashError),
    /// No free nonce prefix was found; thousands of nodes would have to run.
    #[error("no free nonce prefix was found for this node")]
    NoncePrefix,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl App {
    /// Announces this node and loads what it needs; makes the CA keys at the very first start.
    pub async fn start(outside: Outside) -> Result<Self, StartError> {
        let catalog = load_or_create(&outside).await?;
        let store = outside.store.within(system("what is sold"));
        seed(store, outside.clock.now(), outside.random.as_ref()).await?;
        let passwords = Passwords::new(
            outside.settings.password_hash.clone(),
            outside.random.as_ref(),
        )?;
        let node = announce(&outside).await?;
        let key = outside.sealer.derive("acme nonce");
        let start = u64::try_from(outside.clock.now().as_micros()).unwrap_or(0);
        let prefix = NodePrefix::from_bytes(node.nonce_prefix.to_be_bytes());
        let acme_origin = outside.settings.acme_origin.as_str().into();
        let inner = Inner {
            nonces: Mint::new(prefix, &key, start),
            node: node.id,
            accounts: AccountCache::new(),
            passwords,
            runner: Runner::default(),
            memory: Memory::default(),
            catalog: RwLock::new(Arc::new(catalog)),
            store: outside.store,
            clock: outside.clock,
            random: outside.random,
            settings: outside.settings,
            validator: outside.validator,
            peers: outside.peers,
            sealer: outside.sealer,
        };
        Ok(Self {
            inner: Arc::new(inner),
            acme_origin,
        })
    }

    /// The same server under another origin. A server of a real CA has the one of its settings: an origin taken
    /// from a request would let its sender choose where clients are led.
    #[must_use]
    pub fn under_origin(&self, origin: &str) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
            acme_origin: origin.into(),
        }
    }

    /// The only way to a transaction: it sees the rows that the caller sees.
    pub fn store(&self, whose: impl Into<Scope>) -> Scoped<'_> {
        self.inner.store.within(whose.into())
    }

    /// Takes over what a crash left behind. Only for a database that one process has to itself.
    pub async fn reclaim_jobs(&self) -> Result<u64, store::Error> {
        let from = (self.node, self.clock.now());
        let store = self.store(system("jobs are everybody's"));
        store.write(from, job::reclaim_all).await
    }

    /// Lets begun work end, then takes leave of the other nodes.
    pub async fn shut_down(&self) {
        self.runner.stop();
        self.runner.drained().await;
        let store = self.store(system("nodes are everybody's"));
        if let Err(error) = store.write(self.node, node::delete).await {
            tracing::warn!(error = %error, "could not take leave of the database");
        }
        self.store.close().await;
    }

    /// The CA keys with their certificates.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.catalog
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Makes and reads the URLs of the directory.
    pub fn urls(&self) -> Urls<'_> {
        self.settings.paths.at(&self.acme_origin)
    }

    /// Where ACME clients reach us, without a final slash.
    pub fn acme_origin(&self) -> &str {
        &self.acme_origin
    }
}

async fn load_or_create(outside: &Outside) -> Result<Catalog, StartError> {
    publish_profile(outside).await?;
    if let Some(catalog) = Catalog::load(outside).await? {
        return Ok(catalog);
    }
    // Another node may have been faster; what is stored counts.
    create_cas(outside).await?;
    Catalog::load(outside).await?.ok_or(StartError::NoCas)
}
