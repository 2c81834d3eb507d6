//! Who is at the portal's door, from the first user of an installation to the end of a session
//! (features F-001 to F-018, security S-01 to S-10, S-19 to S-23, S-63).
//!
//! Whether a route may be used is asked of [`SignedIn::may`]; cookies and pages are the door's.

use tenancy::role::{Permission, Roles};
use tenancy::session::Session;
use tenancy::tenant::Tenant;
use tenancy::token::Token;
use tenancy::user::User;

use crate::App;
use crate::caller::{Caller, Client};

pub mod api_token;
mod attempt;
pub mod change_password;
pub mod find_user;
pub mod link;
pub mod new_password;
mod notice;
pub mod oidc;
mod open_session;
pub mod preferences;
mod proof;
pub mod reauthenticate;
mod refuse;
pub mod second_factor;
pub mod second_step;
pub mod session;
pub mod sign_in;
pub mod team;
pub mod unlock_user;

pub use proof::ProofError;

/// A browser whose user is known.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// What its cookie carries; the anti-forgery token derives from it.
    pub token: Token,
    /// The session that the token stands for.
    pub session: Session,
    /// Who signed in.
    pub user: User,
    /// The tenant for which they act.
    pub tenant: Tenant,
    /// What they may do in it.
    pub roles: Roles,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
}

impl SignedIn {
    /// The person as the caller of use cases.
    pub fn caller(&self, client: Client) -> Caller {
        Caller::user(client, self.user.id, self.session.tenant)
    }

    /// Whether the user must have a second factor (S-17).
    pub fn must_have_second_factor(&self, app: &App) -> bool {
        let of_operator = app.settings().operator_needs_second_factor;
        self.tenant.demands_second_factor(of_operator)
    }

    /// Whether the user must have a second factor and has none: then they can do nothing but set one up.
    pub fn lacks_second_factor(&self, app: &App) -> bool {
        !self.has_second_factor && self.must_have_second_factor(app)
    }

    /// Whether the user holds a permission in the tenant.
    pub fn may(&self, permission: Permission) -> bool {
        self.roles.permit(self.tenant.kind, permission)
    }
}

#[cfg(test)]
mod tests;
