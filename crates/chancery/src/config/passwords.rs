//! `[passwords]`: what the hash of a password costs whoever makes one (Argon2id, RFC 9106), and which are refused. Older hashes
//! are made anew at the next sign-in.

use std::ops::RangeInclusive;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use tenancy::password::{HashParameters, Mode};

use super::refused::{Refused, Validate, refuse_outside};

/// The least that OWASP asks for, and what no sign-in should take: a few are made at a time.
const MEMORY: RangeInclusive<u32> = 19_456..=1_048_576;
const PASSES: RangeInclusive<u32> = 2..=20;
const LANES: RangeInclusive<u32> = 1..=16;

/// What the hash of a password costs, and which are refused.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct PasswordsSection {
    /// Memory in KiB.
    pub(crate) memory_kib: u32,
    /// Passes over it.
    pub(crate) passes: u32,
    /// Lanes.
    pub(crate) lanes: u32,
    /// A sorted list of SHA-1 digests of passwords that were seen in breaches.
    pub(crate) breached: Option<PathBuf>,
    /// What a new password has to have.
    pub(crate) policy: PasswordPolicy,
}

/// What a new password has to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PasswordPolicy {
    /// Four kinds of characters too.
    #[default]
    Composition,
    /// Length, and that it is not easily guessed.
    Modern,
}

impl Default for PasswordsSection {
    fn default() -> Self {
        Self {
            memory_kib: *MEMORY.start(),
            passes: *PASSES.start(),
            lanes: *LANES.start(),
            breached: None,
            policy: PasswordPolicy::default(),
        }
    }
}

impl Validate for PasswordsSection {
    fn validate(&self) -> Result<(), Refused> {
        refuse_outside("passwords.memory_kib", self.memory_kib, &MEMORY, "KiB")?;
        refuse_outside("passwords.passes", self.passes, &PASSES, "passes")?;
        refuse_outside("passwords.lanes", self.lanes, &LANES, "lanes")
    }
}

impl PasswordsSection {
    /// As hashes are made; within the bounds above there are no others.
    pub(crate) fn parameters(&self) -> HashParameters {
        HashParameters::new(self.memory_kib, self.passes, self.lanes).unwrap_or_default()
    }

    /// What is asked of new passwords.
    pub(crate) fn mode(&self) -> Mode {
        match self.policy {
            PasswordPolicy::Composition => Mode::Composition,
            PasswordPolicy::Modern => Mode::Modern,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s04_the_cost_of_a_hash_is_a_setting() {
        let section = PasswordsSection {
            memory_kib: 65_536,
            passes: 3,
            lanes: 2,
            ..PasswordsSection::default()
        };
        let told = format!("{:?}", section.parameters());
        for part in ["m_cost: 65536", "t_cost: 3", "p_cost: 2"] {
            assert!(told.contains(part), "{told}");
        }
    }
}
