//! Who is at the portal's door, from the first user of an installation to the end of a session
//! (features F-001 to F-018, security S-01 to S-10, S-19 to S-23, S-63).
//!
//! Whether a route may be used is asked of [`SignedIn::may`]; cookies and pages are the door's.

use tenancy::role::Permission;
use tenancy::session::Session;
use tenancy::tenant::Tenant;
use tenancy::token::Token;
use tenancy::user::User;

use crate::caller::{Caller, Client};

mod attempt;
pub mod change_password;
pub mod find_user;
pub mod new_password;
mod open_session;

pub mod preferences;
mod proof;
pub mod reauthenticate;
mod refuse;
pub mod reset_password;
pub mod session;
pub mod sign_in;
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
    /// Whether somebody else chose the password: until it is replaced, only the page that does it
    /// may be shown (F-011).
    pub must_change_password: bool,
}

impl SignedIn {
    /// The person as the caller of use cases.
    pub fn caller(&self, client: Client) -> Caller {
        Caller::user(client, self.user.id, self.session.tenant)
    }

    /// Whether the user holds a permission in the tenant.
    pub fn may(&self, permission: Permission) -> bool {
        !self.must_change_password && self.user.role.permits(self.tenant.kind, permission)
    }
}

#[cfg(test)]
mod tests;
