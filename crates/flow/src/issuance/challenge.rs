//! From a client's word that it is ready to the proof of its control (RFC 8555 §7.5.1).

pub mod answer_challenge;
pub mod check_caa;
pub mod evidence;
pub mod validate;
