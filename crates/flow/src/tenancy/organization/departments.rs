//! The departments of an organization: added and removed (feature F-028).

use base::{Class, DepartmentId, OrganizationId, Refusal, Refuse, Timestamp};
use store::access::role_binding;
use store::audit::{self, Entry};
use store::enrollment::subscription;
use store::tenancy::delegation;
use store::tenancy::department::{self, Department};
use store::tenancy::organization::{self, Organization};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::organization::{DepartmentName, MAX_DEPARTMENTS};

use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Why the departments stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum DepartmentError {
    /// Domains are delegated to it, or ACME accounts or people's roles are for it.
    #[error(
        "domains are delegated to this department, or ACME accounts or people's roles are for it; end that first, then remove it"
    )]
    InUse,
    /// As many as there may be.
    #[error("an organization has at most {MAX_DEPARTMENTS} departments; remove one first")]
    Full,
    /// The organization has one of that name.
    #[error("the organization has a department \"{0}\" already; choose another name")]
    NameTaken(DepartmentName),
    /// The organization has no such department.
    #[error("there is no such department; the organization's page shows those that there are")]
    NoDepartment,
    /// The tenant has no such organization.
    #[error("there is no such organization here; the list shows those that there are")]
    NoOrganization,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for DepartmentError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Full => Class::Quota.because("departments_full", self),
            Self::InUse => Class::Conflict.because("department_in_use", self),
            Self::NameTaken(_) => Class::Conflict
                .because("department_name_taken", self)
                .at("name"),
            Self::NoDepartment => Class::NotFound.because("department_not_found", self),
            Self::NoOrganization => Class::NotFound.because("organization_not_found", self),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Adds a department to an organization of the caller's tenant.
pub async fn add_department(
    app: &App,
    caller: &Caller,
    organization: OrganizationId,
    name: DepartmentName,
) -> Result<Department, DepartmentError> {
    let (now, tenant) = (app.now(), caller.tenant()?);
    let department = Department {
        id: DepartmentId::generate(now, app.random()),
        tenant,
        organization,
        name,
        created_by: caller.actor,
    };
    let event = Event::DepartmentAdded {
        department: department.id,
        name: Text::new(department.name.as_str()),
        organization,
    };
    let adding = Adding {
        entry: app.entry(caller, tenant, &event, now),
        department,
    };
    let store = app.store(caller);
    let name = adding.department.name.clone();
    let added = store.decide(adding, look, room, add).await?;
    added.ok_or(DepartmentError::NameTaken(name))
}

#[derive(Clone)]
struct Adding {
    department: Department,
    entry: Entry,
}

type Found = (Option<Organization>, Vec<Department>);

async fn look(tx: &mut ReadTx, adding: &Adding) -> Result<Found, store::Error> {
    let of = adding.department.organization;
    let found = organization::find_whole(tx, &of).await?;
    Ok((found, department::of_organization(tx, &of).await?))
}

fn room(adding: &Adding, (found, there): Found) -> Result<Adding, DepartmentError> {
    if found.is_none() {
        return Err(DepartmentError::NoOrganization);
    }
    if there.len() >= usize::try_from(MAX_DEPARTMENTS).unwrap_or(usize::MAX) {
        return Err(DepartmentError::Full);
    }
    Ok(adding.clone())
}

/// `None` when there is one of that name.
async fn add(tx: &mut WriteTx, adding: &Adding) -> Result<Option<Department>, store::Error> {
    tenant::lock(tx, &adding.department.tenant).await?;
    if !department::insert(tx, &adding.department).await? {
        return Ok(None);
    }
    audit::append(tx, &adding.entry).await?;
    Ok(Some(adding.department.clone()))
}

/// Removes a department of the caller's tenant.
pub async fn remove_department(
    app: &App,
    caller: &Caller,
    id: DepartmentId,
) -> Result<Department, DepartmentError> {
    let removing = Removing {
        app: app.clone(),
        caller: caller.clone(),
        id,
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(removing, find, decide, remove).await
}

struct Removing {
    app: App,
    caller: Caller,
    id: DepartmentId,
    now: Timestamp,
}

/// The department, and whether something is for it.
type Used = (Option<Department>, bool);

async fn find(tx: &mut ReadTx, removing: &Removing) -> Result<Used, store::Error> {
    let Some(found) = department::find(tx, &removing.id).await? else {
        return Ok((None, false));
    };
    let of_it = organization::find_whole(tx, &found.organization).await?;
    let is_used = delegation::has_department(tx, &removing.id).await?
        || subscription::has_department(tx, &removing.id).await?
        || role_binding::has_department(tx, &removing.id).await?;
    Ok((of_it.map(|_| found), is_used))
}

fn decide(removing: &Removing, (found, is_used): Used) -> Result<Adding, DepartmentError> {
    let department = found.ok_or(DepartmentError::NoDepartment)?;
    if is_used {
        return Err(DepartmentError::InUse);
    }
    let event = Event::DepartmentRemoved {
        department: department.id,
        name: Text::new(department.name.as_str()),
        organization: department.organization,
    };
    let (app, caller) = (&removing.app, &removing.caller);
    Ok(Adding {
        entry: app.entry(caller, department.tenant, &event, removing.now),
        department,
    })
}

async fn remove(tx: &mut WriteTx, removed: &Adding) -> Result<Department, store::Error> {
    department::delete(tx, &removed.department.id).await?;
    audit::append(tx, &removed.entry).await?;
    Ok(removed.department.clone())
}
