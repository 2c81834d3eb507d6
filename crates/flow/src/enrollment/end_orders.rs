//! Ends what accounts had begun for a name that was removed: pending orders fail, proofs of control are given up. With a
//! wildcard go the names that it admitted, unless they are enrolled themselves. Nothing new was admitted since the removal;
//! this job goes through the accounts, in pieces.

use std::time::Duration;

use acme::Problem;
use acme::problem::Kind;
use base::{AccountId, AuthorizationId, DnsName, EnrolledDomainId, OrderId, TenantId, Timestamp};
use enrollment::enrolled_domain::EnrolledDomain;
use serde::{Deserialize, Serialize};
use store::enrollment::enrolled_domain::{self, NamesOf};
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
    /// Of the account behind it, the name below a wildcard that was gone through last.
    #[serde(default)]
    pub below: Option<String>,
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
    let place = (job.after, job.below.clone());
    let Some(ending) = Ending::new(domain, place, app.now()) else {
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
            below: ending.below,
            ..job
        },
        Progress::Done => EndOrders {
            after: None,
            below: None,
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
    below: Option<String>,
    now: Timestamp,
}

impl Ending {
    /// For a name that was removed.
    fn new(
        domain: EnrolledDomain,
        (after, below): (Option<AccountId>, Option<String>),
        now: Timestamp,
    ) -> Option<Self> {
        let removed_at = domain.removed_at?;
        Some(Self {
            problem: removed_problem(&domain.name).to_json(),
            domain,
            before: removed_at.plus(MOMENT),
            after,
            below,
            now,
        })
    }
}

async fn piece(tx: &mut WriteTx, ending: &Ending) -> Result<Progress<Ending>, store::Error> {
    let domain = &ending.domain;
    let after = ending.after.unwrap_or(AccountId::FIRST);
    let accounts = account::bound_to(tx, domain.subscription, after, PIECE).await?;
    let mut next = ending.clone();
    let mut failed = 0;
    for account in &accounts {
        let of_account = end_name(tx, *account, &domain.name, ending).await?;
        if of_account == PIECE {
            // It may have more of them: the next piece begins with it again.
            return Ok(Progress::More(next));
        }
        if domain.name.is_wildcard() {
            next.below = end_below(tx, *account, &next).await?;
            if next.below.is_some() {
                return Ok(Progress::More(next));
            }
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

/// Gives up an account's proofs of a name and fails its pending orders for it, a piece of them at most; says how many.
async fn end_name(
    tx: &mut WriteTx,
    account: AccountId,
    name: &DnsName,
    ending: &Ending,
) -> Result<i64, store::Error> {
    let proofs = AuthorizationId::first_at(ending.before);
    authorization::deactivate_for(tx, account, name, proofs, ending.now).await?;
    let before = OrderId::first_at(ending.before);
    let pending = order::pending_for(tx, account, name, before, PIECE).await?;
    for order in &pending {
        authorization::deactivate_in(tx, *order, name, ending.now).await?;
        order::fail(tx, *order, &ending.problem, ending.now).await?;
    }
    Ok(i64::try_from(pending.len()).unwrap_or(PIECE))
}

/// Ends what an account has for names that only the removed wildcard admitted, a piece of its names at most; says which was
/// the last one when there may be more.
async fn end_below(
    tx: &mut WriteTx,
    account: AccountId,
    ending: &Ending,
) -> Result<Option<String>, store::Error> {
    let (after, before) = (ending.below.as_deref(), ending.before);
    let proofs = AuthorizationId::first_at(before);
    let mut names =
        authorization::proven_names(tx, account, after.unwrap_or_default(), proofs, PIECE).await?;
    let is_piece = i64::try_from(names.len()).is_ok_and(|count| count == PIECE);
    let last = names.last().filter(|_| is_piece).map(ToString::to_string);
    if after.is_none() {
        names.extend(order::pending_names(tx, account).await?);
    }
    let wildcard = Some(&ending.domain.name);
    names.retain(|name| name.covering_wildcard().as_ref() == wildcard);
    let asked = NamesOf {
        subscription: ending.domain.subscription,
        names,
    };
    let enrolled = enrolled_domain::active_by_names(tx, &asked).await?;
    for (name, enrolled) in asked.names.iter().zip(enrolled) {
        if enrolled.is_none() {
            end_name(tx, account, name, ending).await?;
        }
    }
    Ok(last)
}

fn removed_problem(name: &DnsName) -> Problem {
    let detail = format!(
        "{name} was removed from this subscription while the order was pending; add it again in the portal \
         and order anew"
    );
    Problem::new(Kind::RejectedIdentifier, detail)
}
