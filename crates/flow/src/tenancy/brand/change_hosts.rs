//! Host names at which the portal shows a brand. Of several who want one name at the same time one has it.
//!
//! Whether a name leads here is not looked at, and nobody makes its TLS certificate: that is the operator's work
//! (`docs/configuration.md`).

use base::{Actor, Class, DnsName, Refusal, Refuse};
use store::audit::{self, Entry};
use store::catalog::version;
use store::tenancy::brand::{self, BrandHostRow};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::tenant::brand::{Brand, BrandHost, MAX_BRAND_HOSTS, has_hosts};
use tenancy::tenant::{Tenant, TenantKind};

use super::reload::after_change;
use crate::audit::Event;
use crate::settings::Settings;
use crate::{App, Caller};

/// Why the host names stay as they are.
#[derive(Debug, thiserror::Error)]
pub enum ChangeHostsError {
    /// As many as there may be.
    #[error("you have {MAX_BRAND_HOSTS} host names, which is as many as fit; remove one first")]
    Full,
    /// A tenant of this level has none.
    #[error("a {0} has no host names of its own")]
    Level(TenantKind),
    /// There is no such tenant, or it has no such name.
    #[error("there is no such host name; it may have been removed")]
    NotFound,
    /// Mails lead to them, so that whoever runs the server gives them out.
    #[error(
        "host names are added by whoever runs this server, who gives them DNS and TLS too; ask them for {0}"
    )]
    OfOperator(DnsName),
    /// A URL of the settings has it.
    #[error("{0} is a name of this server itself; enter one of your own")]
    Reserved(DnsName),
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// It shows a brand already.
    #[error("{0} shows a brand already; enter another name, or have it removed there")]
    Taken(DnsName),
    /// There is nothing to show at it.
    #[error("choose a name for the brand first; the host name shows it")]
    Unnamed,
}

impl Refuse for ChangeHostsError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Full => Class::Quota.because("brand_hosts_full", self).at("host"),
            Self::Level(_) => Class::Invalid.because("brand_hosts_level", self).at("host"),
            Self::NotFound => Class::NotFound.because("brand_host_not_found", self),
            Self::OfOperator(_) => Class::Forbidden
                .because("brand_host_of_operator", self)
                .at("host"),
            Self::Reserved(_) => Class::Invalid
                .because("brand_host_reserved", self)
                .at("host"),
            Self::Store(error) => error.refusal(),
            Self::Taken(_) => Class::Conflict.because("brand_host_taken", self).at("host"),
            Self::Unnamed => Class::Invalid.because("brand_unnamed", self).at("host"),
        }
    }
}

/// Shows the brand of the caller's tenant at a host name from now on.
pub async fn add_host(app: &App, caller: &Caller, host: BrandHost) -> Result<(), ChangeHostsError> {
    let (host, tenant, now) = (host.name().clone(), caller.tenant()?, app.now());
    let event = Event::BrandHostAdded {
        host: host.clone(),
        tenant,
    };
    // A link that sets a password goes to a name of the brand: nobody may point it to a server of their own.
    let is_of_operator = caller.actor != Actor::CommandLine;
    let adding = Adding {
        is_reserved: is_reserved(app.settings(), &host),
        is_of_operator,
        entry: app.entry(caller, tenant, &event, now),
        row: BrandHostRow {
            host: host.clone(),
            tenant,
            added_at: now,
        },
    };
    let store = app.store(caller);
    let added = store.decide(adding, load, decide, save).await?;
    after_change(app).await;
    added.then_some(()).ok_or(ChangeHostsError::Taken(host))
}

/// The name in a URL of the settings, if it has one.
fn name_in(url: &str) -> Option<DnsName> {
    let (_, authority) = url.split_once("://")?;
    let host = authority.split([':', '/']).next()?;
    DnsName::parse(host).ok()
}

/// A page must not take the place of ACME server, lists or the portal's own.
fn is_reserved(settings: &Settings, host: &DnsName) -> bool {
    let urls = [
        &settings.portal_origin,
        &settings.acme_origin,
        &settings.pki_origin,
    ];
    let mut own = urls.into_iter().filter_map(|url| name_in(url));
    own.any(|own| own == *host)
}

#[derive(Clone)]
struct Adding {
    row: BrandHostRow,
    entry: Entry,
    is_reserved: bool,
    is_of_operator: bool,
}

struct Facts {
    of: Option<Tenant>,
    brand: Option<Brand>,
    hosts: Vec<DnsName>,
}

async fn load(tx: &mut ReadTx, adding: &Adding) -> Result<Facts, store::Error> {
    Ok(Facts {
        of: tenant::by_id(tx, &adding.row.tenant).await?,
        brand: brand::of_tenant(tx, &()).await?,
        hosts: brand::hosts_of_tenant(tx, &()).await?,
    })
}

fn decide(adding: &Adding, facts: Facts) -> Result<Adding, ChangeHostsError> {
    let of = facts.of.ok_or(ChangeHostsError::NotFound)?;
    if !has_hosts(of.kind) {
        return Err(ChangeHostsError::Level(of.kind));
    }
    if facts.brand.is_none() {
        return Err(ChangeHostsError::Unnamed);
    }
    if adding.is_reserved {
        return Err(ChangeHostsError::Reserved(adding.row.host.clone()));
    }
    if adding.is_of_operator {
        return Err(ChangeHostsError::OfOperator(adding.row.host.clone()));
    }
    let is_full = u32::try_from(facts.hosts.len()).is_ok_and(|there| there >= MAX_BRAND_HOSTS);
    if is_full && !facts.hosts.contains(&adding.row.host) {
        return Err(ChangeHostsError::Full);
    }
    Ok(adding.clone())
}

/// `false` when it shows a brand already.
async fn save(tx: &mut WriteTx, adding: &Adding) -> Result<bool, store::Error> {
    if !brand::insert_host(tx, &adding.row).await? {
        return Ok(false);
    }
    version::raise_brands(tx).await?;
    audit::append(tx, &adding.entry).await?;
    Ok(true)
}

/// Takes a host name away from the caller's tenant: the portal is there no more, and sessions that were opened at it are none.
pub async fn remove_host(
    app: &App,
    caller: &Caller,
    host: BrandHost,
) -> Result<(), ChangeHostsError> {
    let (host, tenant) = (host.name().clone(), caller.tenant()?);
    let event = Event::BrandHostRemoved {
        host: host.clone(),
        tenant,
    };
    let entry = app.entry(caller, tenant, &event, app.now());
    let store = app.store(caller);
    let removed = store.write((host, entry), save_removal).await?;
    after_change(app).await;
    removed.then_some(()).ok_or(ChangeHostsError::NotFound)
}

async fn save_removal(
    tx: &mut WriteTx,
    (host, entry): &(DnsName, Entry),
) -> Result<bool, store::Error> {
    let removed = brand::delete_host(tx, host).await?;
    if removed {
        version::raise_brands(tx).await?;
        audit::append(tx, entry).await?;
    }
    Ok(removed)
}
