//! Who owns what: the tree of tenants, who acts for one, and the organizations whose certificates they have,
//! with the domains that these may use.

pub mod bearer;
pub mod below;
pub mod brand;
pub mod delegation;
pub mod department;
pub mod domain;
pub mod entitlement;
pub mod limit_override;
pub mod organization;
pub mod pre_validation;
pub mod sign_in;
pub mod tenant;
