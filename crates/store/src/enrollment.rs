//! What was bought and for which names.

pub mod eab_credential;
pub mod enrolled_domain;
pub mod subscription;
