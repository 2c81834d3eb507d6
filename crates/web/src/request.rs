//! What every door learns of a request before it reads it, and notes of its answer.

pub(crate) mod body;
pub mod client;
pub mod crowded;
pub(crate) mod measure;
