//! A tenant asks reviewers to check an organization for a type of certificate.

use base::{Class, OrganizationId, Refusal, Refuse, Timestamp};
use pki::OrganizationError;
use store::audit::{self, Entry};
use store::tenancy::organization::{self, Organization};
use store::tenancy::pre_validation::{self, OrganizationCheck};
use store::{ReadTx, WriteTx};
use tenancy::certificate_type::CertificateType;
use tenancy::organization::ContactRole;
use tenancy::pre_validation::{PreValidation, Request};

use super::subject_for;
use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Why nothing was asked for.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The same waits for reviewers.
    #[error("its {} pre-validation was asked for already and waits for reviewers", .0.title())]
    AlreadyWaiting(CertificateType),
    /// Nobody could be asked.
    #[error("name a contact of the organization with the role \"{0}\" first; reviewers ask them")]
    Contact(ContactRole),
    /// The tenant has no such organization.
    #[error("there is no such organization here; the list shows those that there are")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Such a certificate could not say this.
    #[error(transparent)]
    Subject(#[from] OrganizationError),
}

impl Refuse for RequestError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::AlreadyWaiting(_) => Class::Conflict.because("pre_validation_waiting", self),
            Self::Contact(_) => Class::Invalid
                .because("contact_missing", self)
                .at("contact"),
            Self::NotFound => Class::NotFound.because("organization_not_found", self),
            Self::Store(error) => error.refusal(),
            Self::Subject(error) => error.refusal(),
        }
    }
}

/// Asks for the check of an organization of the caller's tenant, as it is described now.
pub async fn request_pre_validation(
    app: &App,
    caller: &Caller,
    organization: OrganizationId,
    kind: CertificateType,
) -> Result<OrganizationCheck, RequestError> {
    let asking = Asking {
        app: app.clone(),
        caller: caller.clone(),
        organization,
        kind,
        now: app.now(),
    };
    let store = app.store(caller);
    let asked = store.decide(asking, load, decide, save).await?;
    asked.ok_or(RequestError::AlreadyWaiting(kind))
}

struct Asking {
    app: App,
    caller: Caller,
    organization: OrganizationId,
    kind: CertificateType,
    now: Timestamp,
}

struct Asked {
    check: OrganizationCheck,
    entry: Entry,
}

async fn load(tx: &mut ReadTx, asking: &Asking) -> Result<Option<Organization>, store::Error> {
    organization::find_whole(tx, &asking.organization).await
}

fn decide(asking: &Asking, found: Option<Organization>) -> Result<Asked, RequestError> {
    let found = found.ok_or(RequestError::NotFound)?;
    if let Some(role) = found.contacts.missing_for(asking.kind) {
        return Err(RequestError::Contact(role));
    }
    let (app, caller, kind) = (&asking.app, &asking.caller, asking.kind);
    let request = Request {
        tenant: found.tenant,
        organization: found.id,
        kind,
        fields: subject_for(&app.catalog(), kind, found.fields)?,
        by: caller.actor,
    };
    let check = PreValidation::requested(request, asking.now, app.random());
    let event = Event::PreValidationRequested {
        pre_validation: check.id,
        certificate_type: kind.as_str(),
        anchor: Text::new(check.anchor.as_str()),
        organization: check.organization,
    };
    Ok(Asked {
        entry: app.entry(caller, found.tenant, &event, asking.now),
        check,
    })
}

/// `None` when the same waits already.
async fn save(tx: &mut WriteTx, asked: &Asked) -> Result<Option<OrganizationCheck>, store::Error> {
    if !pre_validation::insert(tx, &asked.check).await? {
        return Ok(None);
    }
    audit::append(tx, &asked.entry).await?;
    Ok(Some(asked.check.clone()))
}
