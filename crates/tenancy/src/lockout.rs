//! Failed attempts to sign in, and when they stop further ones (features F-005, F-006; security
//! S-08 to S-10).
//!
//! Attempts are counted under a digest of what was typed as e-mail address, so that an address
//! nobody has locks like one that exists, and under the network they come from, so that one client
//! cannot lock many people. What counts as a failure is the flow's to say: every factor does.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use base::{Class, ClientNetwork, Refusal, Refuse, Timestamp};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::token;

/// When failures lock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// How many failures lock.
    pub failures: u32,
    /// How long after a failure the count is forgotten.
    pub window: Duration,
    /// How long it stays locked.
    pub lock: Duration,
}

impl Limits {
    /// For an address: 5 failures, 15 minutes (F-005).
    pub const ADDRESS: Self = Self {
        failures: 5,
        window: QUARTER,
        lock: QUARTER,
    };
    /// For a network: 50 failures, 15 minutes; an office behind one address still gets in.
    pub const NETWORK: Self = Self {
        failures: 50,
        window: QUARTER,
        lock: QUARTER,
    };
}

/// Failures under one key. The default is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Lockout {
    /// How many were counted.
    pub failures: u32,
    /// Where the window that is counted begins. It slides: every failure moves it, so that
    /// failures within any window of the limit's length lock.
    pub window_start: Option<Timestamp>,
    /// Until when attempts are refused.
    pub locked_until: Option<Timestamp>,
}

/// Attempts are refused, right or wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Account locked")]
pub struct Locked {
    /// The first moment at which an attempt is looked at again.
    pub until: Timestamp,
}

impl Refuse for Locked {
    fn refusal(&self) -> Refusal {
        Class::TooMany.because("locked", self)
    }
}

impl Lockout {
    /// Whether an attempt may be looked at. Ask before the password is checked.
    pub fn check(&self, now: Timestamp) -> Result<(), Locked> {
        match self.locked_until {
            Some(until) if now < until => Err(Locked { until }),
            Some(_) | None => Ok(()),
        }
    }

    /// After a failed attempt. One that came while locked does not count.
    #[must_use]
    pub fn failed(&self, limits: Limits, now: Timestamp) -> Self {
        if self.check(now).is_err() {
            return *self;
        }
        let is_counting = self.locked_until.is_none()
            && self
                .window_start
                .is_some_and(|start| now.since(start) < limits.window);
        let failures = if is_counting {
            self.failures.saturating_add(1)
        } else {
            1
        };
        Self {
            failures,
            window_start: Some(now),
            locked_until: (failures >= limits.failures).then(|| now.plus(limits.lock)),
        }
    }

    /// After a full sign-in, with every factor. Only for the address: somebody who signs in to an
    /// account of their own must not reset what is counted for their network.
    #[must_use]
    pub fn succeeded() -> Self {
        Self::default()
    }

    /// After an administrator unlocked it (F-006).
    #[must_use]
    pub fn unlocked() -> Self {
        Self::default()
    }

    /// Whether the row can be deleted: it says nothing any more.
    pub fn is_forgotten(&self, limits: Limits, now: Timestamp) -> bool {
        self.check(now).is_ok()
            && self
                .window_start
                .is_none_or(|start| now.since(start) >= limits.window)
    }
}

/// What failures are counted under.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct AttemptKey(String);

impl AttemptKey {
    /// For what was typed as e-mail address, whether anybody has it or not.
    pub fn address(typed: &str) -> Self {
        Self::new("address", &typed.trim().to_lowercase())
    }

    /// For the network of a client: its IPv4 address, or the first 64 bits of its IPv6 address.
    pub fn network(client: IpAddr) -> Self {
        Self::new("network", &ClientNetwork::of(client).to_string())
    }

    /// The text to store and look up.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    fn new(kind: &str, value: &str) -> Self {
        let digest = token::sha256(format!("{kind}:{value}").as_bytes());
        Self(format!("{kind}:{}", URL_SAFE_NO_PAD.encode(digest)))
    }
}

impl fmt::Display for AttemptKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

const QUARTER: Duration = Duration::from_secs(15 * 60);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);
    const MOMENT: Duration = Duration::from_micros(1);

    fn after(seconds: u64) -> Timestamp {
        NOW.plus(Duration::from_secs(seconds))
    }

    /// Fails at the given seconds.
    fn failing(seconds: &[u64]) -> Lockout {
        seconds.iter().fold(Lockout::default(), |state, second| {
            state.failed(Limits::ADDRESS, after(*second))
        })
    }

    #[test]
    fn s08_the_sixth_attempt_is_refused_and_works_at_15_minutes() {
        let four = failing(&[0, 1, 2, 3]);
        assert_eq!(four.check(after(4)), Ok(()));
        let locked = failing(&[0, 1, 2, 3, 4]);
        let until = after(4 + 900);
        assert_eq!(locked.check(after(4)), Err(Locked { until }));
        assert_eq!(locked.check(until.minus(MOMENT)), Err(Locked { until }));
        assert_eq!(locked.check(until), Ok(()));
        assert_eq!(Locked { until }.to_string(), "Account locked");
    }

    #[test]
    fn f005_attempts_while_locked_do_not_prolong_it() {
        let locked = failing(&[0, 1, 2, 3, 4]);
        assert_eq!(locked.failed(Limits::ADDRESS, after(500)), locked);
    }

    #[test]
    fn f005_after_a_lock_the_count_starts_again() {
        let again = failing(&[0, 0, 0, 0, 0, 900]);
        assert_eq!((again.failures, again.check(after(900))), (1, Ok(())));
    }

    #[test]
    fn f005_failures_are_forgotten_after_the_window() {
        assert_eq!(failing(&[0, 1, 2, 3, 903]).failures, 1);
        assert!(failing(&[0, 1, 2, 3, 902]).check(after(902)).is_err());
    }

    #[test]
    fn f005_the_window_slides() {
        assert!(failing(&[0, 890, 895, 900, 905]).check(after(905)).is_err());
    }

    #[test]
    fn f006_an_administrator_unlocks_at_once() {
        assert_eq!(Lockout::unlocked().check(after(5)), Ok(()));
        assert_eq!(Lockout::succeeded(), Lockout::default());
    }

    #[test]
    fn a_row_is_forgotten_when_neither_count_nor_lock_is_left() {
        let limits = Limits::ADDRESS;
        assert!(!failing(&[0]).is_forgotten(limits, after(899)));
        assert!(failing(&[0]).is_forgotten(limits, after(900)));
        assert!(!failing(&[0, 0, 0, 0, 0]).is_forgotten(limits, after(899)));
        assert!(failing(&[0, 0, 0, 0, 0]).is_forgotten(limits, after(900)));
    }

    #[test]
    fn s09_any_typed_address_has_a_key_and_case_does_not_matter() {
        let key = AttemptKey::address(" Ann@Example.com ");
        assert_eq!(key, AttemptKey::address("ann@example.com"));
        assert_ne!(key, AttemptKey::address("nobody at all"));
        assert!(
            !key.as_str().contains("ann"),
            "the address itself is not stored"
        );
    }

    #[test]
    fn s09_clients_of_one_network_share_a_key() {
        let key = |text: &str| AttemptKey::network(text.parse().unwrap());
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:ffff::9"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_eq!(key("::ffff:192.0.2.1"), key("192.0.2.1"));
        assert_ne!(key("192.0.2.1"), key("192.0.2.2"));
    }

    proptest! {
        #[test]
        fn s08_five_failures_within_a_window_always_lock(
            mut seconds in proptest::collection::vec(0_u64..900, 5),
        ) {
            seconds.sort_unstable();
            prop_assert!(failing(&seconds).check(after(seconds[4])).is_err());
        }

        #[test]
        fn s08_a_lock_never_lasts_longer_than_15_minutes(
            mut seconds in proptest::collection::vec(0_u64..10_000, 0..40),
        ) {
            seconds.sort_unstable();
            let last = seconds.last().copied().unwrap_or(0);
            prop_assert_eq!(failing(&seconds).check(after(last + 900)), Ok(()));
        }
    }
}
