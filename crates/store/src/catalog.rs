//! What can be had, as data: for now the CAs.

pub mod ca;
