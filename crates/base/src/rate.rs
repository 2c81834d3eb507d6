use std::time::Duration;

use crate::Timestamp;

/// So many in a time, and how many at once: the generic cell rate algorithm (ITU-T I.371). What is kept of a subject is
/// one moment, its theoretical arrival time: it lies as far ahead as what was used is not yet earned again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rate {
    /// How many are earned in `every`.
    pub count: u32,
    /// The time in which they are earned.
    pub every: Duration,
    /// How many may be used at once by who has used none.
    pub burst: u32,
}

/// One more is too much for now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Exceeded {
    /// The first moment at which it is not.
    pub until: Timestamp,
}

impl Rate {
    /// `count` in `every`, `burst` at once.
    pub const fn new(count: u32, every: Duration, burst: u32) -> Self {
        Self {
            count,
            every,
            burst,
        }
    }

    /// How long it takes to earn one.
    pub fn interval(&self) -> Duration {
        self.every / self.count.max(1)
    }

    /// The same rate with everything multiplied.
    #[must_use]
    pub fn times(self, factor: u32) -> Self {
        Self {
            count: self.count.saturating_mul(factor),
            burst: self.burst.saturating_mul(factor),
            ..self
        }
    }

    /// The arrival time after `amount` more, if so many are left.
    pub fn after(
        &self,
        arrival: Option<Timestamp>,
        amount: u32,
        now: Timestamp,
    ) -> Result<Timestamp, Exceeded> {
        let begin = arrival.map_or(now, |arrival| arrival.max(now));
        let next = begin.plus(self.interval().saturating_mul(amount));
        let ahead = self.interval().saturating_mul(self.burst);
        if next > now.plus(ahead) {
            return Err(Exceeded {
                until: next.minus(ahead),
            });
        }
        Ok(next)
    }

    /// The arrival time after some that were used are given back.
    pub fn refunded(&self, arrival: Timestamp, amount: u32) -> Timestamp {
        arrival.minus(self.interval().saturating_mul(amount))
    }

    /// How many are left.
    pub fn left(&self, arrival: Option<Timestamp>, now: Timestamp) -> u32 {
        let ahead = arrival.map_or(Duration::ZERO, |arrival| arrival.since(now));
        let interval = self.interval().as_nanos().max(1);
        let used = ahead.as_nanos().div_ceil(interval);
        self.burst
            .saturating_sub(u32::try_from(used).unwrap_or(u32::MAX))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);
    const HOURLY: Rate = Rate::new(20, Duration::from_secs(3600), 50);

    fn used(rate: &Rate, many: u32) -> Option<Timestamp> {
        (0..many).fold(None, |arrival, _| {
            rate.after(arrival, 1, NOW).ok().or(arrival)
        })
    }

    #[test]
    fn h7_a_burst_then_one_each_interval() {
        let full = used(&HOURLY, 50);
        assert_eq!(HOURLY.left(full, NOW), 0);
        let until = NOW.plus(Duration::from_secs(180));
        assert_eq!(HOURLY.after(full, 1, NOW), Err(Exceeded { until }));
        assert!(HOURLY.after(full, 1, until).is_ok());
        assert_eq!(HOURLY.left(full, until), 1);
    }

    #[test]
    fn h7_what_is_given_back_can_be_used_again() {
        let full = used(&HOURLY, 50).unwrap();
        let some = Some(HOURLY.refunded(full, 3));
        assert_eq!(HOURLY.left(some, NOW), 3);
        assert!(HOURLY.after(some, 3, NOW).is_ok());
        assert!(HOURLY.after(some, 4, NOW).is_err());
    }

    proptest! {
        #[test]
        fn h7_no_pattern_of_asking_gets_more(
            count in 1_u32..100, burst in 1_u32..100, gaps in prop::collection::vec(0_u64..5_000, 1..300),
        ) {
            let rate = Rate::new(count, Duration::from_secs(60), burst);
            let (mut arrival, mut now, mut got) = (None, NOW, 0_u64);
            for gap in gaps {
                now = now.plus(Duration::from_millis(gap));
                if let Ok(next) = rate.after(arrival, 1, now) {
                    (arrival, got) = (Some(next), got + 1);
                }
            }
            let earned = now.since(NOW).as_nanos() / rate.interval().as_nanos().max(1);
            prop_assert!(u128::from(got) <= earned + u128::from(burst));
        }
    }
}
