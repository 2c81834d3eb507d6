//! Who owns what: the tree of tenants.

pub mod tenant;
