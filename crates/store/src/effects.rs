//! What is done to the outside, and what is known of it.

pub mod effect;
pub mod mail;
