//! Adds an organization to a tenant, or says anew what its certificates shall say. What was checked stays as it was
//! checked: other values count once reviewers have said yes to them.

use base::{Class, OrganizationId, Refusal, Refuse, Timestamp};
use pki::{Subject, SubjectError, SubjectFields};
use store::audit::{self, Entry};
use store::tenancy::organization::{self, Organization};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::organization::{Contacts, MAX_ORGANIZATIONS};
use tenancy::role::binding::OfWholeTenant;

use crate::audit::{Event, Text};
use crate::{App, Caller};

/// What is said about an organization.
#[derive(Clone, Debug)]
pub struct Details {
    /// What its certificates shall say.
    pub fields: SubjectFields,
    /// Whom reviewers ask.
    pub contacts: Contacts,
}

/// Why nothing was stored.
#[derive(Debug, thiserror::Error)]
pub enum ChangeOrganizationError {
    /// It is of the whole tenant.
    #[error(transparent)]
    Bound(#[from] OfWholeTenant),
    /// As many as there may be.
    #[error("you have {MAX_ORGANIZATIONS} organizations, which is as many as fit; use one of them")]
    Full,
    /// The tenant has no such organization.
    #[error("there is no such organization here; the list shows those that there are")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// No certificate could say this.
    #[error(transparent)]
    Subject(#[from] SubjectError),
}

impl Refuse for ChangeOrganizationError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Bound(error) => error.refusal(),
            Self::Full => Class::Quota.because("organizations_full", self),
            Self::NotFound => Class::NotFound.because("organization_not_found", self),
            Self::Store(error) => error.refusal(),
            Self::Subject(error) => error.refusal(),
        }
    }
}

/// Adds an organization to the caller's tenant.
pub async fn add_organization(
    app: &App,
    caller: &Caller,
    details: Details,
) -> Result<Organization, ChangeOrganizationError> {
    caller.has_whole_tenant()?;
    let (now, tenant) = (app.now(), caller.tenant()?);
    let organization = Organization {
        id: OrganizationId::generate(now, app.random()),
        tenant,
        fields: Subject::new(details.fields)?.fields().clone(),
        contacts: details.contacts,
        created_by: caller.actor,
        changed_at: now,
    };
    let event = Event::OrganizationAdded {
        organization: organization.id,
        name: Text::new(&organization.fields.legal_name),
    };
    let adding = Adding {
        entry: app.entry(caller, tenant, &event, now),
        organization,
    };
    let store = app.store(caller);
    store.decide(adding, count, room, add).await
}

#[derive(Clone)]
struct Adding {
    organization: Organization,
    entry: Entry,
}

async fn count(tx: &mut ReadTx, _: &Adding) -> Result<u64, store::Error> {
    organization::count(tx, &()).await
}

fn room(adding: &Adding, there: u64) -> Result<Adding, ChangeOrganizationError> {
    if there >= u64::from(MAX_ORGANIZATIONS) {
        return Err(ChangeOrganizationError::Full);
    }
    Ok(adding.clone())
}

async fn add(tx: &mut WriteTx, adding: &Adding) -> Result<Organization, store::Error> {
    tenant::lock(tx, &adding.organization.tenant).await?;
    organization::insert(tx, &adding.organization).await?;
    audit::append(tx, &adding.entry).await?;
    Ok(adding.organization.clone())
}

/// Says anew what the certificates of an organization of the caller's tenant shall say.
pub async fn change_organization(
    app: &App,
    caller: &Caller,
    id: OrganizationId,
    details: Details,
) -> Result<Organization, ChangeOrganizationError> {
    let changing = Changing {
        app: app.clone(),
        caller: caller.clone(),
        id,
        details: Details {
            fields: Subject::new(details.fields)?.fields().clone(),
            ..details
        },
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(changing, find, decide, change).await
}

struct Changing {
    app: App,
    caller: Caller,
    id: OrganizationId,
    details: Details,
    now: Timestamp,
}

async fn find(tx: &mut ReadTx, changing: &Changing) -> Result<Option<Organization>, store::Error> {
    organization::find_whole(tx, &changing.id).await
}

fn decide(
    changing: &Changing,
    found: Option<Organization>,
) -> Result<Adding, ChangeOrganizationError> {
    let found = found.ok_or(ChangeOrganizationError::NotFound)?;
    let organization = Organization {
        fields: changing.details.fields.clone(),
        contacts: changing.details.contacts.clone(),
        changed_at: changing.now,
        ..found
    };
    let event = Event::OrganizationChanged {
        organization: organization.id,
        name: Text::new(&organization.fields.legal_name),
    };
    let (app, caller) = (&changing.app, &changing.caller);
    Ok(Adding {
        entry: app.entry(caller, organization.tenant, &event, changing.now),
        organization,
    })
}

async fn change(tx: &mut WriteTx, changed: &Adding) -> Result<Organization, store::Error> {
    organization::update(tx, &changed.organization).await?;
    audit::append(tx, &changed.entry).await?;
    Ok(changed.organization.clone())
}
