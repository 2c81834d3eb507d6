//! What a node keeps in memory: copies of what the database holds, and counters. None of them knows the
//! application, so that each can be read and tested by itself.

pub mod catalog;
pub(crate) mod validating;
