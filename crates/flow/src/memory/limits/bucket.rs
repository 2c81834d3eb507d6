//! What was used of one limit by one subject.

use base::{Exceeded, Rate, Timestamp};
use tenancy::limit::Limit;
use tenancy::token::sha256;

/// Which limit, of whom.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct BucketKey([u8; 16]);

impl BucketKey {
    /// A digest, since what is limited has names and addresses of any length.
    pub(super) fn of(limit: Limit, is_test: bool, of: &[u8]) -> Self {
        let kind: &[u8] = if is_test { b":test:" } else { b":" };
        let digest = sha256(&[limit.as_str().as_bytes(), kind, of].concat());
        Self(*digest.first_chunk().unwrap_or(&[0; 16]))
    }

    /// The same under a rate: whoever gets another bound begins anew, since a moment means another use of it.
    pub(super) fn at(mut self, rate: &Rate) -> Self {
        let rate = rate.interval().as_nanos() ^ u128::from(rate.burst) << 96;
        for (octet, of_rate) in self.0.iter_mut().zip(rate.to_be_bytes()) {
            *octet ^= of_rate;
        }
        self
    }

    /// As it was stored.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        Some(Self(bytes.try_into().ok()?))
    }

    /// To store it.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn place(&self) -> usize {
        let [first, ..] = self.0;
        usize::from(first)
    }
}

/// What a node tells the others of a bucket.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Shared {
    pub(crate) key: BucketKey,
    /// How far what was used since moves the arrival time, in microseconds.
    pub(crate) moved: i64,
}

/// Used is what the arrival time lies ahead.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Bucket {
    arrival: Option<Timestamp>,
    /// How far the arrival time was moved here and nobody else knows of, in microseconds.
    moved: i64,
    /// Whether it came so near to its bound that the others should know.
    is_near: bool,
}

impl Bucket {
    pub(super) fn spend(&mut self, rate: &Rate, now: Timestamp) -> Result<(), Exceeded> {
        self.arrival = Some(rate.after(self.arrival, 1, now)?);
        self.moved = self.moved.saturating_add(interval(rate));
        self.is_near |= rate.left(self.arrival, now) < rate.burst - rate.burst / 4;
        Ok(())
    }

    pub(super) fn look(&self, rate: &Rate, now: Timestamp) -> Result<(), Exceeded> {
        rate.after(self.arrival, 1, now).map(|_| ())
    }

    pub(super) fn refund(&mut self, rate: &Rate) {
        self.arrival = self.arrival.map(|arrival| rate.refunded(arrival, 1));
        self.moved = self.moved.saturating_sub(interval(rate));
    }

    pub(super) fn tell(&mut self, key: BucketKey) -> Option<Shared> {
        if !self.is_near || self.moved == 0 {
            return None;
        }
        let moved = std::mem::take(&mut self.moved);
        Some(Shared { key, moved })
    }

    pub(super) fn told(&mut self, arrival: Timestamp) {
        self.arrival = self.arrival.max(Some(arrival));
    }

    /// When everything is earned again; long ago for one that was never used.
    pub(super) fn arrival(&self) -> Timestamp {
        self.arrival.unwrap_or(Timestamp::from_micros(0))
    }

    /// Whether all of it is there to be used, so that nothing need be known of it.
    pub(super) fn is_full(&self, now: Timestamp) -> bool {
        self.arrival() <= now
    }
}

fn interval(rate: &Rate) -> i64 {
    i64::try_from(rate.interval().as_micros()).unwrap_or(i64::MAX)
}
