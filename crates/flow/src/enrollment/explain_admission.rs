//! Says whether names would be admitted now, and if not, why: by the rule that newOrder and finalize ask.

use acme::identifier::Identifiers;
use acme::policy::SetError;
use base::{Class, Identifier, Refusal, Refuse, SubscriptionId};
use enrollment::admission::{self, Facts, Refused};
use store::ReadTx;
use store::enrollment::{order_facts, subscription};
use store::issuance::lineage;

use crate::{App, Caller};

/// Why they would not.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The admission.
    #[error(transparent)]
    Admission(#[from] Refused),
    /// Names that we do not issue for.
    #[error(transparent)]
    Policy(#[from] SetError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// There is nothing to ask about.
    #[error("there is no such ACME account")]
    Unknown,
}

impl Refuse for ExplainError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Admission(error) => error.refusal(),
            Self::Policy(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Unknown => Class::NotFound.because("subscription_not_found", self),
        }
    }
}

/// Decides about an order for these names as if it came now; writes nothing.
pub async fn explain_admission(
    app: &App,
    caller: &Caller,
    id: SubscriptionId,
    identifiers: Identifiers,
) -> Result<(), ExplainError> {
    app.settings().name_policy.check_set(&identifiers)?;
    let mut names: Vec<Identifier> = identifiers.iter().cloned().collect();
    names.sort_unstable();
    let asked = (id, names);
    let found = app.store(caller).read(asked.clone(), load).await;
    let facts = found.map_err(ExplainError::Store)?;
    let facts = facts.ok_or(ExplainError::Unknown)?;
    admission::decide(&facts, &asked.1, app.now())?;
    Ok(())
}

async fn load(
    tx: &mut ReadTx,
    (id, names): &(SubscriptionId, Vec<Identifier>),
) -> Result<Option<Facts>, store::Error> {
    let Some(found) = subscription::by_id(tx, id).await? else {
        return Ok(None);
    };
    let lineage = lineage::id_of(found.tenant, names);
    let facts = order_facts::for_names(tx, *id, names, lineage).await?;
    Ok(Some(facts))
}
