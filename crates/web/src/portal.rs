//! The reseller's portal: server-rendered pages that work without scripts.

pub mod view;
