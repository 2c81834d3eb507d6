//! The URL of one hop, and the rules for where a redirect may lead.
//!
//! The URL parser is the one of browsers on purpose: whatever a host name can be disguised as (an
//! octal or hexadecimal address, full-width digits) is seen here as what it is.

use base::DnsName;
use http::HeaderValue;
use url::{Host, Position, Url};

use super::Challenge;
use super::content::is_base64url;
use crate::evidence::shortened;
use crate::failure::{Failure, RefusedRedirect};
use reach::network::Ports;

/// No longer `Location` is followed.
const MAX_LOCATION: usize = 2000;
/// How much of a URL is shown and stored.
const SHOWN: usize = 200;

/// A URL that may be fetched: http or https, a domain name, an allowed port.
#[derive(Debug)]
pub(super) struct Target {
    host: DnsName,
    port: u16,
    url: Url,
}

impl Target {
    /// Where the file of this challenge has to be (RFC 8555 §8.3).
    pub(super) fn of_challenge(challenge: Challenge<'_>, ports: Ports) -> Result<Self, Failure> {
        let Challenge { name, token, .. } = challenge;
        if name.is_wildcard() {
            return Err(Failure::WildcardByHttp);
        }
        if !is_base64url(token) {
            return Err(Failure::TokenMalformed);
        }
        let url = Url::parse(&format!("http://{name}/.well-known/acme-challenge/{token}"));
        url.ok()
            .and_then(|url| Self::new(url, ports).ok())
            .ok_or(Failure::Internal("the challenge has no valid URL"))
    }

    /// Where a response with this `Location` sends us; relative ones count from this URL.
    pub(super) fn follow(
        &self,
        location: Option<&HeaderValue>,
        ports: Ports,
    ) -> Result<Self, Failure> {
        self.resolve(location)
            .and_then(|url| Self::new(url, ports))
            .map_err(|reason| Failure::RedirectRefused {
                reason,
                url: self.shown(),
            })
    }

    fn resolve(&self, location: Option<&HeaderValue>) -> Result<Url, RefusedRedirect> {
        let location = location
            .and_then(|value| std::str::from_utf8(value.as_bytes()).ok())
            .ok_or(RefusedRedirect::NoLocation)?;
        if location.len() > MAX_LOCATION {
            return Err(RefusedRedirect::TooLong);
        }
        if lacks_slash(location) {
            return Err(RefusedRedirect::MissingSlash);
        }
        self.url
            .join(location)
            .map_err(|_| RefusedRedirect::NotAUrl)
    }

    fn new(mut url: Url, ports: Ports) -> Result<Self, RefusedRedirect> {
        if !matches!(url.scheme(), "http" | "https") {
            return Err(RefusedRedirect::Scheme);
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RefusedRedirect::Credentials);
        }
        let host = match url.host() {
            Some(Host::Domain(domain)) => DnsName::parse(domain).ok(),
            Some(Host::Ipv4(_) | Host::Ipv6(_)) => return Err(RefusedRedirect::IpAddress),
            None => None,
        };
        let host = host
            .filter(|host| !host.is_wildcard())
            .ok_or(RefusedRedirect::Host)?;
        let wanted = url.port_or_known_default().unwrap_or(0);
        let port = ports
            .translate(wanted)
            .ok_or(RefusedRedirect::Port(wanted))?;
        url.set_fragment(None);
        Ok(Self { host, port, url })
    }

    /// The name to resolve.
    pub(super) fn host(&self) -> &DnsName {
        &self.host
    }

    /// The port to connect to.
    pub(super) fn port(&self) -> u16 {
        self.port
    }

    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// For the request line.
    pub(super) fn path_and_query(&self) -> &str {
        &self.url[Position::BeforePath..Position::AfterQuery]
    }

    /// For the `Host` header: with the port only when the URL names an unusual one.
    pub(super) fn authority(&self) -> String {
        match self.url.port() {
            Some(port) => format!("{}:{port}", self.host),
            None => self.host.to_string(),
        }
    }

    /// For evidence and messages.
    pub(super) fn shown(&self) -> String {
        shortened(self.url.as_str(), SHOWN)
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

/// Whether the path of the challenge was written straight behind the host, as Apache does for a `Redirect / https://host`
/// that lacks the final slash.
fn lacks_slash(location: &str) -> bool {
    let behind_scheme = location.split_once("//").map(|(_, rest)| rest);
    let authority = behind_scheme.and_then(|rest| rest.split(['/', '?', '#']).next());
    authority.is_some_and(|text| text.to_ascii_lowercase().ends_with(".well-known"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use reach::network::{LabSettings, Network};

    fn ports() -> Ports {
        Network::lab(LabSettings::default()).unwrap().ports()
    }

    fn start() -> Target {
        let name = "www.example.com".parse().unwrap();
        let challenge = Challenge {
            name: &name,
            token: "tok-en_1",
            key_authorization: "",
        };
        Target::of_challenge(challenge, ports()).unwrap()
    }

    #[track_caller]
    fn refused(location: &str, expected: RefusedRedirect) {
        let value = HeaderValue::from_str(location).unwrap();
        match start().follow(Some(&value), ports()) {
            Err(Failure::RedirectRefused { reason, .. }) => {
                assert_eq!(reason, expected, "{location}");
            }
            other => panic!("{location}: {other:?}"),
        }
    }

    #[track_caller]
    fn followed(location: &str, expected: &str) {
        let value = HeaderValue::from_bytes(location.as_bytes()).unwrap();
        let target = start().follow(Some(&value), ports()).unwrap();
        assert_eq!(target.shown(), expected, "{location}");
    }

    #[test]
    fn the_challenge_url_is_the_one_of_the_rfc() {
        let target = start();
        assert_eq!(
            target.shown(),
            "http://www.example.com/.well-known/acme-challenge/tok-en_1"
        );
        assert_eq!(
            target.path_and_query(),
            "/.well-known/acme-challenge/tok-en_1"
        );
        assert_eq!(
            (target.authority().as_str(), target.port()),
            ("www.example.com", 80)
        );
    }

    #[test]
    fn redirects_resolve_like_in_a_browser() {
        followed("/x?y=1#z", "http://www.example.com/x?y=1");
        followed(
            "other",
            "http://www.example.com/.well-known/acme-challenge/other",
        );
        followed("//b.example/x", "http://b.example/x");
        followed("https://b.example", "https://b.example/");
        followed("HTTPS://B.Example.:443/", "https://b.example./");
        followed("http://b.example:443/", "http://b.example:443/");
        followed(
            "http://b\u{fc}cher.example/",
            "http://xn--bcher-kva.example/",
        );
    }

    #[test]
    fn acme_2_5_redirects_go_to_names_on_two_ports_only() {
        refused("http://127.0.0.1/", RefusedRedirect::IpAddress);
        refused("http://2130706433/", RefusedRedirect::IpAddress);
        refused("http://0x7f.1/", RefusedRedirect::IpAddress);
        refused("http://0177.0.0.1/", RefusedRedirect::IpAddress);
        refused("http://[::1]/", RefusedRedirect::IpAddress);
        refused(
            "http://[::ffff:169.254.169.254]/",
            RefusedRedirect::IpAddress,
        );
        refused("http://8.8.8.8/", RefusedRedirect::IpAddress);
        refused("http://b.example:8080/", RefusedRedirect::Port(8080));
        refused("https://b.example:8443/", RefusedRedirect::Port(8443));
        refused("http://b.example:22/", RefusedRedirect::Port(22));
        refused("ftp://b.example/", RefusedRedirect::Scheme);
        refused("file:///etc/passwd", RefusedRedirect::Scheme);
        refused("gopher://b.example:80/", RefusedRedirect::Scheme);
        refused("javascript:alert(1)", RefusedRedirect::Scheme);
        refused("http://user@b.example/", RefusedRedirect::Credentials);
        refused("http://user:pw@b.example/", RefusedRedirect::Credentials);
        refused("http://localhost/", RefusedRedirect::Host);
        refused("http://metadata/", RefusedRedirect::Host);
        refused("http://a_b.example/", RefusedRedirect::Host);
        refused("http://", RefusedRedirect::NotAUrl);
        refused("http://b.example:99999/", RefusedRedirect::NotAUrl);
        let long = format!("http://b.example/{}", "a".repeat(2000));
        refused(&long, RefusedRedirect::TooLong);
        assert!(start().follow(None, ports()).is_err());
    }

    #[test]
    fn finding_1_arguable_a_redirect_without_its_slash_is_told_so() {
        for location in [
            "https://example.com.well-known/acme-challenge/tok",
            "http://example.com:80.well-known/acme-challenge/tok",
            "//example.com.Well-Known/acme-challenge/tok",
        ] {
            refused(location, RefusedRedirect::MissingSlash);
        }
        followed(
            "https://b.example/.well-known/x",
            "https://b.example/.well-known/x",
        );
    }

    /// Host names have none (RFC 1123 §2.1), and no certificate can carry one, which https would need.
    #[test]
    fn finding_1_arguable_a_redirect_to_an_underscore_is_not_followed() {
        refused("http://my_host.example.com/", RefusedRedirect::Host);
        let told = RefusedRedirect::Host.to_string();
        assert!(told.contains("letters, digits and hyphens only"), "{told}");
    }

    #[test]
    fn acme_2_5_tokens_cannot_leave_their_directory() {
        let name = "www.example.com".parse().unwrap();
        for token in ["", "../../admin", "a/b", "a%2fb", "a?b", "a b", "a\r\nX: y"] {
            let challenge = Challenge {
                name: &name,
                token,
                key_authorization: "",
            };
            let refused = Target::of_challenge(challenge, ports()).unwrap_err();
            assert_eq!(refused, Failure::TokenMalformed, "{token:?}");
        }
    }
}
