//! How names become addresses, TXT records and CAA records, and whether DNSSEC vouches for that.
//!
//! One lookup asks afresh: nothing is cached, so that a record a client has just added is seen
//! (negative caching in a shared resolver is what makes dns-01 flaky elsewhere). Remembered for a while are only the keys
//! and delegations that DNSSEC stands on, and that a name has no CAA records.

pub mod anchors;
pub(crate) mod hickory;
pub(crate) mod static_table;

use std::net::IpAddr;

use base::DnsName;
use futures_util::future::BoxFuture;

/// What DNSSEC says about an answer. There is no third value: what should be secure and is not, is no answer
/// ([`LookupFailure::Bogus`]).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Security {
    /// It is proven that nobody signs there (RFC 4035 §4.3), or this is a lab that knows no key.
    #[default]
    Insecure,
    /// Signed, under a key that we trust.
    Secure,
}

impl Security {
    /// What is said about two answers together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Secure, Self::Secure) => Self::Secure,
            (Self::Insecure, _) | (_, Self::Insecure) => Self::Insecure,
        }
    }
}

/// The addresses of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Addresses {
    /// At least one, IPv6 and IPv4 in the order the server gave, not yet guarded.
    pub addresses: Vec<IpAddr>,
    /// The names it is an alias for, in order.
    pub aliases: Vec<String>,
    /// Why one of the two queries, A or AAAA, failed while the other gave addresses.
    pub partial_failure: Option<LookupError>,
    /// Of all of them.
    pub security: Security,
}

/// The TXT records of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TxtRecords {
    /// One text per record, its character-strings joined (as in RFC 7208 §3.3).
    pub values: Vec<String>,
    /// The names it is an alias for, in order.
    pub aliases: Vec<String>,
    /// Of all of them.
    pub security: Security,
}

/// The CAA records of a name, which may be none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaaRecords {
    /// As the DNS holds them.
    pub records: Vec<CaaRecord>,
    /// The names it is an alias for, in order.
    pub aliases: Vec<String>,
    /// Of all of them, or of the answer that there are none.
    pub security: Security,
    /// Whether this was known from an earlier answer.
    pub is_remembered: bool,
}

/// A CAA record (RFC 8659 §4.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CaaRecord {
    /// The flags.
    pub flags: u8,
    /// The property's tag.
    pub tag: String,
    /// The property's value.
    pub value: Vec<u8>,
}

/// A lookup that gave nothing to work with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{cause} while looking up {records} records for {name}")]
pub struct LookupError {
    /// The name that was asked for.
    pub name: String,
    /// `A`, `AAAA`, `A and AAAA`, `CAA` or `TXT`.
    pub records: &'static str,
    /// What happened.
    pub cause: LookupFailure,
}

/// What can go wrong in a lookup.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LookupFailure {
    /// DNSSEC validation failed.
    #[error("DNSSEC validation failed")]
    Bogus,
    /// An answer that is not DNS, or not to the question.
    #[error("the name server's answer could not be used ({0})")]
    Malformed(String),
    /// The name exists without records of this type (RFC 2308 §2.2, NODATA).
    #[error("no records found")]
    NoRecords,
    /// The name does not exist (RFC 2308 §2.1).
    #[error("NXDOMAIN: the name does not exist")]
    NoSuchName,
    /// The server does not answer us (RCODE 5).
    #[error("the name server refused the query")]
    Refused,
    /// Another error response of the server.
    #[error("the name server answered with an error ({0})")]
    ResponseCode(String),
    /// The server could not find out (RCODE 2): lame delegation, broken DNSSEC, dead servers.
    #[error("SERVFAIL")]
    ServerFailure,
    /// The same, and it said why (RFC 8914).
    #[error("SERVFAIL, {0}")]
    ServerFailureExplained(String),
    /// No answer in time.
    #[error("timeout")]
    Timeout,
    /// The configured name servers cannot be reached at all.
    #[error("the name server could not be reached ({0})")]
    Unreachable(String),
}

impl LookupFailure {
    /// Whether the server answered that there is nothing, as opposed to not knowing.
    pub fn is_negative_answer(&self) -> bool {
        matches!(self, Self::NoRecords | Self::NoSuchName)
    }
}

/// Something that answers DNS questions.
pub trait Resolver: Send + Sync {
    /// All IPv4 and IPv6 addresses of a name, aliases followed.
    fn addresses<'a>(&'a self, name: &'a DnsName) -> BoxFuture<'a, Result<Addresses, LookupError>>;

    /// All TXT records at `name`, a full name without its last dot, aliases followed.
    fn txt<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<TxtRecords, LookupError>>;

    /// All CAA records at `name`, a full name without its last dot, aliases followed; that there are none is an answer.
    fn caa<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<CaaRecords, LookupError>>;

    /// Who answers, for the evidence: `192.0.2.53:53`.
    fn description(&self) -> &str;
}

/// One answer out of the A and the AAAA query. Addresses of one family are enough; without any, a
/// query that failed counts more than one that found nothing.
pub(crate) fn combine(
    v6: Result<Addresses, LookupError>,
    v4: Result<Addresses, LookupError>,
) -> Result<Addresses, LookupError> {
    match (v6, v4) {
        (Ok(mut both), Ok(v4)) => {
            both.addresses.extend(v4.addresses);
            both.security = both.security.and(v4.security);
            if both.aliases.is_empty() {
                both.aliases = v4.aliases;
            }
            Ok(both)
        }
        (Ok(mut found), Err(error)) | (Err(error), Ok(mut found)) => {
            found.partial_failure = (!error.cause.is_negative_answer()).then_some(error);
            Ok(found)
        }
        (Err(v6), Err(v4)) => Err(combine_errors(v6, v4)),
    }
}

fn combine_errors(v6: LookupError, v4: LookupError) -> LookupError {
    if !v4.cause.is_negative_answer() {
        return v4;
    }
    if !v6.cause.is_negative_answer() {
        return v6;
    }
    // A server that answers NXDOMAIN to one type only is broken; the name exists then.
    let cause = if v4.cause == v6.cause {
        v4.cause
    } else {
        LookupFailure::NoRecords
    };
    LookupError {
        records: "A and AAAA",
        cause,
        ..v4
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(records: &'static str, cause: LookupFailure) -> Result<Addresses, LookupError> {
        Err(LookupError {
            name: "example.com".into(),
            records,
            cause,
        })
    }

    fn found(address: &str) -> Addresses {
        Addresses {
            addresses: vec![address.parse().unwrap()],
            ..Addresses::default()
        }
    }

    #[track_caller]
    fn check(v6: LookupFailure, v4: LookupFailure, expected: &(&str, LookupFailure)) {
        let error = combine(failed("AAAA", v6), failed("A", v4)).unwrap_err();
        assert_eq!(&(error.records, error.cause), expected);
    }

    #[test]
    fn one_family_is_enough() {
        let both = combine(Ok(found("2001:db8::1")), Ok(found("192.0.2.1"))).unwrap();
        assert_eq!(both.addresses.len(), 2);
        let v4 = combine(
            failed("AAAA", LookupFailure::NoRecords),
            Ok(found("192.0.2.1")),
        )
        .unwrap();
        assert_eq!(v4.partial_failure, None);
        let broken = combine(
            failed("AAAA", LookupFailure::ServerFailure),
            Ok(found("192.0.2.1")),
        );
        assert!(broken.unwrap().partial_failure.is_some());
    }

    #[test]
    fn failures_count_more_than_empty_answers() {
        use LookupFailure::{NoRecords, NoSuchName, ServerFailure, Timeout};
        check(NoSuchName, NoSuchName, &("A and AAAA", NoSuchName));
        check(NoRecords, NoSuchName, &("A and AAAA", NoRecords));
        check(Timeout, NoRecords, &("AAAA", Timeout));
        check(NoRecords, ServerFailure, &("A", ServerFailure));
        check(Timeout, ServerFailure, &("A", ServerFailure));
    }
}
