//! The policy of an offer: how what is sold under it behaves, as typed values with one key each (features 1.0).
//!
//! A version of an offer keeps its policy as JSON and never changes it; a subscription keeps the version that it was
//! bought under. What a value does is decided where it is used. Values about money are kept until there is billing.

use std::collections::BTreeMap;
use std::num::{NonZeroU16, NonZeroU32};
use std::time::Duration;

use base::{Class, Refusal, Refuse, Timestamp};
use serde_json::Value;

use crate::eab::Reveal;
use crate::subscription::Extension;

mod plain;
mod preset;
mod setting;
mod unbuilt;
mod value;
mod word;

pub use plain::PlainPolicy;
pub use preset::Preset;
pub use unbuilt::Unbuilt;
pub use value::{AutoRenew, ExtensionWindow, InsufficientFunds, MaxCertDays, TermChoices};
pub use word::{
    AddProration, BillingMode, CompanionMode, EarlyRemovalBilling, InstalmentOwed, NameAdmission,
    OnLoss, OnSubscriptionEnd, OrganizationAtCreation, OrganizationChoiceError, OvValidation,
    PortalRevoke, RefundClock, RefundTo, RenewalsOnHold, RevokeOnRemoval, StartTrigger, TermUnit,
    Zone,
};

use setting::Setting;

/// Defines [`Policy`] from its keys, with the value that preset 000 has for each.
macro_rules! policy {
    ($($(#[$meta:meta])* $key:ident: $type:ty = $standard:expr,)+) => {
        /// How what is sold under an offer behaves. The default is preset 000.
        #[derive(Clone, PartialEq, Eq, Debug)]
        pub struct Policy {
            $($(#[$meta])* pub $key: $type,)+
        }

        impl Default for Policy {
            fn default() -> Self {
                Self { $($key: $standard,)+ }
            }
        }

        impl Policy {
            /// All keys, in the order in which they are shown.
            pub const KEYS: &[&'static str] = &[$(stringify!($key)),+];

            fn settings(&self) -> Vec<(&'static str, &dyn Setting)> {
                vec![$((stringify!($key), &self.$key)),+]
            }

            fn set(&mut self, key: &str, text: &str) -> Result<(), PolicyKeyError> {
                match key {
                    $(stringify!($key) => {
                        let value = <$type as Setting>::read(text);
                        let refused = || refused(stringify!($key), text, <$type>::allowed());
                        self.$key = value.ok_or_else(refused)?;
                    })+
                    _ => return Err(PolicyKeyError::Key { key: key.to_owned() }),
                }
                Ok(())
            }
        }
    };
}

policy! {
    /// When and how it is paid.
    billing_mode: BillingMode = BillingMode::Instalments,
    /// The terms on offer.
    term_choices_years: TermChoices = TermChoices::default(),
    /// What a year of a term is.
    term_unit: TermUnit = TermUnit::Days365n,
    /// What starts a term (C10).
    start_trigger: StartTrigger = StartTrigger::FirstDomain,
    /// What a name that is added later costs for the rest of the term.
    add_proration: AddProration = AddProration::Unprorated,
    /// For how many days a name that is removed is paid back; 0 for never.
    refund_window_days: u16 = 30,
    /// What those days are counted from.
    refund_clock: RefundClock = RefundClock::Added,
    /// Where the money goes.
    refund_to: RefundTo = RefundTo::Wallet,
    /// Whether the certificates of a name that is removed are revoked.
    revoke_on_removal: RevokeOnRemoval = RevokeOnRemoval::Never,
    /// What is owed for a name that is removed before its term is over.
    early_removal_billing: EarlyRemovalBilling = EarlyRemovalBilling::Stop,
    /// What becomes of certificates that would outlive their subscription (C12).
    on_subscription_end: OnSubscriptionEnd = OnSubscriptionEnd::KeepCerts,
    /// Whether another term follows by itself.
    auto_renew: AutoRenew = AutoRenew::OptIn { lead_days: AutoRenew::LEAD_DAYS },
    /// When a term can be extended.
    extension_window_days: ExtensionWindow = ExtensionWindow { before: 100, after: 30 },
    /// Whether free names come along with paid ones (C21).
    companion_mode: CompanionMode = CompanionMode::Auto,
    /// How often the MAC key of a credential is shown (C1).
    eab_reveal: Reveal = Reveal::Always,
    /// Which subscriptions are for an organization.
    organization_at_creation: OrganizationAtCreation = OrganizationAtCreation::No,
    /// Which instalments are owed for a name that is removed.
    instalment_owed: InstalmentOwed = InstalmentOwed::IfActive,
    /// How often one name is paid back in 365 days; `None` for any number of times.
    refunds_per_name: Option<NonZeroU32> = None,
    /// How many ACME accounts a credential binds; `None` for any number (C2).
    eab_max_bindings: Option<NonZeroU32> = None,
    /// How many subscriptions a tenant has of the offer at once; `None` for any number.
    max_subscriptions: Option<NonZeroU32> = None,
    /// What helps whoever has lost a MAC key (C1).
    eab_on_loss: OnLoss = OnLoss::Rotate,
    /// Which names are admitted.
    name_admission: NameAdmission = NameAdmission::SubscribedNames,
    /// What happens to an order that cannot be paid.
    insufficient_funds: InsufficientFunds = InsufficientFunds::AllowOnAccount,
    /// The longest time that a certificate is valid for (C13).
    max_cert_days: MaxCertDays = MaxCertDays::Days(NINETY),
    /// Whose validation an organization's certificates stand on.
    ov_validation: OvValidation = OvValidation::DefaultAnchorOk,
    /// Whether certificates are revoked in the portal.
    portal_revoke: PortalRevoke = PortalRevoke::Role,
    /// What a tenant on hold can renew (C14, B-56).
    renewals_on_hold: RenewalsOnHold = RenewalsOnHold::UntilExhausted,
    /// Whose days terms begin and end with.
    zone: Zone = Zone::Utc,
}

const NINETY: NonZeroU16 = NonZeroU16::MIN.saturating_add(89);

/// Why a key is not set. The sentence lists what is allowed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PolicyKeyError {
    /// No policy has it.
    #[error("a policy has no key \"{key}\"; choose one of {}", Policy::KEYS.join(", "))]
    Key {
        /// As it was entered.
        key: String,
    },
    /// The key has no such value.
    #[error("{key} cannot be \"{value}\"; choose {allowed}")]
    Value {
        /// Whose value it would be.
        key: &'static str,
        /// As it was entered.
        value: String,
        /// All values, in words.
        allowed: String,
    },
}

impl Refuse for PolicyKeyError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Key { .. } => Class::Invalid.because("policy_key_unknown", self),
            Self::Value { key, .. } => Class::Invalid.because("policy_value_unknown", self).at(key),
        }
    }
}

fn refused(key: &'static str, value: &str, allowed: String) -> PolicyKeyError {
    let value = value.to_owned();
    PolicyKeyError::Value {
        key,
        value,
        allowed,
    }
}

/// The text is no policy that this release can follow.
#[derive(Debug, thiserror::Error)]
pub enum StoredPolicyError {
    /// Not JSON, or not an object.
    #[error("the stored policy cannot be read")]
    Json(#[from] serde_json::Error),
    /// A later release may know it.
    #[error("the stored policy has a value that this release does not know")]
    Value(#[from] PolicyKeyError),
}

impl Refuse for StoredPolicyError {
    fn refusal(&self) -> Refusal {
        Refusal::internal(self)
    }
}

impl Policy {
    /// A server that admits every name, for tests of ACME clients. No offer can have it.
    pub fn open_house() -> Self {
        Self {
            name_admission: NameAdmission::Open,
            ..Self::default()
        }
    }

    /// The policy with another value for one key, as an operator enters it.
    pub fn with(&self, key: &str, value: &str) -> Result<Self, PolicyKeyError> {
        let value = value.trim();
        let mut changed = self.clone();
        changed.set(key, value)?;
        let is_opened = changed.name_admission == NameAdmission::Open;
        if is_opened && changed.name_admission != self.name_admission {
            return Err(refused("name_admission", value, NameAdmission::allowed()));
        }
        Ok(changed)
    }

    /// Whether a subscription, whose certificates name an organization or not, can be for one, or for none. Domains are
    /// delegated to organizations, so where they admit names there has to be one.
    pub fn check_organization(
        &self,
        is_named: bool,
        is_given: bool,
    ) -> Result<(), OrganizationChoiceError> {
        let asked = match self.name_admission {
            NameAdmission::ValidatedDelegated => OrganizationAtCreation::Required,
            NameAdmission::SubscribedNames | NameAdmission::Hook | NameAdmission::Open => {
                self.organization_at_creation
            }
        };
        asked.check(is_named, is_given)
    }

    /// Whether the certificates of a name that was added and is removed at these moments are revoked (C7).
    pub fn revokes_on_removal(&self, added_at: Timestamp, removed_at: Timestamp) -> bool {
        let window = Duration::from_secs(u64::from(self.refund_window_days).saturating_mul(86_400));
        match self.revoke_on_removal {
            RevokeOnRemoval::Never => false,
            RevokeOnRemoval::Always => true,
            // The built-in authority admits a name as it is added, so both clocks begin then.
            RevokeOnRemoval::InRefundWindow => removed_at < added_at.plus(window),
        }
    }

    /// Whether a term starts as it is bought: also where no name is enrolled that could start it.
    pub fn starts_at_once(&self) -> bool {
        self.start_trigger == StartTrigger::OnCreate
            || self.name_admission == NameAdmission::ValidatedDelegated
    }

    /// How terms are extended. Where certificates go with the end, nothing is left to extend afterwards.
    pub fn extension(&self) -> Extension {
        let ExtensionWindow { before, after } = self.extension_window_days;
        Extension {
            unit: self.term_unit,
            before,
            after: match self.on_subscription_end {
                OnSubscriptionEnd::RevokeAtEnd => 0,
                OnSubscriptionEnd::KeepCerts | OnSubscriptionEnd::CapNotAfter => after,
            },
        }
    }

    /// As JSON that is the same for the same policy: all keys, sorted.
    pub fn to_json(&self) -> String {
        let settings = self.settings().into_iter();
        let members: BTreeMap<_, _> = settings.map(|(key, value)| (key, value.json())).collect();
        // Numbers, strings and lists of numbers cannot fail to serialise.
        serde_json::to_string(&members).unwrap_or_default()
    }

    /// Reads what [`to_json`](Self::to_json) wrote, of this or an earlier release: a key that is missing has the
    /// value of preset 000, one that is unknown is left out.
    pub fn from_stored(text: &str) -> Result<Self, StoredPolicyError> {
        let members: BTreeMap<String, Value> = serde_json::from_str(text)?;
        Ok(Self::from_members(&members)?)
    }

    fn from_members(members: &BTreeMap<String, Value>) -> Result<Self, PolicyKeyError> {
        let mut policy = Self::default();
        let is_known = |(key, _): &(&String, &Value)| Self::KEYS.contains(&key.as_str());
        for (key, value) in members.iter().filter(is_known) {
            policy.set(key, &setting::entered(value))?;
        }
        Ok(policy)
    }

    /// Each key with its value as an operator would enter it, in the order in which they are shown.
    pub fn describe(&self) -> Vec<(&'static str, String)> {
        let settings = self.settings().into_iter();
        settings.map(|(key, value)| (key, value.write())).collect()
    }
}

#[cfg(test)]
mod tests;
