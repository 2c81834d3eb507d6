//! Why a certificate was revoked (RFC 5280 §5.3.1), shared by ACME, the portal and the CRL.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A CRLReason, in the order of its codes; 7 is not used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RevocationReason {
    /// 0, written into a CRL by leaving the extension out.
    Unspecified,
    /// 1
    KeyCompromise,
    /// 2
    CaCompromise,
    /// 3
    AffiliationChanged,
    /// 4
    Superseded,
    /// 5
    CessationOfOperation,
    /// 6
    CertificateHold,
    /// 8
    RemoveFromCrl,
    /// 9
    PrivilegeWithdrawn,
    /// 10
    AaCompromise,
}

/// No reason has this code or name.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
#[error("\"{0}\" is not a revocation reason of RFC 5280 section 5.3.1")]
pub struct ReasonError(String);

impl RevocationReason {
    /// Every reason, in the order of the codes.
    pub const ALL: [Self; 10] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::CaCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
        Self::CertificateHold,
        Self::RemoveFromCrl,
        Self::PrivilegeWithdrawn,
        Self::AaCompromise,
    ];

    /// The number in the CRL and in an ACME revocation request (RFC 8555 §7.6).
    pub const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::CaCompromise => 2,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
            Self::CertificateHold => 6,
            Self::RemoveFromCrl => 8,
            Self::PrivilegeWithdrawn => 9,
            Self::AaCompromise => 10,
        }
    }

    /// The reason with this code.
    pub fn from_code(code: u64) -> Result<Self, ReasonError> {
        Self::ALL
            .into_iter()
            .find(|reason| u64::from(reason.code()) == code)
            .ok_or_else(|| ReasonError(code.to_string()))
    }

    /// The name that RFC 5280 gives it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "keyCompromise",
            Self::CaCompromise => "cACompromise",
            Self::AffiliationChanged => "affiliationChanged",
            Self::Superseded => "superseded",
            Self::CessationOfOperation => "cessationOfOperation",
            Self::CertificateHold => "certificateHold",
            Self::RemoveFromCrl => "removeFromCRL",
            Self::PrivilegeWithdrawn => "privilegeWithdrawn",
            Self::AaCompromise => "aACompromise",
        }
    }

    /// Whether the subscriber of a TLS certificate may give this reason; privilegeWithdrawn is the CA's alone,
    /// the others have no place in a subscriber's certificate (BR §4.9.1.1, §7.2.2).
    pub const fn is_for_subscribers(self) -> bool {
        match self {
            Self::Unspecified
            | Self::KeyCompromise
            | Self::AffiliationChanged
            | Self::Superseded
            | Self::CessationOfOperation => true,
            Self::CaCompromise
            | Self::CertificateHold
            | Self::RemoveFromCrl
            | Self::PrivilegeWithdrawn
            | Self::AaCompromise => false,
        }
    }
}

impl fmt::Display for RevocationReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for RevocationReason {
    type Err = ReasonError;

    fn from_str(text: &str) -> Result<Self, ReasonError> {
        Self::ALL
            .into_iter()
            .find(|reason| reason.as_str() == text)
            .ok_or_else(|| ReasonError(text.to_owned()))
    }
}

impl Serialize for RevocationReason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for RevocationReason {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_names_read_back_and_seven_is_unused() {
        for reason in RevocationReason::ALL {
            assert_eq!(
                RevocationReason::from_code(reason.code().into()),
                Ok(reason)
            );
            assert_eq!(reason.as_str().parse(), Ok(reason));
        }
        assert!(RevocationReason::from_code(7).is_err());
        assert!(RevocationReason::from_code(11).is_err());
    }
}
