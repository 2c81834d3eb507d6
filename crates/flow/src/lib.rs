//! The use cases, in the order they happen. The only crate that opens transactions: a flow loads,
//! lets a rules crate decide, stores, and enqueues what is slow as a job of the same transaction.
//! Nothing here waits for the network inside a transaction, and nothing here speaks HTTP or HTML.

pub mod access;
pub mod app;
mod audit;
pub mod breached;
pub mod caller;
pub mod catalog;
pub mod effects;
pub mod enrollment;
pub mod issuance;
pub mod jobs;
pub mod mail;
pub mod memory;
pub mod operations;
pub mod outside;
pub mod overview;
pub mod queue;
pub mod settings;
pub mod tenancy;
mod told;

pub use app::App;
pub use caller::Caller;
pub use outside::Outside;
pub use settings::Settings;
pub use store::Error as StoreError;
