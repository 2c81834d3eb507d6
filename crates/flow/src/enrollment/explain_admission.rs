//! Says whether names would be admitted now, and if not, why: by the rule that newOrder and finalize ask.

use acme::identifier::Identifiers;
use acme::policy::SetError;
use base::{Class, Identifier, Refusal, Refuse, SubscriptionId};
use enrollment::admission::{self, Coverage, Facts, Refused};
use store::ReadTx;
use store::enrollment::order_facts::{self, Asked};
use store::enrollment::subscription;

use crate::{App, Caller};

/// Why they would not.
#[derive(Debug, thiserror::Error)]
pub enum ExplainError {
    /// The admission.
    #[error(transparent)]
    Admission(#[from] Refused),
    /// No directory takes orders for it.
    #[error("no directory takes orders for this subscription's product now")]
    Closed,
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
            Self::Closed => Class::Unavailable.because("product_without_directory_now", self),
            Self::Policy(error) => error.refusal(),
            Self::Store(error) => error.refusal(),
            Self::Unknown => Class::NotFound.because("subscription_not_found", self),
        }
    }
}

/// Decides about an order for these names as if it came now, in the production directory of the subscription's product;
/// writes nothing.
pub async fn explain_admission(
    app: &App,
    caller: &Caller,
    id: SubscriptionId,
    identifiers: Identifiers,
) -> Result<(), ExplainError> {
    let store = app.store(caller);
    let found = store.read(id, subscription::by_id).await?;
    let found = found.ok_or(ExplainError::Unknown)?;
    let catalog = app.catalog();
    let directory = catalog.of_product(found.product.as_str());
    let directory = directory.ok_or(ExplainError::Closed)?;
    directory.names.check_set(&identifiers)?;
    let mut names: Vec<Identifier> = identifiers.iter().cloned().collect();
    names.sort_unstable();
    let whose = (found.tenant, Coverage::Subscription);
    let question = Question {
        asked: catalog.asked(directory, whose, &names, app.now()),
        subscription: id,
        names,
    };
    let facts = store.read(question.clone(), load).await?;
    admission::decide(&facts, &question.names, app.now())?;
    Ok(())
}

#[derive(Clone)]
struct Question {
    subscription: SubscriptionId,
    names: Vec<Identifier>,
    asked: Asked,
}

async fn load(tx: &mut ReadTx, question: &Question) -> Result<Facts, store::Error> {
    order_facts::for_names(tx, question.subscription, &question.names, &question.asked).await
}
