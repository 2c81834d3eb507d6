//! Every way in, thin: a handler takes its request apart, calls one use case and renders the answer.
//! No SQL, no policy, no calls to the outside.

pub mod acme;
pub mod api;
pub mod internal;
pub mod pki;
pub mod portal;
pub mod request;
