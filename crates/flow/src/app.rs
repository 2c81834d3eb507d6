//! Everything a use case needs: the database, the outside as small traits, and settings. One cheap clone
//! per request.

use std::ops::Deref;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use acme::directory::Meta;
use acme::nonce::{Mint, NodePrefix};
use acme::paths::{Paths, Urls};
use base::{Clock, NodeId, Random, SubscriptionId};
use enrollment::eab::MacKey;
use pki::{KeyPolicy, Profile};
use store::Store;
use store::eab_credential::Stored;
use store::node::Node;
use store::seal::{Place, SealError, Sealer};
use tenancy::password::{HashError, HashParameters};
use validation::Validator;

use crate::access::Passwords;
use crate::issuance::account_cache::AccountCache;
use crate::jobs::Runner;
use crate::memory::catalog::{Catalog, CatalogError};
use crate::nonce::Peers;
use crate::overview::domain_names::DomainNames;

/// The name of the one product directory of this version.
pub const DIRECTORY: &str = "DV";

/// What an installation decides.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where ACME clients reach us, such as `https://acme.example.com`, without a final slash.
    pub acme_origin: String,
    /// Where CRLs and CA certificates are fetched, `http://…`, without a final slash.
    pub pki_origin: String,
    /// The paths of the directory.
    pub paths: Paths,
    /// What the directory says about the server.
    pub meta: Meta,
    /// How many names an order may have.
    pub max_identifiers: usize,
    /// How long an order and its authorizations wait for the client.
    pub order_lifetime: Duration,
    /// How long a proof of control may be used again.
    pub authorization_lifetime: Duration,
    /// How long the answer to a challenge response waits for the validation to end.
    pub challenge_wait: Duration,
    /// How long the answer to finalize waits for the certificate before it says `processing`.
    pub finalize_wait: Duration,
    /// How long clients are asked to wait between polls.
    pub retry_after: Duration,
    /// How many orders a page of an account's list has.
    pub orders_per_page: usize,
    /// Names that are never issued for, and what else an order's names must be.
    pub name_policy: acme::policy::Policy,
    /// What a password's hash costs.
    pub password_hash: HashParameters,
    /// Which subscriber keys are good enough.
    pub key_policy: KeyPolicy,
    /// What certificates look like.
    pub profile: Profile,
    /// Only for the stand-in of a test server.
    pub open_house: Option<OpenHouse>,
}

/// How the stand-in of a test server receives its clients: it admits every name, and makes trouble that
/// clients have to cope with. A server of a real CA has none of this.
#[derive(Clone, Debug)]
pub struct OpenHouse {
    /// Which subscription accounts join that bring no binding.
    pub subscription: SubscriptionId,
    /// How many of 100 good nonces are refused.
    pub nonce_rejection_percent: u8,
    /// How many of 100 proofs of control that could be used again are.
    pub authorization_reuse_percent: u8,
}

impl OpenHouse {
    /// Throws a die: answers `true` in `percent` of 100 cases.
    pub(crate) fn happens(percent: u8, random: &dyn Random) -> bool {
        let mut bytes = [0_u8; 4];
        random.fill(&mut bytes);
        u32::from_be_bytes(bytes) % 100 < u32::from(percent)
    }
}

/// What an [`App`] is made of.
pub struct Parts {
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

/// What every use case is given.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
    /// The origin of the URLs that are made and read here.
    acme_origin: Arc<str>,
}

/// The parts of an [`App`], reached through it.
pub struct Inner {
    /// The database.
    pub store: Store,
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
    pub(crate) domain_names: DomainNames,
    pub(crate) passwords: Passwords,
    pub(crate) runner: Runner,
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
    pub async fn start(parts: Parts) -> Result<Self, StartError> {
        let catalog = Catalog::load_or_create(&parts).await?;
        let passwords =
            Passwords::new(parts.settings.password_hash.clone(), parts.random.as_ref())?;
        let node = announce(&parts).await?;
        let key = parts.sealer.derive("acme nonce");
        let start = u64::try_from(parts.clock.now().as_micros()).unwrap_or(0);
        let prefix = NodePrefix::from_bytes(node.nonce_prefix.to_be_bytes());
        let acme_origin = parts.settings.acme_origin.as_str().into();
        let inner = Inner {
            nonces: Mint::new(prefix, &key, start),
            node: node.id,
            accounts: AccountCache::new(),
            domain_names: DomainNames::new(),
            passwords,
            runner: Runner::default(),
            catalog: RwLock::new(Arc::new(catalog)),
            store: parts.store,
            clock: parts.clock,
            random: parts.random,
            settings: parts.settings,
            validator: parts.validator,
            peers: parts.peers,
            sealer: parts.sealer,
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

    /// Takes over what a crash left behind. Only for a database that one process has to itself.
    pub async fn reclaim_jobs(&self) -> Result<u64, store::Error> {
        let now = self.clock.now();
        self.store
            .write((self.node, now), |tx, (node, now)| {
                Box::pin(store::job::reclaim_all(tx, *node, *now))
            })
            .await
    }

    /// Lets begun work end, then takes leave of the other nodes.
    pub async fn shut_down(&self) {
        self.runner.stop();
        self.runner.drained().await;
        let left = self
            .store
            .write(self.node, |tx, node| {
                Box::pin(store::node::delete(tx, *node))
            })
            .await;
        if let Err(error) = left {
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

    pub(crate) fn open_mac_key(&self, stored: &Stored) -> Result<MacKey, SealError> {
        let key_id = stored.credential.key_id.as_str();
        let tenant = stored.tenant.to_string();
        let bytes = self
            .sealer
            .open(mac_key_place(key_id, &tenant), &stored.sealed_mac_key)?;
        Ok(MacKey::from_bytes(bytes.to_vec()))
    }
}

/// Where a MAC key is sealed for.
pub(crate) fn mac_key_place<'a>(key_id: &'a str, tenant: &'a str) -> Place<'a> {
    Place {
        table: "eab_credential",
        column: "mac_key",
        row: key_id,
        tenant,
    }
}

/// Finds a nonce prefix that no other node has and writes this node down.
async fn announce(parts: &Parts) -> Result<Node, StartError> {
    let now = parts.clock.now();
    for _ in 0..16 {
        let mut prefix = [0_u8; 4];
        parts.random.fill(&mut prefix);
        let node = Node {
            id: NodeId::generate(now, parts.random.as_ref()),
            nonce_prefix: u32::from_be_bytes(prefix),
            internal_url: parts.internal_url.clone(),
            started_at: now,
        };
        let is_free = parts
            .store
            .write(node.clone(), |tx, node| {
                Box::pin(store::node::insert(tx, node))
            })
            .await?;
        if is_free {
            return Ok(node);
        }
    }
    Err(StartError::NoncePrefix)
}
