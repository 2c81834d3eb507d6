//! What a node keeps in memory: copies of what the database holds, and counters. None of them knows the
//! application, so that each can be read and tested by itself.

pub mod catalog;
pub(crate) mod recent;
pub(crate) mod validating;

use self::recent::Recent;
use self::validating::Validating;

/// What use cases share in memory, beside the catalogue.
#[derive(Default)]
pub(crate) struct Memory {
    pub(crate) recent: Recent,
    pub(crate) validating: Validating,
}
