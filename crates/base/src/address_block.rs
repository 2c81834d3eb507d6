use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// A block of addresses: `10.0.0.0/8`, `fc00::/7`, or a single address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct AddressBlock {
    address: IpAddr,
    length: u8,
}

/// The text is neither an address nor an address with a prefix length.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("\"{0}\" is not an address or block such as 127.0.0.1 or 192.0.2.0/24")]
pub struct AddressBlockError(String);

impl AddressBlock {
    /// Exactly this address.
    pub const fn single(address: IpAddr) -> Self {
        let length = match address {
            IpAddr::V4(_) => 32,
            IpAddr::V6(_) => 128,
        };
        Self { address, length }
    }

    /// The first `length` bits of an IPv4 address.
    pub const fn v4(address: Ipv4Addr, length: u8) -> Self {
        Self {
            address: IpAddr::V4(address),
            length,
        }
    }

    /// The first `length` bits of an IPv6 address.
    pub const fn v6(address: Ipv6Addr, length: u8) -> Self {
        Self {
            address: IpAddr::V6(address),
            length,
        }
    }

    /// The network around an address, of which one host has more than one: a /24 of IPv4, a /48 of IPv6. An IPv4 address in
    /// IPv6 words is the IPv4 address.
    pub fn around(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::v4(Ipv4Addr::from_bits(address.to_bits() >> 8 << 8), 24),
            IpAddr::V6(address) => Self::v6(Ipv6Addr::from_bits(address.to_bits() >> 80 << 80), 48),
        }
    }

    /// Whether `address` lies in this block; never across address families.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(ours), IpAddr::V4(theirs)) => {
                let differing = u32::from(ours) ^ u32::from(theirs);
                differing.leading_zeros() >= u32::from(self.length)
            }
            (IpAddr::V6(ours), IpAddr::V6(theirs)) => {
                let differing = u128::from(ours) ^ u128::from(theirs);
                differing.leading_zeros() >= u32::from(self.length)
            }
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

impl FromStr for AddressBlock {
    type Err = AddressBlockError;

    fn from_str(text: &str) -> Result<Self, AddressBlockError> {
        let error = || AddressBlockError(text.to_owned());
        let Some((address, length)) = text.split_once('/') else {
            return text.parse().map(Self::single).map_err(|_| error());
        };
        let widest = Self::single(address.parse().map_err(|_| error())?);
        let length: u8 = length.parse().map_err(|_| error())?;
        if length > widest.length {
            return Err(error());
        }
        Ok(Self { length, ..widest })
    }
}

impl fmt::Display for AddressBlock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::single(self.address) {
            self.address.fmt(f)
        } else {
            write!(f, "{}/{}", self.address, self.length)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_and_written() {
        for text in ["127.0.0.1", "10.0.0.0/8", "::1", "fc00::/7", "0.0.0.0/0"] {
            assert_eq!(text.parse::<AddressBlock>().unwrap().to_string(), text);
        }
        for text in ["", "example.com", "10.0.0.0/33", "::/129", "1.2.3.4/", "/8"] {
            assert!(text.parse::<AddressBlock>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_network_around_an_address() {
        for (address, expected) in [
            ("203.0.113.7", "203.0.113.0/24"),
            ("::ffff:203.0.113.7", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ] {
            let address: IpAddr = address.parse().unwrap();
            let around = AddressBlock::around(address);
            assert_eq!(around.to_string(), expected);
            assert!(around.contains(address.to_canonical()));
        }
    }
}
