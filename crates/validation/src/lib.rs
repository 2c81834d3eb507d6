//! What we probe to prove control of a name, and what we saw while doing so (RFC 8555 §8).
//!
//! Whether the domain lets us issue at all (RFC 8659) is asked here too; the rule for it is in `acme`.
//!
//! A [`Validator`] answers one [`Probe`] with an [`Outcome`]: valid or a typed [`Failure`], and in
//! both cases [`Evidence`] to store. Which addresses may be contacted is decided in `reach`.
//!
//! This crate knows no orders, accounts or database. It never retries a probe: that is a new
//! validation, started by the client (RFC 8555 §8.2).

#![warn(missing_docs)]

mod caa;
mod contacts;
mod dns_01;
pub mod evidence;
pub mod failure;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod http_01;
mod probe;
mod trace;
mod validator;

pub use contacts::{CONTACT_LABEL, MAIL};
pub use evidence::{CaaEvidence, Evidence, MailEvidence, MailSource, StoredEvidence};
pub use failure::{Failure, Problem};
pub use probe::{
    ACME_LABEL, CaaOutcome, CaaQuestion, ContactsOutcome, Method, Outcome, Probe, Validator,
};
pub use validator::{AssumeValid, NetworkValidator, ProbeSettings, SetupError};
