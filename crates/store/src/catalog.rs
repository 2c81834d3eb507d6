//! What can be had, as data: for now the CAs and the versions of profiles.

pub mod ca;
pub mod profile;
