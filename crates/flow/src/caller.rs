//! Who asked, and whose rows they see.

use base::{Scope, TenantId};

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

/// Everybody's rows, for work of our own; the text says why.
pub fn system(why: &'static str) -> Scope {
    Scope::System(why)
}

/// The rows of one tenant, for what its people do.
pub fn tenant(id: TenantId) -> Scope {
    Scope::Tenant(id)
}
