//! Who owns what: resellers as their operator sees them, organizations and what was checked of them,
//! the domains that they may use.

pub mod brand;
pub mod create_customer;
pub mod domain;
pub mod entitle_tenant;
pub mod find_operator;
pub mod hold_tenant;
pub mod list_below;
pub mod list_resellers;
pub mod look_at_tenant;
pub mod organization;
pub mod pre_validation;
pub mod suspend_tenant;
