//! A subscription: a term bought under a product, for whose domains certificates may be issued.
//! The portal calls it an ACME account (features F-046 to F-048, F-061, F-070, C10).
//!
//! It does not know its domains, credentials or prices; those point to it. Whether it expired is
//! never stored: it follows from the end date and the present moment. Stored are facts: when it started, was put on
//! hold, was ended.

use std::fmt;

use base::{
    Actor, Class, DepartmentId, OfferVersionId, OrganizationId, Refusal, Refuse, SubscriptionId,
    TenantId, Timestamp,
};

use base::words;

use crate::enrolled_domain::EnrolledDomain;

mod extension;
mod label;

pub use extension::{EndNotice, ExtendError, Extension};
pub use label::{Label, LabelError};

/// What kind of certificate is sold: the code of a product of the catalogue.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ProductCode(String);

/// The text cannot be a product's code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{0}\" cannot be a product's code: use 1 to 32 small letters, digits and hyphens")]
pub struct ProductCodeError(String);

impl ProductCode {
    /// Reads a code.
    pub fn parse(text: &str) -> Result<Self, ProductCodeError> {
        let is_fit = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if text.is_empty() || text.len() > 32 || !text.bytes().all(is_fit) {
            return Err(ProductCodeError(text.to_owned()));
        }
        Ok(Self(text.to_owned()))
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProductCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

words! {
    /// What a subscription is at a given moment, for people and filters.
    pub enum State {
        /// Its term has not started: it waits for its first domain.
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

words! {
    /// What a year of a term is.
    pub enum TermUnit {
        /// 365 days, leap day or not.
        Days365n = "days_365n",
        /// To the same day of the next year.
        CalendarYears = "calendar_years",
    }
}

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

    /// As a duration of ISO 8601, which is how it is stored.
    pub const fn as_str(self) -> &'static str {
        match self.0 {
            1 => "P1Y",
            2 => "P2Y",
            _ => "P3Y",
        }
    }

    /// Reads what [`as_str`](Self::as_str) wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Self::CHOICES.into_iter().find(|term| term.as_str() == text)
    }

    /// The number of days: 365 for each year, leap day or not.
    pub fn days(self) -> u32 {
        u32::from(self.0).saturating_mul(365)
    }

    /// The end of a term that was started at `trigger`: it is counted from the next civil day in UTC, so the rest of the
    /// first day is free. A calendar year ends on the same day of the next one, which 29 February has as 28 February.
    pub fn end(self, unit: TermUnit, trigger: Timestamp) -> Timestamp {
        let next_day = trigger.as_seconds().div_euclid(DAY).saturating_add(1);
        let days = next_day.saturating_add(i64::from(self.days()));
        let of_days = Timestamp::from_seconds(days.saturating_mul(DAY));
        match unit {
            TermUnit::Days365n => of_days,
            TermUnit::CalendarYears => {
                let first = Timestamp::from_seconds(next_day.saturating_mul(DAY));
                self.anniversary(first).unwrap_or(of_days)
            }
        }
    }

    /// The same day so many years later; none beyond what calendars reach.
    fn anniversary(self, first: Timestamp) -> Option<Timestamp> {
        let first = first.as_jiff().to_zoned(jiff::tz::TimeZone::UTC);
        let last = first.checked_add(jiff::Span::new().try_years(self.0).ok()?);
        Some(Timestamp::from_micros(
            last.ok()?.timestamp().as_microsecond(),
        ))
    }
}

/// A term bought under an offer by a tenant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subscription {
    /// Its identifier.
    pub id: SubscriptionId,
    /// Who owns it.
    pub tenant: TenantId,
    /// The owner's customer, if it is for one.
    pub customer: Option<TenantId>,
    /// The policies that it was bought under.
    pub offer_version: OfferVersionId,
    /// What is issued under it.
    pub product: ProductCode,
    /// The owner's name for it; need not be unique.
    pub label: Label,
    /// Whose days its terms begin and end with.
    pub zone: String,
    /// How long its first term runs.
    pub term: Term,
    /// Whether another term follows by itself.
    pub auto_renews: bool,
    /// When it was bought.
    pub created_at: Timestamp,
    /// Who bought it.
    pub created_by: Actor,
    /// When its term started: as it was bought, or with its first domain.
    pub started_at: Option<Timestamp>,
    /// The first moment at which its last term is over; set when it starts.
    pub covered_until: Option<Timestamp>,
    /// Since when a person holds it.
    pub suspended_at: Option<Timestamp>,
    /// When a person ended it, for good (F-061).
    pub cancelled_at: Option<Timestamp>,
    /// Its active names that are charged.
    pub paid_names: u32,
    /// Its active names that came along free.
    pub free_names: u32,
    /// Rises whenever its names change.
    pub enrollment_version: i64,
    /// Whom its certificates name, where they name somebody.
    pub organization: Option<OrganizationId>,
    /// The part of that organization that it is for; none for all of it.
    pub department: Option<DepartmentId>,
}

/// How many a tenant has at most that were not ended and whose term is not over.
pub const MAX_SUBSCRIPTIONS: u32 = 10_000;

/// How many active names those have at most together, free ones too.
pub const MAX_NAMES: u32 = 1_000_000;

/// What is bought.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purchase {
    /// Who will own it.
    pub tenant: TenantId,
    /// The owner's customer, if it is for one.
    pub customer: Option<TenantId>,
    /// Under which policies.
    pub offer_version: OfferVersionId,
    /// What will be issued under it.
    pub product: ProductCode,
    /// The owner's name for it.
    pub label: Label,
    /// How long it runs.
    pub term: Term,
    /// What a year of it is.
    pub unit: TermUnit,
    /// Whether the term starts as it is bought instead of with the first domain (policy `start_trigger`, C10).
    pub starts_at_once: bool,
    /// Whom its certificates will name.
    pub organization: Option<OrganizationId>,
    /// The part of that organization that it is for.
    pub department: Option<DepartmentId>,
    /// Who buys it.
    pub created_by: Actor,
}

/// A number of names by what they cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// Charged.
    pub paid: u32,
    /// Free with a paid one.
    pub free: u32,
}

impl Names {
    /// Counts domains.
    pub fn of(domains: &[EnrolledDomain]) -> Self {
        let free = domains.iter().filter(|domain| domain.is_companion());
        let free = u32::try_from(free.count()).unwrap_or(u32::MAX);
        let all = u32::try_from(domains.len()).unwrap_or(u32::MAX);
        Self {
            paid: all.saturating_sub(free),
            free,
        }
    }
}

/// Why no certificate may be issued. The sentence is fit for a problem document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotIssuing {
    /// It was ended for good.
    #[error("this subscription was deactivated; create a new ACME account in the portal")]
    Deactivated,
    /// The term is over.
    #[error("this subscription ended on {}; extend it in the portal", day(*covered_until))]
    Expired {
        /// When it ended.
        covered_until: Timestamp,
    },
    /// The term has not started (F-070).
    #[error("this subscription has no domain yet; add one in the portal before you order")]
    NoDomain,
    /// It is on hold.
    #[error("this subscription is suspended; resume it in the portal or ask its owner to")]
    Suspended,
}

impl Refuse for NotIssuing {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Deactivated => "subscription_deactivated",
            Self::Expired { .. } => "subscription_expired",
            Self::NoDomain => "subscription_without_domain",
            Self::Suspended => "subscription_suspended",
        };
        Class::Forbidden.because(code, self)
    }
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

impl Refuse for TransitionError {
    fn refusal(&self) -> Refusal {
        let code = match self {
            Self::Deactivated => "subscription_ended",
            Self::NotSuspended => "subscription_not_suspended",
            Self::Suspended => "subscription_suspended_already",
        };
        Class::Conflict.because(code, self)
    }
}

impl Subscription {
    /// A new subscription, which waits for its first domain unless its term starts at once.
    pub fn new(id: SubscriptionId, purchase: Purchase, now: Timestamp) -> Self {
        let bought = Self {
            id,
            tenant: purchase.tenant,
            customer: purchase.customer,
            offer_version: purchase.offer_version,
            product: purchase.product,
            label: purchase.label,
            zone: "UTC".to_owned(),
            term: purchase.term,
            auto_renews: false,
            created_at: now,
            created_by: purchase.created_by,
            started_at: None,
            covered_until: None,
            suspended_at: None,
            cancelled_at: None,
            paid_names: 0,
            free_names: 0,
            enrollment_version: 0,
            organization: purchase.organization,
            department: purchase.department,
        };
        let starts = purchase
            .starts_at_once
            .then(|| bought.start(purchase.unit, now));
        let started = starts.flatten();
        started.unwrap_or(bought)
    }

    /// What it is at `now`.
    pub fn state(&self, now: Timestamp) -> State {
        if self.cancelled_at.is_some() {
            State::Deactivated
        } else if self.suspended_at.is_some() {
            State::Suspended
        } else if self.started_at.is_none() {
            State::Pending
        } else if self.covered_until.is_some_and(|end| now >= end) {
            State::Expired
        } else {
            State::Active
        }
    }

    /// The subscription with these names more. The first one starts its term if nothing did before.
    #[must_use]
    pub fn enroll(&self, names: Names, unit: TermUnit, now: Timestamp) -> Self {
        let started = self.start(unit, now).unwrap_or_else(|| self.clone());
        Self {
            paid_names: self.paid_names.saturating_add(names.paid),
            free_names: self.free_names.saturating_add(names.free),
            enrollment_version: self.enrollment_version.saturating_add(1),
            ..started
        }
    }

    /// The subscription without these names. Its term runs on.
    #[must_use]
    pub fn release(&self, names: Names) -> Self {
        Self {
            paid_names: self.paid_names.saturating_sub(names.paid),
            free_names: self.free_names.saturating_sub(names.free),
            enrollment_version: self.enrollment_version.saturating_add(1),
            ..self.clone()
        }
    }

    /// Starts the term, as the first domain does unless it started at once; `None` when it had started before. A suspended
    /// subscription stays suspended.
    pub fn start(&self, unit: TermUnit, now: Timestamp) -> Option<Self> {
        if self.started_at.is_some() || self.cancelled_at.is_some() {
            return None;
        }
        Some(Self {
            started_at: Some(now),
            covered_until: Some(self.term.end(unit, now)),
            ..self.clone()
        })
    }

    /// Puts it on hold: nothing is issued until it is resumed. The term runs on.
    pub fn suspend(&self, now: Timestamp) -> Result<Self, TransitionError> {
        if self.cancelled_at.is_some() {
            return Err(TransitionError::Deactivated);
        }
        if self.suspended_at.is_some() {
            return Err(TransitionError::Suspended);
        }
        Ok(Self {
            suspended_at: Some(now),
            ..self.clone()
        })
    }

    /// Ends the hold; it is then what it was before.
    pub fn resume(&self) -> Result<Self, TransitionError> {
        if self.cancelled_at.is_some() {
            return Err(TransitionError::Deactivated);
        }
        if self.suspended_at.is_none() {
            return Err(TransitionError::NotSuspended);
        }
        Ok(Self {
            suspended_at: None,
            ..self.clone()
        })
    }

    /// Ends it for good, whatever it was.
    pub fn deactivate(&self, now: Timestamp) -> Result<Self, TransitionError> {
        if self.cancelled_at.is_some() {
            return Err(TransitionError::Deactivated);
        }
        Ok(Self {
            cancelled_at: Some(now),
            ..self.clone()
        })
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
        match (self.state(now), self.covered_until) {
            (State::Pending | State::Active, _) | (State::Expired, None) => Ok(()),
            (State::Expired, Some(covered_until)) => Err(NotIssuing::Expired { covered_until }),
            (State::Suspended, _) => Err(NotIssuing::Suspended),
            (State::Deactivated, _) => Err(NotIssuing::Deactivated),
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
