//! Values that have the right type and cannot be used.

use std::fmt::Display;
use std::ops::RangeInclusive;

/// A value that cannot be used. Where it came from is added by whoever knows all sources.
#[derive(Debug)]
pub(crate) struct Refused {
    /// The setting, such as `acme.max_names`.
    pub(super) key: String,
    /// What it is now, for people.
    pub(super) value: String,
    /// What it may be, for people.
    pub(super) allowed: String,
}

/// What a section does once all its values are there.
pub(super) trait Validate {
    /// Refuses values that have the right type and cannot be used.
    fn validate(&self) -> Result<(), Refused>;
}

impl Refused {
    pub(super) fn new(key: &str, value: impl Display, allowed: impl Display) -> Self {
        Self {
            key: key.to_owned(),
            value: value.to_string(),
            allowed: allowed.to_string(),
        }
    }
}

/// Refuses a number outside of its bounds; `unit` is what is counted.
pub(super) fn refuse_outside<T: PartialOrd + Display>(
    key: &str,
    value: T,
    bounds: &RangeInclusive<T>,
    unit: &str,
) -> Result<(), Refused> {
    if bounds.contains(&value) {
        return Ok(());
    }
    let allowed = format!("{} to {} {unit}", bounds.start(), bounds.end());
    Err(Refused::new(key, value, allowed))
}

/// Refuses what no browser and no client could open.
pub(super) fn refuse_other_than_url(key: &str, url: &str) -> Result<(), Refused> {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    match rest {
        Some(rest) if !rest.trim_matches('/').is_empty() => Ok(()),
        Some(_) | None => Err(Refused::new(
            key,
            format!("\"{url}\""),
            "a URL that begins with https:// or http://",
        )),
    }
}
