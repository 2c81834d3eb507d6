//! A tenant's enrolled domains.

use std::collections::HashMap;

use base::{DnsName, EnrolledDomainId, SubscriptionId, TenantId, Timestamp};
use enrollment::enrolled_domain::{EnrolledDomain, Kind};
use enrollment::subscription::Subscription;
use store::ReadTx;

pub use store::enrollment::enrolled_domain::Filter;

use super::domain_names::Names;
use crate::App;

/// One domain with what a row shows about it.
#[derive(Clone, Debug)]
pub struct Line {
    /// The domain.
    pub domain: EnrolledDomain,
    /// The account that it is in.
    pub subscription: Subscription,
    /// The paid name that it came with.
    pub companion_of: Option<String>,
    /// When a certificate was last issued with exactly this name.
    pub last_issued_at: Option<Timestamp>,
}

/// A page of domains.
#[derive(Clone, Debug)]
pub struct Page {
    /// By name; backwards when the filter has `before`.
    pub lines: Vec<Line>,
    /// How many domains match the filter, up to [`MAX_COUNTED`] unless nothing or only a text restricts it;
    /// `None` when a search within an account or a kind finds more than a page, since counting would look at
    /// every name once more.
    pub matching: Option<i64>,
}

/// Counting further than this costs more than it tells; without a filter all are counted.
pub const MAX_COUNTED: i64 = 10_000;

/// One domain with what hangs on it.
#[derive(Clone, Debug)]
pub struct Detail {
    /// The domain.
    pub line: Line,
    /// Free names that came with it.
    pub companions: Vec<EnrolledDomain>,
}

/// A page of a tenant's domains in the order of [`Filter`].
pub async fn page(
    app: &App,
    tenant: TenantId,
    filter: Filter,
    limit: i64,
) -> Result<Page, store::Error> {
    if filter.is_search() {
        return search(app, tenant, filter, limit).await;
    }
    app.store
        .scan((tenant, filter), move |tx, (tenant, filter)| {
            Box::pin(from_database(tx, *tenant, filter, limit))
        })
        .await
}

async fn from_database(
    tx: &mut ReadTx,
    tenant: TenantId,
    filter: &Filter,
    limit: i64,
) -> Result<Page, store::Error> {
    let found = store::enrollment::enrolled_domain::page(tx, tenant, filter, limit).await?;
    let matching = matching(tx, tenant, filter, found.len(), limit).await?;
    Ok(Page {
        lines: lines(tx, tenant, found).await?,
        matching,
    })
}

/// The same for a search, which walks the names in memory.
async fn search(
    app: &App,
    tenant: TenantId,
    filter: Filter,
    limit: i64,
) -> Result<Page, store::Error> {
    let copy = app.domain_names.get(tenant);
    let (page, names) = app
        .store
        .scan((tenant, filter, copy), move |tx, (tenant, filter, copy)| {
            Box::pin(async move {
                let names = Names::current(tx, *tenant, copy.as_ref()).await?;
                let page = match &names {
                    Some(names) => from_names(tx, *tenant, names, filter, limit).await?,
                    None => from_database(tx, *tenant, filter, limit).await?,
                };
                Ok::<_, store::Error>((page, names))
            })
        })
        .await?;
    if let Some(names) = names {
        app.domain_names.keep(tenant, names);
    }
    Ok(page)
}

async fn from_names(
    tx: &mut ReadTx,
    tenant: TenantId,
    names: &Names,
    filter: &Filter,
    limit: i64,
) -> Result<Page, store::Error> {
    let places = names.containing(&filter.contains);
    let shown = shown(names, &places, filter, limit);
    let ids: Vec<_> = shown.iter().filter_map(|place| names.id(*place)).collect();
    // What was removed a moment ago is still shown, so that the page does not seem to be the last one.
    let found = store::enrollment::enrolled_domain::by_ids(tx, tenant, &ids).await?;
    Ok(Page {
        lines: lines(tx, tenant, found).await?,
        matching: i64::try_from(places.len()).ok(),
    })
}

/// Those of the places that are on the page.
fn shown(names: &Names, places: &[usize], filter: &Filter, limit: i64) -> Vec<usize> {
    let limit = usize::try_from(limit).unwrap_or_default();
    let is_before = |place: &usize, (name, id): &(String, EnrolledDomainId)| {
        names.key(*place) < Some((name.as_str(), *id))
    };
    let is_up_to = |place: &usize, (name, id): &(String, EnrolledDomainId)| {
        names.key(*place) <= Some((name.as_str(), *id))
    };
    if let Some(before) = &filter.before {
        let end = places.partition_point(|place| is_before(place, before));
        return places.iter().take(end).rev().take(limit).copied().collect();
    }
    let begin = filter.after.as_ref().map_or(0, |after| {
        places.partition_point(|place| is_up_to(place, after))
    });
    places.iter().skip(begin).take(limit).copied().collect()
}

/// A page that is not full says how many there are; only a longer list is counted.
async fn matching(
    tx: &mut ReadTx,
    tenant: TenantId,
    filter: &Filter,
    found: usize,
    limit: i64,
) -> Result<Option<i64>, store::Error> {
    let found = i64::try_from(found).unwrap_or(i64::MAX);
    let is_first_page = filter.after.is_none() && filter.before.is_none();
    if is_first_page && found < limit {
        return Ok(Some(found));
    }
    if !filter.contains.is_empty() {
        return Ok(None);
    }
    let counted = if filter.is_everything() {
        store::enrollment::enrolled_domain::total(tx, tenant).await?
    } else {
        store::enrollment::enrolled_domain::count_matching(tx, tenant, filter, MAX_COUNTED).await?
    };
    Ok(Some(counted))
}

/// One of a tenant's domains, removed or not.
pub async fn find(
    app: &App,
    tenant: TenantId,
    id: EnrolledDomainId,
) -> Result<Option<Detail>, store::Error> {
    app.store
        .scan((tenant, id), |tx, (tenant, id)| {
            Box::pin(async move {
                let found = store::enrollment::enrolled_domain::of_tenant(tx, *tenant, *id).await?;
                let found = lines(tx, *tenant, found.into_iter().collect()).await?;
                let companions =
                    store::enrollment::enrolled_domain::companions(tx, *tenant, *id).await?;
                Ok(found
                    .into_iter()
                    .next()
                    .map(|line| Detail { line, companions }))
            })
        })
        .await
}

async fn lines(
    tx: &mut ReadTx,
    tenant: TenantId,
    domains: Vec<EnrolledDomain>,
) -> Result<Vec<Line>, store::Error> {
    let mut subscriptions: HashMap<SubscriptionId, Subscription> = HashMap::new();
    let mut sponsors: HashMap<EnrolledDomainId, String> = domains
        .iter()
        .map(|domain| (domain.id, domain.name.to_string()))
        .collect();
    let names: Vec<_> = domains.iter().map(|domain| domain.name.clone()).collect();
    let issued = store::issuance::certificate_list::last_issued(tx, tenant, &names).await?;
    let mut lines = Vec::with_capacity(domains.len());
    for (domain, last_issued_at) in domains.into_iter().zip(issued) {
        let id = domain.subscription;
        if !subscriptions.contains_key(&id)
            && let Some(found) = store::enrollment::subscription::of_tenant(tx, tenant, id).await?
        {
            subscriptions.insert(id, found);
        }
        if let Kind::Companion { of } = domain.kind
            && !sponsors.contains_key(&of)
            && let Some(found) =
                store::enrollment::enrolled_domain::of_tenant(tx, tenant, of).await?
        {
            sponsors.insert(of, found.name.to_string());
        }
        // A domain's subscription is the same tenant's by foreign key and by how it is written.
        if let Some(subscription) = subscriptions.get(&id) {
            lines.push(Line {
                subscription: subscription.clone(),
                companion_of: sponsor(&domain, &sponsors),
                last_issued_at,
                domain,
            });
        }
    }
    Ok(lines)
}

fn sponsor(
    domain: &EnrolledDomain,
    sponsors: &HashMap<EnrolledDomainId, String>,
) -> Option<String> {
    match domain.kind {
        Kind::Companion { of } => sponsors.get(&of).cloned(),
        Kind::Paid => None,
    }
}

/// The first names of an account, for examples.
pub async fn first_names(
    app: &App,
    tenant: TenantId,
    id: SubscriptionId,
    limit: i64,
) -> Result<Vec<DnsName>, store::Error> {
    let filter = Filter {
        subscription: Some(id),
        ..Filter::default()
    };
    app.store
        .scan((tenant, filter), move |tx, (tenant, filter)| {
            Box::pin(async move {
                let found =
                    store::enrollment::enrolled_domain::page(tx, *tenant, filter, limit).await?;
                Ok(found.into_iter().map(|domain| domain.name).collect())
            })
        })
        .await
}
