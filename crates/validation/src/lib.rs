//! What we probe to prove control of a name, and what we saw while doing so (RFC 8555 §8).
//!
//! A [`Validator`] answers one [`Probe`] with an [`Outcome`]: valid or a typed [`Failure`], and in
//! both cases [`Evidence`] to store. Which addresses may be contacted is decided in one place,
//! [`network::Network`]; everything that connects takes a [`network::Contact`], which only the
//! guard can make.
//!
//! This crate knows no orders, accounts or database. It never retries a probe: that is a new
//! validation, started by the client (RFC 8555 §8.2).

#![warn(missing_docs)]

pub mod address_guard;
mod dns_01;
pub mod evidence;
pub mod failure;
mod http_01;
pub mod network;
mod probe;
pub mod resolver;
mod validator;

pub use evidence::Evidence;
pub use failure::{Failure, Problem};
pub use network::Network;
pub use probe::{Method, Outcome, Probe, Validator};
pub use validator::{AssumeValid, NetworkValidator, ProbeSettings, SetupError};
