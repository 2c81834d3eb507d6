//! What pages show, read for one tenant: nothing here changes anything.

pub mod accounts;
pub mod activity;
pub mod certificates;
pub mod dashboard;
pub(crate) mod domain_names;
pub mod domains;
