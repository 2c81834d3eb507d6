//! Reads across the wings.

pub mod dashboard;
