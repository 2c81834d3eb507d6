//! Touching the network: what every crate that calls out stands on.
//!
//! Which addresses may be contacted is decided in one place, [`Network`]; everything that connects takes a
//! [`network::Contact`], which only the [`address_guard`] can make. Names are resolved by a [`resolver`] of our
//! choice, or by the tables of a lab. What is asked of whom, and why, is not known here.

#![warn(missing_docs)]

pub mod address_guard;
pub mod network;
pub mod resolver;

pub use network::Network;
