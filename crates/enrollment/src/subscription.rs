//! A subscription: a term bought under a product, for whose domains certificates may be issued.
//! The portal calls it an ACME account (features F-046 to F-048, F-061, F-070, C10).
//!
//! It does not know its domains, credentials or prices; those point to it. Whether it expired is
//! never stored: it follows from the end date and the present moment.

use base::{SubscriptionId, TenantId, Timestamp, UserId};

use base::words;

mod label;

pub use label::{Label, LabelError};

words! {
    /// What kind of certificate is sold. The word is also the last segment of the directory URL,
    /// in capitals.
    pub enum Product {
        /// Domain validated.
        Dv = "dv",
    }
}

words! {
    /// What was decided about a subscription, as stored.
    pub enum Status {
        /// Bought, but no domain was added yet: the term has not started.
        Pending = "pending",
        /// The term has started.
        Active = "active",
        /// Held by a person; goes back to what it was.
        Suspended = "suspended",
        /// Ended by a person, for good (F-061).
        Deactivated = "deactivated",
    }
}

words! {
    /// What a subscription is at a given moment, for people and filters.
    pub enum State {
        /// No domain was added yet.
        Pending = "pending",
        /// Certificates may be issued.
        Active = "active",
        /// Held by a person.
        Suspended = "suspended",
        /// The term is over.
        Expired = "expired",
        /// Ended by a person, for good.
        Deactivated = "deactivated",
    }
}

/// How long a subscription runs: one, two or three times 365 days (F-066, F-147).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Term(u8);

/// The number of years is not offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a term of {0} years is not offered; choose 1, 2 or 3 years")]
pub struct TermError(pub i64);

impl Term {
    /// The terms on offer.
    pub const CHOICES: [Self; 3] = [Self(1), Self(2), Self(3)];

    /// From a number of years.
    pub fn from_years(years: i64) -> Result<Self, TermError> {
        Self::CHOICES
            .into_iter()
            .find(|term| i64::from(term.0) == years)
            .ok_or(TermError(years))
    }

    /// The number of years.
    pub const fn years(self) -> u8 {
        self.0
    }

    /// The number of days: 365 for each year, leap day or not.
    pub fn days(self) -> u32 {
        u32::from(self.0).saturating_mul(365)
    }

    /// The end of a term whose first domain was added at `trigger`: the days are counted from the
    /// next civil day in UTC, so the rest of the first day is free.
    pub fn end(self, trigger: Timestamp) -> Timestamp {
        let next_day = trigger.as_seconds().div_euclid(DAY).saturating_add(1);
        Timestamp::from_seconds(
            next_day
                .saturating_add(i64::from(self.days()))
                .saturating_mul(DAY),
        )
    }
}

/// A term bought under a product by a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its identifier.
    pub id: SubscriptionId,
    /// Who owns it.
    pub tenant: TenantId,
    /// The owner's name for it; need not be unique.
    pub label: Option<Label>,
    /// What is issued under it.
    pub product: Product,
    /// How long it runs.
    pub term: Term,
    /// What was decided about it.
    pub status: Status,
    /// When it was bought.
    pub created_at: Timestamp,
    /// When its first domain was added.
    pub started_at: Option<Timestamp>,
    /// The first moment at which it is over; set when it starts.
    pub ends_at: Option<Timestamp>,
    /// Who bought it.
    pub created_by: UserId,
}

/// Why no certificate may be issued. The sentence is fit for a problem document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotIssuing {
    /// It was ended for good.
    #[error("this subscription was deactivated; create a new ACME account in the portal")]
    Deactivated,
    /// The term is over.
    #[error("this subscription ended on {}; extend it in the portal", day(*ends_at))]
    Expired {
        /// When it ended.
        ends_at: Timestamp,
    },
    /// The term has not started (F-070).
    #[error("this subscription has no domain yet; add one in the portal before you order")]
    NoDomain,
    /// It is on hold.
    #[error("this subscription is suspended; resume it in the portal or ask its owner to")]
    Suspended,
}

/// Why a subscription cannot be moved to another status.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// It was ended for good.
    #[error("the ACME account was deactivated for good and cannot be changed any more")]
    Deactivated,
    /// There is nothing to resume.
    #[error("the ACME account is not suspended")]
    NotSuspended,
    /// It is on hold already.
    #[error("the ACME account is already suspended")]
    Suspended,
}

impl Subscription {
    /// A new subscription, waiting for its first domain.
    pub fn new(
        id: SubscriptionId,
        tenant: TenantId,
        label: Option<Label>,
        term: Term,
        created_by: UserId,
        now: Timestamp,
    ) -> Self {
        Self {
            id,
            tenant,
            label,
            product: Product::Dv,
            term,
            status: Status::Pending,
            created_at: now,
            started_at: None,
            ends_at: None,
            created_by,
        }
    }

    /// What it is at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        match self.status {
            Status::Pending => State::Pending,
            Status::Active if self.ends_at.is_some_and(|end| now >= end) => State::Expired,
            Status::Active => State::Active,
            Status::Suspended => State::Suspended,
            Status::Deactivated => State::Deactivated,
        }
    }

    /// Starts the term, as the first domain does; `None` when it had started before. A suspended
    /// subscription stays suspended.
    pub fn start(&self, now: Timestamp) -> Option<Self> {
        if self.started_at.is_some() {
            return None;
        }
        let status = match self.status {
            Status::Pending | Status::Active => Status::Active,
            Status::Suspended => Status::Suspended,
            Status::Deactivated => return None,
        };
        Some(Self {
            status,
            started_at: Some(now),
            ends_at: Some(self.term.end(now)),
            ..self.clone()
        })
    }

    /// Puts it on hold: nothing is issued until it is resumed. The term runs on.
    pub fn suspend(&self) -> Result<Self, TransitionError> {
        match self.status {
            Status::Pending | Status::Active => Ok(self.with(Status::Suspended)),
            Status::Suspended => Err(TransitionError::Suspended),
            Status::Deactivated => Err(TransitionError::Deactivated),
        }
    }

    /// Ends the hold; it is then what it was before.
    pub fn resume(&self) -> Result<Self, TransitionError> {
        match self.status {
            Status::Suspended if self.started_at.is_some() => Ok(self.with(Status::Active)),
            Status::Suspended => Ok(self.with(Status::Pending)),
            Status::Pending | Status::Active => Err(TransitionError::NotSuspended),
            Status::Deactivated => Err(TransitionError::Deactivated),
        }
    }

    /// Ends it for good, from any other status.
    pub fn deactivate(&self) -> Result<Self, TransitionError> {
        match self.status {
            Status::Pending | Status::Active | Status::Suspended => {
                Ok(self.with(Status::Deactivated))
            }
            Status::Deactivated => Err(TransitionError::Deactivated),
        }
    }

    /// Whether certificates may be issued under it at `now`.
    pub fn may_issue(&self, now: Timestamp) -> Result<(), NotIssuing> {
        match self.may_enroll(now) {
            Ok(()) if self.started_at.is_none() => Err(NotIssuing::NoDomain),
            other => other,
        }
    }

    /// Whether domains may be added to it at `now`: as for issuing, but it may lack a domain.
    pub fn may_enroll(&self, now: Timestamp) -> Result<(), NotIssuing> {
        match (self.state(now), self.ends_at) {
            (State::Pending | State::Active, _) | (State::Expired, None) => Ok(()),
            (State::Expired, Some(ends_at)) => Err(NotIssuing::Expired { ends_at }),
            (State::Suspended, _) => Err(NotIssuing::Suspended),
            (State::Deactivated, _) => Err(NotIssuing::Deactivated),
        }
    }

    fn with(&self, status: Status) -> Self {
        Self {
            status,
            ..self.clone()
        }
    }
}

fn day(moment: Timestamp) -> String {
    moment
        .to_string()
        .chars()
        .take_while(|letter| *letter != 'T')
        .collect()
}

/// Seconds in a civil day of UTC, which has no leap seconds in POSIX time.
const DAY: i64 = 86_400;

#[cfg(test)]
mod tests;
