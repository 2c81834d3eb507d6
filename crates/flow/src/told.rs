//! What happened, as an entry for the transaction in which it happens.

use base::{AuditId, TenantId, Timestamp};
use store::audit::Entry;

use crate::audit::{self, Event};
use crate::{App, Caller};

impl App {
    /// The entry to append in the transaction of what the event tells.
    pub(crate) fn entry(
        &self,
        caller: &Caller,
        tenant: TenantId,
        event: &Event,
        now: Timestamp,
    ) -> Entry {
        let id = AuditId::generate(now, self.random());
        audit::entry(caller, tenant, event, (id, now))
    }
}
