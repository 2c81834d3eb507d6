//! How much of each limit was used, as far as this node knows. A node decides by itself, from memory; what comes near its
//! bound is told to the others once a second (`flow/operations/share_limits`), so that a request never waits for it.

mod bucket;
mod charges;
mod pending;

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock};

use base::{AccountId, Rate, TenantId, Timestamp};
use tenancy::limit::{Bound, Left, Limit, LimitOverride, RateLimited};

use self::bucket::Bucket;
pub(crate) use self::bucket::{BucketKey, Shared};
pub(crate) use self::pending::{Pending, Room};

/// Locks are held for a moment; with more of them requests do not wait for each other.
const SHARDS: usize = 16;
/// Buckets that a shard remembers. Whoever makes more has those forgotten that are least in use.
const BUCKETS: usize = 16_384;

/// What is to be counted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Charge {
    limit: Limit,
    /// Whose bound it is, where tenants have one.
    tenant: Option<TenantId>,
    /// Whether it is in a test directory, where more is allowed.
    is_test: bool,
    key: BucketKey,
}

impl Charge {
    /// Of somebody who is told from all others by these octets.
    pub(crate) fn new(limit: Limit, of: &[u8]) -> Self {
        Self {
            limit,
            tenant: None,
            is_test: false,
            key: BucketKey::of(limit, false, of),
        }
    }

    /// In a directory, within the bounds of a tenant.
    pub(crate) fn within(limit: Limit, of: &[u8], tenant: TenantId, is_test: bool) -> Self {
        Self {
            limit,
            tenant: Some(tenant),
            is_test,
            key: BucketKey::of(limit, is_test, of),
        }
    }
}

/// The limits of one node.
pub(crate) struct Limits {
    is_on: bool,
    shards: [Mutex<HashMap<BucketKey, Bucket>>; SHARDS],
    overrides: RwLock<Overrides>,
    pub(crate) pending: Pending,
}

type Overrides = HashMap<(TenantId, Limit), LimitOverride>;

impl Limits {
    /// Nothing was used yet.
    pub(crate) fn new(is_on: bool) -> Self {
        Self {
            is_on,
            shards: Default::default(),
            overrides: RwLock::default(),
            pending: Pending::default(),
        }
    }

    /// Counts one, or says that it is too much and counts nothing.
    pub(crate) fn spend(&self, charge: Charge, now: Timestamp) -> Result<(), RateLimited> {
        self.change(charge, now, |bucket, rate| bucket.spend(rate, now))
    }

    /// Whether one more would be too much.
    pub(crate) fn look(&self, charge: Charge, now: Timestamp) -> Result<(), RateLimited> {
        self.change(charge, now, |bucket, rate| bucket.look(rate, now))
    }

    /// How much is left, where it is limited.
    pub(crate) fn left(&self, charge: Charge, now: Timestamp) -> Option<Left> {
        let bound = self.bound(charge.limit, charge.tenant, charge.is_test, now);
        let (true, Bound::Often(rate)) = (self.is_on, bound) else {
            return None;
        };
        let key = charge.key.at(&rate);
        let shard = held(self.shard(&key));
        let arrival = shard.get(&key).map(Bucket::arrival);
        let left = rate.left(arrival, now);
        Some(Left { left, rate })
    }

    /// Gives back one that was counted: it was our fault, or turned out not to count.
    pub(crate) fn refund(&self, charge: Charge, now: Timestamp) {
        let _ = self.change(charge, now, |bucket, rate| {
            bucket.refund(rate);
            Ok(())
        });
    }

    /// Counts all, or none and says which is too much.
    pub(crate) fn spend_all(&self, charges: &[Charge], now: Timestamp) -> Result<(), RateLimited> {
        for (place, charge) in charges.iter().enumerate() {
            if let Err(limited) = self.spend(*charge, now) {
                for spent in charges.iter().take(place) {
                    self.refund(*spent, now);
                }
                return Err(limited);
            }
        }
        Ok(())
    }

    /// How much is allowed.
    pub(crate) fn bound(
        &self,
        limit: Limit,
        tenant: Option<TenantId>,
        is_test: bool,
        now: Timestamp,
    ) -> Bound {
        let own = tenant.and_then(|tenant| {
            let overrides = self.overrides.read();
            let overrides = overrides.unwrap_or_else(PoisonError::into_inner);
            let found = overrides.get(&(tenant, limit))?;
            found.is_live(now).then_some(found.bound)
        });
        let bound = own.unwrap_or(limit.usual());
        if is_test { bound.in_test() } else { bound }
    }

    /// Whether anything is limited here.
    pub(crate) fn are_on(&self) -> bool {
        self.is_on
    }

    /// How much may wait at the same time, if that is limited here.
    pub(crate) fn most(
        &self,
        limit: Limit,
        tenant: TenantId,
        is_test: bool,
        now: Timestamp,
    ) -> Option<u32> {
        match self.bound(limit, Some(tenant), is_test, now) {
            Bound::AtOnce(most) if self.is_on => Some(most),
            Bound::AtOnce(_) | Bound::Often(_) => None,
        }
    }

    /// An account is new, and has all the room for orders that wait.
    pub(crate) fn nothing_waits(
        &self,
        (account, tenant): (AccountId, TenantId),
        is_test: bool,
        now: Timestamp,
    ) {
        let most = |limit| self.most(limit, tenant, is_test, now);
        let (orders, authorizations) = (Limit::PendingOrders, Limit::PendingAuthorizations);
        if let Some((orders, authorizations)) = most(orders).zip(most(authorizations)) {
            let room = Room {
                orders,
                authorizations,
            };
            self.pending.found(account, room);
        }
    }

    /// Takes the bounds of tenants as they are stored now.
    pub(crate) fn take_overrides(&self, all: Vec<LimitOverride>) {
        let all = all
            .into_iter()
            .map(|each| ((each.tenant, each.limit), each));
        let mut overrides = self
            .overrides
            .write()
            .unwrap_or_else(PoisonError::into_inner);
        *overrides = all.collect();
    }

    /// What others should know, and has not been told. What is far from its bound stays here.
    pub(crate) fn untold(&self, most: usize) -> Vec<Shared> {
        let mut untold = Vec::new();
        for shard in &self.shards {
            for (key, bucket) in held(shard).iter_mut() {
                if untold.len() == most {
                    return untold;
                }
                untold.extend(bucket.tell(*key));
            }
        }
        untold
    }

    /// What others have told: later moments count.
    pub(crate) fn told(&self, key: BucketKey, arrival: Timestamp) {
        let mut shard = held(self.shard(&key));
        shard.entry(key).or_default().told(arrival);
    }

    /// Forgets what has been earned again.
    pub(crate) fn sweep(&self, now: Timestamp) {
        for shard in &self.shards {
            held(shard).retain(|_, bucket| !bucket.is_full(now));
        }
    }

    fn change(
        &self,
        charge: Charge,
        now: Timestamp,
        step: impl FnOnce(&mut Bucket, &Rate) -> Result<(), base::Exceeded>,
    ) -> Result<(), RateLimited> {
        let Charge {
            limit,
            tenant,
            is_test,
            key,
        } = charge;
        let bound = self.bound(limit, tenant, is_test, now);
        let (true, Bound::Often(rate)) = (self.is_on, bound) else {
            return Ok(());
        };
        let key = key.at(&rate);
        let mut shard = held(self.shard(&key));
        if shard.len() >= BUCKETS && !shard.contains_key(&key) {
            make_room(&mut shard, now);
        }
        let changed = step(shard.entry(key).or_default(), &rate);
        changed.map_err(|exceeded| RateLimited {
            limit,
            bound,
            until: Some(exceeded.until),
            now,
        })
    }

    fn shard(&self, key: &BucketKey) -> &Mutex<HashMap<BucketKey, Bucket>> {
        let [first, ..] = &self.shards;
        self.shards.get(key.place() % SHARDS).unwrap_or(first)
    }
}

/// Forgets the half that is least in use.
fn make_room(shard: &mut HashMap<BucketKey, Bucket>, now: Timestamp) {
    shard.retain(|_, bucket| !bucket.is_full(now));
    if shard.len() < BUCKETS {
        return;
    }
    let mut arrivals: Vec<_> = shard.values().map(Bucket::arrival).collect();
    let middle = arrivals.len() / 2;
    let (_, median, _) = arrivals.select_nth_unstable(middle);
    let median = *median;
    shard.retain(|_, bucket| bucket.arrival() > median);
}

fn held(shard: &Mutex<HashMap<BucketKey, Bucket>>) -> MutexGuard<'_, HashMap<BucketKey, Bucket>> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
