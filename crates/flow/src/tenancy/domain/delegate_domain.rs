//! Delegates a domain to an organization or one of its departments, for some types of certificates; says anew for which, or
//! ends it. Orders follow from the next one on; certificates that were issued stay.

use base::{
    Class, DelegationId, DepartmentId, DomainId, OrganizationId, Refusal, Refuse, Timestamp,
};
use store::access::role_binding;
use store::audit::{self, Entry};
use store::tenancy::delegation;
use store::tenancy::department::{self, Department};
use store::tenancy::organization::{self, Organization};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::certificate_type::AllowedTypes;
use tenancy::domain::delegation::{Delegation, MAX_DELEGATIONS};
use tenancy::role::binding::OfWholeTenant;
use tenancy::role::binding::Part;

use super::OwnDomainDetail;
use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Why the delegations stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum DelegateError {
    /// As many as there may be.
    #[error("a domain is delegated to at most {MAX_DELEGATIONS}; end one of its delegations first")]
    Full,
    /// The domain has no such delegation.
    #[error("there is no such delegation; the domain's page shows those that there are")]
    NoDelegation,
    /// The tenant has no such domain.
    #[error("there is no such domain here; the list shows those that there are")]
    NoDomain,
    /// The tenant has no such organization, or it has no such department.
    #[error("there is no such organization or department here; choose one of the list")]
    NoOrganization,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Somebody delegated it there at the same moment.
    #[error("somebody delegated the domain there a moment ago; look at its page, then try again")]
    Taken,
    /// Domains are shared, and whoever asks has some of the tenant.
    #[error(transparent)]
    Whole(#[from] OfWholeTenant),
}

impl Refuse for DelegateError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Full => Class::Quota.because("delegations_full", self),
            Self::NoDelegation => Class::NotFound.because("delegation_not_found", self),
            Self::NoDomain => Class::NotFound.because("domain_unknown", self),
            Self::NoOrganization => Class::Invalid
                .because("delegation_organization_unknown", self)
                .at("organization"),
            Self::Store(error) => error.refusal(),
            Self::Whole(error) => error.refusal(),
            Self::Taken => Class::Conflict
                .because("delegation_taken", self)
                .at("organization"),
        }
    }
}

/// To whom, and for which certificates.
#[derive(Clone, Debug)]
pub struct Grant {
    /// The organization.
    pub organization: OrganizationId,
    /// Its only department that may use the domain, if it is to one.
    pub department: Option<DepartmentId>,
    /// For which certificates.
    pub types: AllowedTypes,
}

/// Delegates a domain of the caller's tenant; where it is delegated already, for these certificates from now on.
pub async fn delegate_domain(
    app: &App,
    caller: &Caller,
    id: DomainId,
    grant: Grant,
) -> Result<Delegation, DelegateError> {
    caller.has_whole_tenant()?;
    let now = app.now();
    let delegating = Delegating {
        app: app.clone(),
        caller: caller.clone(),
        delegation: Delegation {
            id: DelegationId::generate(now, app.random()),
            tenant: caller.tenant()?,
            domain: id,
            organization: grant.organization,
            department: grant.department,
            types: grant.types,
            created_by: caller.actor,
        },
        now,
    };
    let store = app.store(caller);
    let made = store.decide(delegating, look, decide, save).await?;
    made.ok_or(DelegateError::Taken)
}

struct Delegating {
    app: App,
    caller: Caller,
    delegation: Delegation,
    now: Timestamp,
}

/// To whom it is.
fn target(delegation: &Delegation) -> Option<Part> {
    Part::of(Some(delegation.organization), delegation.department)
}

struct Found {
    domain: Option<OwnDomainDetail>,
    organization: Option<Organization>,
    department: Option<Department>,
}

async fn look(tx: &mut ReadTx, delegating: &Delegating) -> Result<Found, store::Error> {
    let wanted = &delegating.delegation;
    let organization = organization::find(tx, &wanted.organization).await?;
    let is_covered = role_binding::covers(tx, &target(wanted)).await?;
    Ok(Found {
        domain: super::find(tx, &wanted.domain).await?,
        organization: organization.filter(|_| is_covered),
        department: match wanted.department {
            Some(id) => department::find(tx, &id).await?,
            None => None,
        },
    })
}

/// A delegation as it is from now on, and whether it is new.
type Granted = (Delegation, bool, Entry);

fn decide(delegating: &Delegating, found: Found) -> Result<Granted, DelegateError> {
    let wanted = &delegating.delegation;
    let there = found.domain.ok_or(DelegateError::NoDomain)?;
    let organization = found.organization.ok_or(DelegateError::NoOrganization)?;
    let of = found.department.map(|department| department.organization);
    if wanted.department.is_some() && of != Some(organization.id) {
        return Err(DelegateError::NoOrganization);
    }
    let (app, caller) = (&delegating.app, &delegating.caller);
    let mut delegations = there.delegations.iter().map(|named| &named.delegation);
    let same = delegations.find(|each| {
        each.organization == wanted.organization && each.department == wanted.department
    });
    if let Some(same) = same {
        let changed = Delegation {
            types: wanted.types.clone(),
            ..same.clone()
        };
        let event = Event::DomainDelegationChanged {
            domain: changed.domain,
            delegation: changed.id,
            types: Text::new(changed.types.to_string()),
            name: there.domain.name,
        };
        let entry = app.entry(caller, changed.tenant, &event, delegating.now);
        return Ok((changed, false, entry));
    }
    if there.delegations.len() >= usize::try_from(MAX_DELEGATIONS).unwrap_or(usize::MAX) {
        return Err(DelegateError::Full);
    }
    let event = Event::DomainDelegated {
        domain: wanted.domain,
        delegation: wanted.id,
        organization: wanted.organization,
        department: wanted.department,
        types: Text::new(wanted.types.to_string()),
        name: there.domain.name,
    };
    let entry = app.entry(caller, wanted.tenant, &event, delegating.now);
    Ok((wanted.clone(), true, entry))
}

/// `None` when somebody delegated the domain there at the same moment.
async fn save(
    tx: &mut WriteTx,
    (made, is_new, entry): &Granted,
) -> Result<Option<Delegation>, store::Error> {
    tenant::lock(tx, &made.tenant).await?;
    if !*is_new {
        delegation::update(tx, made).await?;
    } else if !delegation::insert(tx, made).await? {
        return Ok(None);
    }
    audit::append(tx, entry).await?;
    Ok(Some(made.clone()))
}

/// Ends a delegation of a domain of the caller's tenant.
pub async fn end_delegation(
    app: &App,
    caller: &Caller,
    domain: DomainId,
    delegation: DelegationId,
) -> Result<Delegation, DelegateError> {
    caller.has_whole_tenant()?;
    let ending = Ending {
        app: app.clone(),
        caller: caller.clone(),
        domain,
        delegation,
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(ending, find, choose, remove).await
}

struct Ending {
    app: App,
    caller: Caller,
    domain: DomainId,
    delegation: DelegationId,
    now: Timestamp,
}

/// The domain, with the delegation that is to end if whoever asks may end it.
async fn find(tx: &mut ReadTx, ending: &Ending) -> Result<Option<OwnDomainDetail>, store::Error> {
    let Some(mut found) = super::find(tx, &ending.domain).await? else {
        return Ok(None);
    };
    found
        .delegations
        .retain(|named| named.delegation.id == ending.delegation);
    if let Some(named) = found.delegations.first()
        && !role_binding::covers(tx, &target(&named.delegation)).await?
    {
        found.delegations.clear();
    }
    Ok(Some(found))
}

fn choose(
    ending: &Ending,
    found: Option<OwnDomainDetail>,
) -> Result<(Delegation, Entry), DelegateError> {
    let OwnDomainDetail {
        domain,
        delegations,
    } = found.ok_or(DelegateError::NoDomain)?;
    let mut delegations = delegations.into_iter().map(|named| named.delegation);
    let ended = delegations.find(|delegation| delegation.id == ending.delegation);
    let ended = ended.ok_or(DelegateError::NoDelegation)?;
    let event = Event::DomainDelegationEnded {
        domain: domain.id,
        delegation: ended.id,
        organization: ended.organization,
        name: domain.name,
    };
    let (app, caller) = (&ending.app, &ending.caller);
    let entry = app.entry(caller, ended.tenant, &event, ending.now);
    Ok((ended, entry))
}

async fn remove(
    tx: &mut WriteTx,
    (ended, entry): &(Delegation, Entry),
) -> Result<Delegation, store::Error> {
    delegation::delete(tx, &ended.id).await?;
    audit::append(tx, entry).await?;
    Ok(ended.clone())
}
