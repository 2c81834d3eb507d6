//! Domains of a tenant, whose control is proven outside of orders, and to whom they are delegated. Names in them need no
//! proof of their own where an offer admits names so (`name_admission = validated_delegated`).

pub mod add_domain;
pub mod ask_by_mail;
pub mod confirm_domain;
pub mod delegate_domain;
pub mod list_own_domains;
pub mod prove_domain;
pub mod release_domain;

use base::DomainId;
use store::ReadTx;
pub use store::tenancy::delegation::Named as NamedDelegation;
pub use store::tenancy::domain::{OwnDomainFilter, OwnDomainQuery};
use store::tenancy::{delegation, domain};
use tenancy::domain::Domain;

/// A domain with all to whom it is delegated.
#[derive(Clone, Debug)]
pub struct OwnDomainDetail {
    /// The domain.
    pub domain: Domain,
    /// To whom, in the order in which that was done.
    pub delegations: Vec<NamedDelegation>,
}

/// The tenant's domain with this identifier, with its delegations.
async fn find(tx: &mut ReadTx, id: &DomainId) -> Result<Option<OwnDomainDetail>, store::Error> {
    let Some(domain) = domain::find(tx, id).await? else {
        return Ok(None);
    };
    Ok(Some(OwnDomainDetail {
        domain,
        delegations: delegation::of_domain(tx, id).await?,
    }))
}
