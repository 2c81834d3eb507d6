//! The names in a subscription: paid ones and the free companions that come along with them
//! (features F-072 to F-085, C21, edge cases 1 to 6 and 12).
//!
//! What a name costs and whether somebody controls it are decided elsewhere.

use base::{Actor, DnsName, EnrolledDomainId, SubscriptionId, TenantId, Timestamp};

pub mod bulk;
mod plan;

pub use plan::{
    Addition, Companions, Enrolled, Enrolling, Plan, Refusal, SponsorMissing, plan, plan_name,
};

/// A name in a subscription. A name that was removed keeps its row; adding it again makes a new
/// one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnrolledDomain {
    /// Its identifier.
    pub id: EnrolledDomainId,
    /// The subscription that admits it.
    pub subscription: SubscriptionId,
    /// Who owns the subscription.
    pub tenant: TenantId,
    /// The owner's customer, if the subscription is for one.
    pub customer: Option<TenantId>,
    /// The name, with its `*.` if it has one.
    pub name: DnsName,
    /// The paid name with which it is free (F-078); `None` when it is charged itself.
    pub companion_of: Option<EnrolledDomainId>,
    /// The number of the pre-validation that it stands on, where certificates name an organization.
    pub anchor: Option<String>,
    /// When it was added.
    pub added_at: Timestamp,
    /// Who added it.
    pub added_by: Actor,
    /// Since when the authority admits it.
    pub activated_at: Option<Timestamp>,
    /// When it was removed; it admits nothing any more (F-085).
    pub removed_at: Option<Timestamp>,
    /// Who removed it.
    pub removed_by: Option<Actor>,
}

impl EnrolledDomain {
    /// Whether it admits orders.
    pub fn is_active(&self) -> bool {
        self.removed_at.is_none()
    }

    /// Whether it is free with a paid name.
    pub fn is_companion(&self) -> bool {
        self.companion_of.is_some()
    }

    /// What [`plan`] asks for about this domain; `None` once it is removed.
    pub fn as_enrolled(&self) -> Option<Enrolled> {
        match (self.removed_at, self.companion_of) {
            (Some(_), _) => None,
            (None, Some(_)) => Some(Enrolled::Companion),
            (None, None) => Some(Enrolled::Paid),
        }
    }

    /// The domain after its removal; one that was removed keeps its moment.
    #[must_use]
    pub fn remove(&self, by: Actor, now: Timestamp) -> Self {
        if self.removed_at.is_some() {
            return self.clone();
        }
        Self {
            removed_at: Some(now),
            removed_by: Some(by),
            ..self.clone()
        }
    }
}

/// Which domains go when `domain` is removed: a paid name takes its companion along, a companion
/// goes alone (edge cases 3 and 4). `all` are domains of the same subscription; what is removed
/// already is left out.
pub fn removal(domain: EnrolledDomainId, all: &[EnrolledDomain]) -> Vec<EnrolledDomainId> {
    all.iter()
        .filter(|other| other.is_active())
        .filter(|other| other.id == domain || other.companion_of == Some(domain))
        .map(|other| other.id)
        .collect()
}

#[cfg(test)]
mod tests;
