//! `[network]`: whom this server asks, and whom it believes.

use std::net::{IpAddr, SocketAddr};

use base::AddressBlock;
use serde::{Deserialize, Serialize};

use super::refused::{Refused, Validate};

/// Whom this server asks, and whom it believes.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct NetworkSection {
    /// Proxies whose X-Forwarded-For counts.
    pub(crate) trusted_proxies: Vec<IpAddr>,
    /// Public addresses of this installation beside those in its URLs and listeners, such as 203.0.113.0/28; validation
    /// never contacts them.
    pub(crate) own_addresses: Vec<String>,
    /// DNS servers for validation; without any, those of the system.
    pub(crate) dns_servers: Vec<SocketAddr>,
}

impl Validate for NetworkSection {
    fn validate(&self) -> Result<(), Refused> {
        let proxies = self.trusted_proxies.iter();
        if let Some(any) = proxies.into_iter().find(|address| address.is_unspecified()) {
            let allowed = "the addresses of proxies, one by one";
            return Err(Refused::new("network.trusted_proxies", any, allowed));
        }
        let is_wrong = |text: &&String| text.parse::<AddressBlock>().is_err();
        if let Some(text) = self.own_addresses.iter().find(is_wrong) {
            let allowed = "addresses and blocks, such as 203.0.113.7 and 203.0.113.0/28";
            return Err(Refused::new("network.own_addresses", text, allowed));
        }
        let wrong = |server: &&SocketAddr| server.port() == 0 || server.ip().is_unspecified();
        match self.dns_servers.iter().find(wrong) {
            Some(server) => {
                let allowed = "ADDRESS:PORT, such as 192.0.2.53:53";
                Err(Refused::new("network.dns_servers", server, allowed))
            }
            None => Ok(()),
        }
    }
}
