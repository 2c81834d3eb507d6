//! What is checked of organizations before certificates name them: asked for by their tenant, decided by reviewers of the
//! operator (features F-032, F-034).

pub mod anchor;
pub mod end_pre_validation;
pub mod find_reviewer;
pub mod list_waiting;
pub mod request_pre_validation;
pub mod review_pre_validation;
pub mod watch_ends;

use base::{Class, Refusal, Refuse, Timestamp};
use enrollment::subscription::Subscription;
use pki::{OrganizationError, Subject, SubjectFields};
use store::ReadTx;
use store::tenancy::pre_validation;
pub use store::tenancy::pre_validation::{OrganizationCheck, Waiting};
use tenancy::certificate_type::CertificateType;

use crate::memory::catalog::Catalog;

/// What certificates of a type would say, if one of the profiles here can say it.
fn subject_for(
    catalog: &Catalog,
    kind: CertificateType,
    fields: SubjectFields,
) -> Result<SubjectFields, OrganizationError> {
    let subject = Subject::new(fields)?;
    let mut refused = Ok(());
    for profile in catalog.profiles_for(kind) {
        match subject.check_for(profile) {
            Ok(()) => return Ok(subject.fields().clone()),
            Err(error) => refused = Err(error),
        }
    }
    refused?;
    // Nothing is issued for it yet; its profile will ask again.
    Ok(subject.fields().clone())
}

/// What a subscription lacks whose certificates name an organization.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotValidated {
    /// It is for no organization.
    #[error(
        "its certificates name an organization, and it has none yet; choose one on the page of the ACME account first"
    )]
    NoOrganization,
    /// Its organization was not checked for this type, or too long ago.
    #[error(
        "its organization has no valid {} pre-validation; ask for one on the organization's page, and add names once it is \
         approved", .0.title()
    )]
    NotChecked(CertificateType),
}

impl Refuse for NotValidated {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NoOrganization => {
                Class::Forbidden.because("subscription_without_organization", self)
            }
            Self::NotChecked(_) => Class::Forbidden.because("organization_not_validated", self),
        }
    }
}

/// What a subscription of the caller's tenant lacks at a moment; none where certificates name nobody.
pub(crate) async fn not_validated(
    tx: &mut ReadTx,
    (catalog, subscription): (&Catalog, &Subscription),
    now: Timestamp,
) -> Result<Option<NotValidated>, store::Error> {
    let Some(kind) = catalog.certificate_type(&subscription.product) else {
        return Ok(None);
    };
    let Some(organization) = subscription.organization else {
        return Ok(Some(NotValidated::NoOrganization));
    };
    let valid = pre_validation::valid(tx, &(organization, kind, now)).await?;
    Ok(valid.is_none().then_some(NotValidated::NotChecked(kind)))
}
