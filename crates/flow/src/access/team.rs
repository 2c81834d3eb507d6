//! The people of a tenant, for those who manage them (features F-001, F-006, F-030; security S-06, S-22, S-29).

pub mod change_member;
pub mod invite_user;
pub mod list_acting;
pub mod list_team;
pub mod switch_tenant;

pub use store::access::user::Person;

/// How many people a tenant has at most, those who were removed not counted.
pub const MAX_PEOPLE: u32 = 500;
