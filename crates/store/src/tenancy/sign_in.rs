//! Who is signed in or signing in, with the tenant that they act for: all that decides whether they may, in one
//! statement each.

use base::{DnsName, TenantId, Timestamp, UserId};
use tenancy::password::Credential;
use tenancy::role::Roles;
use tenancy::role::binding::Binding;
use tenancy::session::Session;
use tenancy::tenant::Tenant;
use tenancy::token::TokenDigest;
use tenancy::user::{Email, User};

use super::entitlement::{self, entitlement_from, entitlement_of};
use super::tenant::{self, TenantRow, chain_suspended_at, tenant};
use crate::access::credential::{password_columns, password_from, with_password};
use crate::access::role_assignment::{roles_from, roles_of};
use crate::access::role_binding::{binding_from, binding_of};
use crate::access::second_factor::second_factors;
use crate::access::session::{Browser, SessionRow, session};
use crate::access::user::user;
use crate::{Error, ReadTx, Record, Row, sql, values};

/// A session with everything that decides whether it may be used.
#[derive(Clone, Debug)]
pub struct Found {
    /// The session.
    pub session: Session,
    /// The host name of the brand at which it was opened; none at the URL of the settings.
    pub host: Option<DnsName>,
    /// Who signed in.
    pub user: User,
    /// The tenant that they belong to.
    pub tenant: Tenant,
    /// The one as which they act, if that is another.
    pub acted_for: Option<Tenant>,
    /// Since when their tenant or one above it is suspended.
    pub suspended_at: Option<Timestamp>,
    /// What they may do.
    pub roles: Roles,
    /// Of which of the tenant's organizations that is.
    pub binding: Binding,
    /// Whether they have a second factor.
    pub has_second_factor: bool,
    /// Whether the tenant for which they act may buy something, or has.
    pub meets_products: bool,
}

/// Somebody who may be signing in, with all that decides it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// The user.
    pub user: User,
    /// The password; none before they followed the link of their invitation.
    pub credential: Option<Credential>,
    /// What they may do.
    pub roles: Roles,
    /// Of which of the tenant's organizations that is.
    pub binding: Binding,
    /// Whether a second factor is asked for.
    pub has_second_factor: bool,
    /// Their tenant.
    pub tenant: Tenant,
    /// Since when the tenant or one above it is suspended.
    pub suspended_at: Option<Timestamp>,
}

/// The session of this token with its user and tenant: one statement, since every page asks it, and more for whoever acts
/// as another tenant or may buy nothing.
pub async fn by_digest(tx: &mut ReadTx, digest: &TokenDigest) -> Result<Option<Found>, Error> {
    let statement = sql!(
        system: "SELECT ", session!(s), ", ", user!(u), ", ", tenant!(t), ", ", roles_of!(u), ", ", binding_of!(u), ", ", second_factors!(u), ", ",
          entitlement_of!(t), ", ", chain_suspended_at!(t), " AS suspended_at
         FROM session s JOIN portal_user u ON u.id = s.user_id JOIN tenant t ON t.id = s.tenant_id
         WHERE s.digest = $1"
    );
    let Some(row) = tx.row(statement, &values![digest.as_bytes()]).await? else {
        return Ok(None);
    };
    let (mut found, mut may_buy) = (found(&row)?, entitlement_from(&row)?);
    if let Some(elsewhere) = found.session.elsewhere() {
        found.acted_for = tenant::by_id(tx, &elsewhere).await?;
        may_buy = entitlement::of(tx, &elsewhere).await?;
    }
    let of = found.acted_for.as_ref().unwrap_or(&found.tenant).id;
    found.meets_products = entitlement::meets(tx, (&of, &may_buy)).await?;
    Ok(Some(found))
}

fn found(row: &Row) -> Result<Found, Error> {
    let browser = Browser::from(SessionRow::from_joined(row)?);
    Ok(Found {
        session: browser.session,
        host: browser.host,
        user: User::from_joined(row)?,
        tenant: TenantRow::from_joined(row)?.into(),
        acted_for: None,
        suspended_at: row.opt_timestamp("suspended_at")?,
        roles: roles_from(row)?,
        binding: binding_from(row)?,
        has_second_factor: row.int("second_factors")? > 0,
        meets_products: true,
    })
}

/// The user with this e-mail address and all that decides whether they may sign in.
pub async fn candidate_by_email(
    tx: &mut ReadTx,
    email: &Email,
) -> Result<Option<Candidate>, Error> {
    let statement = sql!(
        system: "SELECT ", user!(u), ", ", tenant!(t), ", ", roles_of!(u), ", ", binding_of!(u), ", ", second_factors!(u), ", ", password_columns!(), ", ",
          chain_suspended_at!(t), " AS suspended_at
         FROM portal_user u JOIN tenant t ON t.id = u.tenant_id ", with_password!(u), " WHERE u.email = $1"
    );
    let row = tx.row(statement, &values![email.as_str()]).await?;
    row.as_ref().map(candidate_from).transpose()
}

/// The tenant's user and all that decides whether they may sign in, also what is decided above the tenant: no statement that
/// sees one tenant's rows knows that.
pub async fn candidate(
    tx: &mut ReadTx,
    (tenant, id): &(TenantId, UserId),
) -> Result<Option<Candidate>, Error> {
    let statement = sql!(
        system: "SELECT ", user!(u), ", ", tenant!(t), ", ", roles_of!(u), ", ", binding_of!(u), ", ", second_factors!(u), ", ", password_columns!(), ", ",
          chain_suspended_at!(t), " AS suspended_at
         FROM portal_user u JOIN tenant t ON t.id = u.tenant_id ", with_password!(u), "
         WHERE u.tenant_id = $1 AND u.id = $2"
    );
    let row = tx.row(statement, &values![tenant, id]).await?;
    row.as_ref().map(candidate_from).transpose()
}

/// The user whom a link names, and all that decides whether they may follow it.
pub async fn candidate_of(tx: &mut ReadTx, id: &UserId) -> Result<Option<Candidate>, Error> {
    let statement = sql!(
        system: "SELECT ", user!(u), ", ", tenant!(t), ", ", roles_of!(u), ", ", binding_of!(u), ", ", second_factors!(u), ", ", password_columns!(), ", ",
          chain_suspended_at!(t), " AS suspended_at
         FROM portal_user u JOIN tenant t ON t.id = u.tenant_id ", with_password!(u), " WHERE u.id = $1"
    );
    let row = tx.row(statement, &values![id]).await?;
    row.as_ref().map(candidate_from).transpose()
}

fn candidate_from(row: &Row) -> Result<Candidate, Error> {
    Ok(Candidate {
        user: User::from_joined(row)?,
        credential: password_from(row)?,
        roles: roles_from(row)?,
        binding: binding_from(row)?,
        has_second_factor: row.int("second_factors")? > 0,
        tenant: TenantRow::from_joined(row)?.into(),
        suspended_at: row.opt_timestamp("suspended_at")?,
    })
}
