//! Placeholder; see ARCHITECTURE.md.

pub mod portal;
