//! Files in the data directory.

use std::fs;
use std::path::Path;

use anyhow::Context as _;

/// Writes a file unless it is there as it should be.
pub(crate) fn write_if_new(path: &Path, text: &str) -> anyhow::Result<()> {
    if fs::read_to_string(path).is_ok_and(|present| present == text) {
        return Ok(());
    }
    fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))
}
