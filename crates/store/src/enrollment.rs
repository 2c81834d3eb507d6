//! What was bought and for which names.

pub mod eab_credential;
pub mod eab_key;
pub mod enrolled_domain;
pub mod order_facts;
pub mod subscription;
