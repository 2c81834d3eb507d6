//! Which pages somebody who acts as a tenant was told to have looked at, so that each is told once. What is forgotten,
//! because there is no room or the node begins anew, is told again, and so is what is asked for twice at one moment.

use quick_cache::sync::Cache;
use tenancy::token::TokenDigest;

/// How many pages of all who act are known.
const CAPACITY: usize = 1_024;

/// The pages that were told, by the session.
pub(crate) struct Looks(Cache<(TokenDigest, String), ()>);

impl Default for Looks {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Looks {
    /// Whether it was told that the session looked at a page.
    pub(crate) fn has(&self, session: TokenDigest, page: &str) -> bool {
        self.0.get(&(session, page.to_owned())).is_some()
    }

    /// Remembers it.
    pub(crate) fn keep(&self, session: TokenDigest, page: &str) {
        self.0.insert((session, page.to_owned()), ());
    }
}
