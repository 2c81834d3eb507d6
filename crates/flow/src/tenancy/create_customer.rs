//! A reseller makes a customer: a tenant below itself, with people, accounts and domains of its own. Its first
//! administrator is invited afterwards, so that nobody but them ever knows their password.

use base::{Class, Refusal, Refuse, TenantId, Timestamp};
use store::audit::{self, Entry};
use store::tenancy::tenant;
use store::{ReadTx, WriteTx};
use tenancy::tenant::{MAX_CUSTOMERS, Tenant, TenantKind, TenantName, TreeError};

use crate::audit::{Document, Event, Text};
use crate::caller::system;
use crate::{App, Caller};

/// How often another place in the tree is tried, since the first ones may be taken.
const TRIES: u32 = 4;

/// Why there is no new customer.
#[derive(Debug, thiserror::Error)]
pub enum CreateCustomerError {
    /// It has as many as there may be.
    #[error("you have {MAX_CUSTOMERS} customers, which is as many as fit")]
    Full,
    /// There is no such tenant above.
    #[error("there is no such organisation")]
    NotFound,
    /// No place in the tree was free.
    #[error("the customer could not be made; try again")]
    Path,
    /// The database did not answer.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Only resellers have customers.
    #[error(transparent)]
    Tree(#[from] TreeError),
}

impl Refuse for CreateCustomerError {
    fn refusal(&self) -> Refusal {
        match self {
            Self::Full => Class::Quota.because("customers_full", self).at("name"),
            Self::NotFound => Class::NotFound.because("organisation_not_found", self),
            Self::Path => Class::Conflict.because("tenant_path_taken", self),
            Self::Store(error) => error.refusal(),
            Self::Tree(error) => error.refusal(),
        }
    }
}

struct Creating {
    app: App,
    caller: Caller,
    above: TenantId,
    name: TenantName,
    now: Timestamp,
}

/// Makes a customer of this name below the caller's tenant.
pub async fn create_customer(
    app: &App,
    caller: &Caller,
    name: TenantName,
) -> Result<Tenant, CreateCustomerError> {
    let above = caller.tenant()?;
    for _ in 0..TRIES {
        let creating = Creating {
            app: app.clone(),
            caller: caller.clone(),
            above,
            name: name.clone(),
            now: app.now(),
        };
        let store = app.store(system("a reseller makes a tenant below itself"));
        if let Some(made) = store.decide(creating, load, decide, save).await? {
            return Ok(made);
        }
    }
    Err(CreateCustomerError::Path)
}

/// The tenant above, and how many it has below.
async fn load(tx: &mut ReadTx, creating: &Creating) -> Result<(Option<Tenant>, u64), store::Error> {
    let above = tenant::by_id(tx, &creating.above).await?;
    Ok((above, tenant::count_below(tx, &creating.above).await?))
}

fn decide(
    creating: &Creating,
    (above, others): (Option<Tenant>, u64),
) -> Result<(Tenant, Entry), CreateCustomerError> {
    let Creating {
        app,
        caller,
        name,
        now,
        ..
    } = creating;
    let above = above.ok_or(CreateCustomerError::NotFound)?;
    if others >= u64::from(MAX_CUSTOMERS) {
        return Err(CreateCustomerError::Full);
    }
    let id = TenantId::generate(*now, app.random());
    let made = Tenant::new(id, TenantKind::Customer, name.clone(), Some(&above), *now)?;
    let event = Event::TenantCreated {
        tenant: id,
        name: Text::new(name.as_str()),
        kind: Document::new(&made.kind),
    };
    let entry = app.entry(caller, id, &event, *now);
    Ok((made, entry))
}

/// `None` when the place in the tree is taken.
async fn save(
    tx: &mut WriteTx,
    (made, entry): &(Tenant, Entry),
) -> Result<Option<Tenant>, store::Error> {
    if let Some(above) = made.parent {
        tenant::lock(tx, &above).await?;
    }
    if !tenant::insert(tx, made).await? {
        return Ok(None);
    }
    audit::append(tx, entry).await?;
    Ok(Some(made.clone()))
}
