//! Ends what accounts had begun for a name that was removed: pending orders fail, proofs of control are given up.
//! Nothing new was admitted since the removal; this job goes through the accounts, in pieces.

use std::time::Duration;

use acme::Problem;
use acme::problem::Kind;
use base::{AccountId, AuthorizationId, DnsName, EnrolledDomainId, JobId, OrderId, Timestamp};
use enrollment::enrolled_domain::EnrolledDomain;
use store::enrollment::enrolled_domain;
use store::issuance::{account, authorization, order};
use store::{Progress, WriteTx};

use crate::App;
use crate::caller::{system, tenant};
use crate::jobs::Lease;

/// How many accounts are gone through, or orders of one failed, at a time.
const PIECE: i64 = 100;
/// Identifiers tell the millisecond.
const MOMENT: Duration = Duration::from_millis(1);

/// Goes through the accounts of a removed domain's subscription; the job's subject is the domain.
pub async fn end_orders(app: &App, lease: &Lease) -> Result<(), store::Error> {
    let all = app.store(system("the orders of a removed domain end"));
    if let Ok(id) = lease.subject.parse::<EnrolledDomainId>()
        && let Some(domain) = all.read(id, enrolled_domain::by_id).await?
        && let Some(removed_at) = domain.removed_at
    {
        let ending = Ending::new(domain, removed_at, app.now());
        let own = app.store(tenant(ending.domain.tenant));
        let ended = own.write_bulk(ending, piece).await;
        app.memory.recent.forget_all();
        ended?;
    }
    all.write(lease.id, end_job).await
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
    fn new(domain: EnrolledDomain, removed_at: Timestamp, now: Timestamp) -> Self {
        Self {
            problem: removed_problem(&domain.name).to_json(),
            domain,
            before: removed_at.plus(MOMENT),
            after: None,
            now,
        }
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

async fn end_job(tx: &mut WriteTx, id: &JobId) -> Result<(), store::Error> {
    store::queue::job::delete(tx, *id).await
}

fn removed_problem(name: &DnsName) -> Problem {
    let detail = format!(
        "{name} was removed from this subscription while the order was pending; add it again in the portal \
         and order anew"
    );
    Problem::new(Kind::RejectedIdentifier, detail)
}
