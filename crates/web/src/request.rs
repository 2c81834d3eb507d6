//! What every door learns of a request before it reads it, and notes of its answer.

pub mod client;
pub(crate) mod measure;
