//! Addresses of pages that other pages lead to.

use base::{
    AccountId, CertificateId, DnsName, DomainId, EnrolledDomainId, OrderId, OrganizationId,
    PreValidationId, RefusalId, SubscriptionId, TenantId, UserId,
};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The list of orders and refusals.
pub(crate) const ACTIVITY: &str = "/activity";

/// The list of domains that are proven outside of orders.
pub(crate) const DELEGATED_DOMAINS: &str = "/delegated-domains";

/// The list of customers.
pub(crate) const CUSTOMERS: &str = "/customers";

/// Who signs, and where.
pub(crate) const AUTHORITIES: &str = "/authorities";

/// The list of offers.
pub(crate) const OFFERS: &str = "/offers";

/// The list of resellers.
pub(crate) const RESELLERS: &str = "/resellers";

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

/// The path of the pages of a domain that is delegated.
pub(crate) fn delegated_domain(id: DomainId) -> String {
    format!("{DELEGATED_DOMAINS}/{}", id.suffix())
}

/// The path of a domain's pages.
pub(crate) fn domain(id: EnrolledDomainId) -> String {
    format!("/domains/{}", id.suffix())
}

/// The form that adds a name, filled in.
pub(crate) fn add_domain(account: SubscriptionId, name: &DnsName) -> String {
    let name = utf8_percent_encode(name.as_str(), NON_ALPHANUMERIC);
    format!("/domains/new?account={}&names={name}", account.suffix())
}

/// The path of an organization's page.
pub(crate) fn organization(id: OrganizationId) -> String {
    format!("/organizations/{}", id.suffix())
}

/// The path of a person's page.
pub(crate) fn person(id: UserId) -> String {
    format!("/team/{}", id.suffix())
}

/// The path of a refusal's page.
pub(crate) fn refusal(id: RefusalId) -> String {
    format!("/activity/refused/{}", id.suffix())
}

/// The path of a customer's page.
pub(crate) fn customer(id: TenantId) -> String {
    format!("{CUSTOMERS}/{}", id.suffix())
}

/// The path of a reseller's page.
pub(crate) fn reseller(id: TenantId) -> String {
    format!("{RESELLERS}/{}", id.suffix())
}

/// The path of an offer's page.
pub(crate) fn offer(slug: &str) -> String {
    format!("{OFFERS}/{slug}")
}

/// The path of a review's page.
pub(crate) fn review(id: PreValidationId) -> String {
    format!("/reviews/{}", id.suffix())
}

/// The path of an order's page.
pub(crate) fn order(id: OrderId) -> String {
    format!("/activity/{}", id.suffix())
}
