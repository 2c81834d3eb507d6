use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

/// What is one client as far as its address tells: an IPv4 address, or the first 64 bits of an IPv6 address, since a
/// single host has all that follow.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct ClientNetwork(IpAddr);

impl ClientNetwork {
    /// The network of an address; an IPv4 address in IPv6 words is the IPv4 address.
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self(IpAddr::V4(address)),
            IpAddr::V6(address) => {
                let network = Ipv6Addr::from_bits(address.to_bits() >> 64 << 64);
                Self(IpAddr::V6(network))
            }
        }
    }
}

impl fmt::Display for ClientNetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: &str) {
        let address: IpAddr = address.parse().unwrap();
        assert_eq!(ClientNetwork::of(address).to_string(), expected);
    }

    #[test]
    fn a_host_is_one_client_by_whatever_address_it_comes() {
        check("192.0.2.7", "192.0.2.7");
        check("::ffff:192.0.2.7", "192.0.2.7");
        check("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::");
    }
}
