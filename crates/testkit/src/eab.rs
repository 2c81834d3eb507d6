//! What a client is given to register with: the server hands it out, the ACME client binds its key with it.

use base::{SubscriptionId, TenantId};
use serde_json::Value;

use crate::key::{Key, binding};

/// A subscription with the credential that binds ACME accounts to it.
#[derive(Clone, Debug)]
pub struct Eab {
    /// Who owns it.
    pub tenant: TenantId,
    /// The subscription.
    pub subscription: SubscriptionId,
    /// The public half of the credential.
    pub key_id: String,
    /// The secret half.
    pub mac_key: Vec<u8>,
}

impl Eab {
    /// Binds a key (RFC 8555 §7.3.4).
    pub fn binding(&self, key: &Key, url: &str) -> Value {
        binding(key, url, &self.key_id, &self.mac_key)
    }
}
