//! What is done to the outside, each through a small trait beside its real client: mail is the first.
//!
//! Nothing here decides whether something is done, nor remembers that it was: `flow/effects` does. A client says what it
//! knows of one attempt, and above all whether nobody can know.

pub mod mail;
