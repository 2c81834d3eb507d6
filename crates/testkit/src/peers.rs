//! The other nodes of an installation, reached in the same process.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flow::App;
use flow::issuance::redeem_nonce::redeem_own_nonce;
use flow::outside::Peers;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

/// Nodes by the URL of their internal listeners.
#[derive(Default)]
pub struct FakePeers(Mutex<HashMap<String, App>>);

impl FakePeers {
    /// Makes a node reachable at `url`.
    pub fn add(&self, url: &str, app: App) {
        self.nodes().insert(url.to_owned(), app);
    }

    /// Makes the node at `url` unreachable.
    pub fn remove(&self, url: &str) {
        self.nodes().remove(url);
    }

    /// Makes every node unreachable: they hold each other otherwise.
    pub(crate) fn clear(&self) {
        self.nodes().clear();
    }

    fn nodes(&self) -> MutexGuard<'_, HashMap<String, App>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Peers for FakePeers {
    fn redeem<'a>(&'a self, url: &'a str, nonce: &'a str) -> BoxFuture<'a, bool> {
        let node = self.nodes().get(url).cloned();
        ready(node.is_some_and(|app| redeem_own_nonce(&app, nonce))).boxed()
    }
}
