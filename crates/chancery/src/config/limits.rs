//! `[limits]`: how often something may be done (docs/limits.md).

use serde::{Deserialize, Serialize};

use super::refused::{Refused, Validate};

/// How often something may be done.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LimitsSection {
    /// Whether it is limited at all.
    pub(crate) enabled: bool,
}

impl Default for LimitsSection {
    fn default() -> Self {
        Self { enabled: true }
    }
}

impl Validate for LimitsSection {
    fn validate(&self) -> Result<(), Refused> {
        Ok(())
    }
}
