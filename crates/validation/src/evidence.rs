//! What a validation saw, in a form that is stored with the authorization and shown to people.
//!
//! It holds names, addresses, status codes and times, and never any part of a response body.
//! Compact JSON: what is empty or absent is left out.

use std::net::{IpAddr, SocketAddr};

use base::Timestamp;
use serde::{Deserialize, Serialize};

/// Everything one validation saw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// When the validation began.
    pub started_at: Timestamp,
    /// `http-01`, `dns-01` or `ca-mail`.
    pub challenge: String,
    /// Which name servers, or which lab table, answered.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub resolver: String,
    /// Set when nothing was probed, because a bench declared every name valid.
    #[serde(default, skip_serializing_if = "is_false")]
    pub assumed: bool,
    /// The DNS lookups, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<Lookup>,
    /// The HTTP requests, in order: the challenge URL and each redirect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<Hop>,
    /// The mails that asked for it, if it was confirmed by mail.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mail: Option<MailEvidence>,
    /// What CAA records said, if they were asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caa: Option<CaaEvidence>,
    /// How long the whole validation took, in milliseconds.
    pub ms: u64,
}

/// How control of a domain was confirmed by mail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailEvidence {
    /// Where the addresses come from.
    pub source: MailSource,
    /// To whom the mail went.
    pub to: Vec<String>,
    /// When somebody confirmed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// From which network address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_from: Option<String>,
}

/// Where the addresses of a mail come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailSource {
    /// One of five names at the domain (BR §3.2.2.4.4).
    Constructed,
    /// The property `contactemail` of CAA records (BR §3.2.2.4.13).
    CaaContact,
    /// TXT records at `_validation-contactemail` (BR §3.2.2.4.14).
    TxtContact,
}

/// What was seen as it is stored, with the sentence for people when it failed.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoredEvidence {
    /// What validation saw.
    pub seen: Evidence,
    /// What a failure means and what to do, in plain words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explanation: Option<String>,
}

impl StoredEvidence {
    /// As JSON.
    pub fn to_json(&self) -> String {
        // Strings, numbers and lists of them cannot fail to serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// What CAA records said when a name was proven, or again before its certificate was signed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CaaEvidence {
    /// When they were asked for.
    pub checked_at: Timestamp,
    /// The lookups, from the name up to where records were found, or to the top.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<CaaLookup>,
    /// The records that counted, at most ten; they stand at the name of the last lookup.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<String>,
    /// As whom they let us issue, if they name us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_as: Option<String>,
    /// The account that they let us issue for, if they name one: that of the client, or its parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowed_account: Option<String>,
    /// Why they do not let us issue, or why nothing is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// In milliseconds.
    pub ms: u64,
}

/// One lookup of CAA records.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CaaLookup {
    /// The name that was asked for.
    pub name: String,
    /// The names it is an alias for, in order (CNAME).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// Whether DNSSEC vouches for the answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secure: bool,
    /// Whether the answer was known from less than a minute ago.
    #[serde(default, skip_serializing_if = "is_false")]
    pub remembered: bool,
    /// Why there was no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One DNS lookup; for addresses, the A and AAAA queries together.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Lookup {
    /// The name that was asked for.
    pub name: String,
    /// The names it is an alias for, in order (CNAME).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<String>,
    /// The addresses found, at most sixteen.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<Address>,
    /// Whether DNSSEC vouches for the answer.
    #[serde(default, skip_serializing_if = "is_false")]
    pub secure: bool,
    /// How many TXT records were found.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub txt_records: Option<usize>,
    /// Why the lookup, or one of its two queries, gave no answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// In milliseconds.
    pub ms: u64,
}

/// An address that a name has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Address {
    /// The address.
    pub ip: IpAddr,
    /// Why it must not be contacted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// One HTTP request with its connection attempts.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Hop {
    /// What was requested, shortened to 200 characters.
    pub url: String,
    /// Connection attempts that failed before one held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failed: Vec<Attempt>,
    /// The address that was connected to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<SocketAddr>,
    /// The status of the response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// From the lookup of its name to the end of the response, in milliseconds.
    pub ms: u64,
}

/// A connection attempt that failed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// Where to.
    pub address: SocketAddr,
    /// Why it failed.
    pub error: String,
    /// In milliseconds.
    pub ms: u64,
}

impl Evidence {
    /// Evidence of a validation that begins now and has seen nothing yet.
    pub fn new(started_at: Timestamp, challenge: &str) -> Self {
        Self {
            started_at,
            challenge: challenge.to_owned(),
            resolver: String::new(),
            assumed: false,
            lookups: Vec::new(),
            hops: Vec::new(),
            mail: None,
            caa: None,
            ms: 0,
        }
    }
}

impl CaaEvidence {
    /// Evidence of a check that begins now and has seen nothing yet.
    pub fn new(checked_at: Timestamp) -> Self {
        Self {
            checked_at,
            lookups: Vec::new(),
            records: Vec::new(),
            allowed_as: None,
            allowed_account: None,
            refused: None,
            ms: 0,
        }
    }
}

/// Cuts a text that others chose to a length that is fit for storing.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls this with a reference"
)]
fn is_false(flag: &bool) -> bool {
    !*flag
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Evidence {
        let mut evidence = Evidence::new(Timestamp::from_seconds(1_795_435_200), "http-01");
        evidence.resolver = "127.0.0.1:53".into();
        evidence.lookups.push(Lookup {
            name: "www.example.com".into(),
            aliases: vec!["web.example.net".into()],
            addresses: vec![Address {
                ip: "10.0.0.1".parse().unwrap(),
                refused: Some("a private address".into()),
            }],
            ms: 3,
            ..Lookup::default()
        });
        evidence.hops.push(Hop {
            url: "http://www.example.com/.well-known/acme-challenge/abc".into(),
            address: Some("[2001:db8::1]:80".parse().unwrap()),
            status: Some(200),
            ms: 12,
            ..Hop::default()
        });
        evidence
    }

    #[test]
    fn json_is_compact_and_round_trips() {
        let json = serde_json::to_string(&sample()).unwrap();
        assert!(json.len() < 450, "{} bytes: {json}", json.len());
        assert!(!json.contains("null") && !json.contains("assumed"));
        assert_eq!(serde_json::from_str::<Evidence>(&json).unwrap(), sample());
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(shortened("aää", 2), "aä…");
        assert_eq!(shortened("aää", 3), "aää");
    }
}
