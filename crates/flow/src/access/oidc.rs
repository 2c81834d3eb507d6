//! Sign-in at an identity provider that a tenant has set (security S-18, S-67): setting it, asking it, and who it is that it
//! answers about. Who is signed in by the answer is `sign_in/by_provider`.
//!
//! A person links what the provider calls them while they are signed in; an e-mail address that is the same says nothing.

mod answer;
pub mod ask;
mod known;
pub mod link;
pub mod remove_provider;
pub mod set_provider;
pub mod show;
pub mod unlink;

pub(in crate::access) use answer::{Answered, NotTaken, take_answer};
pub use answer::{ProviderAnswer, ProviderAnswerError};
pub use known::KnowProviderError;
