//! How a tenant shows itself to its people, and at which host names of the portal (features F-002, F-036).

pub mod change_brand;
pub mod change_hosts;
pub mod find_place;
pub mod reload;
pub mod show_brand;
