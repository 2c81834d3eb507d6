//! CAA (RFC 8659 with the parameters of RFC 8657): whether the records of a domain let us issue.
//!
//! Looking records up is `validation`'s. A value that cannot be read names nobody, and a parameter that cannot be
//! satisfied forbids what its property would allow: every doubt is a no.

mod value;

use std::fmt;

use base::DnsName;

use crate::challenge::Type;
pub use value::IssueValue;

/// A CAA record as the DNS holds it (RFC 8659 §4.1).
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Record {
    /// Of these, only the highest bit means something: that the tag has to be understood.
    pub flags: u8,
    /// What the record says something about, in any case.
    pub tag: String,
    /// What it says.
    pub value: Vec<u8>,
}

/// What is to be issued, by whom and for whom.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// Whether the name is a wildcard.
    pub is_wildcard: bool,
    /// How control of the name is proven.
    pub method: Type,
    /// The names that records call us by.
    pub identities: &'a [String],
    /// The URIs of the account that asks: its own, then those of accounts that stand above it.
    pub accounts: &'a [String],
}

/// Why records let us issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Permission {
    /// A property names us.
    Named {
        /// As which of our identities.
        identity: String,
        /// For which account, if it says so (RFC 8657 §3).
        account: Option<String>,
    },
    /// There are no records, or none that says who may issue for such a name.
    Unrestricted,
}

/// Why records do not let us issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// We are named, but for other accounts (RFC 8657 §3).
    Account,
    /// Something has to be understood that is not (RFC 8659 §4.1).
    Critical {
        /// The tag.
        tag: String,
    },
    /// We are named, but for other ways to prove control (RFC 8657 §4).
    Method {
        /// How control is proven.
        method: Type,
    },
    /// Nobody may issue, or others.
    NotNamed {
        /// Who may, at most [`SHOWN`] of them.
        others: Vec<String>,
    },
}

/// How many others are shown.
pub const SHOWN: usize = 3;

/// Issuers have to understand a record with this flag (RFC 8659 §4.1).
const CRITICAL: u8 = 128;

/// The tags that we understand. Of these, the last ones say nothing about certificates for servers: where to complain,
/// whom to write to, and who may issue for mail (RFC 9495).
const UNDERSTOOD: [&str; 6] = [
    "issue",
    "issuewild",
    "iodef",
    "issuemail",
    "contactemail",
    "contactphone",
];

/// Where records may stand that count for a name, closest first: at its own, without `*.`, and at each name above but the
/// root (RFC 8659 §3). Those of the first name that has any count.
pub fn places(name: &DnsName) -> Vec<String> {
    let base = name.base();
    let mut rest = Some(base.as_str());
    let mut places = Vec::new();
    while let Some(place) = rest {
        places.push(place.to_owned());
        rest = place.split_once('.').map(|(_, above)| above);
    }
    places
}

/// Judges the records that count for a name (RFC 8659 §4, RFC 8657).
pub fn decide(records: &[Record], request: Request<'_>) -> Result<Permission, Refusal> {
    if let Some(critical) = records.iter().find(|record| !record.is_understood()) {
        return Err(Refusal::Critical {
            tag: printable(&critical.tag),
        });
    }
    let of = |tag: &str| -> Vec<&Record> {
        let all = records.iter();
        all.filter(|record| record.has_tag(tag)).collect()
    };
    let mut properties = of("issue");
    if request.is_wildcard {
        let wild = of("issuewild");
        if !wild.is_empty() {
            properties = wild;
        }
    }
    if properties.is_empty() {
        return Ok(Permission::Unrestricted);
    }
    judge(&properties, request)
}

/// One property that is satisfied is enough.
fn judge(properties: &[&Record], request: Request<'_>) -> Result<Permission, Refusal> {
    let mut refusal = None;
    let mut others = Vec::new();
    for property in properties {
        let value = IssueValue::parse(&property.value);
        let Some(IssueValue {
            issuer: Some(issuer),
            parameters,
        }) = value
        else {
            continue;
        };
        let identity = request
            .identities
            .iter()
            .find(|own| own.eq_ignore_ascii_case(&issuer));
        let Some(identity) = identity else {
            others.push(issuer);
            continue;
        };
        match constraints(&parameters, request) {
            Ok(account) => {
                return Ok(Permission::Named {
                    identity: identity.clone(),
                    account,
                });
            }
            Err(failed) => refusal = Some(failed),
        }
    }
    others.truncate(SHOWN);
    Err(refusal.unwrap_or(Refusal::NotNamed { others }))
}

/// What RFC 8657 adds; parameters that nobody has defined restrict nothing. The account that a property is for.
fn constraints(
    parameters: &[(String, String)],
    request: Request<'_>,
) -> Result<Option<String>, Refusal> {
    let account = match only(parameters, "accounturi") {
        Given::Absent => None,
        Given::Once(uri) if request.accounts.iter().any(|own| own == uri) => Some(uri.to_owned()),
        Given::Once(_) | Given::Often => return Err(Refusal::Account),
    };
    let method = request.method;
    match only(parameters, "validationmethods") {
        Given::Absent => Ok(account),
        Given::Once(list) if lists(list, method.as_str()) => Ok(account),
        Given::Once(_) | Given::Often => Err(Refusal::Method { method }),
    }
}

/// RFC 8657 §4: a list with something in it that cannot be a label allows nothing.
fn lists(list: &str, method: &str) -> bool {
    let is_label = |label: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        !label.is_empty() && label.bytes().all(allowed)
    };
    let mut labels = list.split(',');
    labels.clone().all(is_label) && labels.any(|label| label == method)
}

/// How often a property has a parameter.
enum Given<'p> {
    Absent,
    Once(&'p str),
    /// That cannot be satisfied (RFC 8657 §3, §4).
    Often,
}

fn only<'p>(parameters: &'p [(String, String)], tag: &str) -> Given<'p> {
    let all = parameters.iter();
    let mut with_tag = all.filter(|(each, _)| each.eq_ignore_ascii_case(tag));
    match (with_tag.next(), with_tag.next()) {
        (None, _) => Given::Absent,
        (Some((_, value)), None) => Given::Once(value),
        (Some(_), Some(_)) => Given::Often,
    }
}

impl Record {
    fn has_tag(&self, tag: &str) -> bool {
        self.tag.eq_ignore_ascii_case(tag)
    }

    /// Whether it may be passed over, or says something that we know.
    fn is_understood(&self) -> bool {
        let is_critical = self.flags & CRITICAL != 0;
        !is_critical || UNDERSTOOD.iter().any(|tag| self.has_tag(tag))
    }
}

/// As in a zone file, for messages and evidence: what others wrote, shortened, without signs that are not printed.
impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = String::from_utf8_lossy(&self.value);
        let (flags, tag) = (self.flags, printable(&self.tag));
        write!(f, "{flags} {tag} \"{}\"", printable(&value))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("they allow this CA for another account only"),
            Self::Critical { tag } => {
                write!(
                    f,
                    "they say with \"{tag}\" something that has to be understood and is not known here"
                )
            }
            Self::Method { method } => {
                write!(f, "they allow this CA, but not by {}", method.as_str())
            }
            Self::NotNamed { others } if others.is_empty() => f.write_str("they allow no CA"),
            Self::NotNamed { others } => write!(f, "they allow {} only", others.join(", ")),
        }
    }
}

/// How much of a text of others is shown.
const LONGEST: usize = 200;

fn printable(text: &str) -> String {
    let plain = |letter: char| {
        if (' '..='~').contains(&letter) {
            letter
        } else {
            '.'
        }
    };
    text.chars().take(LONGEST).map(plain).collect()
}

#[cfg(test)]
mod tests;
