//! What a validation leaves behind: what was seen, and what the client is told.

use acme::problem::{Kind, Problem};
use serde::{Deserialize, Serialize};
use validation::Failure;

/// What the client is told, with what is known beyond the failure; the portal explains further from the stored evidence.
pub(super) fn problem(failure: &Failure, detail: Option<String>) -> Problem {
    let kind = match failure.problem() {
        validation::Problem::Caa => Kind::Caa,
        validation::Problem::Connection => Kind::Connection,
        validation::Problem::Dns => Kind::Dns,
        validation::Problem::IncorrectResponse => Kind::IncorrectResponse,
        validation::Problem::Malformed => Kind::Malformed,
        validation::Problem::ServerInternal => Kind::ServerInternal,
        validation::Problem::Tls => Kind::Tls,
    };
    Problem::new(kind, detail.unwrap_or_else(|| failure.detail()))
}

/// What was seen, with the sentence for people when it failed.
#[derive(Serialize, Deserialize, Clone, Debug)]
pub struct StoredEvidence {
    /// What validation saw.
    pub seen: validation::Evidence,
    /// What a failure means and what to do, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

impl StoredEvidence {
    pub(super) fn to_json(&self) -> String {
        // Strings, numbers and lists of them cannot fail to serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}
