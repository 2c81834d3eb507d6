//! Who reviews: somebody of the operator who may decide pre-validations. At the command line they are named.

use base::{Class, Refusal, Refuse, UserId};
use store::ReadTx;
use store::access::user::{self, Person};
use store::tenancy::tenant;
use tenancy::role::Permission;
use tenancy::tenant::Tenant;
use tenancy::user::{Email, Status};

use crate::App;
use crate::caller::system;

/// Somebody does not review.
#[derive(Debug, thiserror::Error)]
pub enum FindReviewerError {
    /// They do not, or are not there.
    #[error(
        "{0} is nobody of the operator who may decide pre-validations; give them the role reviewer first"
    )]
    NoReviewer(Email),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for FindReviewerError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NoReviewer(_) => Class::Forbidden
                .because("reviewer_unknown", self)
                .at("reviewer"),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// The reviewer with this address.
pub async fn find_reviewer(app: &App, email: Email) -> Result<UserId, FindReviewerError> {
    let all = app.store(system("an operator names a reviewer at the command line"));
    let found = all.read(email.clone(), load).await?;
    let is_one = |(person, of): &(Person, Tenant)| {
        let roles = &person.roles;
        // Whoever has not followed the link yet reviews at the command line all the same: it may be the only way in.
        matches!(person.user.status, Status::Active | Status::Invited)
            && roles.permit(of.kind, Permission::DecidePreValidations)
    };
    let reviewer = found.filter(is_one).map(|(person, _)| person.user.id);
    reviewer.ok_or(FindReviewerError::NoReviewer(email))
}

async fn load(tx: &mut ReadTx, email: &Email) -> Result<Option<(Person, Tenant)>, store::Error> {
    let Some(person) = user::person_by_email(tx, email).await? else {
        return Ok(None);
    };
    let of = tenant::by_id(tx, &person.user.tenant).await?;
    Ok(of.map(|of| (person, of)))
}
