//! Who owns what: the organizations of a tenant with the domains that they may use, and the reviews by the operator, who
//! also sees its resellers.

pub mod brand;
pub mod customers;
pub mod delegated_domains;
pub mod fields;
pub mod organizations;
pub mod resellers;
pub mod reviews;
pub mod standing;
pub mod stopping;

use crate::portal::table::Table;

/// All routes of the wing.
pub(super) fn routes() -> Table {
    organizations::routes()
        .and(delegated_domains::routes())
        .and(reviews::routes())
        .and(resellers::routes())
        .and(customers::routes())
        .and(brand::routes())
}
