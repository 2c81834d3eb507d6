//! Who owns what: resellers as their operator sees them.

pub mod list_resellers;
pub mod suspend_tenant;
