//! The presets: a policy for each of the systems that Chancery can stand in for, and that of the house. They are data;
//! `presets.json` has what differs from preset 000, which is the default of [`Policy`].

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde_json::Value;

use super::{Policy, StoredPolicyError};

/// A policy that has a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Preset {
    /// Its name.
    pub name: String,
    /// What it says.
    pub policy: Policy,
}

pub(super) const PRESETS: &str = include_str!("presets.json");

/// A test reads them, so that they can be read.
static ALL: LazyLock<Vec<Preset>> = LazyLock::new(|| read(PRESETS).unwrap_or_default());

pub(super) fn read(text: &str) -> Result<Vec<Preset>, StoredPolicyError> {
    let presets: BTreeMap<String, BTreeMap<String, Value>> = serde_json::from_str(text)?;
    let preset = |(name, members)| {
        let policy = Policy::from_members(&members)?;
        Ok(Preset { name, policy })
    };
    presets.into_iter().map(preset).collect()
}

impl Preset {
    /// All of them, in the order of their names.
    pub fn all() -> &'static [Self] {
        &ALL
    }

    /// The one of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        ALL.iter().find(|preset| preset.name == name)
    }
}
