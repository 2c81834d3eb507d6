//! Who is at the portal's door, from the first user of an installation to the end of a session
//! (features F-001 to F-018, security S-01 to S-10, S-19 to S-23, S-63).
//!
//! Whether a route may be used is asked of [`SignedIn::may`]; cookies and pages are the door's.

use tenancy::role::binding::Binding;
use tenancy::role::{Permission, Roles};
use tenancy::session::Session;
use tenancy::session::acting;
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
    /// The tenant for which they act: their own, or the one as which they do.
    pub tenant: Tenant,
    /// The tenant that they belong to.
    pub home: Tenant,
    /// What they may do there.
    pub roles: Roles,
    /// Of which of its organizations that is.
    pub binding: Binding,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// Whether the tenant for which they act may buy something, or has: if not, there is nothing of it to see.
    pub meets_products: bool,
}

impl SignedIn {
    /// The person as the caller of use cases.
    pub fn caller(&self, client: Client) -> Caller {
        let caller = Caller::user(client, self.user.id, self.session.tenant);
        match self.session.elsewhere() {
            Some(elsewhere) => caller.acting_as(elsewhere),
            None => caller.bound_as(self.user.id, &self.binding),
        }
    }

    /// Whether the user acts for another tenant than their own.
    pub fn is_elsewhere(&self) -> bool {
        self.session.elsewhere().is_some()
    }

    /// Whether the user must have a second factor (S-17).
    pub fn must_have_second_factor(&self, app: &App) -> bool {
        let of_operator = app.settings().operator_needs_second_factor;
        self.home.demands_second_factor(of_operator)
    }

    /// Whether the user must have a second factor and has none: then they can do nothing but set one up.
    pub fn lacks_second_factor(&self, app: &App) -> bool {
        !self.has_second_factor && self.must_have_second_factor(app)
    }

    /// Whether the user holds a permission in the tenant for which they act.
    pub fn may(&self, permission: Permission) -> bool {
        let is_own = |permission| self.roles.permit(self.home.kind, permission);
        // A role counts for the tenants below too.
        let is_below = |permission| self.roles.permit(self.tenant.kind, permission);
        // Those below are of the whole tenant.
        let is_below_theirs = self.is_elsewhere() || permission == Permission::ViewTenants;
        if is_below_theirs && !self.binding.is_whole() {
            return false;
        }
        match self.session.acting {
            None if self.session.visiting.is_some() => {
                is_own(Permission::ViewTenants) && is_below(permission)
            }
            Some(_) => is_own(Permission::ActAs) && acting::permits(self.tenant.kind, permission),
            None => is_own(permission),
        }
    }
}

#[cfg(test)]
mod tests;
