//! `[logging]`: the form of the log. What is logged is said by `log`, docs/logging.md says what may stand in it.

use serde::{Deserialize, Serialize};

use super::refused::{Refused, Validate};

/// The form of the log.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct LoggingSection {
    /// One JSON document per line instead of text.
    pub(crate) json: bool,
}

impl Validate for LoggingSection {
    fn validate(&self) -> Result<(), Refused> {
        // Both forms are good.
        Ok(())
    }
}
