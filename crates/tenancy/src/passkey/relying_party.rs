//! For whom passkeys are: the portal, by the URL that the settings have and not by what a request says.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::token::sha256;

/// The name by which browsers let a page of this machine have passkeys.
const LOCALHOST: &str = "localhost";

/// The portal, as authenticators know it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelyingParty {
    id: String,
    origin: String,
}

impl RelyingParty {
    /// The portal at a URL; `None` where browsers have no passkeys: at an address without a name, and without TLS. A portal
    /// of this machine has them at `localhost`.
    pub fn at(url: &str) -> Option<Self> {
        let (scheme, rest) = url.split_once("://")?;
        let authority = rest.split(['/', '?', '#']).next()?.to_ascii_lowercase();
        let (host, port) = split_port(&authority)?;
        let is_local = host == LOCALHOST || is_loopback(host);
        let host = if is_local { LOCALHOST } else { host };
        let has_name = host.chars().any(|letter| letter.is_ascii_alphabetic());
        let is_name = has_name && !host.contains([':', '[', '@']);
        let is_secure = scheme == "https" || scheme == "http" && is_local;
        let port = match (scheme, port) {
            ("https", "443") | ("http", "80") | (_, "") => String::new(),
            (_, port) => format!(":{port}"),
        };
        (is_name && is_secure).then(|| Self {
            id: host.to_owned(),
            origin: format!("{scheme}://{host}{port}"),
        })
    }

    /// Its id: the name of the host.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The one origin whose pages may ask.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What authenticators sign in place of the id (§6.1).
    pub(super) fn id_hash(&self) -> [u8; 32] {
        sha256(self.id.as_bytes())
    }
}

/// Host and port; the port is empty when there is none.
fn split_port(authority: &str) -> Option<(&str, &str)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        return Some((host, port.strip_prefix(':').unwrap_or_default()));
    }
    Some(authority.split_once(':').unwrap_or((authority, "")))
}

fn is_loopback(host: &str) -> bool {
    let v4 = host.parse::<Ipv4Addr>().is_ok_and(|ip| ip.is_loopback());
    v4 || host.parse::<Ipv6Addr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(url: &str, expected: Option<(&str, &str)>) {
        let found = RelyingParty::at(url);
        let found = found
            .as_ref()
            .map(|party| (party.id.as_str(), party.origin.as_str()));
        assert_eq!(found, expected, "{url}");
    }

    #[test]
    fn s16_the_relying_party_is_the_host_of_the_portal() {
        let usual = Some(("portal.example.com", "https://portal.example.com"));
        check("https://portal.example.com", usual);
        check("https://Portal.Example.com:443/", usual);
        check(
            "https://portal.example.com:8443",
            Some(("portal.example.com", "https://portal.example.com:8443")),
        );
        let local = Some(("localhost", "https://localhost:8443"));
        check("https://127.0.0.1:8443", local);
        check("https://[::1]:8443", local);
        check("https://localhost:8443", local);
        check(
            "http://localhost:8080",
            Some(("localhost", "http://localhost:8080")),
        );
    }

    #[test]
    fn s16_where_browsers_have_none_there_is_no_relying_party() {
        for url in [
            "",
            "portal.example.com",
            "http://portal.example.com",
            "https://192.0.2.7:8443",
            "https://[2001:db8::1]",
            "https://user@portal.example.com",
        ] {
            check(url, None);
        }
    }
}
