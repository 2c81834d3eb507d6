//! What keeps an installation running.

pub mod node;
