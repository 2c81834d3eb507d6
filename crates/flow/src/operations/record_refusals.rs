//! Stores what was refused to clients, once a second, so that whoever owns the account sees it, and the operator what is
//! nobody's.

use std::collections::HashMap;
use std::time::Duration;

use base::{RefusalId, SubscriptionId, TenantId};
use store::ReadTx;
use store::enrollment::{eab_credential, subscription};
use store::issuance::refused_request::{self, RefusedRequest, day_of};
use store::tenancy::tenant as tenants;

use crate::App;
use crate::caller::{system, tenant};
use crate::memory::refused::{Asker, Reason, Tally, Told};

/// How often what was counted is stored.
const INTERVAL: Duration = Duration::from_secs(1);
/// How many rows one transaction changes.
const PIECE: usize = 50;

/// Does so until this node shuts down, which does it once more.
pub async fn record_until_ended(app: App) {
    while app.work.goes_on_after(INTERVAL).await {
        record(&app).await;
    }
}

/// Stores what was counted since the last time. What the database does not take is lost.
pub async fn record(app: &App) {
    if let Err(error) = store_counted(app).await {
        tracing::warn!(error = %error, "what was refused to clients could not be stored");
    }
}

async fn store_counted(app: &App) -> Result<(), store::Error> {
    let taken = app.memory.refused.take();
    if taken.is_empty() {
        return Ok(());
    }
    let mut rows: HashMap<TenantId, Vec<RefusedRequest>> = HashMap::new();
    for (asker, told) in taken {
        let key_id = match &asker {
            Asker::Credential(key_id) => Some(key_id.clone()),
            Asker::Client(..) | Asker::Nobody => None,
        };
        // Before there is an operator nobody would look.
        if let Some((of, subscription)) = owner(app, asker).await? {
            let whose = (of, subscription, key_id);
            rows.entry(of)
                .or_default()
                .extend(told_rows(app, &whose, told));
        }
    }
    for (of, rows) in rows {
        for piece in rows.chunks(PIECE) {
            let store = app.store(tenant(of));
            store.write(piece.to_vec(), refused_request::add).await?;
        }
    }
    Ok(())
}

type Whose = (TenantId, SubscriptionId, Option<String>);

fn told_rows(app: &App, whose: &Whose, told: Told) -> Vec<RefusedRequest> {
    let rows = told.into_iter();
    rows.map(|each| row(app, whose, each)).collect()
}

fn row(
    app: &App,
    (of, subscription, key_id): &Whose,
    ((code, name), tally): (Reason, Tally),
) -> RefusedRequest {
    RefusedRequest {
        id: RefusalId::generate(tally.first_at, app.random()),
        tenant: *of,
        subscription: *subscription,
        day: day_of(tally.first_at),
        code: code.to_owned(),
        name,
        count: tally.count,
        first_at: tally.first_at,
        last_at: tally.last_at,
        sentence: tally.sentence,
        eab_key_id: key_id.clone(),
        client_address: tally.client.address_text(),
        client_agent: tally.client.agent,
    }
}

/// Whose row it is: what comes with an unknown credential is the operator's.
async fn owner(
    app: &App,
    asker: Asker,
) -> Result<Option<(TenantId, SubscriptionId)>, store::Error> {
    let key_id = match asker {
        Asker::Client(of, subscription) => return Ok(Some((of, subscription))),
        Asker::Credential(key_id) => Some(key_id),
        Asker::Nobody => None,
    };
    let store = app.store(system("a credential says whose it is"));
    store.read(key_id, load_owner).await
}

async fn load_owner(
    tx: &mut ReadTx,
    key_id: &Option<String>,
) -> Result<Option<(TenantId, SubscriptionId)>, store::Error> {
    if let Some(key_id) = key_id
        && let Some(stored) = eab_credential::by_key_id(tx, key_id).await?
        && let Some(found) = subscription::by_id(tx, &stored.credential.subscription).await?
    {
        return Ok(Some((found.tenant, found.id)));
    }
    let operator = tenants::operator(tx).await?;
    Ok(operator.map(|operator| (operator.id, SubscriptionId::FIRST)))
}
