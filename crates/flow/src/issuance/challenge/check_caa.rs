//! CAA (RFC 8659): whether the domain lets us issue. Asked beside each probe, and again before a signature when that was
//! longer ago than its answer is good for. A directory without names by which records call us asks for none.

use std::time::Duration;

use acme::authorization::{Authorization as Record, State};
use acme::caa::Request;
use acme::challenge::Type;
use acme::problem::{Problem, Subproblem};
use base::{Identifier, Timestamp, ValidationId};
use futures_util::stream::{self, StreamExt as _};
use store::issuance::authorization::{Authorization, CaaCheck};
use validation::{CaaOutcome, CaaQuestion, Failure, StoredEvidence};

use super::evidence::problem;
use crate::App;
use crate::memory::accounts::KnownAccount;

/// How long before a signature the answer may be from: the rules for public CAs allow eight hours (TLS BR 3.2.2.8).
const GOOD_FOR: Duration = Duration::from_secs(7 * 3600);
/// Names that are asked for at once, of an order that may have a thousand.
const AT_ONCE: usize = 16;

/// Whom CAA records have to allow.
#[derive(Clone, Debug)]
pub(in crate::issuance) struct Asker {
    /// The names that they call us by.
    identities: Vec<String>,
    /// The account, and the subscription that it is bound to as the account above it (RFC 8657 §3).
    accounts: Vec<String>,
}

impl Asker {
    /// None, when the account's directory says no names that records could call us by.
    pub(in crate::issuance) fn of(app: &App, known: &KnownAccount) -> Option<Self> {
        let catalog = app.catalog();
        let directory = catalog.directory(&known.directory)?;
        let identities = &directory.meta.caa_identities;
        if identities.is_empty() {
            return None;
        }
        let urls = directory.paths.at(&app.settings().acme_origin);
        let mut accounts = vec![urls.account(known.id)];
        // A guest is bound to nothing: others are guests of the same subscription.
        if known.is_bound {
            accounts.push(urls.subscription(known.subscription));
        }
        Some(Self {
            identities: identities.clone(),
            accounts,
        })
    }
}

/// Asks for one name, which is proven in this way.
pub(super) async fn ask(app: &App, asker: &Asker, record: &Record, method: Type) -> CaaOutcome {
    let Identifier::Dns(name) = &record.identifier;
    let question = CaaQuestion {
        name,
        request: Request {
            is_wildcard: record.is_wildcard,
            method,
            identities: &asker.identities,
            accounts: &asker.accounts,
        },
    };
    app.outside.validator.caa(question).await
}

/// The proofs whose answer is too old, or was never asked for.
pub(in crate::issuance) fn due(
    authorizations: &[Authorization],
    now: Timestamp,
) -> Vec<Authorization> {
    let is_due = |each: &&Authorization| {
        each.caa_checked_at
            .is_none_or(|checked| now >= checked.plus(GOOD_FOR))
    };
    authorizations.iter().filter(is_due).cloned().collect()
}

/// Asks again for each of them. What is to be stored, or what the order ends with.
pub(in crate::issuance) async fn ask_again(
    app: &App,
    asker: &Asker,
    due: Vec<Authorization>,
) -> Result<Vec<CaaCheck>, Refused> {
    let questions = due.into_iter().filter_map(|authorization| {
        let State::Valid { challenge, .. } = authorization.record.state else {
            return None;
        };
        Some(async move {
            let outcome = ask(app, asker, &authorization.record, challenge).await;
            (authorization, outcome)
        })
    });
    let answers: Vec<_> = stream::iter(questions).buffered(AT_ONCE).collect().await;
    let mut checks = Vec::new();
    let mut refused = Vec::new();
    for (authorization, outcome) in answers {
        match &outcome.result {
            Ok(()) => checks.push(check(app, authorization, outcome)),
            Err(failure) => refused.push(subproblem(&authorization.record, failure)),
        }
    }
    if refused.is_empty() {
        return Ok(checks);
    }
    Err(Refused(Problem::for_identifiers(refused)))
}

/// CAA records have come to forbid it, or the DNS does not say so any more.
#[derive(Clone, Debug)]
pub(in crate::issuance) struct Refused(pub(in crate::issuance) Problem);

fn check(app: &App, authorization: Authorization, outcome: CaaOutcome) -> CaaCheck {
    let checked_at = outcome.evidence.checked_at;
    let mut seen = validation::Evidence::new(checked_at, CaaCheck::METHOD);
    seen.ms = outcome.evidence.ms;
    seen.caa = Some(outcome.evidence);
    CaaCheck {
        id: ValidationId::generate(app.now(), app.random()),
        authorization,
        checked_at,
        good_until: checked_at.plus(GOOD_FOR),
        evidence: StoredEvidence {
            seen,
            explanation: None,
        }
        .to_json(),
    }
}

fn subproblem(record: &Record, failure: &Failure) -> Subproblem {
    let (ordered, problem) = (record.ordered(), problem(failure, None));
    Subproblem {
        kind: problem.kind,
        detail: format!("{}: {}", ordered.value, problem.detail),
        identifier: Some(ordered),
    }
}
