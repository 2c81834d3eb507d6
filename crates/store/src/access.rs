//! Who is at the door: users, their sessions, and the locks of failed sign-ins.

pub mod session;
pub mod sign_in_lock;
pub mod user;
