//! What every use case is given: the world, what this node keeps in memory, and the work it has begun. One cheap
//! clone per request, without logic of its own.

use std::ops::Deref;
use std::sync::Arc;

use acme::paths::Urls;
use base::{NodeId, Random, Scope, Timestamp};
use store::Scoped;

use crate::jobs::Runner;
use crate::memory::Memory;
use crate::memory::catalog::Catalog;
use crate::outside::Outside;
use crate::settings::Settings;

/// The name of the one product directory of this version.
pub const DIRECTORY: &str = "DV";

/// The first argument of every use case.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
    /// The origin of the URLs that are made and read here.
    acme_origin: Arc<str>,
}

/// The parts of an [`App`], reached through it.
pub struct Inner {
    pub(crate) outside: Outside,
    pub(crate) memory: Memory,
    pub(crate) runner: Runner,
    pub(crate) node: NodeId,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl App {
    pub(crate) fn new(outside: Outside, memory: Memory, node: NodeId) -> Self {
        let acme_origin = outside.settings.acme_origin.as_str().into();
        let inner = Inner {
            outside,
            memory,
            runner: Runner::default(),
            node,
        };
        Self {
            inner: Arc::new(inner),
            acme_origin,
        }
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
        self.outside.store.within(whose.into())
    }

    /// What time it is.
    pub fn now(&self) -> Timestamp {
        self.outside.clock.now()
    }

    /// Chance.
    pub fn random(&self) -> &dyn Random {
        self.outside.random.as_ref()
    }

    /// What the installation decides.
    pub fn settings(&self) -> &Settings {
        &self.outside.settings
    }

    /// What is sold and who signs, as it is now.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.memory.catalog()
    }

    /// A fresh replay nonce.
    pub fn issue_nonce(&self) -> String {
        self.memory.nonces.issue()
    }

    /// Makes and reads the URLs of the directory.
    pub fn urls(&self) -> Urls<'_> {
        self.settings().paths.at(&self.acme_origin)
    }

    /// Where ACME clients reach us, without a final slash.
    pub fn acme_origin(&self) -> &str {
        &self.acme_origin
    }
}
