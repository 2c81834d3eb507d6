use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Where flows take the time from.
pub trait Clock: Send + Sync {
    /// The present moment.
    fn now(&self) -> Timestamp;

    /// Time since some beginning, by a clock that nobody sets. As the wall clock has it, where that is moved by a test
    /// alone.
    fn steady(&self) -> Duration {
        let micros = u64::try_from(self.now().as_micros());
        Duration::from_micros(micros.unwrap_or_default())
    }
}

impl<C: Clock + ?Sized> Clock for std::sync::Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn steady(&self) -> Duration {
        (**self).steady()
    }
}

/// A moment in UTC, in microseconds since 1970-01-01T00:00:00Z; the unit the database stores.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Timestamp(i64);

/// The text is not an RFC 3339 timestamp.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("\"{0}\" is not an RFC 3339 timestamp such as 2026-11-23T12:00:00Z")]
pub struct TimestampError(String);

impl Timestamp {
    /// From microseconds since the epoch.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From whole seconds since the epoch; saturates at the ends of time.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since the epoch.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn as_seconds(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// This moment without its fraction of a second; certificates carry whole seconds.
    #[must_use]
    pub const fn truncated_to_second(self) -> Self {
        Self::from_seconds(self.as_seconds())
    }

    /// Later by `duration`; saturates.
    #[must_use]
    pub fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(micros(duration)))
    }

    /// Earlier by `duration`; saturates.
    #[must_use]
    pub fn minus(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(micros(duration)))
    }

    /// How long ago `earlier` was; zero when it lies ahead.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Reads an RFC 3339 timestamp, with any offset.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimestampError> {
        text.parse::<jiff::Timestamp>()
            .map(|moment| Self(moment.as_microsecond()))
            .map_err(|_| TimestampError(text.to_owned()))
    }

    /// The same moment for calendar work.
    pub fn as_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_microsecond(self.0).unwrap_or(if self.0 < 0 {
            jiff::Timestamp::MIN
        } else {
            jiff::Timestamp::MAX
        })
    }
}

fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// RFC 3339 in UTC, without a fraction when there is none.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_jiff().fmt(f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse_rfc3339(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc3339_round_trips() {
        let moment = Timestamp::from_micros(1_795_435_200_000_001);
        assert_eq!(Timestamp::parse_rfc3339(&moment.to_string()), Ok(moment));
        assert_eq!(
            Timestamp::from_seconds(0).to_string(),
            "1970-01-01T00:00:00Z"
        );
    }

    #[test]
    fn arithmetic_saturates() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end.plus(Duration::from_secs(1)), end);
        assert_eq!(
            Timestamp::from_seconds(1).since(Timestamp::from_seconds(2)),
            Duration::ZERO
        );
        assert_eq!(Timestamp::from_micros(-1).as_seconds(), -1);
    }

    #[test]
    fn text_that_is_no_timestamp_is_refused() {
        assert!(Timestamp::parse_rfc3339("23 November").is_err());
    }
}
