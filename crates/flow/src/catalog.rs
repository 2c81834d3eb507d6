//! What an operator decides about what can be had: CAs, profiles, directories, products, offers. Each change raises the
//! version of the catalogue in its transaction, and every node reads it again (`reload`).

pub mod add_cas;
pub mod change_directory;
pub(crate) mod changed;
pub mod create_ca;
pub mod create_product;
pub mod import_cas;
pub mod list_caa;
pub mod publish_offer;
pub mod publish_profile;
pub mod reload;
pub mod retire_ca;
pub mod retire_offer;
pub(crate) mod seed;
pub mod server_certificate;
pub mod show_authorities;
pub mod show_offers;
