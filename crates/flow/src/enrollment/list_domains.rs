//! A tenant's enrolled domains.

use std::collections::HashMap;

use base::{DnsName, EnrolledDomainId, Page, Placed, Query, SubscriptionId, Timestamp};
use enrollment::enrolled_domain::EnrolledDomain;
use enrollment::subscription::Subscription;
use store::ReadTx;
use store::enrollment::{enrolled_domain, subscription};
use store::issuance::certificate_list;

pub use store::enrollment::enrolled_domain::{
    DomainCursor, DomainFilter, DomainQuery, MAX_COUNTED,
};

use crate::memory::limits::Charge;
use crate::{App, Caller};

pub use tenancy::limit::Left;

/// One domain with what a row shows about it.
#[derive(Clone, Debug)]
pub struct DomainLine {
    /// The domain.
    pub domain: EnrolledDomain,
    /// The account that it is in.
    pub subscription: Subscription,
    /// The paid name that it came with.
    pub companion_of: Option<String>,
    /// When a certificate was last issued with exactly this name.
    pub last_issued_at: Option<Timestamp>,
}

impl Placed for DomainLine {
    type Cursor = DomainCursor;

    fn cursor(&self) -> DomainCursor {
        DomainCursor::of(&self.domain)
    }
}

/// A page of domains, those below one another together.
#[derive(Clone, Debug)]
pub struct DomainPage {
    /// The rows.
    pub page: Page<DomainLine>,
    /// How many domains match the filter, up to [`MAX_COUNTED`]; without a filter all are counted.
    pub matching: usize,
}

/// One domain with what hangs on it.
#[derive(Clone, Debug)]
pub struct DomainDetail {
    /// The domain.
    pub line: DomainLine,
    /// Free names that came with it.
    pub companions: Vec<EnrolledDomain>,
    /// How many certificates can be had for new sets of names below its registered domain, where that is limited.
    pub certificates_left: Option<Left>,
}

/// A page of a tenant's domains.
pub async fn page(
    app: &App,
    caller: &Caller,
    asked: DomainQuery,
) -> Result<DomainPage, store::Error> {
    let store = app.store(caller);
    store.scan(asked, load_page).await
}

async fn load_page(tx: &mut ReadTx, asked: &DomainQuery) -> Result<DomainPage, store::Error> {
    let found = enrolled_domain::list(tx, asked).await?;
    let page = found.page;
    Ok(DomainPage {
        page: Page {
            rows: lines(tx, page.rows).await?,
            has_before: page.has_before,
            has_after: page.has_after,
        },
        matching: found.matching,
    })
}

/// One of a tenant's domains, removed or not.
pub async fn find(
    app: &App,
    caller: &Caller,
    id: EnrolledDomainId,
) -> Result<Option<DomainDetail>, store::Error> {
    let store = app.store(caller);
    let Some((line, companions)) = store.scan(id, load_one).await? else {
        return Ok(None);
    };
    let charge = Charge::certificate_of_domain(&line.domain.name, caller.tenant()?);
    Ok(Some(DomainDetail {
        line,
        companions,
        certificates_left: app.memory.limits.left(charge, app.now()),
    }))
}

async fn load_one(
    tx: &mut ReadTx,
    id: &EnrolledDomainId,
) -> Result<Option<(DomainLine, Vec<EnrolledDomain>)>, store::Error> {
    let found = enrolled_domain::find(tx, id).await?;
    let found = lines(tx, found.into_iter().collect()).await?;
    let Some(line) = found.into_iter().next() else {
        return Ok(None);
    };
    let companions = enrolled_domain::companions(tx, id).await?;
    Ok(Some((line, companions)))
}

async fn lines(
    tx: &mut ReadTx,
    domains: Vec<EnrolledDomain>,
) -> Result<Vec<DomainLine>, store::Error> {
    let mut subscriptions: HashMap<SubscriptionId, Subscription> = HashMap::new();
    for domain in &domains {
        let id = domain.subscription;
        if !subscriptions.contains_key(&id)
            && let Some(found) = subscription::find(tx, &id).await?
        {
            subscriptions.insert(id, found);
        }
    }
    let names = names_of_sponsors(tx, &domains).await?;
    let all: Vec<_> = domains.iter().map(|domain| domain.name.clone()).collect();
    let issued = certificate_list::last_issued(tx, &all).await?;
    let line = |(domain, last_issued_at): (EnrolledDomain, Option<Timestamp>)| {
        // A domain's subscription is the same tenant's by foreign key and by how it is written.
        let subscription = subscriptions.get(&domain.subscription)?.clone();
        let companion_of = domain.companion_of.and_then(|of| names.get(&of));
        Some(DomainLine {
            subscription,
            companion_of: companion_of.map(ToString::to_string),
            last_issued_at,
            domain,
        })
    };
    Ok(domains.into_iter().zip(issued).filter_map(line).collect())
}

/// The names of the domains that others are free with.
async fn names_of_sponsors(
    tx: &mut ReadTx,
    domains: &[EnrolledDomain],
) -> Result<HashMap<EnrolledDomainId, DnsName>, store::Error> {
    let mut ids: Vec<_> = domains
        .iter()
        .filter_map(|domain| domain.companion_of)
        .collect();
    ids.sort();
    ids.dedup();
    let sponsors = enrolled_domain::by_ids(tx, &ids).await?;
    Ok(sponsors
        .into_iter()
        .map(|sponsor| (sponsor.id, sponsor.name))
        .collect())
}

/// The first names of an account, for examples.
pub async fn first_names(
    app: &App,
    caller: &Caller,
    id: SubscriptionId,
    limit: usize,
) -> Result<Vec<DnsName>, store::Error> {
    let filter = DomainFilter {
        subscription: Some(id),
        ..DomainFilter::default()
    };
    let store = app.store(caller);
    let asked: DomainQuery = Query::first(filter, limit);
    let found: Page<EnrolledDomain> = store
        .scan(asked, enrolled_domain::page)
        .await
        .map_err(|error: store::Error| error)?;
    Ok(found.rows.into_iter().map(|domain| domain.name).collect())
}
