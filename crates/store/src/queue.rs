//! Work that outlives its request.

pub mod job;
