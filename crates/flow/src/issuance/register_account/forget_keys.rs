//! What follows the end of a MAC key that is shown until a client is bound (policy `eab_reveal = until_bound`, security
//! S-42). Its row goes in the transaction of the binding (`register_account`), or here when the credential has ended
//! before; then the files of the database forget it. Copies of these files, and what PostgreSQL keeps of its log, are the
//! operator's (docs/security.md).

use std::time::Duration;

use base::Timestamp;
use serde::{Deserialize, Serialize};
use store::WriteTx;
use store::enrollment::eab_key;
use store::queue::job::{self, Job as Row};

use crate::App;
use crate::caller::system;
use crate::queue::{Cause, Done, Job, JobError, Lease, Queue};

/// How long after a key the files are seen to, so that many clients that come at once lead to few rounds.
const SOON: Duration = Duration::from_secs(5);
/// How long after it was in vain for the first time it is tried again, and at most.
const AGAIN: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(600);
/// How often it may be in vain before the operator is told: then half an hour has passed.
const PATIENCE: u32 = 12;

/// Has the files of the database forget the keys that were erased.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ForgetKeys {
    /// How often somebody was in the way.
    #[serde(default)]
    tried: u32,
}

impl ForgetKeys {
    /// The job for the transaction in which a key goes.
    pub(crate) fn soon(app: &App, cause: Cause) -> Row {
        app.work.later(&Self::default(), cause, SOON)
    }
}

impl Job<App> for ForgetKeys {
    const KIND: &'static str = "forget_keys";
    const QUEUE: Queue = Queue::Bulk;

    fn key(&self) -> Option<String> {
        Some(eab_key::TABLE.to_owned())
    }

    async fn run(self, app: &App, _: &Lease) -> Result<Done<Self>, JobError> {
        let store = app.store(system("what was erased is nobody's any more"));
        let is_written = store.forget(eab_key::TABLE).await?;
        if is_written && store.read((), eab_key::is_rid_of_deleted).await? {
            return Ok(Done::Finished);
        }
        let tried = self.tried.saturating_add(1);
        if tried.is_multiple_of(PATIENCE) {
            tracing::warn!(
                job.attempts = tried,
                "erased keys are still in the files of the database: a transaction that does not end is in the way, or the table has another owner"
            );
        }
        let wait = AGAIN.saturating_mul(1_u32 << self.tried.min(10));
        Ok(Done::Next(Self { tried }, wait.min(LONGEST)))
    }
}

/// Erases the keys of credentials that were revoked or replaced before they had bound what they might.
pub async fn erase_ended(app: &App, now: Timestamp) -> Result<(), store::Error> {
    let cause = Cause {
        request: None,
        at: now,
    };
    let wish = (now, ForgetKeys::soon(app, cause));
    let store = app.store(system("what binds nobody needs no key, whoever owns it"));
    store.write(wish, save_ended).await
}

async fn save_ended(
    tx: &mut WriteTx,
    (now, forget): &(Timestamp, Row),
) -> Result<(), store::Error> {
    if eab_key::delete_ended(tx, now).await? > 0 {
        job::insert(tx, forget).await?;
    }
    Ok(())
}
