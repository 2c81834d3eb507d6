//! What every door learns of a request before it reads it.

pub mod client;
pub(crate) mod counter;
