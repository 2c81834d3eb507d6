//! The IANA IPv4 and IPv6 special-purpose address registries as data (RFC 6890, RFC 8190), plus
//! multicast, what was reserved before the registries, and one well-known platform address.
//!
//! Blocks that the registries call globally reachable are listed too: none of them hosts a web
//! server for a name. The first match wins, so narrow blocks stand before the wide ones.

use std::net::{Ipv4Addr, Ipv6Addr};

use base::AddressBlock;

use super::SpecialPurpose;

const fn v4(
    [a, b, c, d]: [u8; 4],
    length: u8,
    purpose: &'static str,
    source: &'static str,
) -> SpecialPurpose {
    SpecialPurpose {
        block: AddressBlock::v4(Ipv4Addr::new(a, b, c, d), length),
        purpose,
        source,
    }
}

const fn v6(
    address: u128,
    length: u8,
    purpose: &'static str,
    source: &'static str,
) -> SpecialPurpose {
    SpecialPurpose {
        block: AddressBlock::v6(Ipv6Addr::from_bits(address), length),
        purpose,
        source,
    }
}

#[rustfmt::skip]
pub(super) const IPV4: &[SpecialPurpose] = &[
    v4([0, 0, 0, 0], 8, "an address of \"this network\"", "RFC 791 §3.2"),
    v4([10, 0, 0, 0], 8, "a private address", "RFC 1918"),
    v4([100, 64, 0, 0], 10, "a carrier-grade NAT address", "RFC 6598"),
    v4([127, 0, 0, 0], 8, "a loopback address", "RFC 1122 §3.2.1.3"),
    v4([168, 63, 129, 16], 32, "a cloud platform's service address", "Azure virtual public IP"),
    v4([169, 254, 0, 0], 16, "a link-local address", "RFC 3927"),
    v4([172, 16, 0, 0], 12, "a private address", "RFC 1918"),
    v4([192, 0, 0, 0], 24, "an IETF protocol assignment", "RFC 6890 §2.1"),
    v4([192, 0, 2, 0], 24, "a documentation address", "RFC 5737"),
    v4([192, 31, 196, 0], 24, "an AS112 address", "RFC 7535"),
    v4([192, 52, 193, 0], 24, "a multicast tunnelling address", "RFC 7450"),
    v4([192, 88, 99, 0], 24, "a 6to4 relay address", "RFC 7526"),
    v4([192, 168, 0, 0], 16, "a private address", "RFC 1918"),
    v4([192, 175, 48, 0], 24, "an AS112 address", "RFC 7534"),
    v4([198, 18, 0, 0], 15, "a benchmarking address", "RFC 2544"),
    v4([198, 51, 100, 0], 24, "a documentation address", "RFC 5737"),
    v4([203, 0, 113, 0], 24, "a documentation address", "RFC 5737"),
    v4([224, 0, 0, 0], 4, "a multicast address", "RFC 5771"),
    v4([255, 255, 255, 255], 32, "the broadcast address", "RFC 8190"),
    v4([240, 0, 0, 0], 4, "a reserved address", "RFC 1112 §4"),
];

#[rustfmt::skip]
pub(super) const IPV6: &[SpecialPurpose] = &[
    v6(0, 128, "the unspecified address", "RFC 4291 §2.5.2"),
    v6(1, 128, "the loopback address", "RFC 4291 §2.5.3"),
    v6(0, 96, "an IPv4-compatible address", "RFC 4291 §2.5.5.1"),
    v6(0xffff << 32, 96, "an IPv4-mapped address", "RFC 4291 §2.5.5.2"),
    v6(0x0064_ff9b_0001 << 80, 48, "a local translation address", "RFC 8215"),
    v6(0x0100 << 112, 64, "a discard-only address", "RFC 6666"),
    v6(0x0100_0000_0000_0001 << 64, 64, "a dummy address", "RFC 9780"),
    v6(0x2001 << 112, 23, "an IETF protocol assignment", "RFC 2928, with Teredo: RFC 4380"),
    v6(0x2001_0db8 << 96, 32, "a documentation address", "RFC 3849"),
    v6(0x2002 << 112, 16, "a 6to4 address", "RFC 3056, RFC 7526"),
    v6(0x2620_004f_8000 << 80, 48, "an AS112 address", "RFC 7534"),
    v6(0x3fff << 112, 20, "a documentation address", "RFC 9637"),
    v6(0x5f00 << 112, 16, "a segment routing identifier", "RFC 9602"),
    v6(0xfc00 << 112, 7, "a private address", "RFC 4193"),
    v6(0xfe80 << 112, 10, "a link-local address", "RFC 4291 §2.5.6"),
    v6(0xfec0 << 112, 10, "a site-local address", "RFC 3879"),
    v6(0xff00 << 112, 8, "a multicast address", "RFC 4291 §2.7"),
];

/// All that IANA gives out for hosts; what lies outside is refused even when no entry names it.
pub(super) static GLOBAL_UNICAST: SpecialPurpose = v6(
    0x2000 << 112,
    3,
    "not a global unicast address",
    "RFC 4291 §2.4",
);

/// The well-known prefix for IPv4 hosts seen through a translator (RFC 6052 §2.1).
pub(super) const NAT64: AddressBlock = AddressBlock::v6(Ipv6Addr::from_bits(0x0064_ff9b << 96), 96);
