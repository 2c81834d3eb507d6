//! What is done to the outside, each through a small trait beside its real client: mail, and
//! identity providers.
//!
//! Nothing here decides whether something is done, nor remembers that it was: `flow/effects` does. A client says what it
//! knows of one attempt, and above all whether nobody can know.

pub mod identity;
pub mod mail;
