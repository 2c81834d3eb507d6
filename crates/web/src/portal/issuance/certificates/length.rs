//! How many certificates there are, in words.

use base::Timestamp;
use flow::issuance::list_certificates::counts::Length;

use crate::portal::page::moment::distance;
use crate::portal::page::words::grouped;

/// The number, or the least that it can be: "9,999", "10,000+", "1,204,332".
pub(crate) fn number(length: Length) -> String {
    match length {
        Length::Exact(number)
        | Length::Long {
            counted: Some((number, _)),
            ..
        } => grouped(number),
        Length::Long {
            at_least,
            counted: None,
        } => format!("{}+", grouped(at_least)),
    }
}

/// When a long list was counted: "counted 4 minutes ago"; nothing for what is exact now.
pub(crate) fn as_of(length: Length, now: Timestamp) -> Option<String> {
    match length {
        Length::Long {
            counted: Some((_, at)),
            ..
        } => Some(format!("counted {}", distance(at, now))),
        Length::Exact(_) | Length::Long { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[track_caller]
    fn check(length: Length, expected: (&str, Option<&str>)) {
        let now = Timestamp::from_seconds(1_795_435_200);
        let found = (number(length), as_of(length, now));
        assert_eq!((found.0.as_str(), found.1.as_deref()), expected);
    }

    #[test]
    fn what_is_long_says_when_it_was_counted() {
        let now = Timestamp::from_seconds(1_795_435_200);
        let long = |counted| Length::Long {
            at_least: 10_000,
            counted,
        };
        check(Length::Exact(9_999), ("9,999", None));
        check(long(None), ("10,000+", None));
        let before = now.minus(Duration::from_secs(240));
        check(
            long(Some((1_204_332, before))),
            ("1,204,332", Some("counted 4 minutes ago")),
        );
    }
}
