//! Which addresses a validation may contact.
//!
//! Clients choose the names we probe, so without this guard they could point us at our own
//! network. Everything in the special-purpose address registries (RFC 6890) is refused, for every
//! hop and every address; there is no switch, only a list of exactly named exceptions that a lab
//! network brings.

mod table;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use base::AddressBlock;

use table::{GLOBAL_UNICAST, IPV4, IPV6, NAT64};

/// An entry of the special-purpose registries.
#[derive(Debug, PartialEq, Eq)]
pub struct SpecialPurpose {
    block: AddressBlock,
    /// What the block is for, to be read after "is" or "as": `a private address`.
    pub purpose: &'static str,
    /// The document that reserves it.
    pub source: &'static str,
}

/// Why an address must not be contacted, or `None` when it is an ordinary public address.
pub fn special_purpose(address: IpAddr) -> Option<&'static SpecialPurpose> {
    match address {
        IpAddr::V4(_) => IPV4.iter().find(|entry| entry.block.contains(address)),
        IpAddr::V6(v6) => special_purpose_v6(v6),
    }
}

fn special_purpose_v6(address: Ipv6Addr) -> Option<&'static SpecialPurpose> {
    if NAT64.contains(IpAddr::V6(address)) {
        // RFC 6052 §3.1: the address stands for the IPv4 address in its last 32 bits.
        let [.., a, b, c, d] = address.octets();
        return special_purpose(IpAddr::V4(Ipv4Addr::new(a, b, c, d)));
    }
    let listed = IPV6
        .iter()
        .find(|entry| entry.block.contains(IpAddr::V6(address)));
    let outside = !GLOBAL_UNICAST.block.contains(IpAddr::V6(address));
    listed.or(outside.then_some(&GLOBAL_UNICAST))
}

/// The guard: public addresses pass, special-purpose ones only when they were named.
#[derive(Clone, Debug, Default)]
pub struct AddressGuard {
    opened: Vec<AddressBlock>,
    refused: Vec<AddressBlock>,
}

/// The guard's answer for an address it refuses, for messages and evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{address} is {purpose}")]
pub struct RefusedAddress {
    /// The address.
    pub address: IpAddr,
    /// What it is, with its article.
    pub purpose: &'static str,
}

impl AddressGuard {
    /// Lets only public addresses pass, and of those not the operator's own.
    pub fn public(own: Vec<AddressBlock>) -> Self {
        Self {
            opened: Vec::new(),
            refused: own,
        }
    }

    /// Lets public addresses and exactly `opened` pass; for lab networks only.
    pub fn opened_for_lab(opened: Vec<AddressBlock>) -> Self {
        Self {
            opened,
            refused: Vec::new(),
        }
    }

    /// Whether `address` may be contacted.
    pub fn check(&self, address: IpAddr) -> Result<(), RefusedAddress> {
        let within = |blocks: &[AddressBlock]| blocks.iter().any(|block| block.contains(address));
        if within(&self.refused) {
            let purpose = "an address of this service's own network";
            return Err(RefusedAddress { address, purpose });
        }
        match special_purpose(address) {
            Some(entry) if !within(&self.opened) => Err(RefusedAddress {
                address,
                purpose: entry.purpose,
            }),
            Some(_) | None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn refused(addresses: &[&str], purpose: &str) {
        for text in addresses {
            let entry = special_purpose(text.parse().unwrap());
            assert_eq!(entry.map(|entry| entry.purpose), Some(purpose), "{text}");
        }
    }

    #[track_caller]
    fn public(addresses: &[&str]) {
        for text in addresses {
            assert_eq!(special_purpose(text.parse().unwrap()), None, "{text}");
        }
    }

    #[test]
    fn acme_2_5_every_ipv4_registry_entry_is_refused() {
        refused(
            &["0.0.0.0", "0.255.255.255"],
            "an address of \"this network\"",
        );
        refused(
            &[
                "10.0.0.0",
                "10.255.255.255",
                "172.16.0.1",
                "172.31.255.255",
                "192.168.0.1",
            ],
            "a private address",
        );
        refused(
            &["100.64.0.0", "100.127.255.255", "100.100.100.200"],
            "a carrier-grade NAT address",
        );
        refused(&["127.0.0.1", "127.255.255.255"], "a loopback address");
        refused(&["169.254.169.254"], "a link-local address");
        refused(&["192.0.0.1", "192.0.0.192"], "an IETF protocol assignment");
        refused(
            &["192.0.2.1", "198.51.100.255", "203.0.113.7"],
            "a documentation address",
        );
        refused(&["192.31.196.1", "192.175.48.1"], "an AS112 address");
        refused(&["192.52.193.1"], "a multicast tunnelling address");
        refused(&["192.88.99.1"], "a 6to4 relay address");
        refused(&["198.18.0.0", "198.19.255.255"], "a benchmarking address");
        refused(&["224.0.0.1", "239.255.255.255"], "a multicast address");
        refused(&["240.0.0.1", "255.255.255.254"], "a reserved address");
        refused(&["255.255.255.255"], "the broadcast address");
        refused(&["168.63.129.16"], "a cloud platform's service address");
    }

    #[test]
    fn acme_2_5_every_ipv6_registry_entry_is_refused() {
        refused(&["::"], "the unspecified address");
        refused(&["::1"], "the loopback address");
        refused(&["::7f00:1", "::808:808"], "an IPv4-compatible address");
        refused(
            &["::ffff:127.0.0.1", "::ffff:8.8.8.8"],
            "an IPv4-mapped address",
        );
        refused(&["64:ff9b:1::1"], "a local translation address");
        refused(&["100::1"], "a discard-only address");
        refused(
            &[
                "2001::1",
                "2001:0:7f00:1::",
                "2001:1::1",
                "2001:2::1",
                "2001:20::1",
            ],
            "an IETF protocol assignment",
        );
        refused(&["2001:db8::1", "3fff:fff::1"], "a documentation address");
        refused(&["2002:7f00:1::1", "2002:808:808::"], "a 6to4 address");
        refused(&["2620:4f:8000::1"], "an AS112 address");
        refused(&["5f00::1"], "a segment routing identifier");
        refused(
            &["fc00::1", "fdff::1", "fd00:ec2::254"],
            "a private address",
        );
        refused(&["fe80::1", "febf::1"], "a link-local address");
        refused(&["fec0::1"], "a site-local address");
        refused(&["ff02::1"], "a multicast address");
        refused(
            &["4000::1", "e000::1", "200::1"],
            "not a global unicast address",
        );
    }

    #[test]
    fn acme_2_5_translated_addresses_are_judged_by_what_they_stand_for() {
        refused(&["64:ff9b::7f00:1"], "a loopback address");
        refused(&["64:ff9b::a9fe:a9fe"], "a link-local address");
        refused(&["64:ff9b::a00:1"], "a private address");
        public(&["64:ff9b::808:808"]);
    }

    #[test]
    fn public_addresses_pass_right_up_to_the_edges() {
        public(&[
            "1.1.1.1",
            "8.8.8.8",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.1.0",
            "192.167.255.255",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00::1",
            "3ffe:ffff::1",
        ]);
    }

    #[test]
    fn acme_2_5_a_lab_opens_exactly_what_it_names() {
        let guard = AddressGuard::opened_for_lab(vec![
            "127.0.0.1".parse().unwrap(),
            "10.30.50.0/24".parse().unwrap(),
        ]);
        for open in ["127.0.0.1", "10.30.50.9", "8.8.8.8"] {
            assert_eq!(guard.check(open.parse().unwrap()), Ok(()), "{open}");
        }
        for shut in ["127.0.0.2", "::1", "10.30.51.1", "::ffff:127.0.0.1"] {
            assert!(guard.check(shut.parse().unwrap()).is_err(), "{shut}");
        }
    }

    #[test]
    fn acme_2_5_the_operators_own_addresses_are_refused() {
        let guard = AddressGuard::public(vec!["9.9.9.0/24".parse().unwrap()]);
        assert!(guard.check("9.9.9.9".parse().unwrap()).is_err());
        assert!(guard.check("127.0.0.1".parse().unwrap()).is_err());
        assert_eq!(guard.check("9.9.8.9".parse().unwrap()), Ok(()));
    }

    proptest! {
        #[test]
        fn every_source_is_cited_and_no_address_panics(bits: u128) {
            for address in [
                IpAddr::V6(Ipv6Addr::from(bits)),
                IpAddr::V4(Ipv4Addr::from(u32::try_from(bits >> 96).unwrap())),
            ] {
                if let Some(entry) = special_purpose(address) {
                    prop_assert!(!entry.source.is_empty() && !entry.purpose.is_empty());
                }
            }
        }
    }
}
