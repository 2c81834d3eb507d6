//! Who is at the door: users, how they prove who they are, their roles and sessions, and the locks of failed sign-ins.

pub mod api_token;
pub mod credential;
pub mod identity;
pub mod identity_provider;
pub mod identity_request;
pub mod invitation;
pub mod passkey;
pub mod passkey_challenge;
pub mod role_assignment;
pub mod role_binding;
pub mod second_factor;
pub mod session;
pub mod sign_in_lock;
pub mod sign_in_step;
pub mod user;
