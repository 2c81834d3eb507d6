//! Tells people that certificates will be revoked as their subscription ends, where its offer says so: a month, a week and a day
//! before, once a day. Whoever extends the subscription keeps them.

use std::time::Duration;

use base::{SubscriptionId, Timestamp};
use enrollment::policy::{OnSubscriptionEnd, Policy};
use enrollment::subscription::{EndNotice, Subscription};
use outbound::mail::Letter;
use serde::{Deserialize, Serialize};
use store::ReadTx;
use store::access::user::{self, Person};
use store::catalog::offer::{self, Policies};
use store::enrollment::subscription::{self, Over};
use store::issuance::certificate;
use store::tenancy::tenant;
use tenancy::role::Permission;
use tenancy::role::binding::Part;
use tenancy::tenant::Tenant;
use tenancy::user::Status;

use crate::caller::{system, tenant as within};
use crate::mail::portal::served_portal_url;
use crate::mail::send::{SendMailError, send};
use crate::queue::{Done, Job, JobError, Lease, Queue};
use crate::{App, Caller};

/// How often it comes.
pub const INTERVAL: Duration = Duration::from_secs(24 * 3600);
/// How many subscriptions are looked at before the job is put back with how far it has come.
const PIECE: i64 = 50;
/// How many people of a tenant are told at most.
const MAX_PEOPLE: i64 = 200;

/// Looks at all subscriptions that end soon.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct AnnounceEnds {
    /// The last one that was looked at, with its end.
    #[serde(default)]
    after: Option<(Timestamp, SubscriptionId)>,
}

impl Job<App> for AnnounceEnds {
    const KIND: &'static str = "announce_ends";
    const QUEUE: Queue = Queue::Bulk;

    fn key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Done<Self>, JobError> {
        let now = app.now();
        let asked = Over {
            after: self.after.unwrap_or((now, SubscriptionId::LAST)),
            until: EndNotice::begins(now),
            limit: PIECE,
        };
        let store = app.store(system("subscriptions of all tenants end"));
        let ending = store.read(asked, subscription::over).await?;
        for subscription in &ending {
            let caller = Caller::job(lease.request, subscription.tenant);
            look_at(app, &caller, subscription, now).await?;
        }
        let last = ending
            .last()
            .and_then(|last| last.covered_until.zip(Some(last.id)));
        let is_whole = i64::try_from(ending.len()).is_ok_and(|count| count < PIECE);
        Ok(match last {
            Some(after) if !is_whole => Done::Next(Self { after: Some(after) }, Duration::ZERO),
            _ => Done::Finished,
        })
    }
}

/// What is known about one that ends soon.
struct Found {
    policy: std::sync::Arc<Policy>,
    of: Option<Tenant>,
    /// How many certificates would outlive it.
    certificates: i64,
    people: Vec<Person>,
}

struct Looking {
    subscription: Subscription,
    policies: Policies,
    ends_at: Timestamp,
}

async fn load(tx: &mut ReadTx, looking: &Looking) -> Result<Found, store::Error> {
    let subscription = &looking.subscription;
    let asked = (subscription.id, looking.ends_at);
    Ok(Found {
        policy: offer::policy(tx, subscription.offer_version, &looking.policies).await?,
        of: tenant::by_id(tx, &subscription.tenant).await?,
        certificates: certificate::count_covered(tx, &asked).await?,
        people: user::list(tx, &MAX_PEOPLE).await?,
    })
}

async fn look_at(
    app: &App,
    caller: &Caller,
    subscription: &Subscription,
    now: Timestamp,
) -> Result<(), store::Error> {
    let notice = subscription.end_notice(now);
    let Some((notice, ends_at)) = notice.zip(subscription.covered_until) else {
        return Ok(());
    };
    let looking = Looking {
        subscription: subscription.clone(),
        policies: app.catalog().policies(),
        ends_at,
    };
    let store = app.store(within(subscription.tenant));
    let found = store.scan(looking, load).await?;
    let goes = found.policy.on_subscription_end == OnSubscriptionEnd::RevokeAtEnd;
    let Some(of) = found.of.filter(|_| goes && found.certificates > 0) else {
        return Ok(());
    };
    let portal = served_portal_url(app).await?.unwrap_or_default();
    let letter = Letter::SubscriptionEnds {
        account: match subscription.label.as_str() {
            "" => subscription.id.to_string(),
            label => label.to_owned(),
        },
        ends_at,
        certificates: found.certificates,
        link: format!("{portal}/accounts/{}", subscription.id.suffix()),
    };
    for person in found
        .people
        .iter()
        .filter(|person| may_extend(person, subscription, &of))
    {
        // An end that was moved is told of anew.
        let end = ends_at.as_seconds();
        let dedup = format!("{}.{end}.{}.{notice}", subscription.id, person.user.id);
        tell(app, caller, (person, &letter), &dedup).await?;
    }
    Ok(())
}

fn may_extend(person: &Person, subscription: &Subscription, of: &Tenant) -> bool {
    let part = Part::of(subscription.organization, subscription.department);
    let may = person.roles.permit(of.kind, Permission::ManageAccounts);
    may && person.binding.covers(part) && person.user.status == Status::Active
}

async fn tell(
    app: &App,
    caller: &Caller,
    (person, letter): (&Person, &Letter),
    dedup: &str,
) -> Result<(), store::Error> {
    match send(app, caller, (&person.user).into(), letter, dedup).await {
        Ok(()) | Err(SendMailError::Off) => Ok(()),
        Err(SendMailError::Limited(limited)) => {
            tracing::warn!(tenant.id = %person.user.tenant, why = %limited, "a mail is left out");
            Ok(())
        }
        Err(SendMailError::Store(error)) => Err(error),
    }
}
