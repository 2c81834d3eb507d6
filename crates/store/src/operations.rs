//! What keeps an installation running.

pub mod node;
pub mod setting;
