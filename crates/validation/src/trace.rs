//! The record that every kind of probe writes while it runs.

use std::sync::Arc;

use base::Clock;

use crate::evidence::{Evidence, Hop};
use crate::failure::{Failure, Stage};

/// What a running probe has seen and where it stands; outlives the probe when its time is up.
pub(crate) struct Trace {
    pub(crate) evidence: Evidence,
    clock: Arc<dyn Clock>,
    hop_started_ms: u64,
    stage: Stage,
    target: String,
}

impl Trace {
    pub(crate) fn new(evidence: Evidence, clock: Arc<dyn Clock>) -> Self {
        Self {
            evidence,
            clock,
            hop_started_ms: 0,
            stage: Stage::Lookup,
            target: String::new(),
        }
    }

    /// Since the probe began.
    pub(crate) fn elapsed_ms(&self) -> u64 {
        let elapsed = self.clock.now().since(self.evidence.started_at);
        u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX)
    }

    /// Notes what the probe is busy with, for the message when its time is up.
    pub(crate) fn enter(&mut self, stage: Stage, target: &str) {
        self.stage = stage;
        target.clone_into(&mut self.target);
    }

    /// Notes progress with the same target.
    pub(crate) fn advance(&mut self, stage: Stage) {
        self.stage = stage;
    }

    /// The failure of a probe whose time is up here.
    pub(crate) fn timeout(&mut self) -> Failure {
        Failure::Timeout {
            stage: self.stage,
            target: std::mem::take(&mut self.target),
        }
    }

    /// Begins the record of one HTTP request.
    pub(crate) fn open_hop(&mut self, url: String) {
        self.hop_started_ms = self.elapsed_ms();
        self.evidence.hops.push(Hop {
            url,
            ..Hop::default()
        });
    }

    /// The record of the present HTTP request.
    pub(crate) fn hop(&mut self) -> Option<&mut Hop> {
        self.evidence.hops.last_mut()
    }

    /// Ends the record of the present HTTP request.
    pub(crate) fn close_hop(&mut self) {
        let ms = self.elapsed_ms().saturating_sub(self.hop_started_ms);
        if let Some(hop) = self.hop() {
            hop.ms = ms;
        }
    }
}
