//! Whoever a domain belongs to confirms, by the link of a mail, that a tenant may have certificates for it. A link works once,
//! however many try it at the same time; looking at it uses nothing up, since programs look at the links of mails too.

use std::time::Duration;

use base::{Class, DomainId, Refusal, Refuse, TenantId, Timestamp, ValidationId};
use pki::{MAIL_PROOFS_END, reuse_ceiling_seconds};
use store::audit::{self, Entry};
use store::issuance::evidence::{self, RULES, Validation};
use store::tenancy::{domain, tenant as tenants};
use store::{ReadTx, WriteTx};
use tenancy::domain::{Domain, DomainProof, MailedLink, ProofMethod};
use tenancy::tenant::Tenant;
use tenancy::token::{Token, TokenDigest};
use validation::evidence::Evidence;
use validation::{MAIL, StoredEvidence};

use crate::audit::Event;
use crate::caller::system;
use crate::{App, Caller};

/// Why nothing is confirmed.
#[derive(Debug, thiserror::Error)]
pub enum ConfirmDomainError {
    /// It was used, is too old, another one went out since, or there never was one.
    #[error(
        "it was used, has ended, or another one was sent since; whoever asked for it can send another"
    )]
    NotFound,
    /// Proofs by mail do not count any more.
    #[error("control of a domain is not confirmed by mail any more; nothing is to be done here")]
    NotTaken,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for ConfirmDomainError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("domain_link_unknown", self),
            Self::NotTaken => Class::Conflict.because("domain_link_not_taken", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// What somebody is asked to confirm.
#[derive(Clone, Debug)]
pub struct AskedDomain {
    /// The domain.
    pub domain: Domain,
    /// Who wants certificates for it.
    pub tenant: Tenant,
    /// The link by which they are asked.
    pub link: MailedLink,
}

/// Looks at a link and changes nothing.
pub async fn look_at_domain_link(
    app: &App,
    token: &str,
) -> Result<AskedDomain, ConfirmDomainError> {
    let token = Token::parse(token).ok_or(ConfirmDomainError::NotFound)?;
    let store = app.store(system("a link tells for which domain it is"));
    let found = store.read(token.digest(), load_by_digest).await?;
    let (domain, tenant) = found.ok_or(ConfirmDomainError::NotFound)?;
    let now = app.now();
    let link = domain.expects_mail(now).cloned();
    let link = link.ok_or(ConfirmDomainError::NotFound)?;
    if !app.catalog().takes_mail(now) {
        return Err(ConfirmDomainError::NotTaken);
    }
    Ok(AskedDomain {
        domain,
        tenant,
        link,
    })
}

/// Confirms it, and uses the link up.
pub async fn confirm_domain(
    app: &App,
    caller: &Caller,
    token: &str,
) -> Result<AskedDomain, ConfirmDomainError> {
    let asked = look_at_domain_link(app, token).await?;
    let caller = caller.within(asked.domain.tenant);
    let confirming = Confirming {
        app: app.clone(),
        caller: caller.clone(),
        id: asked.domain.id,
        digest: asked.link.digest,
        evidence: ValidationId::generate(app.now(), app.random()),
        now: app.now(),
    };
    let store = app.store(&caller);
    let domain = store.decide(confirming, find_again, decide, save).await?;
    Ok(AskedDomain { domain, ..asked })
}

async fn load_by_digest(
    tx: &mut ReadTx,
    digest: &TokenDigest,
) -> Result<Option<(Domain, Tenant)>, store::Error> {
    let Some(found) = domain::by_mail(tx, digest).await? else {
        return Ok(None);
    };
    let of: TenantId = found.tenant;
    Ok(tenants::by_id(tx, &of).await?.map(|of| (found, of)))
}

struct Confirming {
    app: App,
    caller: Caller,
    id: DomainId,
    digest: TokenDigest,
    evidence: ValidationId,
    now: Timestamp,
}

struct Decision {
    domain: Domain,
    evidence: Validation,
    entry: Entry,
}

async fn find_again(
    tx: &mut ReadTx,
    confirming: &Confirming,
) -> Result<Option<Domain>, store::Error> {
    domain::find(tx, &confirming.id).await
}

fn decide(confirming: &Confirming, found: Option<Domain>) -> Result<Decision, ConfirmDomainError> {
    let found = found.ok_or(ConfirmDomainError::NotFound)?;
    let now = confirming.now;
    let link = found.mailed.clone().ok_or(ConfirmDomainError::NotFound)?;
    // What the rules for public certificates allow; newOrder asks them again, since they grow stricter.
    let reuse = u64::try_from(reuse_ceiling_seconds(now)).unwrap_or_default();
    let valid_until = now.plus(Duration::from_secs(reuse)).min(MAIL_PROOFS_END);
    let proof = DomainProof {
        method: ProofMethod::Mail,
        proven_at: now,
        valid_until,
        evidence: confirming.evidence,
    };
    let event = Event::DomainProven {
        domain: found.id,
        name: found.name.clone(),
        method: proof.method.as_str(),
        valid_until,
    };
    let proven = found.confirm(confirming.digest, proof);
    let domain = proven.ok_or(ConfirmDomainError::NotFound)?;
    let (app, caller) = (&confirming.app, &confirming.caller);
    Ok(Decision {
        entry: app.entry(caller, domain.tenant, &event, now),
        evidence: validation(&domain, proof, confirmed(&link, caller, now)),
        domain,
    })
}

/// What was seen when the mail was sent, and who confirmed it.
fn confirmed(link: &MailedLink, caller: &Caller, now: Timestamp) -> Evidence {
    // It was written by this program, or the release before it.
    let seen = serde_json::from_str(&link.seen);
    let mut seen = seen.unwrap_or_else(|_| Evidence::new(now, MAIL));
    if let Some(mail) = &mut seen.mail {
        mail.confirmed_at = Some(now);
        mail.confirmed_from = Some(caller.client.address_text());
    }
    seen
}

fn validation(domain: &Domain, proof: DomainProof, seen: Evidence) -> Validation {
    Validation {
        id: proof.evidence,
        validated_at: proof.proven_at,
        valid_until: proof.valid_until,
        tenant: domain.tenant,
        account: None,
        name: domain.name.to_string(),
        method: MAIL.to_owned(),
        rules: RULES.to_owned(),
        evidence: StoredEvidence {
            seen,
            explanation: None,
        }
        .to_json(),
    }
}

async fn save(tx: &mut WriteTx, decision: &Decision) -> Result<Domain, store::Error> {
    domain::update(tx, &decision.domain).await?;
    evidence::insert(tx, &decision.evidence).await?;
    audit::append(tx, &decision.entry).await?;
    Ok(decision.domain.clone())
}
