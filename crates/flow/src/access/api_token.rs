//! Tokens by which programs act for the person who made them (security S-11, S-23, S-33, S-36, S-44, S-63).

pub mod authenticate;
pub mod create_token;
pub mod list_tokens;
pub mod revoke_token;
