//! What becomes of certificates whose subscription's term is over, once an hour: where its offer says so, they are revoked.
//! Extending the subscription before keeps them.

use std::time::Duration;

use base::{SubscriptionId, Timestamp};
use enrollment::policy::OnSubscriptionEnd;
use enrollment::subscription::Subscription;
use serde::{Deserialize, Serialize};
use store::catalog::offer::{self, Policies};
use store::enrollment::subscription::{self, Over};
use store::operations::setting::{self, Setting};
use store::queue::job::{self, Job as Row};
use store::{ReadTx, WriteTx};

use crate::App;
use crate::caller::system;
use crate::issuance::revoke::covered::RevokeCovered;
use crate::queue::{Cause, Done, Job, JobError, Lease, Queue};

/// How often it comes.
pub const INTERVAL: Duration = Duration::from_secs(3_600);
/// How many subscriptions are looked at in one transaction.
const PIECE: i64 = 100;
/// Until when it has looked.
const LOOKED_UNTIL: &str = "subscriptions_ended_until";

/// Goes through the subscriptions whose term was over since the last time.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct EndSubscriptions {
    /// The one that was looked at last, with its end.
    #[serde(default)]
    after: Option<(Timestamp, SubscriptionId)>,
}

impl Job<App> for EndSubscriptions {
    const KIND: &'static str = "end_subscriptions";
    const QUEUE: Queue = Queue::Bulk;

    fn key(&self) -> Option<String> {
        Some(String::new())
    }

    async fn run(self, app: &App, lease: &Lease) -> Result<Done<Self>, JobError> {
        // What cannot be undone asks a clock that can be believed.
        let now = app.memory.clock.now()?;
        let looking = Looking {
            app: app.clone(),
            after: self.after,
            policies: app.catalog().policies(),
            cause: Cause {
                request: lease.request,
                at: now,
            },
            now,
        };
        let store = app.store(system("subscriptions of all tenants end"));
        let next: Result<_, store::Error> = store.decide(looking, load, decide, save).await;
        let next = next?;
        app.work.wake(Queue::Bulk);
        Ok(match next {
            Some(after) => Done::Next(Self { after: Some(after) }, Duration::ZERO),
            None => Done::Finished,
        })
    }
}

struct Looking {
    app: App,
    after: Option<(Timestamp, SubscriptionId)>,
    policies: Policies,
    cause: Cause,
    now: Timestamp,
}

/// What is stored: jobs, and how far it was looked, if that was all.
struct Ended {
    jobs: Vec<Row>,
    next: Option<(Timestamp, SubscriptionId)>,
    looked_until: Option<Setting>,
}

/// Subscriptions whose term is over, each with whether its certificates go.
type Found = Vec<(Subscription, bool)>;

async fn load(tx: &mut ReadTx, looking: &Looking) -> Result<Found, store::Error> {
    let told = setting::by_name(tx, LOOKED_UNTIL).await?;
    let told = told.and_then(|told| Timestamp::parse_rfc3339(&told.value).ok());
    // The first time, it begins with what ends from then on: what was sold before was sold without this.
    let begin = looking
        .after
        .unwrap_or((told.unwrap_or(looking.now), SubscriptionId::LAST));
    let asked = Over {
        after: begin,
        until: looking.now,
        limit: PIECE,
    };
    let mut found = Vec::new();
    for subscription in subscription::over(tx, &asked).await? {
        let policy = offer::policy(tx, subscription.offer_version, &looking.policies).await?;
        let goes = policy.on_subscription_end == OnSubscriptionEnd::RevokeAtEnd;
        found.push((subscription, goes));
    }
    Ok(found)
}

fn decide(looking: &Looking, found: Found) -> Result<Ended, store::Error> {
    let is_all = i64::try_from(found.len()).is_ok_and(|count| count < PIECE);
    let last = found
        .last()
        .and_then(|(last, _)| last.covered_until.zip(Some(last.id)));
    let next = last.filter(|_| !is_all);
    let gone = found.into_iter().filter(|(_, goes)| *goes);
    let jobs = gone.map(|(subscription, _)| {
        let job = RevokeCovered::all(subscription.tenant, subscription.id);
        looking.app.work.waiting(&job, looking.cause)
    });
    Ok(Ended {
        jobs: jobs.collect(),
        next,
        looked_until: is_all.then(|| Setting {
            name: LOOKED_UNTIL.to_owned(),
            value: looking.now.to_string(),
        }),
    })
}

async fn save(
    tx: &mut WriteTx,
    ended: &Ended,
) -> Result<Option<(Timestamp, SubscriptionId)>, store::Error> {
    for job in &ended.jobs {
        job::insert(tx, job).await?;
    }
    if let Some(looked_until) = &ended.looked_until {
        setting::put(tx, looked_until).await?;
    }
    Ok(ended.next)
}
