//! What can be had: the CAs, made or imported, and what is sold.

pub mod add_cas;
pub mod create_cas;
pub mod import_cas;
pub(crate) mod publish_profile;
pub mod seed;
pub mod server_certificate;
