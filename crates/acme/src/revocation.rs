//! Revocation requests (RFC 8555 §7.6): which certificate, why, and who may ask.
//!
//! Finding the certificate and comparing keys is the flow's; here is what follows from what it found.

use serde::Deserialize;

use crate::base64url::{self, Base64Error};
use crate::payload;
use crate::problem::{Kind, Problem, told};

/// Why a certificate is revoked (RFC 5280 §5.3.1), as far as subscribers may say so (TLS BR 7.2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// None is given.
    Unspecified,
    /// The private key is or may be known to others.
    KeyCompromise,
    /// The subject's particulars changed.
    AffiliationChanged,
    /// Another certificate has taken its place.
    Superseded,
    /// The site is gone.
    CessationOfOperation,
}

impl Reason {
    /// Every reason that a subscriber may give.
    pub const ALL: [Self; 5] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::AffiliationChanged,
        Self::Superseded,
        Self::CessationOfOperation,
    ];

    /// The number of RFC 5280 §5.3.1.
    pub const fn code(self) -> u8 {
        match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::AffiliationChanged => 3,
            Self::Superseded => 4,
            Self::CessationOfOperation => 5,
        }
    }

    /// Reads a number; `None` for those that are unused, for CAs only or not for end entities.
    pub fn from_code(code: i64) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|known| i64::from(known.code()) == code)
    }
}

/// Who asks for a revocation, as the flow found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Requester {
    /// The account that holds valid authorizations for all its names.
    AuthorizedAccount,
    /// Whoever holds the certificate's private key.
    CertificateKey,
    /// Any other account.
    OtherAccount,
    /// The account that ordered it.
    Subscriber,
}

/// Why a revocation is refused.
#[derive(Debug, thiserror::Error)]
pub enum RevocationError {
    /// It was revoked before.
    #[error("the certificate is revoked already; nothing is left to do")]
    Already,
    /// The certificate is not base64url.
    #[error("the member \"certificate\" {0}")]
    Encoding(Base64Error),
    /// Not a JSON object with fitting members.
    #[error("the payload is not a valid revocation request: {0}")]
    Json(serde_json::Error),
    /// The account has nothing to do with it.
    #[error(
        "this account may not revoke the certificate; use the account that ordered it, the \
         certificate's own key, or an account with valid authorizations for all its names"
    )]
    NotAllowed,
    /// The reason is not for subscribers.
    #[error(
        "the revocation reason {0} is not allowed; use 0 (unspecified), 1 (keyCompromise), 3 \
         (affiliationChanged), 4 (superseded) or 5 (cessationOfOperation)"
    )]
    Reason(i64),
}

impl From<&RevocationError> for Problem {
    fn from(error: &RevocationError) -> Self {
        let kind = match error {
            RevocationError::Already => Kind::AlreadyRevoked,
            RevocationError::Encoding(_) | RevocationError::Json(_) => Kind::Malformed,
            RevocationError::NotAllowed => Kind::Unauthorized,
            RevocationError::Reason(_) => Kind::BadRevocationReason,
        };
        Self::new(kind, error.to_string())
    }
}

told!(RevocationError);

/// A request to revoke.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revocation {
    /// The certificate in DER.
    pub certificate: Vec<u8>,
    /// Why.
    pub reason: Reason,
}

/// What a granted request leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Granted {
    /// The reason to publish.
    pub reason: Reason,
    /// Whether no certificate may have this key again: its holder has shown it and calls it lost.
    pub blocks_key: bool,
}

impl Revocation {
    /// Reads the payload of revokeCert.
    pub fn parse(payload: &[u8]) -> Result<Self, RevocationError> {
        #[derive(Deserialize)]
        struct Payload {
            certificate: String,
            reason: Option<i64>,
        }
        let payload: Payload = payload::object(payload).map_err(RevocationError::Json)?;
        let code = payload.reason.unwrap_or(0);
        let reason = Reason::from_code(code).ok_or(RevocationError::Reason(code))?;
        let certificate =
            base64url::decode(&payload.certificate).map_err(RevocationError::Encoding)?;
        Ok(Self {
            certificate,
            reason,
        })
    }

    /// Whether `requester` may have it. An outsider does not learn whether it is revoked already. Whoever proves that the key
    /// is lost is heard even then: it may be in other certificates.
    pub fn decide(
        &self,
        requester: Requester,
        is_revoked: bool,
    ) -> Result<Granted, RevocationError> {
        let has_key = match requester {
            Requester::OtherAccount => return Err(RevocationError::NotAllowed),
            Requester::CertificateKey => true,
            Requester::AuthorizedAccount | Requester::Subscriber => false,
        };
        let blocks_key = has_key && self.reason == Reason::KeyCompromise;
        if is_revoked && !blocks_key {
            return Err(RevocationError::Already);
        }
        Ok(Granted {
            reason: self.reason,
            blocks_key,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(reason: &str) -> Result<Revocation, Problem> {
        let payload = format!(r#"{{"certificate":"MAA"{reason}}}"#);
        Revocation::parse(payload.as_bytes()).map_err(Problem::from)
    }

    #[test]
    fn subscribers_give_the_reasons_that_are_theirs() {
        assert_eq!(request("").unwrap().reason, Reason::Unspecified);
        for reason in Reason::ALL {
            let read = request(&format!(r#","reason":{}"#, reason.code())).unwrap();
            assert_eq!(
                (read.reason, read.certificate.as_slice()),
                (reason, &b"0\0"[..])
            );
        }
        for code in [-1, 2, 6, 7, 8, 9, 10, 11, 256] {
            let problem = request(&format!(r#","reason":{code}"#)).unwrap_err();
            assert_eq!(problem.kind, Kind::BadRevocationReason, "{code}");
        }
        assert_eq!(
            request(r#","reason":"1""#).unwrap_err().kind,
            Kind::Malformed
        );
    }

    #[test]
    fn a_padded_certificate_is_malformed() {
        let problem = Problem::from(Revocation::parse(br#"{"certificate":"MAA="}"#).unwrap_err());
        assert_eq!(problem.kind, Kind::Malformed);
        assert!(
            problem.detail.contains("without padding"),
            "{}",
            problem.detail
        );
    }

    #[test]
    fn only_the_lost_key_itself_is_blocked() {
        let lost = request(r#","reason":1"#).unwrap();
        let blocks = |requester| lost.decide(requester, false).unwrap().blocks_key;
        assert!(blocks(Requester::CertificateKey));
        assert!(!blocks(Requester::Subscriber));
        assert!(!blocks(Requester::AuthorizedAccount));
        let other = request(r#","reason":4"#).unwrap();
        assert!(
            !other
                .decide(Requester::CertificateKey, false)
                .unwrap()
                .blocks_key
        );
    }

    #[test]
    fn l15_a_lost_key_is_blocked_whatever_became_of_the_certificate() {
        let lost = request(r#","reason":1"#).unwrap();
        let granted = lost.decide(Requester::CertificateKey, true).unwrap();
        assert!(granted.blocks_key);
        for requester in [Requester::Subscriber, Requester::AuthorizedAccount] {
            let problem = Problem::from(lost.decide(requester, true).unwrap_err());
            assert_eq!(problem.kind, Kind::AlreadyRevoked);
        }
    }

    #[test]
    fn strangers_learn_nothing_and_twice_is_once() {
        let request = request("").unwrap();
        for is_revoked in [false, true] {
            let problem = Problem::from(
                request
                    .decide(Requester::OtherAccount, is_revoked)
                    .unwrap_err(),
            );
            assert_eq!((problem.kind, problem.status), (Kind::Unauthorized, 403));
        }
        let again = Problem::from(request.decide(Requester::Subscriber, true).unwrap_err());
        assert_eq!(again.kind, Kind::AlreadyRevoked);
    }
}
