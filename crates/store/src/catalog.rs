//! What can be had, as data: CAs, products and their directories, profiles, offers.

pub mod ca;
pub mod directory;
pub mod offer;
pub mod product;
pub mod profile;
pub mod server_certificate;
pub mod version;
