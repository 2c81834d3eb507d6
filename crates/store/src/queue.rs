//! Work that outlives its request: what waits or runs, what was given up, and what comes again and again.

pub mod dead;
pub mod job;
pub mod schedule;
pub mod summary;
