//! The door itself and the directory behind which a request's resource is: found once for a request, so that all of it
//! sees one state of the catalogue.

use std::ops::Deref;
use std::sync::Arc;

use acme::paths::Urls;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;
use flow::App;
use flow::memory::catalog::Directory;
use serde::Deserialize;

use super::problem::Refusal;
use crate::request::body::Bodies;

/// The ACME server under one origin. That of a real CA is the one of its settings: an origin taken from a request would
/// let its sender choose where clients are led.
#[derive(Clone)]
pub(crate) struct Door {
    pub(super) app: App,
    /// Where clients reach it, without a final slash.
    pub(super) origin: Arc<str>,
    pub(super) bodies: Bodies,
}

impl FromRef<Door> for App {
    fn from_ref(door: &Door) -> Self {
        door.app.clone()
    }
}

impl Door {
    /// The directory that a path leads to.
    pub(super) fn find(&self, path: &str) -> Option<In> {
        let settings = self.app.settings();
        let slug = settings.paths.slug_in(path);
        let slug = slug.or(settings.sole_directory.as_deref())?;
        let directory = self.app.catalog().directory(slug)?.clone();
        Some(In {
            directory,
            origin: self.origin.clone(),
        })
    }
}

/// The directory that a request is for, as it was when the request came.
#[derive(Clone)]
pub(crate) struct In {
    directory: Arc<Directory>,
    origin: Arc<str>,
}

impl Deref for In {
    type Target = Directory;

    fn deref(&self) -> &Directory {
        &self.directory
    }
}

impl In {
    /// Makes and reads the URLs of the directory.
    pub(crate) fn urls(&self) -> Urls<'_> {
        self.directory.paths.at(&self.origin)
    }
}

impl<S: Sync> FromRequestParts<S> for In {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        let found = parts.extensions.get::<Self>();
        found.cloned().ok_or_else(Refusal::no_directory)
    }
}

/// The identifier in a path.
#[derive(Deserialize)]
pub(crate) struct ById {
    pub(crate) id: String,
}
