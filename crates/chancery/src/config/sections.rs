//! All sections of the file. One more is a field here and a file of its own.

use serde::{Deserialize, Serialize};

use super::Config;
use super::acme::AcmeSection;
use super::limits::LimitsSection;
use super::logging::LoggingSection;
use super::mail::MailSection;
use super::network::NetworkSection;
use super::passwords::PasswordsSection;
use super::refused::{Refused, Validate};
use super::retention::RetentionSection;
use super::runtime::RuntimeSection;
use super::storage::StorageSection;

/// All sections, by the names that they have in the file.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Sections {
    pub(super) acme: AcmeSection,
    pub(super) limits: LimitsSection,
    pub(super) logging: LoggingSection,
    pub(super) mail: MailSection,
    pub(super) network: NetworkSection,
    pub(super) passwords: PasswordsSection,
    pub(super) retention: RetentionSection,
    pub(super) runtime: RuntimeSection,
    pub(super) storage: StorageSection,
}

impl Sections {
    /// Refuses values that have the right type and cannot be used.
    pub(super) fn validate(&self) -> Result<(), Refused> {
        let all: [&dyn Validate; 9] = [
            &self.acme,
            &self.limits,
            &self.logging,
            &self.mail,
            &self.network,
            &self.passwords,
            &self.retention,
            &self.runtime,
            &self.storage,
        ];
        all.into_iter().try_for_each(Validate::validate)
    }

    /// What is in force, for people.
    pub(super) fn in_force(mut self, config: &Config) -> Self {
        self.storage.sealing_key = Some(config.sealing_key.clone());
        self
    }
}
