//! A second proof besides the password: an authenticator app or passkeys, with ten codes for when they are lost (features
//! F-008, F-009, F-016, F-017; security S-10, S-12 to S-17).

mod check;
pub mod confirm;
pub mod new_codes;
pub mod passkey;
pub mod set_up;
pub mod show;
pub mod switch_off;

pub(super) use check::{Factors, Second};
pub use check::{SecondFactorError, TypedFactor};
