//! Opens a subscription with its first EAB credential (features F-046, F-047).

use base::{SubscriptionId, TenantId, UserId};
use enrollment::eab::{EabCredential, MacKey};
use enrollment::subscription::{Label, Subscription, Term};
use serde_json::json;
use store::enrollment::eab_credential::Stored;

use crate::{App, Caller};

/// What was opened; the MAC key is in the clear here and sealed in the database.
pub struct Opened {
    /// The subscription, waiting for its first domain.
    pub subscription: Subscription,
    /// Its credential.
    pub credential: EabCredential,
    /// The secret half.
    pub mac_key: MacKey,
}

/// What to open.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Who will own it.
    pub tenant: TenantId,
    /// Who buys it.
    pub user: UserId,
    /// The owner's name for it.
    pub label: Option<Label>,
    /// How long it runs.
    pub term: Term,
    /// How many ACME accounts its credential may bind; `None` for any number.
    pub max_bindings: Option<u32>,
}

/// Why nothing was opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The MAC key could not be sealed.
    #[error("the credential could not be sealed")]
    Seal(#[from] store::seal::SealError),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Opens a subscription for a tenant.
pub async fn open_subscription(
    app: &App,
    caller: &Caller,
    opening: Opening,
) -> Result<Opened, OpenError> {
    let now = app.clock.now();
    let id = SubscriptionId::generate(now, app.random.as_ref());
    let subscription = Subscription::new(
        id,
        opening.tenant,
        opening.label,
        opening.term,
        opening.user,
        now,
    );
    let random = app.random.as_ref();
    let (credential, mac_key) = EabCredential::generate(id, opening.max_bindings, now, random);
    let (tenant, sealer) = (opening.tenant, &app.sealer);
    let stored = Stored::seal(credential.clone(), tenant, &mac_key, sealer, random)?;
    let detail = json!({ "label": subscription.label.as_ref().map(Label::as_str),
        "term_years": opening.term.years(), "eab_key_id": credential.key_id });
    let audit = app.audit_entry(
        caller,
        opening.tenant,
        "subscription.open",
        id.to_string(),
        &detail,
        now,
    );
    app.store
        .write(
            (subscription.clone(), stored, audit),
            |tx, (subscription, stored, audit)| {
                Box::pin(async move {
                    store::enrollment::subscription::insert(tx, subscription).await?;
                    store::enrollment::eab_credential::insert(tx, stored).await?;
                    store::audit::append(tx, audit).await
                })
            },
        )
        .await?;
    Ok(Opened {
        subscription,
        credential,
        mac_key,
    })
}
