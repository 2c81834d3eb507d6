//! Which flows of a load ran before a change, and which beside it.

use std::time::Duration;

use crate::bench::load::Flow;
use crate::bench::statistics::percentile;

/// How long a load may take to get going.
const SETTLE: Duration = Duration::from_millis(500);

/// From when to when a change ran.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// When it was asked for.
    pub(super) begun: Duration,
    /// When nothing of it was left to do.
    pub(super) ended: Duration,
}

/// How long flows took in milliseconds, before a change and beside it.
#[derive(Debug)]
pub(super) struct Windows {
    label: &'static str,
    normal: Vec<f64>,
    beside: Vec<f64>,
    took: Duration,
}

impl Windows {
    /// Normal are flows that began and ended before the change, beside it those that ran while it did.
    pub(super) fn new(label: &'static str, flows: &[Flow], moment: Moment) -> Self {
        let is_normal = |flow: &&Flow| flow.begun >= SETTLE && flow.ended < moment.begun;
        let is_beside = |flow: &&Flow| flow.begun <= moment.ended && flow.ended >= moment.begun;
        let ms = |flow: &Flow| flow.ms();
        Self {
            label,
            normal: flows.iter().filter(is_normal).map(ms).collect(),
            beside: flows.iter().filter(is_beside).map(ms).collect(),
            took: moment.ended.saturating_sub(moment.begun),
        }
    }

    /// The 99th percentile before.
    pub(super) fn normal_ms(&self) -> f64 {
        percentile(&self.normal, 99)
    }

    /// The 99th percentile beside the change.
    pub(super) fn beside_ms(&self) -> f64 {
        percentile(&self.beside, 99)
    }

    /// How many times as long.
    pub(super) fn ratio(&self) -> f64 {
        self.beside_ms() / self.normal_ms()
    }

    /// The longest flow beside the change.
    pub(super) fn longest_ms(&self) -> f64 {
        percentile(&self.beside, 100)
    }

    /// How long the change took.
    pub(super) fn took_ms(&self) -> f64 {
        self.took.as_secs_f64() * 1000.0
    }

    /// How many flows ran beside it.
    #[expect(
        clippy::cast_precision_loss,
        reason = "counts of one run are far below 2^52"
    )]
    pub(super) fn flows_beside(&self) -> f64 {
        self.beside.len() as f64
    }

    /// The figures of one round.
    pub(super) fn line(&self) -> String {
        format!(
            "{}: p99 {:.1} ms of {} issuances before, {:.1} ms of {} beside it ({:.2} times), longest {:.1} ms; \
             it took {:.0} ms",
            self.label,
            self.normal_ms(),
            self.normal.len(),
            self.beside_ms(),
            self.beside.len(),
            self.ratio(),
            self.longest_ms(),
            self.took_ms(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flows_are_told_apart_by_when_they_ran() {
        let ms = Duration::from_millis;
        let flow = |begun, ended| Flow {
            begun: ms(begun),
            ended: ms(ended),
        };
        let flows = [
            flow(100, 600),
            flow(600, 610),
            flow(990, 1010),
            flow(1100, 1140),
            flow(1190, 1300),
            flow(1201, 1210),
        ];
        let moment = Moment {
            begun: ms(1000),
            ended: ms(1200),
        };
        let windows = Windows::new("a change", &flows, moment);
        assert_eq!((windows.normal.len(), windows.beside.len()), (1, 3));
        assert!((windows.ratio() - 11.0).abs() < 1e-9);
        assert!((windows.took_ms() - 200.0).abs() < 1e-9);
    }
}
