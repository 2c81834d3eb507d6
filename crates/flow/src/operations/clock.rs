//! After a clock was wrong: what was put off until then comes at its time again, and lists of a time to come are signed
//! anew.

use std::time::Duration;

use base::Timestamp;
use store::WriteTx;
use store::queue::{schedule, summary};

use crate::App;
use crate::caller::system;
use crate::issuance::publish_crl::{PublishCrlError, publish_first};
use crate::queue::Queue;

/// How often a node looks at its clock.
const INTERVAL: Duration = Duration::from_secs(1);
/// No job is put off for so long.
const FAR: Duration = Duration::from_secs(24 * 3600);

/// Looks at the clock until this node shuts down, tells of each leap, and puts right what a leap has left behind.
pub async fn watch_until_ended(app: App) {
    let mut was_right = true;
    while app.work.goes_on_after(INTERVAL).await {
        let believed = app.memory.clock.now();
        match (&believed, was_right) {
            (Err(leapt), true) => {
                tracing::error!(error = %leapt, "the clock is not to be believed");
            }
            (Ok(_), false) => {
                tracing::warn!("the clock is right again");
                if let Err(error) = recover(&app).await {
                    tracing::error!(error = %error, "what a wrong clock has left behind cannot be put right");
                }
            }
            (Ok(_), true) | (Err(_), false) => {}
        }
        was_right = believed.is_ok();
    }
}

/// Puts right what a wrong clock has left behind.
pub async fn recover(app: &App) -> Result<(), PublishCrlError> {
    let now = app.memory.clock.now()?;
    let store = app.store(system("jobs are everybody's"));
    store.write(now, bring_back).await?;
    for queue in Queue::ALL {
        app.work.wake(queue);
    }
    publish_first(app).await
}

async fn bring_back(tx: &mut WriteTx, now: &Timestamp) -> Result<(), store::Error> {
    for queue in Queue::ALL {
        let far = (queue.as_str().to_owned(), now.plus(FAR), *now);
        summary::bring_back(tx, &far).await?;
    }
    schedule::bring_back(tx, now).await
}
