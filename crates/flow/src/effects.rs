//! The life of what is done to the outside once, for whatever it is: a mail, later a payment or a partner's call. This room
//! knows no application and no wing; what is done is given to it as a type.
//!
//! `intended -> sent -> resolved`, or `unknown` between. It is intended with its cause, in one transaction, and stored as
//! sent before its first byte leaves. When the answer is lost, or the node that waits for it dies, nobody knows whether it
//! was done: the other side is asked, where it can be, and otherwise a person says. By itself nothing is sent again that
//! may have been done.

pub mod deliver;
pub mod effect;
mod intend;

pub use deliver::Deliver;
pub use effect::{Answer, Effect, Found, Outcome};
pub use intend::{Intended, delivery, intend};
