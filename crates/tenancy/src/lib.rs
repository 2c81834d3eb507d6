//! Who may do what, and who is who: tenants, organizations with what was checked of them, domains
//! with proofs of their control and to whom they are delegated, users, their roles and what these are bound to, passwords
//! and second factors, passkeys, identity providers, lockout, sessions and as whom they act, API tokens and invitations.
//!
//! Pure rules: a decision is a function of state, input and `now`, and returns the new state for
//! the caller to store. Nothing here reads a clock, a database or the network. Hashing a password
//! takes tens of milliseconds of processor time; run it where it may block.

#![warn(missing_docs)]

pub mod api_token;
pub mod certificate_type;
pub mod domain;
pub mod invitation;
pub mod limit;
pub mod lockout;
pub mod oidc;
pub mod organization;
pub mod passkey;
pub mod password;
pub mod pre_validation;
pub mod recovery;
pub mod role;
pub mod session;
pub mod tenant;
pub mod token;
pub mod totp;
pub mod user;

mod line;
