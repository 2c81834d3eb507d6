//! What keeps an installation running: its first users, its nodes, and the end of what has expired.

pub mod bootstrap;
pub mod health;
pub mod node;
pub mod prune;
