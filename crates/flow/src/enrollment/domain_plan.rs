use std::collections::{BTreeSet, HashMap};
use std::sync::Mutex;

use base::{DnsName, SubscriptionId};
use enrollment::enrolled_domain::bulk::{self, Row, TooManyRows};
use enrollment::enrolled_domain::{Companions, EnrolledDomain};
use store::ReadTx;

/// What the subscription holds of the names that a plan asks about.
pub(super) type Known = HashMap<DnsName, Option<EnrolledDomain>>;

/// Why nothing was planned.
#[derive(Debug, thiserror::Error)]
pub enum PlanError {
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// More names than one request may bring.
    #[error(transparent)]
    TooManyRows(#[from] TooManyRows),
}

/// Plans the names in `text`. The rules ask about names as they go; what they ask for is loaded and the
/// plan made again until it asks for nothing new, so that the rules alone know which names matter.
pub(super) async fn plan(
    tx: &mut ReadTx,
    subscription: SubscriptionId,
    text: &str,
    companions: Companions,
    max_rows: usize,
) -> Result<(Vec<Row>, Known), PlanError> {
    let mut known = Known::new();
    loop {
        let asked = Mutex::new(BTreeSet::new());
        let rows = bulk::preview(text, companions, max_rows, &|name| {
            if let Some(domain) = known.get(name) {
                return domain.as_ref().and_then(EnrolledDomain::as_enrolled);
            }
            if let Ok(mut asked) = asked.lock() {
                asked.insert(name.clone());
            }
            None
        })?;
        let missing: Vec<DnsName> = asked.into_inner().unwrap_or_default().into_iter().collect();
        if missing.is_empty() {
            return Ok((rows, known));
        }
        let found =
            store::enrollment::enrolled_domain::active_by_names(tx, subscription, &missing).await?;
        known.extend(missing.into_iter().zip(found));
    }
}
