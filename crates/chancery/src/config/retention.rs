//! `[retention]`: how long what has ended is kept (docs/retention.md). What is not here has a fixed period.

use std::ops::RangeInclusive;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::refused::{Refused, Validate, refuse_outside};

/// An order stays for 90 days after its end and names its certificate, which may not go before it.
const CERTIFICATES: RangeInclusive<u32> = 100..=36_500;
/// As long as orders, so that what became of one can be told.
const AUDIT: RangeInclusive<u32> = 100..=36_500;
const DAY: u64 = 24 * 3600;

/// How long what has ended is kept.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct RetentionSection {
    /// Days for which certificates and revocations stay after the end of the certificate.
    pub(crate) certificates: u32,
    /// Days for which audit entries stay.
    pub(crate) audit: u32,
}

impl Default for RetentionSection {
    fn default() -> Self {
        Self {
            // Two years (BR §5.5.2), with a leap day.
            certificates: 731,
            // Seven years, with two of them.
            audit: 2557,
        }
    }
}

impl Validate for RetentionSection {
    fn validate(&self) -> Result<(), Refused> {
        let certificates = self.certificates;
        refuse_outside(
            "retention.certificates",
            certificates,
            &CERTIFICATES,
            "days",
        )?;
        refuse_outside("retention.audit", self.audit, &AUDIT, "days")
    }
}

impl RetentionSection {
    /// How long certificates stay after their end.
    pub(crate) fn certificates(&self) -> Duration {
        Duration::from_secs(u64::from(self.certificates) * DAY)
    }

    /// How long audit entries stay.
    pub(crate) fn audit(&self) -> Duration {
        Duration::from_secs(u64::from(self.audit) * DAY)
    }
}
