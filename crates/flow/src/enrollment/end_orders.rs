//! Ends what accounts had begun for a name that was removed: pending orders fail, proofs of control are given up.
//! Nothing new was admitted since the removal; this job goes through the accounts, in pieces.

use std::time::Duration;

use acme::Problem;
use acme::problem::Kind;
use base::{AccountId, AuthorizationId, DnsName, EnrolledDomainId, OrderId, TenantId, Timestamp};
use enrollment::enrolled_domain::EnrolledDomain;
use serde::{Deserialize, Serialize};
use store::enrollment::enrolled_domain;
use store::issuance::{account, authorization, order};
use store::{Progress, ReadTx, WriteTx};

use crate::App;
use crate::caller::{system, tenant};
use crate::queue::{Done, Job, JobError, Lease, Priority, Queue};

/// How many accounts are gone through, or orders of one failed, at a time.
const PIECE: i64 = 100;
/// How many pieces one run does; the rest is for the next.
const PIECES: usize = 10;
/// Identifiers tell the millisecond.
const MOMENT: Duration = Duration::from_millis(1);

/// Goes through the accounts of the subscription of a removed domain, for the domain and the companions that went
/// with it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct EndOrders {
    /// The domain.
    pub domain: EnrolledDomainId,
    /// Whose it was.
    #[serde(default)]
    pub tenant: Option<TenantId>,
    /// Which of the names it is about now.
    #[serde(default)]
    pub name: usize,
    /// The account that was gone through last.
    #[serde(default)]
    pub after: Option<AccountId>,
}

impl Job<App> for EndOrders {
    const KIND: &'static str = "end_orders";
    const QUEUE: Queue = Queue::Bulk;
    const PRIORITY: Priority = Priority::Urgent;

    fn tenant(&self) -> Option<TenantId> {
        self.tenant
    }

    async fn run(self, app: &App, _: &Lease) -> Result<Done<Self>, JobError> {
        let next = end_orders(app, self).await?;
        Ok(next.map_or(Done::Finished, |next| Done::Next(next, Duration::ZERO)))
    }
}

/// Does some pieces, and says what is left.
async fn end_orders(app: &App, job: EndOrders) -> Result<Option<EndOrders>, store::Error> {
    let all = app.store(system("the orders of a removed domain end"));
    let removed = all.read(job.domain, removed_together).await?;
    let Some(domain) = removed.into_iter().nth(job.name) else {
        return Ok(None);
    };
    let Some(ending) = Ending::new(domain, job.after, app.now()) else {
        return Ok(None);
    };
    let own = app.store(tenant(ending.domain.tenant));
    let mut progress = Progress::More(ending);
    for _ in 0..PIECES {
        if let Progress::More(ending) = progress {
            progress = own.write_piece(ending, piece).await?;
        }
    }
    app.memory.recent.forget_all();
    Ok(Some(match progress {
        Progress::More(ending) => EndOrders {
            after: ending.after,
            ..job
        },
        Progress::Done => EndOrders {
            after: None,
            name: job.name + 1,
            ..job
        },
    }))
}

/// A removed domain and the companions that went at the same moment.
async fn removed_together(
    tx: &mut ReadTx,
    id: &EnrolledDomainId,
) -> Result<Vec<EnrolledDomain>, store::Error> {
    let Some(domain) = enrolled_domain::by_id(tx, id).await? else {
        return Ok(Vec::new());
    };
    let removed_at = domain.removed_at;
    let mut all = vec![domain];
    let companions = enrolled_domain::companions_ever(tx, id).await?;
    all.extend(
        companions
            .into_iter()
            .filter(|companion| companion.removed_at == removed_at),
    );
    Ok(all)
}

/// Where the work stands.
#[derive(Clone)]
struct Ending {
    domain: EnrolledDomain,
    problem: String,
    /// What was begun later is for the name as it was added again.
    before: Timestamp,
    after: Option<AccountId>,
    now: Timestamp,
}

impl Ending {
    /// For a name that was removed.
    fn new(domain: EnrolledDomain, after: Option<AccountId>, now: Timestamp) -> Option<Self> {
        let removed_at = domain.removed_at?;
        Some(Self {
            problem: removed_problem(&domain.name).to_json(),
            domain,
            before: removed_at.plus(MOMENT),
            after,
            now,
        })
    }
}

async fn piece(tx: &mut WriteTx, ending: &Ending) -> Result<Progress<Ending>, store::Error> {
    let domain = &ending.domain;
    let after = ending.after.unwrap_or(AccountId::FIRST);
    let accounts = account::bound_to(tx, domain.subscription, after, PIECE).await?;
    let proofs = AuthorizationId::first_at(ending.before);
    let mut next = ending.clone();
    let mut failed = 0;
    for account in &accounts {
        authorization::deactivate_for(tx, *account, &domain.name, proofs, ending.now).await?;
        let of_account = fail_pending(tx, *account, ending).await?;
        if of_account == PIECE {
            // It may have more of them: the next piece begins with it again.
            return Ok(Progress::More(next));
        }
        next.after = Some(*account);
        failed += of_account;
        if failed >= PIECE {
            return Ok(Progress::More(next));
        }
    }
    let is_last = i64::try_from(accounts.len()).is_ok_and(|count| count < PIECE);
    Ok(if is_last {
        Progress::Done
    } else {
        Progress::More(next)
    })
}

/// Fails an account's pending orders for the name, a piece of them at most, and says how many.
async fn fail_pending(
    tx: &mut WriteTx,
    account: AccountId,
    ending: &Ending,
) -> Result<i64, store::Error> {
    let before = OrderId::first_at(ending.before);
    let name = &ending.domain.name;
    let pending = order::pending_for(tx, account, name, before, PIECE).await?;
    for order in &pending {
        order::fail(tx, *order, &ending.problem, ending.now).await?;
    }
    Ok(i64::try_from(pending.len()).unwrap_or(PIECE))
}

fn removed_problem(name: &DnsName) -> Problem {
    let detail = format!(
        "{name} was removed from this subscription while the order was pending; add it again in the portal \
         and order anew"
    );
    Problem::new(Kind::RejectedIdentifier, detail)
}
