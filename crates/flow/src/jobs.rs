//! Every job that there is, and what comes again and again: one line each. Known to those who run nodes only; a use
//! case names its own job.

use std::time::Duration;

use crate::App;
use crate::access::link::ask_for_link::SendLink;
use crate::effects::Deliver;
use crate::enrollment::announce_ends::{self, AnnounceEnds};
use crate::enrollment::end_orders::EndOrders;
use crate::enrollment::end_subscriptions::{self, EndSubscriptions};
use crate::issuance::challenge::validate::Validate;
use crate::issuance::issue::Issue;
use crate::issuance::list_certificates::counts::CountCertificates;
use crate::issuance::publish_crl::{self, PublishCrl};
use crate::issuance::register_account::forget_keys::ForgetKeys;
use crate::issuance::revoke::compromised::RevokeCompromised;
use crate::issuance::revoke::covered::RevokeCovered;
use crate::mail::SendMail;
use crate::operations::prune::Prune;
use crate::outside::Outside;
use crate::queue::{Kind, Schedule, every, job};
use crate::tenancy::pre_validation::watch_ends::{self, WatchEnds};

/// What a node can run.
pub fn all() -> Vec<Kind<App>> {
    vec![
        job::<App, CountCertificates>(),
        job::<App, Deliver<SendMail>>(),
        job::<App, EndOrders>(),
        job::<App, AnnounceEnds>(),
        job::<App, EndSubscriptions>(),
        job::<App, ForgetKeys>(),
        job::<App, Issue>(),
        job::<App, Prune>(),
        job::<App, PublishCrl>(),
        job::<App, RevokeCompromised>(),
        job::<App, RevokeCovered>(),
        job::<App, SendLink>(),
        job::<App, Validate>(),
        job::<App, WatchEnds>(),
    ]
}

/// What effects are given of a node.
impl AsRef<Outside> for App {
    fn as_ref(&self) -> &Outside {
        &self.outside
    }
}

/// What comes again and again, as of now.
pub fn schedules(app: &App) -> Vec<Schedule> {
    const HOUR: Duration = Duration::from_secs(3600);
    let signers = app.catalog();
    let crls = signers
        .crl_signers()
        .map(|ca| every(publish_crl::INTERVAL, &PublishCrl { ca }));
    [
        every(HOUR, &Prune::default()),
        every(announce_ends::INTERVAL, &AnnounceEnds::default()),
        every(end_subscriptions::INTERVAL, &EndSubscriptions::default()),
        every(watch_ends::INTERVAL, &WatchEnds::default()),
    ]
    .into_iter()
    .chain(crls)
    .collect()
}

/// Works until the node ends.
pub async fn run_until_ended(app: App) {
    app.work.clone().run_until_ended(app, schedules).await;
}

/// Makes sure that what comes again and again is there, for a node that does not work by itself.
pub async fn ensure_schedules(app: &App) -> Result<(), store::Error> {
    app.work.ensure(&schedules(app)).await
}

/// Takes what is due now and runs it; says how many jobs that were, once they have ended.
pub async fn run_due(app: &App) -> Result<usize, store::Error> {
    app.work.run_due(app).await
}
