//! One certificate from the account to the CRL: the files follow RFC 8555 §7 and the life of an order.

pub mod account_key;
pub mod authorization;
pub mod challenge;
pub mod change_key;
pub mod download;
pub mod finalize;
pub mod find_account;
pub mod issue;
pub mod list_account_orders;
pub mod list_certificates;
pub mod list_orders;
pub mod new_order;
pub mod order_view;
pub mod publish_crl;
pub mod read_order;
pub mod redeem_nonce;
pub mod register_account;
pub mod revoke;
pub mod test_account;
pub mod update_account;
