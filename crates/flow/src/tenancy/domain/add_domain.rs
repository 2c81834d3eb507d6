//! Adds a domain to a tenant, with the values that prove control of it.

use acme::challenge::Token;
use base::{Class, DnsName, DomainId, Refusal, Refuse};
use enrollment::public_suffix::is_public_suffix;
use store::audit::{self, Entry};
use store::tenancy::{domain, tenant};
use store::{ReadTx, WriteTx};
use tenancy::domain::{Domain, MAX_DOMAINS};
use tenancy::role::binding::OfWholeTenant;

use crate::audit::Event;
use crate::{App, Caller};

/// Why it was not added.
#[derive(Debug, thiserror::Error)]
pub enum AddDomainError {
    /// It is of the whole tenant.
    #[error(transparent)]
    Bound(#[from] OfWholeTenant),
    /// As many as there may be.
    #[error("you have {MAX_DOMAINS} domains, which is as many as fit; remove one first")]
    Full,
    /// Anybody can have names directly below it.
    #[error(
        "{0} is a public suffix, below which anybody can register names; add the domain that is yours"
    )]
    PublicSuffix(DnsName),
    /// The tenant has it.
    #[error("{0} is in your list already; open it there")]
    Taken(DnsName),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// A wildcard is a name of certificates.
    #[error(
        "{} is a wildcard; add {}, which counts for wildcards below it once the DNS has proven it", .0, .0.base()
    )]
    Wildcard(DnsName),
}

impl Refuse for AddDomainError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Bound(error) => error.refusal(),
            Self::Full => Class::Quota.because("domains_full", self),
            Self::PublicSuffix(_) => Class::Invalid
                .because("domain_public_suffix", self)
                .at("name"),
            Self::Taken(_) => Class::Conflict.because("domain_taken", self).at("name"),
            Self::Store(error) => error.refusal(),
            Self::Wildcard(_) => Class::Invalid.because("domain_wildcard", self).at("name"),
        }
    }
}

/// Adds a domain to the caller's tenant.
pub async fn add_domain(
    app: &App,
    caller: &Caller,
    name: DnsName,
) -> Result<Domain, AddDomainError> {
    caller.has_whole_tenant()?;
    if name.is_wildcard() {
        return Err(AddDomainError::Wildcard(name));
    }
    if is_public_suffix(&name) {
        return Err(AddDomainError::PublicSuffix(name));
    }
    let (now, random, tenant) = (app.now(), app.random(), caller.tenant()?);
    let new = Domain {
        id: DomainId::generate(now, random),
        tenant,
        name,
        created_by: caller.actor,
        challenge: None,
        mailed: None,
        proof: None,
        missed: None,
    };
    let event = Event::DomainOwned {
        domain: new.id,
        name: new.name.clone(),
    };
    let adding = Adding {
        entry: app.entry(caller, tenant, &event, now),
        domain: new.ask(value(app), value(app), now),
    };
    let name = adding.domain.name.clone();
    let store = app.store(caller);
    let added = store.decide(adding, count, room, add).await?;
    added.ok_or(AddDomainError::Taken(name))
}

/// 256 bits of chance, in letters that fit a TXT record and a path.
pub(super) fn value(app: &App) -> String {
    Token::generate(app.random()).as_str().to_owned()
}

#[derive(Clone)]
struct Adding {
    domain: Domain,
    entry: Entry,
}

async fn count(tx: &mut ReadTx, _: &Adding) -> Result<u64, store::Error> {
    domain::count(tx, &()).await
}

fn room(adding: &Adding, there: u64) -> Result<Adding, AddDomainError> {
    if there >= u64::from(MAX_DOMAINS) {
        return Err(AddDomainError::Full);
    }
    Ok(adding.clone())
}

/// `None` when the tenant has it already.
async fn add(tx: &mut WriteTx, adding: &Adding) -> Result<Option<Domain>, store::Error> {
    tenant::lock(tx, &adding.domain.tenant).await?;
    if !domain::insert(tx, &adding.domain).await? {
        return Ok(None);
    }
    audit::append(tx, &adding.entry).await?;
    Ok(Some(adding.domain.clone()))
}
