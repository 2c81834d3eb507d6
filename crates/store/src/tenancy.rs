//! Who owns what: the tree of tenants, and who acts for one.

pub mod bearer;
pub mod limit_override;
pub mod sign_in;
pub mod tenant;
