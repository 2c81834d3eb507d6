//! Values of a policy that are one word each.

use base::{Class, Refusal, Refuse, words};

use super::setting::{Setting, either};
use crate::eab::Reveal;
use crate::enrolled_domain::Companions;
pub use crate::subscription::TermUnit;

words! {
    /// When and how it is paid.
    pub enum BillingMode {
        /// In monthly shares of the price of the term.
        Instalments = "instalments",
        /// The whole term when it is bought.
        Upfront = "upfront",
        /// Each month, for the month that is over.
        PostpaidMonthly = "postpaid_monthly",
        /// For each certificate.
        PerCertificate = "per_certificate",
        /// Not at all.
        Unbilled = "none",
    }
}

words! {
    /// What starts a term (C10).
    pub enum StartTrigger {
        /// That it is bought.
        OnCreate = "on_create",
        /// Its first domain.
        FirstDomain = "first_domain",
        /// Its first certificate.
        FirstIssuance = "first_issuance",
    }
}

words! {
    /// What a name that is added later costs for the rest of the term.
    pub enum AddProration {
        /// The instalments that are left.
        Unprorated = "none",
        /// Its share of the price for the days that are left.
        FullDays = "full_days",
    }
}

words! {
    /// What the days of refunds are counted from.
    pub enum RefundClock {
        /// When the name was added.
        Added = "added",
        /// When the authority admitted it.
        Activated = "activated",
    }
}

words! {
    /// Where refunds go.
    pub enum RefundTo {
        /// To the tenant's balance.
        Wallet = "wallet",
        /// Back the way that it was paid.
        OriginalMethod = "original_method",
    }
}

words! {
    /// Whether the certificates of a name that is removed are revoked.
    pub enum RevokeOnRemoval {
        /// No.
        Never = "never",
        /// While the name is paid back.
        InRefundWindow = "in_refund_window",
        /// Yes.
        Always = "always",
    }
}

words! {
    /// What is owed for a name that is removed before its term is over.
    pub enum EarlyRemovalBilling {
        /// Nothing more.
        Stop = "stop",
        /// The rest of its term.
        BillRemaining = "bill_remaining",
    }
}

words! {
    /// What becomes of certificates that would outlive their subscription (C12).
    pub enum OnSubscriptionEnd {
        /// They stay.
        KeepCerts = "keep_certs",
        /// They are revoked at its end.
        RevokeAtEnd = "revoke_at_end",
        /// None is issued past its end.
        CapNotAfter = "cap_not_after",
    }
}

words! {
    /// Whether free names come along with paid ones (C21).
    pub enum CompanionMode {
        /// Unless the customer does not want them.
        Auto = "auto",
        /// If the customer wants them.
        OnRequest = "on_request",
        /// Never.
        Off = "off",
    }
}

impl CompanionMode {
    /// Whether they come along with a name for which the customer has `wanted` them or not, or said nothing.
    pub const fn companions(self, wanted: Option<bool>) -> Companions {
        match (self, wanted) {
            (Self::Auto, None | Some(true)) | (Self::OnRequest, Some(true)) => Companions::Auto,
            (Self::Auto, Some(false)) | (Self::OnRequest, None | Some(false)) | (Self::Off, _) => {
                Companions::Off
            }
        }
    }
}

words! {
    /// Which subscriptions are for an organization.
    pub enum OrganizationAtCreation {
        /// All.
        Required = "required",
        /// Those whose certificates name one.
        RequiredOvUp = "required_ov_up",
        /// None has to be.
        No = "no",
    }
}

/// Why a subscription cannot be for this organization, or for none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrganizationChoiceError {
    /// It has to be for one.
    #[error("choose the organization that the certificates are for")]
    Missing,
    /// Its certificates name nobody.
    #[error("certificates of this type name no organization; leave it out")]
    Needless,
}

impl Refuse for OrganizationChoiceError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Missing => "subscription_organization_missing",
            Self::Needless => "subscription_organization_needless",
        };
        Class::Invalid.because(code, self).at("organization")
    }
}

impl OrganizationAtCreation {
    /// Whether a subscription, whose certificates name an organization or not, can be opened for one, or for none
    /// (F-031, F-057).
    pub(super) fn check(
        self,
        is_named: bool,
        is_given: bool,
    ) -> Result<(), OrganizationChoiceError> {
        match (self, is_named, is_given) {
            (Self::Required, _, false) | (Self::RequiredOvUp, true, false) => {
                Err(OrganizationChoiceError::Missing)
            }
            (Self::RequiredOvUp | Self::No, false, true) => Err(OrganizationChoiceError::Needless),
            (Self::Required, _, true)
            | (Self::RequiredOvUp | Self::No, true, true)
            | (Self::No, _, false)
            | (Self::RequiredOvUp, false, false) => Ok(()),
        }
    }
}

words! {
    /// Which instalments are owed for a name that is removed.
    pub enum InstalmentOwed {
        /// Those of months at whose billing day it was there.
        IfActive = "if_active",
        /// Those of months that had begun.
        FromPeriodStart = "from_period_start",
    }
}

words! {
    /// What helps whoever has lost a MAC key (C1).
    pub enum OnLoss {
        /// The credential is replaced.
        Rotate = "rotate",
        /// A new credential, beside which the old one ends at once.
        Recreate = "recreate",
    }
}

words! {
    /// Which names are admitted.
    pub enum NameAdmission {
        /// Those that are enrolled in the subscription.
        SubscribedNames = "subscribed_names",
        /// Those of an organization, where they are validated and delegated.
        ValidatedDelegated = "validated_delegated",
        /// Those that a partner says yes to.
        Hook = "hook",
        /// All: a server for tests of ACME clients. No offer can have it.
        Open = "open",
    }
}

words! {
    /// Whose validation an organization's certificates stand on.
    pub enum OvValidation {
        /// Each name says whose.
        AnchorRequired = "anchor_required",
        /// The subscription's, if a name does not say another one.
        DefaultAnchorOk = "default_anchor_ok",
    }
}

words! {
    /// Whether certificates are revoked in the portal.
    pub enum PortalRevoke {
        /// By nobody.
        No = "no",
        /// By those whose role allows it.
        Role = "role",
    }
}

words! {
    /// What a tenant on hold can renew (C14, B-56).
    pub enum RenewalsOnHold {
        /// What had a certificate before, as long as its term lasts.
        UntilExhausted = "until_exhausted",
        /// Nothing.
        Deny = "deny",
    }
}

words! {
    /// Whose days terms begin and end with.
    pub enum Zone {
        /// Those of Coordinated Universal Time.
        Utc = "UTC",
    }
}

/// A word is entered as it is stored.
macro_rules! words_are_settings {
    ($($name:ty,)+) => {
        $(impl Setting for $name {
            fn read(text: &str) -> Option<Self> {
                Self::parse(text)
            }

            fn write(&self) -> String {
                self.to_string()
            }

            fn allowed() -> String {
                let words: Vec<_> = Self::ALL.iter().map(|word| word.as_str()).collect();
                either(&words)
            }
        })+
    };
}

words_are_settings! {
    AddProration,
    BillingMode,
    CompanionMode,
    EarlyRemovalBilling,
    InstalmentOwed,
    OnLoss,
    OnSubscriptionEnd,
    OrganizationAtCreation,
    OvValidation,
    PortalRevoke,
    RefundClock,
    RefundTo,
    RenewalsOnHold,
    Reveal,
    RevokeOnRemoval,
    StartTrigger,
    TermUnit,
    Zone,
}

impl Setting for NameAdmission {
    fn read(text: &str) -> Option<Self> {
        Self::parse(text)
    }

    fn write(&self) -> String {
        self.to_string()
    }

    /// All but the one that no offer can have.
    fn allowed() -> String {
        let words = Self::ALL.iter().filter(|word| **word != Self::Open);
        either(&words.map(|word| word.as_str()).collect::<Vec<_>>())
    }
}
