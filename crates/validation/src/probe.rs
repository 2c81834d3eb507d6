//! The question and the answer of a validation, and the trait that turns one into the other.
//!
//! Flows depend on this file only; tests give them a validator of their own.

use std::net::IpAddr;

use acme::caa;
use base::{DnsName, Identifier};
use futures_util::future::BoxFuture;

use crate::evidence::{CaaEvidence, Evidence, StoredEvidence};
use crate::failure::Failure;

/// One identifier to prove control of, by one challenge.
#[derive(Clone, Copy, Debug)]
pub struct Probe<'a> {
    /// What is to be proven; for a wildcard, the base name is what gets probed.
    pub identifier: &'a Identifier,
    /// How control is to be shown.
    pub method: Method<'a>,
}

/// The label that holds the records of dns-01 (RFC 8555 §8.4).
pub const ACME_LABEL: &str = "_acme-challenge";

/// The challenge, with what the client must have put in place for it.
#[derive(Clone, Copy, Debug)]
pub enum Method<'a> {
    /// A TXT record (RFC 8555 §8.4).
    Dns01 {
        /// What stands in front of the name where the record is: [`ACME_LABEL`] in an order.
        label: &'a str,
        /// What the record must hold; in an order base64url of the SHA-256 of the key authorization.
        digest: &'a str,
    },
    /// A file on the web server (RFC 8555 §8.3).
    Http01 {
        /// The challenge's token, part of the path.
        token: &'a str,
        /// What the file must hold: token, dot, thumbprint of the account key (§8.1).
        key_authorization: &'a str,
    },
}

impl Method<'_> {
    /// The challenge type as RFC 8555 §9.7.8 registers it.
    pub fn challenge_type(&self) -> &'static str {
        match self {
            Self::Dns01 { .. } => "dns-01",
            Self::Http01 { .. } => "http-01",
        }
    }
}

/// Whether CAA records let us issue for a name.
#[derive(Clone, Copy, Debug)]
pub struct CaaQuestion<'a> {
    /// The name, with `*.` for a wildcard.
    pub name: &'a DnsName,
    /// For whom, and how control of it is proven.
    pub request: caa::Request<'a>,
}

/// What CAA records say.
#[derive(Clone, Debug, PartialEq)]
pub struct CaaOutcome {
    /// Whether they let us issue, and if not, why.
    pub result: Result<(), Failure>,
    /// To be stored, whatever the result.
    pub evidence: CaaEvidence,
}

/// What a probe found, and what it saw on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Whether control of the name was shown, and if not, why.
    pub result: Result<(), Failure>,
    /// To be stored with the authorization, whatever the result.
    pub evidence: Evidence,
}

impl Outcome {
    /// What is stored of it, JSON.
    pub fn to_json(&self) -> String {
        let stored = StoredEvidence {
            seen: self.evidence.clone(),
            explanation: self.explanation(),
        };
        stored.to_json()
    }

    /// What happened, for the ACME client, with the address that answered: of several often only one is wrong.
    pub fn detail(&self) -> Option<String> {
        let failure = self.result.as_ref().err()?;
        let at = self.answered_at().map(|address| format!(" (at {address})"));
        Some(failure.detail() + &at.unwrap_or_default())
    }

    /// What it means and what to do next, for the person in the portal.
    pub fn explanation(&self) -> Option<String> {
        let failure = self.result.as_ref().err()?;
        let at = self.answered_at().filter(IpAddr::is_ipv6);
        let hint = at.map(|address| {
            format!(
                " The answer came from the IPv6 address {address}: if that is not the web server, correct or remove \
                 the AAAA entry in the DNS."
            )
        });
        Some(failure.explanation() + &hint.unwrap_or_default())
    }

    /// Where the last connection led; none when it could not be made.
    fn answered_at(&self) -> Option<IpAddr> {
        let address = self.evidence.hops.last()?.address?;
        Some(address.ip())
    }
}

/// To whom the DNS says that mails about a domain may go.
#[derive(Clone, Debug, PartialEq)]
pub struct ContactsOutcome {
    /// The addresses as they stand there; none where nobody is named.
    pub result: Result<Vec<String>, Failure>,
    /// To be stored, with where the addresses come from.
    pub evidence: Evidence,
}

/// Something that can tell whether a probe succeeds, and what CAA records say.
pub trait Validator: Send + Sync {
    /// Probes once. Never fails: every problem is an [`Outcome`].
    fn validate<'a>(&'a self, probe: Probe<'a>) -> BoxFuture<'a, Outcome>;

    /// Asks for CAA records (RFC 8659). Never fails: without an answer, nothing may be issued.
    fn caa<'a>(&'a self, question: CaaQuestion<'a>) -> BoxFuture<'a, CaaOutcome>;

    /// Asks who may be written to about a domain (BR §3.2.2.4.13, §3.2.2.4.14). Never fails.
    fn contacts<'a>(&'a self, domain: &'a DnsName) -> BoxFuture<'a, ContactsOutcome>;
}

impl<V: Validator + ?Sized> Validator for std::sync::Arc<V> {
    fn validate<'a>(&'a self, probe: Probe<'a>) -> BoxFuture<'a, Outcome> {
        (**self).validate(probe)
    }

    fn caa<'a>(&'a self, question: CaaQuestion<'a>) -> BoxFuture<'a, CaaOutcome> {
        (**self).caa(question)
    }

    fn contacts<'a>(&'a self, domain: &'a DnsName) -> BoxFuture<'a, ContactsOutcome> {
        (**self).contacts(domain)
    }
}
