//! What a node keeps in memory: copies of what the database holds, and counters. None of them knows the
//! application, so that each can be read and tested by itself.

use std::sync::{Arc, PoisonError, RwLock};

use acme::nonce::Mint;

pub mod accounts;
pub mod brands;
pub mod catalog;
pub mod clock_watch;
pub(crate) mod limits;
pub(crate) mod looks;
pub mod measures;
pub mod password_work;
pub(crate) mod providers;
pub(crate) mod recent;
pub(crate) mod refused;
pub(crate) mod validating;

use self::accounts::Accounts;
use self::brands::Brands;
use self::catalog::Catalog;
use self::clock_watch::ClockWatch;
use self::limits::Limits;
use self::looks::Looks;
use self::measures::Measures;
use self::password_work::Passwords;
use self::providers::Providers;
use self::recent::Recent;
use self::refused::RefusedRequests;
use self::validating::Validating;

/// What use cases share in memory.
pub(crate) struct Memory {
    pub(crate) accounts: Accounts,
    brands: RwLock<Arc<Brands>>,
    /// Whether the clock can be believed.
    pub(crate) clock: ClockWatch,
    catalog: RwLock<Arc<Catalog>>,
    pub(crate) limits: Limits,
    /// Which pages it was told that somebody looked at.
    pub(crate) looks: Looks,
    /// What is counted and timed.
    pub(crate) measures: Measures,
    /// Replay nonces of this node.
    pub(crate) nonces: Mint,
    pub(crate) passwords: Passwords,
    /// What identity providers said of themselves.
    pub(crate) providers: Providers,
    pub(crate) recent: Recent,
    /// What was refused to clients and is not stored yet.
    pub(crate) refused: RefusedRequests,
    pub(crate) validating: Validating,
}

impl Memory {
    /// What a node begins with.
    pub(crate) fn new(
        (clock, catalog): (ClockWatch, Catalog),
        limits: Limits,
        measures: Measures,
        nonces: Mint,
        passwords: Passwords,
    ) -> Self {
        Self {
            accounts: Accounts::new(),
            brands: RwLock::default(),
            clock,
            catalog: RwLock::new(Arc::new(catalog)),
            limits,
            looks: Looks::default(),
            measures,
            nonces,
            passwords,
            providers: Providers::new(),
            recent: Recent::default(),
            refused: RefusedRequests::default(),
            validating: Validating::default(),
        }
    }

    /// The catalogue as it is now; a request keeps what it began with.
    pub(crate) fn catalog(&self) -> Arc<Catalog> {
        let catalog = self.catalog.read();
        catalog.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a newer picture in the place of this one; an older one changes nothing.
    pub(crate) fn show(&self, newer: Catalog) {
        let catalog = self.catalog.write();
        let mut catalog = catalog.unwrap_or_else(PoisonError::into_inner);
        if newer.version() > catalog.version() {
            *catalog = Arc::new(newer);
        }
    }

    /// Who shows which brand, as it is now.
    pub(crate) fn brands(&self) -> Arc<Brands> {
        let brands = self.brands.read();
        brands.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Puts a newer picture of the brands in the place of this one; an older one changes nothing.
    pub(crate) fn show_brands(&self, newer: Brands) {
        let brands = self.brands.write();
        let mut brands = brands.unwrap_or_else(PoisonError::into_inner);
        if newer.version() > brands.version() {
            *brands = Arc::new(newer);
        }
    }
}
