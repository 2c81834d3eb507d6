//! What is told of what happened: one enum of events, and one place for what must not be told.
//!
//! An event is appended in the transaction of the change. Its fields are identifiers, names, numbers and words; a type
//! that holds a secret is no [`Fact`](fact::Fact), so that it cannot be told by mistake.

mod event;
mod fact;

use base::{AuditId, TenantId, Timestamp};
use store::audit::Entry;

pub(crate) use event::Event;
pub(crate) use fact::{Document, Text};

use crate::caller::Caller;

/// The entry of an event.
pub(crate) fn entry(
    caller: &Caller,
    tenant: TenantId,
    event: &Event,
    (id, now): (AuditId, Timestamp),
) -> Entry {
    let request_id = caller.client.request_id;
    Entry {
        id,
        at: now,
        tenant,
        customer: None,
        actor: caller.actor,
        acting_as: caller.acts_as().map(|of| of.to_string()),
        action: event.action().to_owned(),
        object_kind: Some(event.object_kind().to_owned()),
        object: event.object(),
        parent: event.parent(),
        change: event.change().to_string(),
        client_address: caller.client.address_text(),
        client_agent: Some(caller.client.agent.clone()),
        request_id: request_id.map(|id| id.to_string()).unwrap_or_default(),
    }
}
