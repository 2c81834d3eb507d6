//! The rows of an issuance, from the ACME account to the revocation.

pub mod account;
pub mod authorization;
pub mod blocked_key;
pub mod certificate;
pub mod certificate_end;
pub mod certificate_list;
pub mod crl;
pub mod end;
pub mod evidence;
pub mod lineage;
pub mod names;
pub mod order;
pub mod order_list;
pub mod refused_request;
pub mod retired_key;
pub mod revocation;
pub mod signing_intent;
