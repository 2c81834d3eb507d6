//! What every handler is given.

use std::sync::Arc;

use flow::App;

use super::route::Routes;
use crate::request::body::Bodies;

/// What handlers are given.
#[derive(Clone)]
pub(crate) struct Portal {
    pub(crate) app: App,
    /// Where browsers reach us, such as `https://portal.example.com`.
    pub(crate) origin: Arc<str>,
    /// The origins from which its forms come.
    pub(crate) own_origins: Arc<[String]>,
    /// The host names of its own URL, which no brand can have.
    pub(crate) own_hosts: Arc<[String]>,
    pub(crate) bodies: Bodies,
    pub(crate) hints: Arc<Hints>,
    /// What the routes of the portal are.
    pub(crate) routes: Arc<Routes>,
}

/// What is special about this installation.
#[derive(Clone, Debug)]
pub struct Hints {
    /// For client commands: file with the root certificate, when clients do not trust the ACME server by themselves.
    pub ca_file: Option<String>,
    /// For client commands: port on which http-01 is answered, when it is not 80.
    pub http_port: Option<u16>,
    /// Whether the component sheet is shown.
    pub shows_design: bool,
}

impl Default for Hints {
    fn default() -> Self {
        Self {
            ca_file: None,
            http_port: None,
            shows_design: cfg!(debug_assertions),
        }
    }
}
