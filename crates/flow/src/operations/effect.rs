//! What an operator sees of what is done to the outside, and says of what nobody here can know.

pub mod change_effect;
pub mod list_effects;
