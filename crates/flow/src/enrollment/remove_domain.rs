//! Takes a name out of its subscription (features F-083, F-085): its free companion goes along, pending
//! orders for it end, authorizations of it are given up. Certificates stay valid until they expire.

use acme::Problem;
use acme::problem::Kind;
use base::{DnsName, EnrolledDomainId, TenantId, Timestamp};
use enrollment::enrolled_domain::{EnrolledDomain, removal};
use serde_json::json;
use store::{ReadTx, WriteTx};

use crate::{App, Caller};

/// How many ACME accounts of a subscription are gone through.
const MAX_ACCOUNTS: i64 = 10_000;

/// Why nothing was removed.
#[derive(Debug, thiserror::Error)]
pub enum RemoveError {
    /// Another tenant's, or none, or removed already.
    #[error("there is no such domain; it may have been removed already")]
    NotFound,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// Says which domains would go; writes nothing.
pub async fn preview(
    app: &App,
    tenant: TenantId,
    id: EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, RemoveError> {
    app.store
        .read((tenant, id), |tx, (tenant, id)| {
            Box::pin(leaving(tx, *tenant, *id))
        })
        .await
}

/// Removes a tenant's domain; returns what went.
pub async fn remove_domain(
    app: &App,
    caller: &Caller,
    tenant: TenantId,
    id: EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, RemoveError> {
    app.store
        .write(
            (app.clone(), caller.clone(), tenant, id),
            |tx, (app, caller, tenant, id)| Box::pin(write(tx, app, caller, *tenant, *id)),
        )
        .await
}

async fn leaving(
    tx: &mut ReadTx,
    tenant: TenantId,
    id: EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, RemoveError> {
    let found = store::enrollment::enrolled_domain::of_tenant(tx, tenant, id).await?;
    let domain = found
        .filter(EnrolledDomain::is_active)
        .ok_or(RemoveError::NotFound)?;
    let mut all = store::enrollment::enrolled_domain::companions(tx, tenant, id).await?;
    all.insert(0, domain);
    let ids = removal(id, &all);
    Ok(all
        .into_iter()
        .filter(|domain| ids.contains(&domain.id))
        .collect())
}

async fn write(
    tx: &mut WriteTx,
    app: &App,
    caller: &Caller,
    tenant: TenantId,
    id: EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, RemoveError> {
    let now = app.clock.now();
    let leaving = leaving(tx, tenant, id).await?;
    for domain in &leaving {
        if !store::enrollment::enrolled_domain::remove(tx, tenant, domain.id, now).await? {
            return Err(RemoveError::NotFound);
        }
        end_orders(tx, domain, now).await?;
        let detail = json!({ "name": domain.name, "subscription": domain.subscription });
        let object = domain.id.to_string();
        let audit = app.audit_entry(caller, tenant, "domain.remove", object, &detail, now);
        store::audit::append(tx, &audit).await?;
    }
    store::enrollment::enrolled_domain::note_change(tx, tenant).await?;
    Ok(leaving)
}

async fn end_orders(
    tx: &mut WriteTx,
    domain: &EnrolledDomain,
    now: Timestamp,
) -> Result<(), store::Error> {
    let problem = removed_problem(&domain.name).to_json();
    let first = base::AccountId::FIRST;
    let accounts =
        store::issuance::account::bound_to(tx, domain.subscription, first, MAX_ACCOUNTS).await?;
    for account in accounts {
        store::issuance::authorization::deactivate_for(tx, account, &domain.name, now).await?;
        let pending = store::issuance::order::pending_for(tx, account, &domain.name, 100).await?;
        for order in pending {
            store::issuance::order::fail(tx, order, &problem, now).await?;
        }
    }
    Ok(())
}

fn removed_problem(name: &DnsName) -> Problem {
    let detail = format!(
        "{name} was removed from this subscription while the order was pending; add it again in the portal \
         and order anew"
    );
    Problem::new(Kind::RejectedIdentifier, detail)
}
