//! What was typed to delegate a domain.

use std::collections::BTreeMap;

use serde::Deserialize;
use tenancy::certificate_type::AllowedTypes;

/// To whom, and a tick for each type of certificates.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct DelegationForm {
    pub(super) organization: String,
    #[serde(flatten)]
    ticked: BTreeMap<String, String>,
}

impl DelegationForm {
    /// The types that were ticked.
    pub(super) fn types(&self) -> Option<AllowedTypes> {
        let all = AllowedTypes::all();
        let words = all.words().map(|(word, _)| word);
        let ticked: Vec<_> = words
            .filter(|word| self.ticked.contains_key(*word))
            .collect();
        AllowedTypes::parse(&ticked.join(" "))
    }
}
