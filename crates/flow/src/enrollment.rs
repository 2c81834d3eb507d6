//! What a reseller does in the portal so that clients may order: subscriptions and their domains.

pub mod announce_ends;
pub mod assign_organization;
pub mod end_orders;
pub mod end_subscriptions;
pub mod enroll_domains;
pub mod explain_admission;
pub mod extend_subscription;
pub mod import_credential;
pub mod list_domains;
pub mod list_subscriptions;
pub mod move_subscription;
pub mod open_subscription;
pub mod release_binding;
pub mod remove_domain;
pub mod reveal_credential;
pub mod revoke_client;
pub mod revoke_credential;
pub mod room;
pub mod rotate_credential;
