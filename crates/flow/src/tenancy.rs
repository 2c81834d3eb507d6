//! Who owns what: resellers as their operator sees them.

pub mod find_operator;
pub mod list_resellers;
pub mod suspend_tenant;
