//! Which authorizations this node is validating at this moment, so that a client that answers a challenge twice at
//! once does not make us ask twice.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base::AuthorizationId;

/// The authorizations.
#[derive(Clone, Debug, Default)]
pub(crate) struct Validating(Arc<Mutex<HashSet<AuthorizationId>>>);

/// The right to validate one of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim {
    all: Validating,
    id: AuthorizationId,
}

impl Validating {
    /// The right to validate it, unless somebody has it.
    pub(crate) fn claim(&self, id: AuthorizationId) -> Option<Claim> {
        self.held().insert(id).then(|| Claim {
            all: self.clone(),
            id,
        })
    }

    fn held(&self) -> MutexGuard<'_, HashSet<AuthorizationId>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.all.held().remove(&self.id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_claim_at_a_time() {
        let validating = Validating::default();
        let first = validating.claim(AuthorizationId::FIRST);
        assert!(first.is_some());
        assert!(validating.claim(AuthorizationId::FIRST).is_none());
        assert!(validating.claim(AuthorizationId::LAST).is_some());
        drop(first);
        assert!(validating.claim(AuthorizationId::FIRST).is_some());
    }
}
