//! What becomes of pre-validations that end soon, once a day: where their tenant wants it so, reviewers are asked for their
//! renewal, and otherwise its people are told by mail, a month and a week before.

use std::time::Duration;

use base::{PreValidationId, Timestamp};
use outbound::mail::Letter;
use serde::{Deserialize, Serialize};
use store::ReadTx;
use store::access::user::{self, Person};
use store::tenancy::organization::{self, Organization};
use store::tenancy::pre_validation::{self, EndingSoon, OrganizationCheck};
use store::tenancy::tenant;
use tenancy::pre_validation::{Notice, ReviewState, renewal_begins};
use tenancy::role::Permission;
use tenancy::role::binding::Part;
use tenancy::tenant::Tenant;
use tenancy::user::Status;

use super::request_pre_validation::{RequestError, request_pre_validation};
use crate::caller::{system, tenant as within};
use crate::mail::portal::portal_of;
use crate::mail::send::{SendMailError, send};
use crate::queue::{Done, Job, JobError, Lease, Queue};
use crate::{App, Caller};

/// How many are looked at before the job is put back with how far it has come.
const PIECE: i64 = 50;
/// How many people of a tenant are told at most.
const MAX_PEOPLE: i64 = 200;

/// How often it comes.
pub const INTERVAL: Duration = Duration::from_secs(24 * 3600);

/// Looks at all pre-validations that end soon.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct WatchEnds {
    /// The last one that was looked at, with its end.
    #[serde(default)]
    after: Option<(Timestamp, PreValidationId)>,
}

impl Job<App> for WatchEnds {
    const KIND: &'static str = "watch_pre_validations";
    const QUEUE: Queue = Queue::Bulk;

    fn key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Done<Self>, JobError> {
        let now = app.now();
        let asked = EndingSoon {
            after: self.after.unwrap_or((now, PreValidationId::FIRST)),
            before: renewal_begins(now),
            limit: PIECE,
        };
        let store = app.store(system("pre-validations of all tenants end"));
        let ending = store.read(asked, pre_validation::ending).await?;
        for check in &ending {
            let caller = Caller::job(lease.request, check.tenant);
            look_at(app, &caller, check, now).await?;
        }
        let last = ending
            .last()
            .and_then(|last| last.valid_until.zip(Some(last.id)));
        let is_whole = i64::try_from(ending.len()).is_ok_and(|count| count < PIECE);
        Ok(match last {
            Some(after) if !is_whole => Done::Next(Self { after: Some(after) }, Duration::ZERO),
            _ => Done::Finished,
        })
    }
}

/// What is known about one that ends soon.
struct Found {
    of: Option<Tenant>,
    organization: Option<Organization>,
    others: Vec<OrganizationCheck>,
    people: Vec<Person>,
}

async fn load(tx: &mut ReadTx, check: &OrganizationCheck) -> Result<Found, store::Error> {
    let id = check.organization;
    Ok(Found {
        of: tenant::by_id(tx, &check.tenant).await?,
        organization: organization::find(tx, &id).await?,
        others: pre_validation::of_organizations(tx, &(id, id)).await?,
        people: user::list(tx, &MAX_PEOPLE).await?,
    })
}

async fn look_at(
    app: &App,
    caller: &Caller,
    check: &OrganizationCheck,
    now: Timestamp,
) -> Result<(), store::Error> {
    let store = app.store(within(check.tenant));
    let found = store.read(check.clone(), load).await?;
    let Found {
        of: Some(of),
        organization: Some(organization),
        others,
        people,
    } = found
    else {
        return Ok(());
    };
    if of.suspended_at.is_some() || is_cared_for(check, &others, now) {
        return Ok(());
    }
    if of.renews_pre_validations && ask(app, caller, check).await? {
        return Ok(());
    }
    let Some(notice) = check.notice(now) else {
        return Ok(());
    };
    for person in people.iter().filter(|person| may_renew(person, check, &of)) {
        tell(app, caller, &of, (check, &organization, notice), person).await?;
    }
    Ok(())
}

/// Whether another one of its type waits for reviewers, or counts longer.
fn is_cared_for(check: &OrganizationCheck, others: &[OrganizationCheck], now: Timestamp) -> bool {
    let own = others.iter().filter(|other| other.kind == check.kind);
    let mut newer = own.filter(|other| other.id != check.id);
    newer.any(|other| match other.state(now) {
        ReviewState::Requested | ReviewState::InReview => true,
        ReviewState::Valid => other.valid_until > check.valid_until,
        ReviewState::Expired | ReviewState::Rejected | ReviewState::Ended => false,
    })
}

/// Asks reviewers; `false` when somebody has to mend something first, who is told by mail then.
async fn ask(app: &App, caller: &Caller, check: &OrganizationCheck) -> Result<bool, store::Error> {
    let asked = request_pre_validation(app, caller, check.organization, check.kind).await;
    match asked {
        Ok(_) | Err(RequestError::AlreadyWaiting(_) | RequestError::NotFound) => Ok(true),
        Err(error @ (RequestError::Contact(_) | RequestError::Subject(_))) => {
            tracing::warn!(
                pre_validation.id = %check.id, tenant.id = %check.tenant, why = %error,
                "a pre-validation is not renewed by itself"
            );
            Ok(false)
        }
        Err(RequestError::Store(error)) => Err(error),
    }
}

fn may_renew(person: &Person, check: &OrganizationCheck, of: &Tenant) -> bool {
    let may = person
        .roles
        .permit(of.kind, Permission::ManageOrganizations);
    let whole = Part::whole(check.organization);
    may && person.binding.covers(Some(whole)) && person.user.status == Status::Active
}

async fn tell(
    app: &App,
    caller: &Caller,
    of: &Tenant,
    (check, organization, notice): (&OrganizationCheck, &Organization, Notice),
    person: &Person,
) -> Result<(), store::Error> {
    let Some(ends_at) = check.valid_until else {
        return Ok(());
    };
    let portal = portal_of(app, &of.path).await?;
    let letter = Letter::PreValidationEnds {
        organization: format!(
            "{} ({})",
            organization.fields.legal_name,
            check.kind.title()
        ),
        ends_at,
        link: format!("{portal}/organizations/{}", organization.id.suffix()),
    };
    let dedup = format!("{}.{}.{notice}", check.id, person.user.id);
    match send(app, caller, (&person.user).into(), &letter, &dedup).await {
        Ok(()) | Err(SendMailError::Off) => Ok(()),
        Err(SendMailError::Limited(limited)) => {
            tracing::warn!(tenant.id = %check.tenant, why = %limited, "a mail is left out");
            Ok(())
        }
        Err(SendMailError::Store(error)) => Err(error),
    }
}
