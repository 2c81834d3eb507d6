//! Times in words. Pages say them in UTC; a script shows the viewer's zone.

use std::time::Duration;

use base::Timestamp;

use super::part::When;

/// A moment with its distance from now.
pub(crate) fn when(at: Timestamp, now: Timestamp) -> When {
    When {
        iso: at.truncated_to_second().to_string(),
        text: at.as_jiff().strftime("%-d %B %Y, %H:%M").to_string(),
        hint: distance(at, now),
        day: at.as_jiff().strftime("%-d %b %Y").to_string(),
        is_near: is_near(at, now),
    }
}

/// A moment that has not come, as a few words.
pub(crate) fn words_only(text: &str) -> When {
    When {
        iso: String::new(),
        text: text.to_owned(),
        hint: String::new(),
        day: text.to_owned(),
        is_near: false,
    }
}

/// Within a day, "4 minutes ago" tells more than the date.
fn is_near(at: Timestamp, now: Timestamp) -> bool {
    const DAY: u64 = 86_400;
    at.since(now).as_secs() < DAY && now.since(at).as_secs() < DAY
}

/// The day alone, such as "14 March 2028".
pub(crate) fn day(at: Timestamp) -> String {
    at.as_jiff().strftime("%-d %B %Y").to_string()
}

/// Such as "in 12 days" or "3 minutes ago".
pub(crate) fn distance(at: Timestamp, now: Timestamp) -> String {
    let (span, is_past) = if at >= now {
        (at.since(now), false)
    } else {
        (now.since(at), true)
    };
    match (largest_unit(span), is_past) {
        (None, _) => "just now".to_owned(),
        (Some(span), true) => format!("{span} ago"),
        (Some(span), false) => format!("in {span}"),
    }
}

/// Begun minutes, at least one.
pub(crate) fn minutes_until(until: Timestamp, now: Timestamp) -> u32 {
    let minutes = until.since(now).as_secs().div_ceil(60).max(1);
    u32::try_from(minutes).unwrap_or(u32::MAX)
}

/// How long something took, such as "212 ms" or "1.4 s".
pub(crate) fn took(span: Duration) -> String {
    let millis = span.as_millis();
    match millis {
        0..1_000 => format!("{millis} ms"),
        1_000..60_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        _ => format!("{} min {} s", millis / 60_000, millis % 60_000 / 1_000),
    }
}

fn largest_unit(span: Duration) -> Option<String> {
    let seconds = span.as_secs();
    let (number, unit) = match seconds {
        0..45 => return None,
        45..5_400 => ((seconds + 30) / 60, "minute"),
        5_400..129_600 => ((seconds + 1_800) / 3_600, "hour"),
        129_600..5_184_000 => ((seconds + 43_200) / 86_400, "day"),
        5_184_000..63_072_000 => (seconds / 2_592_000, "month"),
        _ => (seconds / 31_536_000, "year"),
    };
    let end = if number == 1 { "" } else { "s" };
    Some(format!("{number} {unit}{end}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

    #[track_caller]
    fn check(seconds: i64, expected: &str) {
        let at = Timestamp::from_seconds(NOW.as_seconds() + seconds);
        assert_eq!(distance(at, NOW), expected);
    }

    #[test]
    fn distances_are_in_the_largest_unit_that_fits() {
        check(0, "just now");
        check(-44, "just now");
        check(-60, "1 minute ago");
        check(3_600, "in 60 minutes");
        check(7_200, "in 2 hours");
        check(86_400 * 12, "in 12 days");
        check(-86_400 * 90, "3 months ago");
        check(86_400 * 365 * 3, "in 3 years");
    }

    #[test]
    fn moments_are_said_in_utc() {
        let found = when(NOW, NOW);
        assert_eq!(found.iso, "2026-11-23T12:00:00Z");
        assert_eq!(found.text, "23 November 2026, 12:00");
        assert_eq!((found.day.as_str(), found.is_near), ("23 Nov 2026", true));
        let in_two_days = Timestamp::from_seconds(NOW.as_seconds() + 172_800);
        assert!(!when(in_two_days, NOW).is_near && !when(NOW, in_two_days).is_near);
        assert_eq!(day(NOW), "23 November 2026");
        assert_eq!(took(Duration::from_millis(1_449)), "1.4 s");
    }
}
