//! How long it takes to prove control of a name, and to sign a certificate.

use std::time::Duration;

use acme::challenge::Type;
use pki::KeyAlgorithm;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use validation::Failure;

use super::{NewHistogram, observe};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Validated {
    challenge: &'static str,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SignedBy {
    key: &'static str,
}

/// What comes before a certificate and makes it.
pub(crate) struct Proofs {
    validations: Family<Validated, Histogram, NewHistogram>,
    signatures: Family<SignedBy, Histogram, NewHistogram>,
}

impl Proofs {
    pub(super) fn registered(registry: &mut Registry) -> Self {
        let new = Self {
            validations: Family::new_with_constructor(of_network),
            signatures: Family::new_with_constructor(of_signature),
        };
        registry.register(
            "validation_duration_seconds",
            "Validations that have ended, from the first question to the outcome",
            new.validations.clone(),
        );
        registry.register(
            "signature_duration_seconds",
            "Certificates signed, with the wait for a thread if the key needs one",
            new.signatures.clone(),
        );
        new
    }

    /// A validation has ended.
    pub(crate) fn validated(&self, by: Type, result: &Result<(), Failure>, took: Duration) {
        let labels = Validated {
            challenge: by.as_str(),
            result: match result {
                Ok(()) => "valid",
                Err(failure) => failure.problem().as_str(),
            },
        };
        observe(&self.validations.get_or_create(&labels), took);
    }

    /// A certificate was signed.
    pub(crate) fn signed(&self, by: KeyAlgorithm, took: Duration) {
        let labels = SignedBy {
            key: match by {
                KeyAlgorithm::EcdsaP256 => "ecdsa-p256",
                KeyAlgorithm::EcdsaP384 => "ecdsa-p384",
                KeyAlgorithm::Rsa { .. } => "rsa",
            },
        };
        observe(&self.signatures.get_or_create(&labels), took);
    }
}

/// A validation ends after about ten seconds at the latest.
fn of_network() -> Histogram {
    Histogram::new([
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0,
    ])
}

/// A tenth of a millisecond on P-256, one and more with RSA.
fn of_signature() -> Histogram {
    Histogram::new([
        0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0,
    ])
}
