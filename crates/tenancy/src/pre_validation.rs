//! Pre-validation: what was checked of an organization, for one type of certificate, by whom, and until when it counts
//! (features F-032 to F-034, C9).
//!
//! A tenant asks, reviewers of the operator decide. Stored are facts: who asked, who said yes first, who decided, when it
//! ends. Where it stands follows from them and the present moment. What the certificate will say is the parameter `F`,
//! which this module only compares.

use std::fmt;
use std::time::Duration;

use base::{
    Actor, Class, OrganizationId, PreValidationId, Random, Refusal, Refuse, TenantId, Timestamp,
    UserId, words,
};

use crate::certificate_type::{CertificateType, Check};

words! {
    /// Where a pre-validation stands at a given moment.
    pub enum ReviewState {
        /// Nobody has looked at it yet.
        Requested = "requested",
        /// One reviewer has said yes, a second one has to.
        InReview = "in_review",
        /// It counts.
        Valid = "valid",
        /// It counted until its end.
        Expired = "expired",
        /// Reviewers said no.
        Rejected = "rejected",
        /// It was taken back: by who asked before it was decided, or by the operator afterwards.
        Ended = "ended",
    }
}

/// For how many days what was seen counts (BR §4.2.1, EVG §3.2.2.14.3).
pub const MAX_AGE_DAYS: i64 = 398;
/// The longest source or reason, in characters.
pub const MAX_TEXT: usize = 500;

/// For how many days before its end something is done about it.
const RENEWAL_DAYS: u64 = 60;

words! {
    /// When people are told that a pre-validation ends.
    pub enum Notice {
        /// Within a month.
        Month = "month",
        /// Within a week.
        Week = "week",
    }
}

impl Notice {
    const fn days(self) -> u64 {
        match self {
            Self::Month => 30,
            Self::Week => 7,
        }
    }
}

/// What ends before this moment is renewed now.
pub fn renewal_begins(now: Timestamp) -> Timestamp {
    now.plus(days(RENEWAL_DAYS))
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(86_400))
}

const DAY_MICROS: i64 = 86_400_000_000;

/// What a check stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What was checked.
    pub check: Check,
    /// The register entry or document that says so.
    pub source: String,
    /// When the reviewer saw it.
    pub seen_at: Timestamp,
}

/// The number that links names to a pre-validation, such as `OV-2026-4F7K2M9C` (F-034).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor(String);

/// The text cannot be an anchor number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an anchor number has 1 to 128 letters, digits and hyphens; copy it as it is shown")]
pub struct AnchorError;

/// Crockford's base 32: no I, L, O or U, so that people can read it aloud.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Anchor {
    /// A fresh number; two are equal once in a million million.
    pub fn generate(kind: CertificateType, now: Timestamp, random: &dyn Random) -> Self {
        let mut bytes = [0_u8; 8];
        random.fill(&mut bytes);
        let digit = |byte: &u8| DIGITS.get(usize::from(byte & 31)).copied().unwrap_or(b'0');
        let digits: String = bytes.iter().map(digit).map(char::from).collect();
        let year: String = now.to_string().chars().take(4).collect();
        Self(format!("{}-{year}-{digits}", kind.title()))
    }

    /// Reads what a person typed.
    pub fn parse(text: &str) -> Result<Self, AnchorError> {
        let text = text.trim();
        let is_fit = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        if text.is_empty() || text.len() > 128 || !text.chars().all(is_fit) {
            return Err(AnchorError);
        }
        Ok(Self(text.to_owned()))
    }

    /// The number.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Anchor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What was checked of an organization for one type of certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreValidation<F> {
    /// Its identifier.
    pub id: PreValidationId,
    /// Whose organization it is.
    pub tenant: TenantId,
    /// Which organization.
    pub organization: OrganizationId,
    /// For which certificates.
    pub kind: CertificateType,
    /// The number that links names to it.
    pub anchor: Anchor,
    /// What certificates will say: as it was asked for, and once somebody has said yes as it was checked.
    pub fields: F,
    /// What the checks stand on.
    pub evidence: Vec<Evidence>,
    /// When it was asked for.
    pub requested_at: Timestamp,
    /// By whom.
    pub requested_by: Actor,
    /// When the first reviewer said yes.
    pub reviewed_at: Option<Timestamp>,
    /// Who that was.
    pub reviewed_by: Option<UserId>,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// By whom.
    pub decided_by: Option<UserId>,
    /// The first moment at which it counts no more; none unless it was approved.
    pub valid_until: Option<Timestamp>,
    /// Why reviewers said no.
    pub refusal: Option<String>,
    /// When it was taken back.
    pub ended_at: Option<Timestamp>,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct Request<F> {
    /// Whose organization.
    pub tenant: TenantId,
    /// Which one.
    pub organization: OrganizationId,
    /// For which certificates.
    pub kind: CertificateType,
    /// What they shall say.
    pub fields: F,
    /// Who asks.
    pub by: Actor,
}

/// A reviewer's yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approval<F> {
    /// What certificates may say.
    pub fields: F,
    /// What it stands on; a second reviewer adds what they saw themselves, or nothing.
    pub evidence: Vec<Evidence>,
}

/// Why a reviewer's word does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReviewError {
    /// It was decided, or taken back.
    #[error("this pre-validation is {0} already and cannot be decided again; ask for a new one")]
    Decided(ReviewState),
    /// The second reviewer confirms other values than the first.
    #[error("the first reviewer confirmed other values; confirm those, or reject the request")]
    FieldsDiffer,
    /// A check stands on nothing.
    #[error("nothing shows \"{}\"; say which register entry or document you saw", .0.title())]
    NoEvidence(Check),
    /// What it stands on is too old, or of a day to come.
    #[error("\"{}\" has to have been seen in the last {MAX_AGE_DAYS} days; look again", .0.title())]
    Outdated(Check),
    /// Nobody decides what they asked for.
    #[error("you asked for this pre-validation yourself; somebody else has to decide it")]
    OwnRequest,
    /// Both reviewers would be one person.
    #[error("you have said yes already; somebody else has to agree")]
    SameReviewer,
    /// A source or reason is missing or too long.
    #[error("write 1 to {MAX_TEXT} characters")]
    Text,
}

impl Refuse for ReviewError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Decided(_) => Class::Conflict.because("pre_validation_decided", self),
            Self::FieldsDiffer => Class::Conflict.because("review_fields_differ", self),
            Self::NoEvidence(check) => Class::Invalid
                .because("review_without_evidence", self)
                .at(check.as_str()),
            Self::Outdated(check) => Class::Invalid
                .because("review_evidence_outdated", self)
                .at(check.as_str()),
            Self::OwnRequest => Class::Forbidden.because("review_of_own_request", self),
            Self::SameReviewer => Class::Forbidden.because("review_by_same_person", self),
            Self::Text => Class::Invalid.because("review_text", self).at("reason"),
        }
    }
}

impl<F: Clone + PartialEq> PreValidation<F> {
    /// What a tenant asks for.
    pub fn requested(request: Request<F>, now: Timestamp, random: &dyn Random) -> Self {
        Self {
            id: PreValidationId::generate(now, random),
            tenant: request.tenant,
            organization: request.organization,
            kind: request.kind,
            anchor: Anchor::generate(request.kind, now, random),
            fields: request.fields,
            evidence: Vec::new(),
            requested_at: now,
            requested_by: request.by,
            reviewed_at: None,
            reviewed_by: None,
            decided_at: None,
            decided_by: None,
            valid_until: None,
            refusal: None,
            ended_at: None,
        }
    }

    /// Where it stands at `now`.
    pub fn state(&self, now: Timestamp) -> ReviewState {
        if self.ended_at.is_some() {
            return ReviewState::Ended;
        }
        match (self.decided_at, self.valid_until) {
            (Some(_), Some(end)) if now < end => ReviewState::Valid,
            (Some(_), Some(_)) => ReviewState::Expired,
            (Some(_), None) => ReviewState::Rejected,
            (None, _) if self.reviewed_at.is_some() => ReviewState::InReview,
            (None, _) => ReviewState::Requested,
        }
    }

    /// What people are to be told at `now`: the last that is due before its end.
    pub fn notice(&self, now: Timestamp) -> Option<Notice> {
        let end = self.valid_until.filter(|end| now < *end)?;
        let is_due = |notice: &Notice| end.since(now) <= days(notice.days());
        Notice::ALL.iter().copied().rfind(is_due)
    }

    /// A reviewer says yes. Where two have to, the first yes fixes what certificates will say.
    pub fn approve(
        &self,
        approval: &Approval<F>,
        by: UserId,
        now: Timestamp,
    ) -> Result<Self, ReviewError> {
        self.may_decide(by, now)?;
        let mut evidence = self.evidence.clone();
        evidence.extend(approval.evidence.iter().cloned());
        let valid_until = self.check_evidence(&evidence, now)?;
        if self.reviewed_by.is_some() && approval.fields != self.fields {
            return Err(ReviewError::FieldsDiffer);
        }
        let approved = Self {
            fields: approval.fields.clone(),
            evidence,
            ..self.clone()
        };
        if self.kind.needs_second_reviewer() && self.reviewed_by.is_none() {
            return Ok(Self {
                reviewed_at: Some(now),
                reviewed_by: Some(by),
                ..approved
            });
        }
        Ok(Self {
            decided_at: Some(now),
            decided_by: Some(by),
            valid_until: Some(valid_until),
            ..approved
        })
    }

    /// A reviewer says no, and why; the tenant reads it.
    pub fn reject(&self, reason: &str, by: UserId, now: Timestamp) -> Result<Self, ReviewError> {
        if self.state(now) != ReviewState::InReview || self.reviewed_by != Some(by) {
            self.may_decide(by, now)?;
        }
        let reason = reason.trim();
        check_text(reason)?;
        Ok(Self {
            decided_at: Some(now),
            decided_by: Some(by),
            refusal: Some(reason.to_owned()),
            ..self.clone()
        })
    }

    /// It counts no more from now on: who asked takes it back, or the operator what was approved.
    pub fn end(&self, now: Timestamp) -> Result<Self, ReviewError> {
        match self.state(now) {
            ReviewState::Requested | ReviewState::InReview | ReviewState::Valid => Ok(Self {
                ended_at: Some(now),
                ..self.clone()
            }),
            over @ (ReviewState::Expired | ReviewState::Rejected | ReviewState::Ended) => {
                Err(ReviewError::Decided(over))
            }
        }
    }

    fn may_decide(&self, by: UserId, now: Timestamp) -> Result<(), ReviewError> {
        let state = self.state(now);
        if !matches!(state, ReviewState::Requested | ReviewState::InReview) {
            return Err(ReviewError::Decided(state));
        }
        if self.requested_by == Actor::User(by) {
            return Err(ReviewError::OwnRequest);
        }
        if self.reviewed_by == Some(by) {
            return Err(ReviewError::SameReviewer);
        }
        Ok(())
    }

    /// Until when it all counts: so long after the oldest of what each check stands on last.
    fn check_evidence(
        &self,
        evidence: &[Evidence],
        now: Timestamp,
    ) -> Result<Timestamp, ReviewError> {
        let mut valid_until = Timestamp::from_micros(i64::MAX);
        for check in self.kind.checks() {
            let of_it = evidence.iter().filter(|each| each.check == *check);
            let newest = of_it.max_by_key(|each| each.seen_at);
            let newest = newest.ok_or(ReviewError::NoEvidence(*check))?;
            check_text(&newest.source)?;
            let end = end_of(newest.seen_at);
            if newest.seen_at > now || end <= now {
                return Err(ReviewError::Outdated(*check));
            }
            valid_until = valid_until.min(end);
        }
        Ok(valid_until)
    }
}

fn check_text(text: &str) -> Result<(), ReviewError> {
    match text.trim().chars().count() {
        1..=MAX_TEXT => Ok(()),
        _ => Err(ReviewError::Text),
    }
}

/// When what was seen at a moment counts no more.
fn end_of(seen_at: Timestamp) -> Timestamp {
    Timestamp::from_micros(
        seen_at
            .as_micros()
            .saturating_add(MAX_AGE_DAYS.saturating_mul(DAY_MICROS)),
    )
}

#[cfg(test)]
mod tests;
