//! What is known of a route besides its handler: its method, its path, and what it asks of a token.

use tenancy::role::Permission;

/// What a route asks of the token of who calls it.
pub(super) trait ApiGrant: Send + Sync + 'static {
    /// It.
    const MAY_CALL: MayCallApi;
}

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MayCallApi {
    /// Whoever brings a token that works.
    AnyToken,
    /// Whoever brings a token that holds this now.
    Holder(Permission),
}

/// A route of the API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiRoute {
    /// The method.
    pub method: &'static str,
    /// Its path; a segment in braces names an object.
    pub path: &'static str,
    /// Who may call it.
    pub may_call: MayCallApi,
}
