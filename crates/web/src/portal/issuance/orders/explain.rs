//! Why orders fail, in plain words: for every problem type of RFC 8555 §6.7 what it means and one
//! next step. What a validation explained itself goes first; this is for the rest, and for titles.

use acme::Problem;
use acme::problem::Kind;

/// A problem type in words.
pub(super) struct Words {
    /// Follows a name in a title.
    pub(super) predicate: &'static str,
    /// What it means.
    pub(super) sentence: &'static str,
    /// One next step.
    pub(super) next_step: &'static str,
}

/// What is wrong, with the name concerned where it is known.
pub(super) fn title(problem: &Problem) -> String {
    let (kind, name) = caller(problem);
    let name = name.unwrap_or("The order");
    format!("{name} {}", words(kind).predicate)
}

/// The problem of the only name that failed, or of the whole order.
pub(super) fn caller(problem: &Problem) -> (Kind, Option<&str>) {
    match problem.subproblems.as_slice() {
        [only] => (
            only.kind,
            only.identifier.as_ref().map(|name| name.value.as_str()),
        ),
        _ => (problem.kind, None),
    }
}

/// A type in words.
pub(super) fn words(kind: Kind) -> &'static Words {
    match kind {
        Kind::AccountDoesNotExist | Kind::ExternalAccountRequired => &UNREGISTERED,
        Kind::AlreadyRevoked | Kind::BadRevocationReason => &REVOCATION,
        Kind::BadCsr | Kind::BadPublicKey => &REQUEST,
        Kind::BadNonce | Kind::BadSignatureAlgorithm | Kind::Malformed => &PROTOCOL,
        Kind::Caa => &CAA,
        Kind::Compound => &COMPOUND,
        Kind::Connection => &CONNECTION,
        Kind::Dns => &DNS,
        Kind::IncorrectResponse => &ANSWER,
        Kind::InvalidContact | Kind::UnsupportedContact => &CONTACT,
        Kind::InvalidProfile => &PROFILE,
        Kind::OrderNotReady => &NOT_READY,
        Kind::RateLimited => &RATE,
        Kind::RejectedIdentifier => &REJECTED,
        Kind::ServerInternal => &INTERNAL,
        Kind::Tls => &TLS,
        Kind::Unauthorized => &UNAUTHORIZED,
        Kind::UnsupportedIdentifier => &UNSUPPORTED,
        Kind::UserActionRequired => &ACTION,
    }
}

const ACTION: Words = Words {
    predicate: "needs something done first",
    sentence: "Somebody has to act before the client can go on.",
    next_step: "Open the ACME account and follow what it says.",
};

const ANSWER: Words = Words {
    predicate: "did not give the expected answer",
    sentence: "The name answers, but not with what the ACME client was to put there.",
    next_step: "Check that the ACME client writes to the place that the web server or the DNS shows, then run it again.",
};

const CAA: Words = Words {
    predicate: "is closed to us by its CAA records",
    sentence: "The DNS of the domain says which authorities may issue for it, and we are not among them.",
    next_step: "Add a CAA record for this authority, then run the ACME client again.",
};

const COMPOUND: Words = Words {
    predicate: "failed for several reasons",
    sentence: "Several names failed, each for a reason of its own.",
    next_step: "Look at each name in the timeline, then run the ACME client again.",
};

const CONNECTION: Words = Words {
    predicate: "could not be reached",
    sentence: "No connection to the web server of the name could be made.",
    next_step: "Open port 80 to everybody, check that the DNS entry is the server's address, and run the ACME client again.",
};

const CONTACT: Words = Words {
    predicate: "was asked for with an unfit contact",
    sentence: "The contact address of the client cannot be used.",
    next_step: "Register the client with an e-mail address, or with none.",
};

const DNS: Words = Words {
    predicate: "has a DNS problem",
    sentence: "The DNS gave no usable answer for the name.",
    next_step: "Check the name's DNS records and name servers, then run the ACME client again.",
};

const INTERNAL: Words = Words {
    predicate: "failed on our side",
    sentence: "Something went wrong on our side; nothing is wrong with your domain.",
    next_step: "Run the ACME client again, and tell support if it happens twice.",
};

const NOT_READY: Words = Words {
    predicate: "was not ready",
    sentence: "The client asked for the certificate before all names were proved.",
    next_step: "Run the ACME client again; update it if it happens twice.",
};

const PROFILE: Words = Words {
    predicate: "was asked for with an unknown profile",
    sentence: "The ACME client chose a profile of certificates, and there are none to choose from.",
    next_step: "Take the profile out of the ACME client's settings, then run it again.",
};

const PROTOCOL: Words = Words {
    predicate: "was asked for in a way we do not understand",
    sentence: "The client's request does not follow the ACME protocol.",
    next_step: "Update the ACME client and run it again.",
};

const RATE: Words = Words {
    predicate: "came too often",
    sentence: "More was asked for than is allowed in this time.",
    next_step: "Wait an hour, then run the ACME client once.",
};

const REJECTED: Words = Words {
    predicate: "is not among the domains",
    sentence: "Certificates are issued only for names that are in the ACME account.",
    next_step: "Add the domain to this ACME account, then run the ACME client again.",
};

const REQUEST: Words = Words {
    predicate: "was asked for with an unfit certificate request",
    sentence: "The names or the key in the certificate request are not as they must be.",
    next_step: "Let the ACME client make a new key, P-256 or RSA with 2048 bits, and run it again.",
};

const REVOCATION: Words = Words {
    predicate: "was not revoked as asked",
    sentence: "The certificate is revoked already, or the reason is not one that subscribers may give.",
    next_step: "Look at the certificate's page; nothing may be left to do.",
};

const TLS: Words = Words {
    predicate: "allows no secure connection",
    sentence: "The web server passes the challenge on to HTTPS, and no secure connection could be made there.",
    next_step: "Serve /.well-known/acme-challenge/ over plain HTTP, then run the ACME client again.",
};

const UNAUTHORIZED: Words = Words {
    predicate: "is not authorized",
    sentence: "The client may not have a certificate for this name any more.",
    next_step: "Check that the domain is still in this ACME account and that the account is active.",
};

const UNREGISTERED: Words = Words {
    predicate: "needs a registered client",
    sentence: "The client is not registered with the credentials of an ACME account.",
    next_step: "Register it with the command on the account's credentials page.",
};

const UNSUPPORTED: Words = Words {
    predicate: "is not a kind of name we issue for",
    sentence: "Certificates are issued for DNS names only.",
    next_step: "Order a certificate for a DNS name.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r16_every_problem_type_has_an_explanation_and_one_next_step() {
        for kind in Kind::ALL {
            let words = words(kind);
            for text in [words.sentence, words.next_step] {
                assert!(text.len() > 20 && text.ends_with('.'), "{kind:?}: {text}");
            }
            assert!(!words.predicate.is_empty() && !words.predicate.ends_with('.'));
        }
    }

    #[test]
    fn titles_name_the_only_name_that_failed() {
        let problem = Problem::for_identifiers(vec![acme::problem::Subproblem {
            kind: Kind::Connection,
            detail: "refused".to_owned(),
            identifier: Some(acme::requested::Requested::dns(
                "www.example.com".to_owned(),
            )),
        }]);
        assert_eq!(title(&problem), "www.example.com could not be reached");
        let own = Problem::internal("req_1");
        assert_eq!(title(&own), "The order failed on our side");
    }
}
