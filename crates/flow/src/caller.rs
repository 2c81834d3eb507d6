//! Who asked, and the audit entry of what they changed.

use base::{AuditId, TenantId, Timestamp};
use store::audit::Entry;

use crate::App;

/// Who asks, and from where.
#[derive(Clone, Debug)]
pub struct Caller {
    /// A user, an ACME account, `command line` or `system`.
    pub actor: String,
    /// Where the request came from; empty for work of our own.
    pub client_address: String,
    /// The software that asked.
    pub client_agent: String,
    /// The request.
    pub request_id: String,
}

impl Caller {
    /// Work that no request asked for.
    pub fn system() -> Self {
        Self::named("system")
    }

    /// An operator at the command line.
    pub fn command_line() -> Self {
        Self::named("command line")
    }

    fn named(actor: &str) -> Self {
        Self {
            actor: actor.to_owned(),
            client_address: String::new(),
            client_agent: String::new(),
            request_id: String::new(),
        }
    }
}

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
        Entry {
            id: AuditId::generate(now, self.random.as_ref()),
            at: now,
            tenant,
            actor: caller.actor.clone(),
            action,
            object,
            detail: detail.to_string(),
            client_address: caller.client_address.clone(),
            request_id: caller.request_id.clone(),
        }
    }
}
