//! Names of a lab network, written down instead of looked up.
//!
//! Falls through to the lab's DNS server when there is one; otherwise unknown names do not exist,
//! so that a lab without a server never sends a query.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::sync::Arc;

use base::DnsName;
use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};

use super::{Addresses, CaaRecords, LookupError, LookupFailure, Resolver, TxtRecords};

/// One line of a lab's table: `www.example.test=127.0.0.1`, `*.example.test=::1`, `*=127.0.0.1`.
/// Several lines with the same names give several addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabHost {
    names: Names,
    /// Where these names live.
    pub address: IpAddr,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Names {
    All,
    /// Every name that ends in this, which begins with a dot.
    Below(String),
    One(String),
}

/// The text is not a line of a lab table.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("\"{0}\" is not NAME=ADDRESS, where NAME is a domain name, *.SUFFIX or *")]
pub struct LabHostError(String);

impl FromStr for LabHost {
    type Err = LabHostError;

    fn from_str(text: &str) -> Result<Self, LabHostError> {
        let error = || LabHostError(text.to_owned());
        let (names, address) = text.split_once('=').ok_or_else(error)?;
        let address = address.trim().parse().map_err(|_| error())?;
        let names = Names::parse(names.trim()).ok_or_else(error)?;
        Ok(Self { names, address })
    }
}

impl fmt::Display for LabHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.names {
            Names::All => write!(f, "*={}", self.address),
            Names::Below(suffix) => write!(f, "*{suffix}={}", self.address),
            Names::One(name) => write!(f, "{name}={}", self.address),
        }
    }
}

impl Names {
    fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::All);
        }
        if let Some(suffix) = text.strip_prefix("*.") {
            // A suffix may be one label, which is not a domain name: *.test
            let whole = DnsName::parse(&format!("a.{suffix}")).ok()?;
            return whole
                .as_str()
                .get(1..)
                .map(|tail| Self::Below(tail.to_owned()));
        }
        let name = DnsName::parse(text).ok()?;
        Some(Self::One(name.as_str().to_owned()))
    }

    /// How closely this names `name`; the closest lines win.
    fn closeness(&self, name: &str) -> Option<usize> {
        match self {
            Self::All => Some(0),
            Self::Below(suffix) => name.ends_with(suffix.as_str()).then_some(suffix.len()),
            Self::One(exact) => (exact == name).then_some(usize::MAX),
        }
    }
}

/// The lab's table, with an optional server behind it.
pub(crate) struct StaticTable {
    hosts: Vec<LabHost>,
    server: Option<Arc<dyn Resolver>>,
    description: String,
}

impl StaticTable {
    pub(crate) fn new(hosts: Vec<LabHost>, server: Option<Arc<dyn Resolver>>) -> Self {
        let description = match &server {
            Some(server) => format!("lab table, {}", server.description()),
            None => "lab table".to_owned(),
        };
        Self {
            hosts,
            server,
            description,
        }
    }

    fn listed(&self, name: &str) -> Vec<IpAddr> {
        let matching = || {
            self.hosts
                .iter()
                .filter_map(|host| Some((host.names.closeness(name)?, host.address)))
        };
        let closest = matching().map(|(closeness, _)| closeness).max();
        matching()
            .filter(|(closeness, _)| Some(*closeness) == closest)
            .map(|(_, address)| address)
            .collect()
    }
}

impl Resolver for StaticTable {
    fn addresses<'a>(&'a self, name: &'a DnsName) -> BoxFuture<'a, Result<Addresses, LookupError>> {
        let addresses = self.listed(name.as_str());
        if !addresses.is_empty() {
            let found = Addresses {
                addresses,
                ..Addresses::default()
            };
            return ready(Ok(found)).boxed();
        }
        match &self.server {
            Some(server) => server.addresses(name),
            None => ready(Err(unknown(name.as_str(), "A and AAAA"))).boxed(),
        }
    }

    fn txt<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<TxtRecords, LookupError>> {
        match &self.server {
            Some(server) => server.txt(name),
            None => ready(Err(unknown(name, "TXT"))).boxed(),
        }
    }

    fn caa<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<CaaRecords, LookupError>> {
        match &self.server {
            Some(server) => server.caa(name),
            None => ready(Ok(CaaRecords::default())).boxed(),
        }
    }

    fn description(&self) -> &str {
        &self.description
    }
}

fn unknown(name: &str, records: &'static str) -> LookupError {
    LookupError {
        name: name.to_owned(),
        records,
        cause: LookupFailure::NoSuchName,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines: &[&str], name: &str, expected: &[&str]) {
        let hosts = lines.iter().map(|line| line.parse().unwrap()).collect();
        let table = StaticTable::new(hosts, None);
        let expected: Vec<IpAddr> = expected.iter().map(|text| text.parse().unwrap()).collect();
        assert_eq!(table.listed(name), expected);
    }

    #[test]
    fn the_closest_line_wins() {
        let lines = [
            "*=127.0.0.1",
            "*.test=127.0.0.2",
            "*.example.test=127.0.0.3",
            "www.example.test=127.0.0.4",
            "www.example.test=::1",
        ];
        check(&lines, "www.example.test", &["127.0.0.4", "::1"]);
        check(&lines, "a.b.example.test", &["127.0.0.3"]);
        check(&lines, "example.test", &["127.0.0.2"]);
        check(&lines, "notexample.test", &["127.0.0.2"]);
        check(&lines, "example.com", &["127.0.0.1"]);
        check(&["*.example.test=127.0.0.3"], "example.test", &[]);
        check(&["*.example.test=127.0.0.3"], "notexample.test", &[]);
    }

    #[test]
    fn lines_are_read_and_written() {
        for text in ["*=127.0.0.1", "*.test=::1", "example.test=127.0.0.9"] {
            assert_eq!(text.parse::<LabHost>().unwrap().to_string(), text);
        }
        for text in [
            "example.test",
            "=127.0.0.1",
            "a.*.test=::1",
            "example.test=host",
            "*.=::1",
        ] {
            assert!(text.parse::<LabHost>().is_err(), "{text}");
        }
    }
}
