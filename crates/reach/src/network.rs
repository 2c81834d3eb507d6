//! How names become addresses and which addresses may be contacted.
//!
//! There are two networks. The public one refuses every special-purpose address, and nothing can
//! change that. A lab network is for tests, demos and benches: it has its own names and ports, and
//! lifts the guard for exactly the addresses that its settings name.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base::{AddressBlock, DnsName};

use crate::address_guard::{AddressGuard, RefusedAddress};
pub use crate::resolver::anchors::{LabAnchors, LabAnchorsError};
use crate::resolver::hickory::{Anchors, HickoryResolver};
use crate::resolver::static_table::StaticTable;
pub use crate::resolver::static_table::{LabHost, LabHostError};
use crate::resolver::{Addresses, CaaRecords, LookupError, Resolver, TxtRecords};

/// How long one attempt of a DNS query may take unless settings say otherwise; there are two.
const QUERY_TIMEOUT: Duration = Duration::from_secs(2);

/// The public Internet as this server sees it.
#[derive(Clone, Debug)]
pub struct PublicSettings {
    /// Recursive name servers to ask; the system's when empty.
    pub dns_servers: Vec<SocketAddr>,
    /// Public addresses that are the operator's own and must not be probed.
    pub own_addresses: Vec<AddressBlock>,
    /// How long one attempt of a DNS query may take; there are two.
    pub query_timeout: Duration,
}

impl Default for PublicSettings {
    fn default() -> Self {
        Self {
            dns_servers: Vec::new(),
            own_addresses: Vec::new(),
            query_timeout: QUERY_TIMEOUT,
        }
    }
}

/// A network for tests, demos and benches.
#[derive(Clone, Debug)]
pub struct LabSettings {
    /// The keys of the lab's own root zone; without any, no answer of `dns_server` is judged.
    pub anchors: Option<LabAnchors>,
    /// Answers for all names that `hosts` does not list; without it they do not exist.
    pub dns_server: Option<SocketAddr>,
    /// Names with their addresses. The guard is lifted for exactly these addresses.
    pub hosts: Vec<LabHost>,
    /// Further addresses for which the guard is lifted: those `dns_server` may answer with.
    pub open_addresses: Vec<AddressBlock>,
    /// How long one attempt of a DNS query may take; there are two.
    pub query_timeout: Duration,
    /// Stands for port 80.
    pub http_port: u16,
    /// Stands for port 443.
    pub tls_port: u16,
    /// Whether redirects may lead to any other port, too.
    pub any_redirect_port: bool,
}

impl Default for LabSettings {
    fn default() -> Self {
        Self {
            anchors: None,
            dns_server: None,
            hosts: Vec::new(),
            open_addresses: Vec::new(),
            query_timeout: QUERY_TIMEOUT,
            http_port: 80,
            tls_port: 443,
            any_redirect_port: false,
        }
    }
}

/// The network cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// No name server to ask.
    #[error("the DNS resolver could not be set up; name DNS servers in the configuration")]
    Resolver(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// An address and port that the guard has let pass: only [`Network`] makes one, and everything
/// that connects asks for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Contact(SocketAddr);

impl Contact {
    /// Where to connect to.
    pub fn address(self) -> SocketAddr {
        self.0
    }
}

/// What stands for the ports 80 and 443.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    http: u16,
    tls: u16,
    /// Only in a lab.
    others: bool,
}

impl Ports {
    /// The port to connect to for a URL's port, or `None` when that may not be contacted.
    pub fn translate(self, port: u16) -> Option<u16> {
        match port {
            80 => Some(self.http),
            443 => Some(self.tls),
            // A web server in a lab may name its own port when it redirects.
            other => (self.others || other == self.http || other == self.tls).then_some(other),
        }
    }
}

/// How names become addresses and which of them may be contacted.
#[derive(Clone)]
pub struct Network {
    guard: AddressGuard,
    is_lab: bool,
    ports: Ports,
    resolver: Arc<dyn Resolver>,
}

impl Network {
    /// The public Internet: ports 80 and 443, no special-purpose address ever, DNSSEC from the root of IANA.
    pub fn public(settings: &PublicSettings) -> Result<Self, NetworkError> {
        let timeout = settings.query_timeout;
        let resolver = if settings.dns_servers.is_empty() {
            HickoryResolver::from_system(timeout, Anchors::Internet)
        } else {
            HickoryResolver::with_servers(&settings.dns_servers, timeout, Anchors::Internet)
        };
        let resolver = resolver.map_err(|error| NetworkError::Resolver(Box::new(error)))?;
        Ok(Self {
            guard: AddressGuard::public(settings.own_addresses.clone()),
            is_lab: false,
            ports: Ports {
                http: 80,
                tls: 443,
                others: false,
            },
            resolver: Arc::new(resolver),
        })
    }

    /// A lab network; see [`LabSettings`].
    pub fn lab(settings: LabSettings) -> Result<Self, NetworkError> {
        let anchors = Anchors::Lab(settings.anchors);
        let server: Option<Arc<dyn Resolver>> = match settings.dns_server {
            Some(server) => Some(Arc::new(
                HickoryResolver::with_servers(&[server], settings.query_timeout, anchors)
                    .map_err(|error| NetworkError::Resolver(Box::new(error)))?,
            )),
            None => None,
        };
        let listed = settings
            .hosts
            .iter()
            .map(|host| AddressBlock::single(host.address));
        let opened = listed.chain(settings.open_addresses).collect();
        Ok(Self {
            guard: AddressGuard::opened_for_lab(opened),
            is_lab: true,
            ports: Ports {
                http: settings.http_port,
                tls: settings.tls_port,
                others: settings.any_redirect_port,
            },
            resolver: Arc::new(StaticTable::new(settings.hosts, server)),
        })
    }

    /// The same network with names from elsewhere; guard and ports stay.
    #[must_use]
    pub fn with_resolver(self, resolver: Arc<dyn Resolver>) -> Self {
        Self { resolver, ..self }
    }

    /// Whether this is a lab, to be said in logs and on pages.
    pub fn is_lab(&self) -> bool {
        self.is_lab
    }

    /// What stands for the ports of URLs.
    pub fn ports(&self) -> Ports {
        self.ports
    }

    /// Who is asked for names, for evidence.
    pub fn resolver_description(&self) -> &str {
        self.resolver.description()
    }

    /// The addresses of a name.
    pub async fn addresses(&self, name: &DnsName) -> Result<Addresses, LookupError> {
        self.resolver.addresses(name).await
    }

    /// The TXT records at a name.
    pub async fn txt(&self, name: &str) -> Result<TxtRecords, LookupError> {
        self.resolver.txt(name).await
    }

    /// The CAA records at a name, which may be none.
    pub async fn caa(&self, name: &str) -> Result<CaaRecords, LookupError> {
        self.resolver.caa(name).await
    }

    /// The guard's word on one address; `port` is already translated.
    pub fn contact(&self, address: IpAddr, port: u16) -> Result<Contact, RefusedAddress> {
        self.guard.check(address)?;
        Ok(Contact(SocketAddr::new(address, port)))
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Network")
            .field("is_lab", &self.is_lab)
            .field("resolver", &self.resolver.description())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acme_2_5_only_the_mapped_ports_exist() {
        let public = Ports {
            http: 80,
            tls: 443,
            others: false,
        };
        assert_eq!(public.translate(80), Some(80));
        assert_eq!(public.translate(443), Some(443));
        for port in [0, 22, 25, 8080, 8443, 65535] {
            assert_eq!(public.translate(port), None, "{port}");
        }
        let lab = Ports {
            http: 5002,
            tls: 5001,
            others: false,
        };
        assert_eq!(lab.translate(80), Some(5002));
        assert_eq!(lab.translate(443), Some(5001));
        assert_eq!(lab.translate(5002), Some(5002));
        assert_eq!(lab.translate(5003), None);
        let open = Ports {
            others: true,
            ..lab
        };
        assert_eq!(open.translate(443), Some(5001));
        assert_eq!(open.translate(5003), Some(5003));
    }

    #[test]
    fn acme_2_5_public_and_lab_networks_guard_differently() {
        let settings = PublicSettings {
            dns_servers: vec!["127.0.0.1:53".parse().unwrap()],
            ..PublicSettings::default()
        };
        let public = Network::public(&settings).unwrap();
        let loopback = "127.0.0.1".parse().unwrap();
        assert!(public.contact(loopback, 80).is_err());

        let lab = Network::lab(LabSettings {
            hosts: vec!["*=127.0.0.1".parse().unwrap()],
            ..LabSettings::default()
        })
        .unwrap();
        assert!(lab.contact(loopback, 80).is_ok());
        assert!(lab.contact("127.0.0.2".parse().unwrap(), 80).is_err());
        assert!(lab.contact("10.0.0.1".parse().unwrap(), 80).is_err());
        assert!(lab.is_lab() && !public.is_lab());
    }

    #[test]
    fn acme_2_5_a_lab_without_hosts_opens_nothing() {
        let lab = Network::lab(LabSettings::default()).unwrap();
        assert!(lab.contact("127.0.0.1".parse().unwrap(), 80).is_err());
    }
}
