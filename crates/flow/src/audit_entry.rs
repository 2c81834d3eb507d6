//! The audit entry of what somebody changed.

use base::{AuditId, TenantId, Timestamp};
use store::audit::Entry;

use crate::{App, Caller};

impl App {
    /// The entry to append in the transaction of the change; `detail` is JSON without secrets.
    pub fn audit_entry(
        &self,
        caller: &Caller,
        tenant: TenantId,
        action: &'static str,
        object: String,
        detail: &serde_json::Value,
        now: Timestamp,
    ) -> Entry {
        let request_id = caller.client.request_id;
        Entry {
            id: AuditId::generate(now, self.random()),
            at: now,
            tenant,
            actor: caller.actor,
            action: action.to_owned(),
            object,
            detail: detail.to_string(),
            client_address: caller.client.address.clone(),
            request_id: request_id.map(|id| id.to_string()).unwrap_or_default(),
        }
    }
}
