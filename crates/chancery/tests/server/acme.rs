//! The ACME door, as clients see it. The modules follow RFC 8555.

mod account;
mod authorization;
mod binding;
mod budget;
pub(crate) mod crash;
mod database;
mod fence;
mod finalize;
mod happy;
mod key_change;
mod new_order;
mod nodes;
mod nonce;
mod orders;
mod refusal;
mod removal;
pub(crate) mod revocation;
mod secrets;
mod signed;
mod tenants;
