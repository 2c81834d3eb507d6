//! The names in a subscription: paid ones and the free companions that come along with them
//! (features F-072 to F-085, C21, edge cases 1 to 6 and 12).
//!
//! What a name costs and whether somebody controls it are decided elsewhere.

use base::{DnsName, EnrolledDomainId, SubscriptionId, Timestamp};

pub mod bulk;
mod plan;

pub use plan::{
    Addition, Companions, Enrolled, Plan, Refusal, SponsorMissing, domains, plan, plan_name,
};

/// A name in a subscription. A name that was removed keeps its row; adding it again makes a new
/// one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EnrolledDomain {
    /// Its identifier.
    pub id: EnrolledDomainId,
    /// The subscription that admits it.
    pub subscription: SubscriptionId,
    /// The name, with its `*.` if it has one.
    pub name: DnsName,
    /// Paid, or free with another.
    pub kind: Kind,
    /// When it was added.
    pub added_at: Timestamp,
    /// Whether it still admits.
    pub status: Status,
}

/// Why a name is in a subscription.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Free, because a paid name was enrolled (F-078).
    Companion {
        /// The paid name it came with.
        of: EnrolledDomainId,
    },
    /// Charged.
    Paid,
}

/// Whether a name still admits orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// Admits.
    Active,
    /// Admits nothing any more (F-085).
    Removed {
        /// When it was removed.
        at: Timestamp,
    },
}

impl EnrolledDomain {
    /// Whether it admits orders.
    pub fn is_active(&self) -> bool {
        self.status == Status::Active
    }

    /// What [`plan`] asks for about this domain; `None` once it is removed.
    pub fn as_enrolled(&self) -> Option<Enrolled> {
        match (self.status, self.kind) {
            (Status::Removed { .. }, _) => None,
            (Status::Active, Kind::Companion { .. }) => Some(Enrolled::Companion),
            (Status::Active, Kind::Paid) => Some(Enrolled::Paid),
        }
    }

    /// The domain after its removal; one that was removed keeps its moment.
    #[must_use]
    pub fn remove(&self, now: Timestamp) -> Self {
        let status = match self.status {
            Status::Active => Status::Removed { at: now },
            removed @ Status::Removed { .. } => removed,
        };
        Self {
            status,
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
        .filter(|other| other.id == domain || other.kind == Kind::Companion { of: domain })
        .map(|other| other.id)
        .collect()
}

#[cfg(test)]
mod tests;
