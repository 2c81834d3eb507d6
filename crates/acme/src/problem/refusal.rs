//! Between refusals, which belong to no door, and the problem documents of RFC 8555 §6.7.

use base::{About, Class, Part, Refusal};

use super::{Kind, Problem, Subproblem, mac_algorithms, signature_algorithms};
use crate::requested::Requested;

impl Kind {
    /// Its name in refusals: the words of the URN's last part.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AccountDoesNotExist => "account_does_not_exist",
            Self::AlreadyRevoked => "already_revoked",
            Self::BadCsr => "bad_csr",
            Self::BadNonce => "bad_nonce",
            Self::BadPublicKey => "bad_public_key",
            Self::BadRevocationReason => "bad_revocation_reason",
            Self::BadSignatureAlgorithm => "bad_signature_algorithm",
            Self::Caa => "caa",
            Self::Compound => "compound",
            Self::Connection => "connection",
            Self::Dns => "dns",
            Self::ExternalAccountRequired => "external_account_required",
            Self::IncorrectResponse => "incorrect_response",
            Self::InvalidContact => "invalid_contact",
            Self::InvalidProfile => "invalid_profile",
            Self::Malformed => "malformed",
            Self::OrderNotReady => "order_not_ready",
            Self::RateLimited => "rate_limited",
            Self::RejectedIdentifier => "rejected_identifier",
            Self::ServerInternal => "server_internal",
            Self::Tls => "tls",
            Self::Unauthorized => "unauthorized",
            Self::UnsupportedContact => "unsupported_contact",
            Self::UnsupportedIdentifier => "unsupported_identifier",
            Self::UserActionRequired => "user_action_required",
        }
    }

    /// The kind with this name.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// The kind that says no more than the class does.
    pub const fn of_class(class: Class) -> Self {
        match class {
            Class::Conflict | Class::Invalid | Class::NotFound => Self::Malformed,
            Class::Forbidden | Class::Funds | Class::Unauthenticated => Self::Unauthorized,
            Class::Internal | Class::Unavailable => Self::ServerInternal,
            Class::Quota | Class::TooMany => Self::RateLimited,
        }
    }
}

/// The name of a refused MAC algorithm, of which other ones are accepted than for signatures.
const BAD_MAC_ALGORITHM: &str = "bad_mac_algorithm";

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        let class = match problem.status {
            401 => Class::Unauthenticated,
            403 => Class::Forbidden,
            404 => Class::NotFound,
            409 => Class::Conflict,
            429 => Class::TooMany,
            500 => Class::Internal,
            503 => Class::Unavailable,
            _ => Class::Invalid,
        };
        let code = if problem.algorithms == mac_algorithms() {
            BAD_MAC_ALGORITHM
        } else {
            problem.kind.code()
        };
        let parts = problem.subproblems.into_iter().map(About::from);
        class.because(code, &problem.detail).about(parts)
    }
}

impl From<Subproblem> for About {
    fn from(problem: Subproblem) -> Self {
        let part = match problem.identifier {
            Some(Requested { kind, value }) => Part::Identifier { kind, value },
            None => Part::Field("contact"),
        };
        Self {
            part,
            code: problem.kind.code(),
            sentence: problem.detail,
        }
    }
}

impl Problem {
    /// How a refusal is told to ACME clients; `kind_of` knows the codes that are not kinds of ours.
    pub fn telling(refusal: Refusal, kind_of: impl Fn(&str) -> Option<Kind>) -> Self {
        let kind = |code: &str| Kind::of_code(code).or_else(|| kind_of(code));
        let algorithms = match refusal.code {
            BAD_MAC_ALGORITHM => mac_algorithms(),
            code if code == Kind::BadSignatureAlgorithm.code() => signature_algorithms(),
            _ => Vec::new(),
        };
        let fallback = match refusal.code {
            BAD_MAC_ALGORITHM => Kind::BadSignatureAlgorithm,
            _ => Kind::of_class(refusal.class),
        };
        let class = refusal.class;
        let subproblem = |about: About| Subproblem {
            kind: kind(about.code).unwrap_or(Kind::of_class(class)),
            detail: about.sentence,
            identifier: match about.part {
                Part::Identifier { kind, value } => Some(Requested { kind, value }),
                Part::Field(_) => None,
            },
        };
        Self {
            kind: kind(refusal.code).unwrap_or(fallback),
            detail: refusal.sentence,
            status: refusal.class.status(),
            subproblems: refusal.about.into_iter().map(subproblem).collect(),
            algorithms,
        }
    }
}

/// An error of this crate, which is told as a problem document made from a reference to it.
macro_rules! told {
    ($($error:ty),+ $(,)?) => {$(
        impl From<$error> for $crate::problem::Problem {
            fn from(error: $error) -> Self {
                Self::from(&error)
            }
        }

        impl base::Refuse for $error {
            fn refusal(&self) -> base::Refusal {
                $crate::problem::Problem::from(self).into()
            }
        }
    )+};
}

pub(crate) use told;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_from_its_code() {
        for kind in Kind::ALL {
            assert_eq!(Kind::of_code(kind.code()), Some(kind));
        }
        assert_eq!(Kind::of_code("name_not_enrolled"), None);
    }

    #[test]
    fn a_problem_survives_the_way_through_a_refusal() {
        let none = |_: &str| None;
        let one = |kind, value: &str| Subproblem {
            kind,
            detail: "no".to_owned(),
            identifier: Some(Requested::dns(value)),
        };
        let mut mac = Problem::new(Kind::BadSignatureAlgorithm, "not that one");
        mac.algorithms = mac_algorithms();
        for problem in [
            Problem::malformed("no JSON"),
            Problem::conflict("somebody was first"),
            Problem::not_found("nothing there"),
            Problem::new(Kind::Unauthorized, "gone").with_status(401),
            Problem::new(Kind::OrderNotReady, "not yet"),
            Problem::bad_signature_algorithm("not that one"),
            mac,
            Problem::for_identifiers(vec![
                one(Kind::RejectedIdentifier, "a.example"),
                one(Kind::UnsupportedIdentifier, "b.example"),
            ]),
        ] {
            let refusal = Refusal::from(problem.clone());
            assert_eq!(Problem::telling(refusal, none), problem);
        }
    }

    #[test]
    fn a_code_of_others_is_told_by_its_class() {
        let refusal = Class::Forbidden.because("name_not_enrolled", "enrol it");
        let known = |code: &str| (code == "name_not_enrolled").then_some(Kind::RejectedIdentifier);
        assert_eq!(
            Problem::telling(refusal.clone(), known).kind,
            Kind::RejectedIdentifier
        );
        let told = Problem::telling(refusal, |_| None);
        assert_eq!((told.kind, told.status), (Kind::Unauthorized, 403));
    }
}
