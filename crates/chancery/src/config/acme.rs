//! `[acme]`: what the ACME server tells its clients and asks of them. A directory may have rules of its own
//! (docs/catalog.md).

use std::ops::RangeInclusive;
use std::path::PathBuf;

use base::DnsName;
use serde::{Deserialize, Serialize};

use super::refused::{Refused, Validate, refuse_other_than_url, refuse_outside};

/// The most names that an order can be allowed to have.
const NAMES: RangeInclusive<usize> = 1..=1_000;
/// Proofs of control are used again for at most 398 days; one that lasts no hour would end before its order.
const REUSE_HOURS: RangeInclusive<u64> = 1..=398 * 24;

/// What the ACME server tells its clients and asks of them.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct AcmeSection {
    /// The URL of the terms of service that clients have to agree to.
    pub(crate) terms_of_service: Option<String>,
    /// The URL of a page about this service, for the directory.
    pub(crate) website: Option<String>,
    /// The names by which CAA records allow this CA.
    pub(crate) caa_identities: Vec<String>,
    /// Files with keys of Debian's predictable generator, in the form of its package `openssl-blacklist`.
    pub(crate) weak_keys: Vec<PathBuf>,
    /// The most names an order may have.
    pub(crate) max_names: usize,
    /// Hours for which a proof of control may be used again.
    pub(crate) authorization_reuse_hours: u64,
}

impl Default for AcmeSection {
    fn default() -> Self {
        Self {
            terms_of_service: None,
            website: None,
            caa_identities: Vec::new(),
            weak_keys: Vec::new(),
            max_names: 100,
            authorization_reuse_hours: 168,
        }
    }
}

impl Validate for AcmeSection {
    fn validate(&self) -> Result<(), Refused> {
        for (key, url) in [
            ("acme.terms_of_service", &self.terms_of_service),
            ("acme.website", &self.website),
        ] {
            url.as_ref()
                .map_or(Ok(()), |url| refuse_other_than_url(key, url))?;
        }
        for name in &self.caa_identities {
            if DnsName::parse(name).is_err() || name.starts_with('*') {
                let key = "acme.caa_identities";
                let value = format!("\"{name}\"");
                return Err(Refused::new(
                    key,
                    value,
                    "DNS names, such as ca.example.com",
                ));
            }
        }
        refuse_outside("acme.max_names", self.max_names, &NAMES, "names")?;
        let hours = self.authorization_reuse_hours;
        refuse_outside(
            "acme.authorization_reuse_hours",
            hours,
            &REUSE_HOURS,
            "hours",
        )
    }
}
