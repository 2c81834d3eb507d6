//! Organizations of a tenant, their departments and contacts (features F-028, F-031).

pub mod change_organization;
pub mod departments;
pub mod list_organizations;

pub use store::tenancy::department::Department;
pub use store::tenancy::organization::{Organization, OrganizationFilter, OrganizationQuery};
