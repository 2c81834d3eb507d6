//! A reviewer says yes or no to what was asked for. EV and QWAC need two who say yes to the same (EVG §11.13).

use base::{Class, PreValidationId, Refusal, Refuse, Timestamp, UserId};
use pki::{OrganizationError, SubjectFields};
use store::audit::{self, Entry};
use store::tenancy::pre_validation::{self, OrganizationCheck};
use store::{ReadTx, WriteTx};
use tenancy::pre_validation::{Approval, ReviewError, ReviewState};

use super::subject_for;
use crate::audit::{Document, Event, Text};
use crate::caller::system;
use crate::{App, Caller};

/// What a reviewer says.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Yes, with what certificates may say and what that stands on.
    Approve(Box<Approval<SubjectFields>>),
    /// No, for this reason, which the tenant reads.
    Reject(String),
}

/// Why a reviewer's word was not stored.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// There is no such pre-validation.
    #[error("there is no such pre-validation; the review queue shows those that wait")]
    NotFound,
    /// The rules of reviews.
    #[error(transparent)]
    Review(#[from] ReviewError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Such a certificate could not say this.
    #[error(transparent)]
    Subject(#[from] OrganizationError),
}

impl Refuse for DecideError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::NotFound => Class::NotFound.because("pre_validation_not_found", self),
            Self::Review(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Subject(error) => error.refusal(),
        }
    }
}

/// Stores what a reviewer says to a pre-validation of any tenant. The caller is whoever tells us, which at the command
/// line is not the reviewer.
pub async fn review_pre_validation(
    app: &App,
    caller: &Caller,
    (id, reviewer): (PreValidationId, UserId),
    verdict: Verdict,
) -> Result<OrganizationCheck, DecideError> {
    let all = app.store(system("reviewers decide for all tenants"));
    let of = all.read(id, pre_validation::tenant_of).await?;
    let caller = caller.within(of.ok_or(DecideError::NotFound)?);
    let store = app.store(&caller);
    let deciding = Deciding {
        app: app.clone(),
        caller,
        id,
        reviewer,
        verdict,
        now: app.now(),
    };
    store.decide(deciding, load, decide, save).await
}

struct Deciding {
    app: App,
    caller: Caller,
    id: PreValidationId,
    reviewer: UserId,
    verdict: Verdict,
    now: Timestamp,
}

struct Decided {
    check: OrganizationCheck,
    entry: Entry,
}

async fn load(
    tx: &mut ReadTx,
    deciding: &Deciding,
) -> Result<Option<OrganizationCheck>, store::Error> {
    pre_validation::find(tx, &deciding.id).await
}

fn decide(deciding: &Deciding, found: Option<OrganizationCheck>) -> Result<Decided, DecideError> {
    let found = found.ok_or(DecideError::NotFound)?;
    let (reviewer, now) = (deciding.reviewer, deciding.now);
    let app = &deciding.app;
    let check = match &deciding.verdict {
        Verdict::Approve(approval) => {
            let fields = approval.fields.clone();
            let approval = Approval {
                fields: subject_for(&app.catalog(), found.kind, fields)?,
                evidence: approval.evidence.clone(),
            };
            found.approve(&approval, reviewer, now)?
        }
        Verdict::Reject(reason) => found.reject(reason, reviewer, now)?,
    };
    let event = event(&check, reviewer, now);
    Ok(Decided {
        entry: app.entry(&deciding.caller, check.tenant, &event, now),
        check,
    })
}

fn event(check: &OrganizationCheck, reviewer: UserId, now: Timestamp) -> Event {
    let (pre_validation, organization) = (check.id, check.organization);
    match check.state(now) {
        ReviewState::Rejected => Event::PreValidationRejected {
            pre_validation,
            reviewer,
            reason: Text::new(check.refusal.as_deref().unwrap_or_default()),
            organization,
        },
        state @ (ReviewState::Requested
        | ReviewState::InReview
        | ReviewState::Valid
        | ReviewState::Expired
        | ReviewState::Ended) => Event::PreValidationApproved {
            pre_validation,
            reviewer,
            state: state.as_str(),
            fields: Document::new(&check.fields),
            valid_until: check.valid_until,
            organization,
        },
    }
}

async fn save(tx: &mut WriteTx, decided: &Decided) -> Result<OrganizationCheck, store::Error> {
    pre_validation::update(tx, &decided.check).await?;
    audit::append(tx, &decided.entry).await?;
    Ok(decided.check.clone())
}
