//! `[runtime]`: how much of the machine the server uses.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::refused::{Refused, Validate, refuse_outside};

/// A machine with more processors than that would gain nothing.
const THREADS: RangeInclusive<usize> = 1..=1_024;

/// How much of the machine the server uses.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RuntimeSection {
    /// Threads that answer requests; one per core unless given.
    pub(crate) worker_threads: Option<usize>,
}

impl Validate for RuntimeSection {
    fn validate(&self) -> Result<(), Refused> {
        match self.worker_threads {
            Some(threads) => refuse_outside("runtime.worker_threads", threads, &THREADS, "threads"),
            None => Ok(()),
        }
    }
}
