//! What can be had, as data: CAs, products and their directories, profiles, offers.

pub mod ca;
pub mod offer;
pub mod profile;
pub mod server_certificate;
