//! What every use case is given: the world, what this node keeps in memory, and the work it has begun. One cheap
//! clone per request, without logic of its own.

use std::ops::Deref;
use std::sync::Arc;

use base::{Random, Scope, Timestamp};
use store::Scoped;

use crate::memory::Memory;
use crate::memory::catalog::Catalog;
use crate::outside::Outside;
use crate::queue::Work;
use crate::settings::Settings;

/// The first argument of every use case.
#[derive(Clone)]
pub struct App {
    inner: Arc<Inner>,
}

/// The parts of an [`App`], reached through it.
pub struct Inner {
    pub(crate) outside: Outside,
    pub(crate) memory: Memory,
    pub(crate) work: Work<App>,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.inner
    }
}

impl App {
    pub(crate) fn new(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
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

    /// Where clients find a directory.
    pub fn directory_url(&self, slug: &str) -> String {
        self.settings().directory_url(slug)
    }
}
