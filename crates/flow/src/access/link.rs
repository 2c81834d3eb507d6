//! Links with which people set a password: the first one, or a new one (features F-011, F-030; security S-06, S-07).

pub mod follow_link;
pub mod make_link;
