//! Addresses of pages that other pages lead to.

use base::{AccountId, CertificateId, EnrolledDomainId, OrderId, SubscriptionId};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The path of an ACME account's pages.
pub(crate) fn account(id: SubscriptionId) -> String {
    format!("/accounts/{}", id.suffix())
}

/// The path of a certificate's page.
pub(crate) fn certificate(id: CertificateId) -> String {
    format!("/certificates/{}", id.suffix())
}

/// The path of what is done to a client.
pub(crate) fn client(id: AccountId) -> String {
    format!("/clients/{}", id.suffix())
}

/// The path of what is done to a credential.
pub(crate) fn credential(key_id: &str) -> String {
    // One that was imported may have any letter.
    let key_id = utf8_percent_encode(key_id, NON_ALPHANUMERIC);
    format!("/credentials/{key_id}")
}

/// The path of a domain's pages.
pub(crate) fn domain(id: EnrolledDomainId) -> String {
    format!("/domains/{}", id.suffix())
}

/// The path of an order's page.
pub(crate) fn order(id: OrderId) -> String {
    format!("/activity/{}", id.suffix())
}
