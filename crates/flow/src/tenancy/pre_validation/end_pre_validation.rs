//! A pre-validation counts no more: its tenant takes back what waits, or the operator what was approved. Orders that name
//! the organization are refused from then on; certificates that were issued stay.

use base::{Class, PreValidationId, Refusal, Refuse, Timestamp};
use store::audit::{self, Entry};
use store::tenancy::organization;
use store::tenancy::pre_validation::{self, OrganizationCheck};
use store::{ReadTx, WriteTx};
use tenancy::pre_validation::{ReviewError, ReviewState};

use crate::audit::{Event, Text};
use crate::{App, Caller};

/// Who ends it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The operator, for this reason.
    ByOperator(String),
    /// Its tenant, before it was decided.
    TakenBack,
}

/// Why it counts on.
#[derive(Debug, thiserror::Error)]
pub enum EndPreValidationError {
    /// Only the operator ends what was approved.
    #[error("it was decided already, so it cannot be taken back; ask your provider to end it")]
    Decided,
    /// The tenant has no such pre-validation.
    #[error(
        "there is no such pre-validation here; the organization's page shows those that there are"
    )]
    NotFound,
    /// It is over.
    #[error(transparent)]
    Over(#[from] ReviewError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

impl Refuse for EndPreValidationError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Decided => Class::Forbidden.because("pre_validation_not_taken_back", self),
            Self::NotFound => Class::NotFound.because("pre_validation_not_found", self),
            Self::Over(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
        }
    }
}

/// Ends a pre-validation of the caller's tenant.
pub async fn end_pre_validation(
    app: &App,
    caller: &Caller,
    id: PreValidationId,
    end: End,
) -> Result<OrganizationCheck, EndPreValidationError> {
    let ending = Ending {
        app: app.clone(),
        caller: caller.clone(),
        id,
        end,
        now: app.now(),
    };
    let store = app.store(caller);
    store.decide(ending, load, decide, save).await
}

struct Ending {
    app: App,
    caller: Caller,
    id: PreValidationId,
    end: End,
    now: Timestamp,
}

struct Ended {
    check: OrganizationCheck,
    entry: Entry,
}

async fn load(tx: &mut ReadTx, ending: &Ending) -> Result<Option<OrganizationCheck>, store::Error> {
    let Some(found) = pre_validation::find(tx, &ending.id).await? else {
        return Ok(None);
    };
    let of_it = organization::find_whole(tx, &found.organization).await?;
    Ok(of_it.map(|_| found))
}

fn decide(
    ending: &Ending,
    found: Option<OrganizationCheck>,
) -> Result<Ended, EndPreValidationError> {
    let found = found.ok_or(EndPreValidationError::NotFound)?;
    let is_valid = found.state(ending.now) == ReviewState::Valid;
    let why = match &ending.end {
        End::TakenBack if is_valid => return Err(EndPreValidationError::Decided),
        End::TakenBack => "taken back",
        End::ByOperator(reason) => reason,
    };
    let check = found.end(ending.now)?;
    let event = Event::PreValidationEnded {
        pre_validation: check.id,
        reason: Text::new(why),
        organization: check.organization,
    };
    let (app, caller) = (&ending.app, &ending.caller);
    Ok(Ended {
        entry: app.entry(caller, check.tenant, &event, ending.now),
        check,
    })
}

async fn save(tx: &mut WriteTx, ended: &Ended) -> Result<OrganizationCheck, store::Error> {
    pre_validation::update(tx, &ended.check).await?;
    audit::append(tx, &ended.entry).await?;
    Ok(ended.check.clone())
}
