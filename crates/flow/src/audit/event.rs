//! Everything that is told of, a line each: its facts, its word, what it is about, and of what that is a part.

use base::{
    AccountId, ApiTokenId, AuthorizationId, CaId, CertificateId, DelegationId, DepartmentId,
    DnsName, DomainId, EffectId, EnrolledDomainId, JobId, OrderId, OrganizationId, PreValidationId,
    ProfileVersionId, SubscriptionId, TenantId, Timestamp, UserId,
};
use serde_json::{Map, Value};

use super::fact::{Document, Fact, Text};

/// Writes the enum: `Name { fact: Type, … } = "noun.verb" on fact in fact;`. What stands behind `on` is the object, what
/// stands behind `in` has a page of its own on which the event is shown too.
macro_rules! events {
    ($($name:ident { $($field:ident: $type:ty),* $(,)? } = $action:literal on $object:ident $(in $parent:ident)?;)*) => {
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
    ActingBegun { tenant: TenantId, user: UserId, reason: Text, until: Timestamp } = "acting.begin" on tenant;
    ActingEnded { tenant: TenantId, user: UserId, by: &'static str } = "acting.end" on tenant;
    FirstStepsHidden { user: UserId, is_hidden: bool } = "user.hide_first_steps" on user;
    DisplayNameSet { user: UserId, from: Text, to: Text } = "user.set_display_name" on user;
    PasswordChanged { user: UserId, sessions_ended: u64 } = "user.change_password" on user;
    LinkMade { user: UserId, purpose: Document, expires_at: Option<Timestamp> } = "user.send_link" on user;
    PasswordSet { user: UserId, purpose: Document, sessions_ended: u64 } = "user.set_password" on user;
    PasskeyAdded { user: UserId, name: Text, sessions_ended: u64 } = "user.add_passkey" on user;
    PasskeyRemoved { user: UserId, name: Text, sessions_ended: u64 } = "user.remove_passkey" on user;
    PasskeyRenamed { user: UserId, from: Text, to: Text } = "user.rename_passkey" on user;
    IdentityLinked { user: UserId, issuer: Text, subject: Text } = "user.link_identity" on user;
    IdentityUnlinked { user: UserId, issuer: Text, subject: Text } = "user.unlink_identity" on user;
    RecoveryCodesMade { user: UserId } = "user.make_recovery_codes" on user;
    SecondFactorRemoved {
        user: UserId, factor: &'static str, sessions_ended: u64,
    } = "user.remove_second_factor" on user;
    SecondFactorReset { user: UserId, reason: Text, sessions_ended: u64 } = "user.reset_second_factor" on user;
    SecondFactorSet {
        user: UserId, factor: &'static str, sessions_ended: u64,
    } = "user.set_second_factor" on user;
    Reauthenticated { user: UserId, factor: &'static str } = "session.reauthenticate" on user;
    SessionEnded { user: UserId, session: Text } = "session.end" on user;
    SessionOpened { user: UserId, factor: &'static str } = "session.open" on user;
    SessionRefused {
        who: Text, purpose: &'static str, reason: &'static str, factor: &'static str, locked_until: Option<Timestamp>,
    } = "session.refuse" on who;
    SessionsOfOthersEnded { user: UserId, sessions_ended: u64 } = "session.end_others" on user;
    ThemeSet { user: UserId, theme: Document } = "user.set_theme" on user;
    NetworkUnlocked { network: Text } = "network.unlock" on network;
    UserUnlocked { user: UserId } = "user.unlock" on user;
    TokenCreated {
        token: ApiTokenId, user: UserId, name: Text, scopes: Document, networks: Document, expires_at: Timestamp,
    } = "api_token.create" on token;
    TokenRevoked { token: ApiTokenId, user: UserId, name: Text } = "api_token.revoke" on token;
    TokenUsedFromNetwork {
        token: ApiTokenId, user: UserId, network: Text,
    } = "api_token.use_from_new_network" on token;

    // tenancy
    BrandChanged { tenant: TenantId, name: Text, contact: Text } = "brand.change" on tenant;
    BrandRemoved { tenant: TenantId } = "brand.remove" on tenant;
    BrandHostAdded { host: DnsName, tenant: TenantId } = "brand_host.add" on host;
    BrandHostRemoved { host: DnsName, tenant: TenantId } = "brand_host.remove" on host;
    LimitCleared { limit: &'static str } = "limit.clear" on limit;
    LimitSet {
        limit: &'static str, bound: Text, ends_at: Option<Timestamp>, reason: Text,
    } = "limit.set" on limit;
    OrganizationAdded { organization: OrganizationId, name: Text } = "organization.add" on organization;
    OrganizationChanged { organization: OrganizationId, name: Text } = "organization.change" on organization;
    DepartmentAdded {
        department: DepartmentId, name: Text, organization: OrganizationId,
    } = "department.add" on department in organization;
    DepartmentRemoved {
        department: DepartmentId, name: Text, organization: OrganizationId,
    } = "department.remove" on department in organization;
    DomainDelegated {
        domain: DomainId, delegation: DelegationId, organization: OrganizationId, department: Option<DepartmentId>,
        types: Text, name: DnsName,
    } = "domain.delegate" on domain;
    DomainDelegationChanged {
        domain: DomainId, delegation: DelegationId, types: Text, name: DnsName,
    } = "domain.change_delegation" on domain;
    DomainDelegationEnded {
        domain: DomainId, delegation: DelegationId, organization: OrganizationId, name: DnsName,
    } = "domain.end_delegation" on domain;
    DomainMailSent { domain: DomainId, to: Text, expires_at: Timestamp, name: DnsName } = "domain.mail" on domain;
    DomainOwned { domain: DomainId, name: DnsName } = "domain.own" on domain;
    DomainProven {
        domain: DomainId, name: DnsName, method: &'static str, valid_until: Timestamp,
    } = "domain.prove" on domain;
    DomainReleased { domain: DomainId, name: DnsName } = "domain.release" on domain;
    DomainValueAsked { domain: DomainId, name: DnsName } = "domain.ask" on domain;
    PreValidationApproved {
        pre_validation: PreValidationId, reviewer: UserId, state: &'static str, fields: Document,
        valid_until: Option<Timestamp>, organization: OrganizationId,
    } = "pre_validation.approve" on pre_validation in organization;
    PreValidationEnded {
        pre_validation: PreValidationId, reason: Text, organization: OrganizationId,
    } = "pre_validation.end" on pre_validation in organization;
    PreValidationRejected {
        pre_validation: PreValidationId, reviewer: UserId, reason: Text, organization: OrganizationId,
    } = "pre_validation.reject" on pre_validation in organization;
    PreValidationRequested {
        pre_validation: PreValidationId, certificate_type: &'static str, anchor: Text, organization: OrganizationId,
    } = "pre_validation.request" on pre_validation in organization;
    ProviderRemoved { tenant: TenantId } = "tenant.remove_identity_provider" on tenant;
    ProviderSet {
        tenant: TenantId, short_name: Text, issuer: Text, client: Text, has_new_secret: bool, is_required: bool,
    } = "tenant.set_identity_provider" on tenant;
    RenewalChosen { tenant: TenantId, is_automatic: bool } = "tenant.renew_pre_validations" on tenant;
    SecondFactorRequired { tenant: TenantId, is_required: bool } = "tenant.require_second_factor" on tenant;
    TenantCreated { tenant: TenantId, name: Text, kind: Document } = "tenant.create" on tenant;
    TenantEntitled { tenant: TenantId, products: Text } = "tenant.entitle" on tenant;
    TenantHeld { tenant: TenantId } = "tenant.hold" on tenant;
    TenantLeft { tenant: TenantId, user: UserId, by: &'static str } = "tenant.leave" on tenant;
    TenantLookedAt { tenant: TenantId } = "tenant.look_at" on tenant;
    TenantReleased { tenant: TenantId } = "tenant.release" on tenant;
    TenantResumed { tenant: TenantId } = "tenant.resume" on tenant;
    TenantSuspended { tenant: TenantId } = "tenant.suspend" on tenant;
    RolesBound { user: UserId, from: Document, to: Document } = "user.bind_roles" on user;
    TenantVisited { tenant: TenantId, user: UserId } = "tenant.visit" on tenant;
    RolesChanged {
        user: UserId, from: Document, to: Document, sessions_ended: u64,
    } = "user.change_roles" on user;
    UserDisabled { user: UserId, sessions_ended: u64 } = "user.disable" on user;
    UserEnabled { user: UserId } = "user.enable" on user;
    UserCreated { user: UserId, email: Text, roles: Document, binding: Document } = "user.create" on user;
    UserRemoved { user: UserId, email: Text, sessions_ended: u64 } = "user.remove" on user;

    // catalog
    CasAdded { ca: Option<CaId>, cas: Document } = "ca.add" on ca;
    CaRetired { ca: CaId, name: Text } = "ca.retire" on ca;
    DirectoryChanged { slug: Text, plan: Document } = "directory.change" on slug;
    DirectoryCreated { slug: Text, plan: Document } = "directory.create" on slug;
    OfferPublished { slug: Text, policy: Document } = "offer.publish" on slug;
    OfferRetired { slug: Text } = "offer.retire" on slug;
    ProductCreated { code: Text, name: Text } = "product.create" on code;
    ProfilePublished { name: Text, version: ProfileVersionId, config: Document } = "profile.publish" on name;

    // issuance
    AccountContactChanged { account: AccountId } = "acme_account.change_contact" on account;
    AccountDeactivated { account: AccountId } = "acme_account.deactivate" on account;
    AccountKeyChanged { account: AccountId, thumbprint: Text } = "acme_account.change_key" on account;
    AccountRegistered {
        account: AccountId, eab_key_id: Option<Text>, subscription: SubscriptionId,
    } = "acme_account.register" on account in subscription;
    AuthorizationDeactivated {
        authorization: AuthorizationId, account: AccountId,
    } = "authorization.deactivate" on authorization in account;
    CertificateRevoked { certificate: CertificateId, serial: Text, reason: u64 } = "certificate.revoke" on certificate;
    OrderFailed { order: OrderId, why: Text } = "order.fail" on order;

    // enrollment
    ClientRevoked {
        account: AccountId, subscription: SubscriptionId, eab_key_id: Option<Text>,
    } = "acme_account.revoke" on account in subscription;
    CredentialImported { key_id: Text, subscription: SubscriptionId } = "eab_credential.import" on key_id in subscription;
    CredentialReleased {
        key_id: Text, subscription: SubscriptionId, acme_account: AccountId,
    } = "eab_credential.release" on key_id in subscription;
    CredentialRevealed { key_id: Text, subscription: SubscriptionId } = "eab_credential.reveal" on key_id in subscription;
    CredentialRevoked { key_id: Text, subscription: SubscriptionId } = "eab_credential.revoke" on key_id in subscription;
    CredentialRotated {
        key_id: Text, subscription: SubscriptionId, replaced: Option<Text>, overlap_seconds: u64,
    } = "eab_credential.rotate" on key_id in subscription;
    DomainEnrolled {
        domain: EnrolledDomainId, name: DnsName, subscription: SubscriptionId,
    } = "domain.enroll" on domain in subscription;
    DomainRemoved {
        domain: EnrolledDomainId, name: DnsName, subscription: SubscriptionId,
    } = "domain.remove" on domain in subscription;
    SubscriptionAssigned {
        subscription: SubscriptionId, organization: OrganizationId, department: Option<DepartmentId>,
        before: Option<OrganizationId>,
    } = "subscription.assign" on subscription;
    SubscriptionDeactivated { subscription: SubscriptionId } = "subscription.deactivate" on subscription;
    SubscriptionExtended {
        subscription: SubscriptionId, before: Option<Timestamp>, until: Option<Timestamp>,
    } = "subscription.extend" on subscription;
    SubscriptionOpened {
        subscription: SubscriptionId, label: Text, term: Text, offer: Text, eab_key_id: Text,
    } = "subscription.open" on subscription;
    SubscriptionResumed { subscription: SubscriptionId } = "subscription.resume" on subscription;
    SubscriptionSuspended { subscription: SubscriptionId } = "subscription.suspend" on subscription;

    // operations
    EffectClosed { effect: EffectId, kind: Text, why: Text } = "effect.close" on effect;
    EffectResent { effect: EffectId, kind: Text } = "effect.resend" on effect;
    JobDropped { job: JobId, kind: Text, payload: Text } = "job.drop" on job;
    SealingKeyAdded { key: u64 } = "sealing_key.add" on key;
    SecretsResealed { secrets: u64 } = "sealing_key.reseal" on secrets;
    JobRetried { job: JobId, kind: Text, payload: Text } = "job.retry" on job;
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
