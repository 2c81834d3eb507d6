//! What pages show, read for one tenant: nothing here changes anything.

pub mod accounts;
pub mod activity;
pub mod certificates;
pub mod dashboard;
pub mod domains;
