//! From where a token works, and from where it was used.

use std::fmt;
use std::net::IpAddr;

use base::{AddressBlock, AddressBlockError, Class, Refusal, Refuse};
use serde::{Serialize, Serializer};

/// How many networks there can be.
pub const MAX_NETWORKS: usize = 16;

/// At most 16 networks, such as `192.0.2.0/24` or a single address.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Networks(Vec<AddressBlock>);

/// Why a text is no list of networks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NetworksError {
    /// One of them is none.
    #[error(transparent)]
    Network(#[from] AddressBlockError),
    /// More than there can be.
    #[error("name at most {MAX_NETWORKS} networks; a wider one may stand for several")]
    TooMany,
}

impl Refuse for NetworksError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Network(_) => "network_malformed",
            Self::TooMany => "networks_too_many",
        };
        Class::Invalid.because(code, self).at("networks")
    }
}

impl Networks {
    /// Reads networks between spaces, commas and line breaks; none is none.
    pub fn parse(text: &str) -> Result<Self, NetworksError> {
        let mut networks = Vec::new();
        let words = text.split(|letter: char| letter.is_whitespace() || letter == ',');
        for word in words.filter(|word| !word.is_empty()) {
            if networks.len() == MAX_NETWORKS {
                return Err(NetworksError::TooMany);
            }
            networks.push(word.parse()?);
        }
        Ok(Self(networks))
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether one of them has this address.
    pub fn contain(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(address))
    }

    /// Them, in their order.
    pub fn iter(&self) -> impl Iterator<Item = AddressBlock> {
        self.0.iter().copied()
    }

    pub(super) fn has(&self, network: &AddressBlock) -> bool {
        self.0.contains(network)
    }

    pub(super) fn is_full(&self) -> bool {
        self.0.len() >= MAX_NETWORKS
    }

    /// Adds one; the oldest goes if there is no room.
    pub(super) fn push(&mut self, network: AddressBlock) {
        if self.is_full() {
            self.0.remove(0);
        }
        self.0.push(network);
    }
}

impl fmt::Display for Networks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts: Vec<_> = self.iter().map(|network| network.to_string()).collect();
        f.write_str(&texts.join(" "))
    }
}

impl Serialize for Networks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(|network| network.to_string()))
    }
}
