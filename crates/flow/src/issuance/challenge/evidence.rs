//! What a validation leaves behind: what was seen, and what the client is told.

use acme::problem::{Kind, Problem};
use validation::Failure;
pub use validation::StoredEvidence;

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
