//! Control of a domain is proven: what was asked for is looked for while a person waits, in the DNS or on the web server,
//! for as long as a probe takes at most. Nothing is stored of a look that was cut off; the next one asks again.

use std::time::Duration;

use acme::challenge::Type;
use base::{Class, DomainId, Identifier, Refusal, Refuse, Timestamp, ValidationId};
use pki::reuse_ceiling_seconds;
use store::audit::{self, Entry};
use store::issuance::evidence::{self, RULES, Validation};
use store::tenancy::domain;
use store::{ReadTx, WriteTx};
use tenancy::domain::{
    ChallengeError, DNS_LABEL, Domain, DomainChallenge, DomainProof, Missed, ProofMethod,
};
use tenancy::limit::RateLimited;
use tenancy::role::binding::OfWholeTenant;
use tokio::time::Instant;
use validation::{Method, Outcome, Probe};

use super::add_domain::value;
use crate::audit::Event;
use crate::memory::limits::Charge;
use crate::{App, Caller};

/// Why nothing was looked for, or what was found counts for nothing.
#[derive(Debug, thiserror::Error)]
pub enum ProveDomainError {
    /// Whoever it belongs to confirms it, and nobody looks.
    #[error(
        "a proof by mail is made by whoever gets the mail; send one, and wait for them to follow its link"
    )]
    ByMail,
    /// There is nothing to look for.
    #[error(transparent)]
    Challenge(#[from] ChallengeError),
    /// Too often.
    #[error(transparent)]
    Limited(#[from] RateLimited),
    /// The tenant has no such domain.
    #[error("there is no such domain here; the list shows those that there are")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Domains are shared, and whoever asks has some of the tenant.
    #[error(transparent)]
    Whole(#[from] OfWholeTenant),
}

impl Refuse for ProveDomainError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::ByMail => Class::Conflict.because("domain_proof_by_mail", self),
            Self::Challenge(error) => error.refusal(),
            Self::Limited(error) => error.refusal(),
            Self::NotFound => Class::NotFound.because("domain_unknown", self),
            Self::Store(error) => error.refusal(),
            Self::Whole(error) => error.refusal(),
        }
    }
}

/// Asks for new values, which take the place of those that were asked for before. A proof that counts counts on.
pub async fn ask_for_proof(
    app: &App,
    caller: &Caller,
    id: DomainId,
) -> Result<Domain, ProveDomainError> {
    caller.has_whole_tenant()?;
    let asking = Asking {
        app: app.clone(),
        caller: caller.clone(),
        id,
        values: (value(app), value(app)),
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(asking, find_asked, ask, save_change).await
}

struct Asking {
    app: App,
    caller: Caller,
    id: DomainId,
    values: (String, String),
    now: Timestamp,
}

/// A domain as it is from now on.
struct Change {
    domain: Domain,
    evidence: Option<Validation>,
    entry: Option<Entry>,
}

async fn find_asked(tx: &mut ReadTx, asking: &Asking) -> Result<Option<Domain>, store::Error> {
    domain::find(tx, &asking.id).await
}

fn ask(asking: &Asking, found: Option<Domain>) -> Result<Change, ProveDomainError> {
    let found = found.ok_or(ProveDomainError::NotFound)?;
    let event = Event::DomainValueAsked {
        domain: found.id,
        name: found.name.clone(),
    };
    let (app, caller) = (&asking.app, &asking.caller);
    let (token, value) = asking.values.clone();
    Ok(Change {
        entry: Some(app.entry(caller, found.tenant, &event, asking.now)),
        domain: found.ask(token, value, asking.now),
        evidence: None,
    })
}

async fn save_change(tx: &mut WriteTx, change: &Change) -> Result<Domain, store::Error> {
    domain::update(tx, &change.domain).await?;
    if let Some(validation) = &change.evidence {
        evidence::insert(tx, validation).await?;
    }
    if let Some(entry) = &change.entry {
        audit::append(tx, entry).await?;
    }
    Ok(change.domain.clone())
}

/// Looks for what was asked for. The domain as it is then: proven, or with the reason why not.
pub async fn prove_domain(
    app: &App,
    caller: &Caller,
    id: DomainId,
    method: ProofMethod,
) -> Result<Domain, ProveDomainError> {
    caller.has_whole_tenant()?;
    let store = app.store(caller);
    let found = store.read(id, domain::find).await?;
    let found = found.ok_or(ProveDomainError::NotFound)?;
    let sought = found.expects(app.now())?.clone();
    if method == ProofMethod::Mail {
        return Err(ProveDomainError::ByMail);
    }
    let limits = &app.memory.limits;
    limits.spend(Charge::domain_check(found.tenant), app.now())?;
    let outcome = probe(app, &found, &sought, method).await;
    let looked = Looked {
        app: app.clone(),
        caller: caller.clone(),
        id,
        method,
        sought,
        outcome,
        evidence: ValidationId::generate(app.now(), app.random()),
        now: app.now(),
    };
    store.decide(looked, find_again, record, save_change).await
}

async fn probe(
    app: &App,
    domain: &Domain,
    sought: &DomainChallenge,
    method: ProofMethod,
) -> Outcome {
    let content = sought.content();
    let (challenge, method) = match method {
        ProofMethod::Dns => {
            let (label, digest) = (DNS_LABEL, sought.value.as_str());
            (Type::Dns01, Method::Dns01 { label, digest })
        }
        // A mail was refused before.
        ProofMethod::Http | ProofMethod::Mail => {
            let (token, key_authorization) = (sought.token.as_str(), content.as_str());
            let file = Method::Http01 {
                token,
                key_authorization,
            };
            (Type::Http01, file)
        }
    };
    let identifier = &Identifier::Dns(domain.name.clone());
    let begun = Instant::now();
    let outcome = app.outside.validator.validate(Probe { identifier, method });
    let outcome = outcome.await;
    let proofs = &app.memory.measures.proofs;
    proofs.validated(challenge, &outcome.result, begun.elapsed());
    outcome
}

struct Looked {
    app: App,
    caller: Caller,
    id: DomainId,
    method: ProofMethod,
    sought: DomainChallenge,
    outcome: Outcome,
    evidence: ValidationId,
    now: Timestamp,
}

async fn find_again(tx: &mut ReadTx, looked: &Looked) -> Result<Option<Domain>, store::Error> {
    domain::find(tx, &looked.id).await
}

fn record(looked: &Looked, found: Option<Domain>) -> Result<Change, ProveDomainError> {
    let found = found.ok_or(ProveDomainError::NotFound)?;
    if looked.outcome.result.is_err() {
        let detail = looked.outcome.detail().unwrap_or_default();
        let explanation = looked.outcome.explanation().unwrap_or_default();
        let missed = Missed {
            at: looked.now,
            sentence: format!("{detail}. {explanation}"),
        };
        return Ok(Change {
            domain: found.miss(&looked.sought, missed)?,
            evidence: None,
            entry: None,
        });
    }
    // What the rules for public certificates allow; newOrder asks them again, since they grow stricter.
    let reuse = u64::try_from(reuse_ceiling_seconds(looked.now)).unwrap_or_default();
    let proof = DomainProof {
        method: looked.method,
        proven_at: looked.now,
        valid_until: looked.now.plus(Duration::from_secs(reuse)),
        evidence: looked.evidence,
    };
    let event = Event::DomainProven {
        domain: found.id,
        name: found.name.clone(),
        method: looked.method.as_str(),
        valid_until: proof.valid_until,
    };
    let (app, caller) = (&looked.app, &looked.caller);
    Ok(Change {
        entry: Some(app.entry(caller, found.tenant, &event, looked.now)),
        evidence: Some(validation(&found, proof, &looked.outcome)),
        domain: found.prove(&looked.sought, proof)?,
    })
}

fn validation(domain: &Domain, proof: DomainProof, outcome: &Outcome) -> Validation {
    Validation {
        id: proof.evidence,
        validated_at: proof.proven_at,
        valid_until: proof.valid_until,
        tenant: domain.tenant,
        account: None,
        name: domain.name.to_string(),
        method: outcome.evidence.challenge.clone(),
        rules: RULES.to_owned(),
        evidence: outcome.to_json(),
    }
}
