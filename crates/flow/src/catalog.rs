//! What can be had: for now the CAs, made or imported.

pub mod add_cas;
pub mod create_cas;
pub mod import_cas;
pub(crate) mod publish_profile;
