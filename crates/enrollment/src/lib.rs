//! What is sold, under which policy, and to which names it applies: subscriptions, enrolled domains, the external
//! account binding credentials that lead to them, and the question whether a name is covered.
//!
//! Pure rules: a decision is a function of state, input and `now`, and returns the new state for
//! the caller to store. Nothing here reads a clock, a database or the network.

#![warn(
    missing_docs,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::float_arithmetic
)]

pub mod admission;
pub mod companion;
pub mod coverage;
pub mod delegated;
pub mod eab;
pub mod enrolled_domain;
pub mod policy;
pub mod public_suffix;
pub mod subscription;
