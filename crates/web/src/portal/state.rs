//! What every handler is given.

use std::sync::Arc;

use flow::App;

use super::route::Routes;

/// What handlers are given.
#[derive(Clone)]
pub(crate) struct Portal {
    pub(crate) app: App,
    /// Where browsers reach us, such as `https://portal.example.com`.
    pub(crate) origin: Arc<str>,
    pub(crate) hints: Arc<Hints>,
    /// What the routes of the portal are.
    pub(crate) routes: Arc<Routes>,
}

/// What client commands must say where this installation is no public one.
#[derive(Clone, Debug, Default)]
pub struct Hints {
    /// File with the root certificate, when clients do not trust the ACME server by themselves.
    pub ca_file: Option<String>,
    /// Port on which http-01 is answered, when it is not 80.
    pub http_port: Option<u16>,
}
