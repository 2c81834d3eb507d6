//! Who is behind the token of a program, with the tenant that they act for: all that decides whether it may, in one
//! statement.

use base::Timestamp;
use tenancy::api_token::ApiToken;
use tenancy::role::Roles;
use tenancy::role::binding::Binding;
use tenancy::tenant::Tenant;
use tenancy::token::TokenDigest;
use tenancy::user::User;

use super::entitlement::{self, entitlement_from, entitlement_of};
use super::tenant::{TenantRow, chain_suspended_at, tenant};
use crate::access::api_token::api_token;
use crate::access::role_assignment::{roles_from, roles_of};
use crate::access::role_binding::{binding_from, binding_of};
use crate::access::second_factor::second_factors;
use crate::access::user::user;
use crate::{Error, ReadTx, Record, Row, sql, values};

/// A token with everything that decides whether it may be used, and for what.
#[derive(Clone, Debug)]
pub struct FoundToken {
    /// The token.
    pub token: ApiToken,
    /// Its owner.
    pub user: User,
    /// The tenant for which they act.
    pub tenant: Tenant,
    /// Since when the tenant or one above it is suspended.
    pub suspended_at: Option<Timestamp>,
    /// What the owner may do.
    pub roles: Roles,
    /// Of which of the tenant's organizations that is.
    pub binding: Binding,
    /// Whether the owner has a second factor.
    pub has_second_factor: bool,
    /// Whether the tenant may buy something, or has.
    pub meets_products: bool,
}

/// The token with this digest, with its owner and tenant: one statement, since every request asks it.
pub async fn by_digest(tx: &mut ReadTx, digest: &TokenDigest) -> Result<Option<FoundToken>, Error> {
    let statement = sql!(
        system: "SELECT ", api_token!(a), ", ", user!(u), ", ", tenant!(t), ", ", roles_of!(u), ", ", binding_of!(u), ", ", second_factors!(u), ", ",
          entitlement_of!(t), ", ", chain_suspended_at!(t), " AS suspended_at
         FROM api_token a JOIN portal_user u ON u.id = a.user_id JOIN tenant t ON t.id = a.tenant_id
         WHERE a.digest = $1"
    );
    let Some(row) = tx.row(statement, &values![digest.as_bytes()]).await? else {
        return Ok(None);
    };
    let (mut found, may_buy) = (found(&row)?, entitlement_from(&row)?);
    found.meets_products = entitlement::meets(tx, (&found.tenant.id, &may_buy)).await?;
    Ok(Some(found))
}

fn found(row: &Row) -> Result<FoundToken, Error> {
    Ok(FoundToken {
        token: ApiToken::from_joined(row)?,
        user: User::from_joined(row)?,
        tenant: TenantRow::from_joined(row)?.into(),
        suspended_at: row.opt_timestamp("suspended_at")?,
        roles: roles_from(row)?,
        binding: binding_from(row)?,
        has_second_factor: row.int("second_factors")? > 0,
        meets_products: true,
    })
}
