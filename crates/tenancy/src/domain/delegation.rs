//! To whom a domain is delegated: organizations of its tenant, as a whole or one department of them, each for some types of
//! certificates.

use base::{Actor, DelegationId, DepartmentId, DomainId, OrganizationId, TenantId};

use crate::certificate_type::AllowedTypes;

/// How many delegations a domain has.
pub const MAX_DELEGATIONS: u32 = 100;

/// That an organization may use a domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delegation {
    /// Its identifier, which tells when it was made.
    pub id: DelegationId,
    /// Whose domain it is.
    pub tenant: TenantId,
    /// The domain.
    pub domain: DomainId,
    /// Who may use it.
    pub organization: OrganizationId,
    /// The only part of the organization that may; none for all of it.
    pub department: Option<DepartmentId>,
    /// For which certificates.
    pub types: AllowedTypes,
    /// Who delegated it.
    pub created_by: Actor,
}
