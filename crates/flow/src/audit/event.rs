//! Everything that is told of, a line each: its facts, its word, what it is about, and of what that is a part.

use base::{
    AccountId, ApiTokenId, AuthorizationId, CaId, CertificateId, DelegationId, DepartmentId,
    DnsName, DomainId, EffectId, EnrolledDomainId, JobId, OrderId, OrganizationId, PreValidationId,
    ProfileVersionId, SubscriptionId, TenantId, Timestamp, UserId,
};
use serde_json::{Map, Value};

use super::fact::{Document, Fact, Text};

/// Writes the enum: `Name { fact: Type, … } = "noun.verb", "In words" on fact in fact;`. What stands behind `on` is the
/// object, what stands behind `in` has a page of its own on which the event is shown too.
macro_rules! events {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? }
        = $action:literal, $words:literal on $object:ident $(in $parent:ident)?;)*) => {
        /// What happened.
        #[derive(Clone, Debug)]
        pub(crate) enum Event {
            $($name { $($field: $type),* },)*
        }

        impl Event {
            /// What was done, `noun.verb`; a word that keeps its meaning.
            pub(crate) fn action(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => $action,)*
                }
            }

            /// What people read for an action, in the past tense, as the rest of a sentence that names who did it.
            pub(crate) fn in_words(action: &str) -> Option<&'static str> {
                match action {
                    $($action => Some($words),)*
                    _ => None,
                }
            }

            /// What it was done to, by its name or identifier.
            pub(super) fn object(&self) -> String {
                match self {
                    $(Self::$name { $object, .. } => $object.name(),)*
                }
            }

            /// What has a page of its own on which it is shown too.
            pub(super) fn parent(&self) -> Option<String> {
                match self {
                    $(Self::$name { .. } if events!(@has $($parent)?) => {
                        events!(@parent self, $name, $($parent)?)
                    })*
                    _ => None,
                }
            }

            /// The facts, by their names.
            pub(super) fn change(&self) -> Value {
                let mut facts = Map::new();
                match self {
                    $(Self::$name { $($field),* } => {
                        $(facts.insert(stringify!($field).to_owned(), $field.told());)*
                    })*
                }
                Value::Object(facts)
            }
        }

        #[cfg(test)]
        const ACTIONS: &[&str] = &[$($action),*];
    };
    (@has) => { false };
    (@has $parent:ident) => { true };
    (@parent $event:ident, $name:ident,) => { None };
    (@parent $event:ident, $name:ident, $parent:ident) => {
        match $event {
            Self::$name { $parent, .. } => Some($parent.name()).filter(|name| !name.is_empty()),
            _ => None,
        }
    };
}

events! {
    // access
    ActingBegun { tenant: TenantId, user: UserId, reason: Text, until: Timestamp }
        = "acting.begin", "Began to act for support" on tenant;
    ActingEnded { tenant: TenantId, user: UserId, by: &'static str }
        = "acting.end", "Stopped acting for support" on tenant;
    PageLookedAt { tenant: TenantId, page: Text } = "acting.look", "Looked at a page" on tenant;
    FirstStepsHidden { user: UserId, is_hidden: bool }
        = "user.hide_first_steps", "Hid or showed the first steps" on user;
    DisplayNameSet { user: UserId, from: Text, to: Text } = "user.set_display_name", "Changed a person's name" on user;
    PasswordChanged { user: UserId, sessions_ended: u64 } = "user.change_password", "Changed the password" on user;
    LinkMade { user: UserId, purpose: Document, expires_at: Option<Timestamp> }
        = "user.send_link", "Made a link for a person" on user;
    PasswordSet { user: UserId, purpose: Document, sessions_ended: u64 }
        = "user.set_password", "Set a password by a link" on user;
    PasskeyAdded { user: UserId, name: Text, sessions_ended: u64 } = "user.add_passkey", "Added a passkey" on user;
    PasskeyRemoved { user: UserId, name: Text, sessions_ended: u64 }
        = "user.remove_passkey", "Removed a passkey" on user;
    PasskeyRenamed { user: UserId, from: Text, to: Text } = "user.rename_passkey", "Renamed a passkey" on user;
    IdentityLinked { user: UserId, issuer: Text, subject: Text }
        = "user.link_identity", "Linked an account at the identity provider" on user;
    IdentityUnlinked { user: UserId, issuer: Text, subject: Text }
        = "user.unlink_identity", "Unlinked an account at the identity provider" on user;
    RecoveryCodesMade { user: UserId } = "user.make_recovery_codes", "Made new recovery codes" on user;
    SecondFactorRemoved {
        user: UserId, factor: &'static str, sessions_ended: u64,
    } = "user.remove_second_factor", "Removed a second factor" on user;
    SecondFactorReset { user: UserId, reason: Text, sessions_ended: u64 }
        = "user.reset_second_factor", "Reset a person's second factor" on user;
    SecondFactorSet {
        user: UserId, factor: &'static str, sessions_ended: u64,
    } = "user.set_second_factor", "Set up a second factor" on user;
    Reauthenticated { user: UserId, factor: &'static str }
        = "session.reauthenticate", "Proved again who they are" on user;
    SessionEnded { user: UserId, session: Text } = "session.end", "Ended a session" on user;
    SessionOpened { user: UserId, factor: &'static str } = "session.open", "Signed in" on user;
    SessionRefused {
        who: Text, purpose: &'static str, reason: &'static str, factor: &'static str, locked_until: Option<Timestamp>,
    } = "session.refuse", "Was refused at sign-in" on who;
    SessionsOfOthersEnded { user: UserId, sessions_ended: u64 }
        = "session.end_others", "Ended the other sessions" on user;
    ThemeSet { user: UserId, theme: Document } = "user.set_theme", "Chose a theme" on user;
    NetworkUnlocked { network: Text } = "network.unlock", "Unlocked a network" on network;
    UserUnlocked { user: UserId } = "user.unlock", "Unlocked a person" on user;
    TokenCreated {
        token: ApiTokenId, user: UserId, name: Text, scopes: Document, networks: Document, expires_at: Timestamp,
    } = "api_token.create", "Created an API token" on token;
    TokenRevoked { token: ApiTokenId, user: UserId, name: Text } = "api_token.revoke", "Revoked an API token" on token;
    TokenUsedFromNetwork {
        token: ApiTokenId, user: UserId, network: Text,
    } = "api_token.use_from_new_network", "Used an API token from a new network" on token;

    // tenancy
    BrandChanged { tenant: TenantId, name: Text, contact: Text } = "brand.change", "Changed the brand" on tenant;
    BrandRemoved { tenant: TenantId } = "brand.remove", "Removed the brand" on tenant;
    BrandHostAdded { host: DnsName, tenant: TenantId } = "brand_host.add", "Added a host name of the brand" on host;
    BrandHostRemoved { host: DnsName, tenant: TenantId }
        = "brand_host.remove", "Removed a host name of the brand" on host;
    LimitCleared { limit: &'static str } = "limit.clear", "Cleared a limit" on limit;
    LimitSet {
        limit: &'static str, bound: Text, ends_at: Option<Timestamp>, reason: Text,
    } = "limit.set", "Set a limit" on limit;
    OrganizationAdded { organization: OrganizationId, name: Text }
        = "organization.add", "Added an organization" on organization;
    OrganizationChanged { organization: OrganizationId, name: Text }
        = "organization.change", "Changed an organization" on organization;
    DepartmentAdded {
        department: DepartmentId, name: Text, organization: OrganizationId,
    } = "department.add", "Added a department" on department in organization;
    DepartmentRemoved {
        department: DepartmentId, name: Text, organization: OrganizationId,
    } = "department.remove", "Removed a department" on department in organization;
    DomainDelegated {
        domain: DomainId, delegation: DelegationId, organization: OrganizationId, department: Option<DepartmentId>,
        types: Text, name: DnsName,
    } = "domain.delegate", "Delegated a domain" on domain;
    DomainDelegationChanged {
        domain: DomainId, delegation: DelegationId, types: Text, name: DnsName,
    } = "domain.change_delegation", "Changed a delegation" on domain;
    DomainDelegationEnded {
        domain: DomainId, delegation: DelegationId, organization: OrganizationId, name: DnsName,
    } = "domain.end_delegation", "Ended a delegation" on domain;
    DomainMailSent { domain: DomainId, to: Text, expires_at: Timestamp, name: DnsName }
        = "domain.mail", "Sent a mail that proves a domain" on domain;
    DomainOwned { domain: DomainId, name: DnsName } = "domain.own", "Added a domain to delegate" on domain;
    DomainProven {
        domain: DomainId, name: DnsName, method: &'static str, valid_until: Timestamp,
    } = "domain.prove", "Proved control of a domain" on domain;
    DomainReleased { domain: DomainId, name: DnsName } = "domain.release", "Removed a domain to delegate" on domain;
    DomainValueAsked { domain: DomainId, name: DnsName }
        = "domain.ask", "Asked for values that prove a domain" on domain;
    PreValidationApproved {
        pre_validation: PreValidationId, reviewer: UserId, state: &'static str, fields: Document,
        valid_until: Option<Timestamp>, organization: OrganizationId,
    } = "pre_validation.approve", "Approved a pre-validation" on pre_validation in organization;
    PreValidationEnded {
        pre_validation: PreValidationId, reason: Text, organization: OrganizationId,
    } = "pre_validation.end", "Ended a pre-validation" on pre_validation in organization;
    PreValidationRejected {
        pre_validation: PreValidationId, reviewer: UserId, reason: Text, organization: OrganizationId,
    } = "pre_validation.reject", "Rejected a pre-validation" on pre_validation in organization;
    PreValidationRequested {
        pre_validation: PreValidationId, certificate_type: &'static str, anchor: Text, organization: OrganizationId,
    } = "pre_validation.request", "Asked for a pre-validation" on pre_validation in organization;
    ProviderRemoved { tenant: TenantId } = "tenant.remove_identity_provider", "Removed the identity provider" on tenant;
    ProviderSet {
        tenant: TenantId, short_name: Text, issuer: Text, client: Text, has_new_secret: bool, is_required: bool,
    } = "tenant.set_identity_provider", "Set the identity provider" on tenant;
    RenewalChosen { tenant: TenantId, is_automatic: bool }
        = "tenant.renew_pre_validations", "Chose how pre-validations are renewed" on tenant;
    SecondFactorRequired { tenant: TenantId, is_required: bool }
        = "tenant.require_second_factor", "Chose whether a second factor is required" on tenant;
    TenantCreated { tenant: TenantId, name: Text, kind: Document } = "tenant.create", "Created the tenant" on tenant;
    TenantEntitled { tenant: TenantId, products: Text } = "tenant.entitle", "Chose what the tenant may buy" on tenant;
    TenantHeld { tenant: TenantId } = "tenant.hold", "Put the tenant on hold" on tenant;
    TenantLeft { tenant: TenantId, user: UserId, by: &'static str }
        = "tenant.leave", "Stopped looking after the customer" on tenant;
    TenantLookedAt { tenant: TenantId } = "tenant.look_at", "Looked at the tenant" on tenant;
    TenantReleased { tenant: TenantId } = "tenant.release", "Let the tenant go on" on tenant;
    TenantResumed { tenant: TenantId } = "tenant.resume", "Lifted the suspension" on tenant;
    TenantSuspended { tenant: TenantId } = "tenant.suspend", "Suspended the tenant" on tenant;
    RolesBound { user: UserId, from: Document, to: Document }
        = "user.bind_roles", "Chose what a person's roles are for" on user;
    TenantVisited { tenant: TenantId, user: UserId } = "tenant.visit", "Began to look after the customer" on tenant;
    RolesChanged {
        user: UserId, from: Document, to: Document, sessions_ended: u64,
    } = "user.change_roles", "Changed a person's roles" on user;
    UserDisabled { user: UserId, sessions_ended: u64 } = "user.disable", "Disabled a person" on user;
    UserEnabled { user: UserId } = "user.enable", "Enabled a person" on user;
    UserCreated { user: UserId, email: Text, roles: Document, binding: Document }
        = "user.create", "Added a person" on user;
    UserRemoved { user: UserId, email: Text, sessions_ended: u64 } = "user.remove", "Removed a person" on user;

    // catalog
    CasAdded { ca: Option<CaId>, cas: Document } = "ca.add", "Added authorities" on ca;
    CaRetired { ca: CaId, name: Text } = "ca.retire", "Retired an authority" on ca;
    DirectoryChanged { slug: Text, plan: Document } = "directory.change", "Changed a directory" on slug;
    DirectoryCreated { slug: Text, plan: Document } = "directory.create", "Created a directory" on slug;
    OfferPublished { slug: Text, policy: Document } = "offer.publish", "Published an offer" on slug;
    OfferRetired { slug: Text } = "offer.retire", "Retired an offer" on slug;
    ProductCreated { code: Text, name: Text } = "product.create", "Created a product" on code;
    ProfilePublished { name: Text, version: ProfileVersionId, config: Document }
        = "profile.publish", "Published a certificate profile" on name;

    // issuance
    AccountContactChanged { account: AccountId }
        = "acme_account.change_contact", "Changed a client's contact" on account;
    AccountDeactivated { account: AccountId } = "acme_account.deactivate", "Deactivated a client" on account;
    AccountKeyChanged { account: AccountId, thumbprint: Text }
        = "acme_account.change_key", "Changed a client's key" on account;
    AccountRegistered {
        account: AccountId, eab_key_id: Option<Text>, subscription: SubscriptionId,
    } = "acme_account.register", "Registered a client" on account in subscription;
    AuthorizationDeactivated {
        authorization: AuthorizationId, account: AccountId,
    } = "authorization.deactivate", "Deactivated an authorization" on authorization in account;
    CertificateRevoked { certificate: CertificateId, serial: Text, reason: u64 }
        = "certificate.revoke", "Revoked a certificate" on certificate;
    OrderFailed { order: OrderId, why: Text } = "order.fail", "Had an order fail" on order;

    // enrollment
    ClientRevoked {
        account: AccountId, subscription: SubscriptionId, eab_key_id: Option<Text>,
    } = "acme_account.revoke", "Revoked a client" on account in subscription;
    CredentialImported { key_id: Text, subscription: SubscriptionId }
        = "eab_credential.import", "Imported a credential" on key_id in subscription;
    CredentialReleased {
        key_id: Text, subscription: SubscriptionId, acme_account: AccountId,
    } = "eab_credential.release", "Released a credential from its client" on key_id in subscription;
    CredentialRevealed { key_id: Text, subscription: SubscriptionId }
        = "eab_credential.reveal", "Looked at a MAC key" on key_id in subscription;
    CredentialRevoked { key_id: Text, subscription: SubscriptionId }
        = "eab_credential.revoke", "Revoked a credential" on key_id in subscription;
    CredentialRotated {
        key_id: Text, subscription: SubscriptionId, replaced: Option<Text>, overlap_seconds: u64,
    } = "eab_credential.rotate", "Replaced a credential" on key_id in subscription;
    DomainEnrolled {
        domain: EnrolledDomainId, name: DnsName, subscription: SubscriptionId,
    } = "domain.enroll", "Added a domain" on domain in subscription;
    DomainRemoved {
        domain: EnrolledDomainId, name: DnsName, subscription: SubscriptionId,
    } = "domain.remove", "Removed a domain" on domain in subscription;
    SubscriptionAssigned {
        subscription: SubscriptionId, organization: OrganizationId, department: Option<DepartmentId>,
        before: Option<OrganizationId>,
    } = "subscription.assign", "Chose an account's organization" on subscription;
    SubscriptionDeactivated { subscription: SubscriptionId }
        = "subscription.deactivate", "Deactivated an account" on subscription;
    SubscriptionExtended {
        subscription: SubscriptionId, before: Option<Timestamp>, until: Option<Timestamp>,
    } = "subscription.extend", "Extended an account" on subscription;
    SubscriptionOpened {
        subscription: SubscriptionId, label: Text, term: Text, offer: Text, eab_key_id: Text,
    } = "subscription.open", "Opened an account" on subscription;
    SubscriptionResumed { subscription: SubscriptionId } = "subscription.resume", "Resumed an account" on subscription;
    SubscriptionSuspended { subscription: SubscriptionId }
        = "subscription.suspend", "Suspended an account" on subscription;

    // operations
    EffectClosed { effect: EffectId, kind: Text, why: Text } = "effect.close", "Closed an outside effect" on effect;
    EffectResent { effect: EffectId, kind: Text } = "effect.resend", "Resent an outside effect" on effect;
    JobDropped { job: JobId, kind: Text, payload: Text } = "job.drop", "Dropped a job" on job;
    SealingKeyAdded { key: u64 } = "sealing_key.add", "Added a sealing key" on key;
    SecretsResealed { secrets: u64 } = "sealing_key.reseal", "Sealed the secrets anew" on secrets;
    JobRetried { job: JobId, kind: Text, payload: Text } = "job.retry", "Retried a job" on job;
}

impl Event {
    /// What sort of thing it was done to.
    pub(super) fn object_kind(&self) -> &'static str {
        let action = self.action();
        action.split_once('.').map_or(action, |(noun, _)| noun)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use base::Id as _;

    use super::*;

    #[test]
    fn every_word_is_a_noun_and_a_verb_and_there_once() {
        let words: BTreeSet<_> = ACTIONS.iter().collect();
        assert_eq!(words.len(), ACTIONS.len());
        for word in words {
            let (noun, verb) = word.split_once('.').unwrap();
            assert!(
                !noun.is_empty() && !verb.is_empty() && !verb.contains('.'),
                "{word}"
            );
        }
    }

    /// `store::audit::delete_old` knows by their nouns what may not go.
    #[test]
    fn s75_what_happens_to_cas_and_keys_has_the_nouns_that_stay() {
        let nouns = ACTIONS.iter().filter_map(|word| word.split_once('.'));
        let nouns: BTreeSet<_> = nouns.map(|(noun, _)| noun).collect();
        let about = |noun: &&str| noun.split('_').any(|word| word == "ca" || word == "key");
        let about: Vec<_> = nouns.into_iter().filter(about).collect();
        assert_eq!(about, ["ca", "sealing_key"]);
    }

    #[test]
    fn s62_an_event_tells_its_facts_its_object_and_of_what_that_is_a_part() {
        let (domain, subscription) = (
            EnrolledDomainId::of_bytes([1; 16]),
            SubscriptionId::of_bytes([2; 16]),
        );
        let event = Event::DomainEnrolled {
            domain,
            name: DnsName::parse("www.example.com").unwrap(),
            subscription,
        };
        assert_eq!(
            (event.action(), event.object_kind()),
            ("domain.enroll", "domain")
        );
        assert_eq!(event.object(), domain.to_string());
        assert_eq!(event.parent(), Some(subscription.to_string()));
        let expected = serde_json::json!({
            "domain": domain, "name": "www.example.com", "subscription": subscription,
        });
        assert_eq!(event.change(), expected);
        let unlocked = Event::UserUnlocked {
            user: UserId::of_bytes([3; 16]),
        };
        assert_eq!(unlocked.parent(), None);
    }
}
