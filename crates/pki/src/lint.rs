//! The gate before every signature (BR §4.3.1.2): a certificate is signed only after its twin passed every lint.
//!
//! The twin has the same content and the signature of a throw-away key on something else, so it is a complete
//! certificate that nobody can use. The lints read its DER anew; they share no code with the builder beyond tags and
//! OIDs. That the names were validated and the key is strong is decided before. What only the Baseline Requirements ask
//! is not asked of private certificates.

use std::fmt;

use base::Timestamp;

use crate::algorithm::KeyAlgorithm;
use crate::certificate::TbsCertificate;
use crate::certificate::raw::RawCertificate;
use crate::certificate::tbs::assemble;
use crate::identity::Identity;
use crate::key::{KeyError, PublicKey};
use crate::profile::{Profile, ProfileTrust};
use crate::signer::{Signer as _, SignerError, SoftwareSigner};

mod extensions;
mod fields;
mod names;
mod qualified;
mod subject;

/// Makes twins and lints them, for issuers of one key algorithm.
pub(crate) struct Linter {
    signature: Vec<u8>,
}

/// Proof that the lints passed for one issuer; nothing else can be signed.
#[derive(Debug)]
pub struct Linted<T> {
    content: T,
    issuer_fingerprint: [u8; 32],
}

/// What the lints found, at least one thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Findings(Vec<Finding>);

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The lint's name.
    pub lint: &'static str,
    /// Where the rule stands.
    pub citation: &'static str,
    /// How it is broken.
    pub detail: String,
}

/// What a lint looks at.
pub(crate) struct Twin<'a> {
    pub(crate) certificate: &'a RawCertificate<'a>,
    pub(crate) key: Result<PublicKey, KeyError>,
    pub(crate) intended: &'a TbsCertificate,
    pub(crate) issuer: &'a Identity,
    pub(crate) profile: &'a Profile,
    pub(crate) now: Timestamp,
}

/// One rule: its name, its citation and its check, which says how the rule is broken.
pub(crate) struct Lint {
    pub(crate) name: &'static str,
    pub(crate) citation: &'static str,
    pub(crate) check: fn(&Twin<'_>) -> Result<(), String>,
}

impl Linter {
    /// Makes the throw-away key and its one signature. That takes a while, so an issuer keeps its linter.
    pub(crate) fn new(issuer: KeyAlgorithm) -> Result<Self, SignerError> {
        let algorithm = match issuer {
            KeyAlgorithm::Rsa { .. } => KeyAlgorithm::Rsa { bits: 2048 },
            KeyAlgorithm::EcdsaP256 | KeyAlgorithm::EcdsaP384 => issuer,
        };
        let throw_away = SoftwareSigner::generate(algorithm)?;
        Ok(Self {
            signature: throw_away.sign(b"no certificate")?,
        })
    }

    pub(crate) fn lint(
        &self,
        tbs: TbsCertificate,
        issuer: &Identity,
        profile: &Profile,
        now: Timestamp,
    ) -> Result<Linted<TbsCertificate>, Findings> {
        // As the issuer will write it: a module may sign with another digest than the throw-away key.
        let twin = assemble(tbs.der(), issuer.algorithm.identifier(), &self.signature);
        let certificate = RawCertificate::parse(&twin).map_err(|error| {
            Findings::one("encoding", "RFC 5280 §4.1", format!("not DER: {error}"))
        })?;
        let twin = Twin {
            certificate: &certificate,
            key: PublicKey::from_spki(certificate.fields.spki),
            intended: &tbs,
            issuer,
            profile,
            now,
        };
        let findings: Vec<Finding> = lints(profile.trust)
            .filter_map(|lint| {
                let detail = (lint.check)(&twin).err()?;
                Some(Finding {
                    lint: lint.name,
                    citation: lint.citation,
                    detail,
                })
            })
            .collect();
        if findings.is_empty() {
            Ok(Linted {
                content: tbs,
                issuer_fingerprint: issuer.fingerprint,
            })
        } else {
            Err(Findings(findings))
        }
    }
}

/// RFC 5280 and the profile hold for every certificate, the Baseline Requirements for public ones.
fn lints(trust: ProfileTrust) -> impl Iterator<Item = &'static Lint> {
    let every = [
        fields::LINTS,
        subject::LINTS,
        names::LINTS,
        extensions::LINTS,
        qualified::LINTS,
    ];
    let public = match trust {
        ProfileTrust::Public => [
            fields::PUBLIC_LINTS,
            names::PUBLIC_LINTS,
            extensions::PUBLIC_LINTS,
        ],
        ProfileTrust::Private => [[].as_slice(); 3],
    };
    every.into_iter().chain(public).flatten()
}

impl<T> Linted<T> {
    /// What passed.
    pub fn content(&self) -> &T {
        &self.content
    }

    /// What passed, if it did so for the issuer with this certificate fingerprint.
    pub(crate) fn into_content_for(self, issuer_fingerprint: &[u8; 32]) -> Option<T> {
        (self.issuer_fingerprint == *issuer_fingerprint).then_some(self.content)
    }
}

impl Findings {
    fn one(lint: &'static str, citation: &'static str, detail: String) -> Self {
        Self(vec![Finding {
            lint,
            citation,
            detail,
        }])
    }

    /// Each broken rule.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.0.iter()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the certificate breaks ")?;
        for (index, finding) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { "; " };
            let Finding {
                lint,
                citation,
                detail,
            } = finding;
            write!(f, "{separator}{lint} ({citation}): {detail}")?;
        }
        Ok(())
    }
}

/// `Err` with the text that `detail` makes, unless `holds`.
pub(crate) fn ensure(holds: bool, detail: impl FnOnce() -> String) -> Result<(), String> {
    if holds { Ok(()) } else { Err(detail()) }
}

/// For `map_err` on what cannot be read.
pub(crate) fn unreadable(error: impl fmt::Display) -> String {
    format!("cannot be read: {error}")
}

#[cfg(test)]
mod tests;
