//! What is counted, of whom.

use std::collections::BTreeSet;

use base::{AccountId, ApiTokenId, ClientNetwork, DnsName, Identifier, TenantId, UserId};
use enrollment::public_suffix::registrable;
use store::issuance::order::Order;
use tenancy::limit::Limit;

use super::Charge;
use crate::memory::accounts::KnownAccount;

/// The domain that somebody has registered, with all below it.
fn registered(name: &DnsName) -> DnsName {
    registrable(name).unwrap_or_else(|| name.base())
}

impl Charge {
    /// A new account that a credential binds.
    pub(crate) fn account_of_credential(key_id: &str, tenant: TenantId, is_test: bool) -> Self {
        let limit = Limit::AccountsPerCredential;
        Self::within(limit, key_id.as_bytes(), tenant, is_test)
    }

    /// A new account from an address.
    pub(crate) fn account_from(network: ClientNetwork) -> Self {
        Self::new(Limit::AccountsPerAddress, network.to_string().as_bytes())
    }

    /// A new order: of its account, and of its tenant.
    pub(crate) fn order(of: &KnownAccount, is_test: bool) -> [Self; 2] {
        [
            Self::order_of_account(of.id, of.tenant, is_test),
            Self::order_of_tenant(of.tenant, is_test),
        ]
    }

    /// A new order, of its account.
    pub(crate) fn order_of_account(account: AccountId, tenant: TenantId, is_test: bool) -> Self {
        let of = account.to_bytes();
        Self::within(Limit::OrdersPerAccount, &of, tenant, is_test)
    }

    /// A new order, of its tenant.
    pub(crate) fn order_of_tenant(tenant: TenantId, is_test: bool) -> Self {
        let of = tenant.to_bytes();
        Self::within(Limit::OrdersPerTenant, &of, tenant, is_test)
    }

    /// A certificate for exactly the names of an order. Its lineage is of one tenant.
    pub(crate) fn certificate(order: &Order, is_test: bool) -> Self {
        let lineage = order.lineage.to_bytes();
        Self::within(Limit::CertificatesPerSet, &lineage, order.tenant, is_test)
    }

    /// The same certificate, for each registered domain above its names.
    pub(crate) fn certificate_below(order: &Order, is_test: bool) -> Vec<Self> {
        let domains: BTreeSet<_> = order
            .names
            .iter()
            .map(|Identifier::Dns(name)| registered(name))
            .collect();
        let charge = |domain: DnsName| Self::below(&domain, order.tenant, is_test);
        domains.into_iter().map(charge).collect()
    }

    /// A certificate for a name, of the registered domain above it.
    pub(crate) fn certificate_of_domain(name: &DnsName, tenant: TenantId) -> Self {
        Self::below(&registered(name), tenant, false)
    }

    fn below(domain: &DnsName, tenant: TenantId, is_test: bool) -> Self {
        let of = [&tenant.to_bytes()[..], domain.as_str().as_bytes()].concat();
        Self::within(Limit::CertificatesPerDomain, &of, tenant, is_test)
    }

    /// A validation of a name that failed.
    pub(crate) fn failure(
        account: AccountId,
        tenant: TenantId,
        Identifier::Dns(name): &Identifier,
        is_test: bool,
    ) -> Self {
        let base = name.base();
        let of = [&account.to_bytes()[..], base.as_str().as_bytes()].concat();
        Self::within(Limit::FailedValidations, &of, tenant, is_test)
    }

    /// A look for the proof of a domain.
    pub(crate) fn domain_check(tenant: TenantId) -> Self {
        let of = tenant.to_bytes();
        Self::within(Limit::DomainChecks, &of, tenant, false)
    }

    /// A mail that asks somebody for a domain.
    pub(crate) fn domain_mail(domain: &DnsName, address: &str, tenant: TenantId) -> Self {
        let words = [domain.as_str(), address].join(" ");
        let of = [&tenant.to_bytes()[..], words.as_bytes()].concat();
        Self::within(Limit::DomainMails, &of, tenant, false)
    }

    /// A request with a token.
    pub(crate) fn api_call(token: ApiTokenId, tenant: TenantId) -> Self {
        Self::within(Limit::ApiCalls, &token.to_bytes(), tenant, false)
    }

    /// Something that a person does.
    pub(crate) fn of_user(limit: Limit, user: UserId, tenant: TenantId) -> Self {
        Self::within(limit, &user.to_bytes(), tenant, false)
    }

    /// An audit entry of a sign-in with an address that nobody has, wherever it comes from: a network of IPv6 has more parts
    /// than anybody could count.
    pub(crate) fn unknown_sign_in() -> Self {
        Self::new(Limit::UnknownSignIns, b"")
    }

    /// A mail of a kind to somebody.
    pub(crate) fn mail(kind: &str, recipient: &str, tenant: TenantId) -> Self {
        let of = [kind, recipient].join(" ");
        Self::within(Limit::MailsPerRecipient, of.as_bytes(), tenant, false)
    }

    /// A request that nobody has signed.
    pub(crate) fn unsigned(network: ClientNetwork) -> Self {
        Self::new(Limit::Unauthenticated, network.to_string().as_bytes())
    }
}
