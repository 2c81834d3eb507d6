//! What a section of the file is.

use super::refused::Refused;

/// Settings that belong together; its default is what holds when nothing is given.
pub(super) trait Section {
    /// Refuses values that have the right type and cannot be used.
    fn validate(&self) -> Result<(), Refused>;
}
