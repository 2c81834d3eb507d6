//! What keeps an installation running.

pub mod node;
pub mod rate_limit;
pub mod setting;
