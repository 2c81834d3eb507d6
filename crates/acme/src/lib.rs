//! RFC 8555 as pure rules: what a request must look like, what may follow from it, and what the
//! answer says.
//!
//! Nothing here does I/O, holds a clock or knows who may have which name: callers pass the time,
//! load what the rules need and store what they return. Validation of challenges is in
//! `validation`, certificates are in `pki`, enrolment is in `enrollment`.

#![warn(missing_docs)]

pub mod account;
pub mod algorithm;
pub mod authorization;
pub mod base64url;
pub mod caa;
pub mod challenge;
pub mod directory;
pub mod eab;
pub mod identifier;
pub mod jwk;
pub mod jws;
pub mod nonce;
pub mod order;
pub mod paths;
mod payload;
pub mod policy;
pub mod problem;
pub mod requested;
pub mod revocation;

pub use algorithm::{Algorithm, MacAlgorithm};
pub use identifier::Identifiers;
pub use jwk::{Jwk, PublicKey, Thumbprint};
pub use jws::Jws;
pub use problem::Problem;
