//! PostgreSQL's log of changes, from which a bench learns what was written: statistics of tables come up to ten
//! seconds late, the log is exact at once.

use std::fmt;

/// A place in the log, in bytes from its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WalPosition(u64);

impl WalPosition {
    /// Reads the two hexadecimal halves that PostgreSQL shows.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (high, low) = text.split_once('/')?;
        let half = |text| u32::from_str_radix(text, 16).ok().map(u64::from);
        Some(Self((half(high)? << 32) | half(low)?))
    }

    /// How much log lies between here and a later place, in KiB.
    #[expect(
        clippy::cast_precision_loss,
        reason = "bytes of one run are far below 2^52"
    )]
    pub(crate) fn kib_to(self, later: Self) -> f64 {
        later.0.saturating_sub(self.0) as f64 / 1024.0
    }
}

impl fmt::Display for WalPosition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:X}/{:X}", self.0 >> 32, self.0 & 0xffff_ffff)
    }
}

/// The records that stand for one row each; the first row of a page has a word added.
const OF_A_ROW: &[&str] = &[
    "Heap/INSERT",
    "Heap/UPDATE",
    "Heap/HOT_UPDATE",
    "Heap/DELETE",
];

/// How many rows the statistics of `pg_waldump --stats=record` count.
pub(crate) fn rows(statistics: &str) -> f64 {
    let lines = statistics.lines().filter_map(|line| {
        let (kind, rest) = line.trim_start().split_once(' ')?;
        let kind = kind.strip_suffix("+INIT").unwrap_or(kind);
        let count = rest.split_whitespace().next()?;
        OF_A_ROW
            .contains(&kind)
            .then(|| count.parse::<f64>().ok())
            .flatten()
    });
    lines.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_and_written() {
        let position = WalPosition::parse("1/1A2B3C").unwrap();
        assert_eq!(position.to_string(), "1/1A2B3C");
        let later = WalPosition::parse("1/1A333C").unwrap();
        assert!((position.kib_to(later) - 2.0).abs() < f64::EPSILON);
        assert_eq!(WalPosition::parse("nothing"), None);
    }

    #[test]
    fn rows_are_counted_and_nothing_else() {
        let statistics = "WAL statistics between 0/1 and 0/2:\n\
            Type                    N      (%)   Record size      (%)\n\
            ----                    -      ---   -----------      ---\n\
            Heap/INSERT            10 ( 10.00)           730 ( 10.00)\n\
            Heap/INSERT+INIT        2 (  2.00)           146 (  2.00)\n\
            Heap/HOT_UPDATE         3 (  3.00)           219 (  3.00)\n\
            Heap/UPDATE             1 (  1.00)            73 (  1.00)\n\
            Heap/DELETE             4 (  4.00)           216 (  4.00)\n\
            Heap/LOCK              50 ( 50.00)          2700 ( 50.00)\n\
            Btree/INSERT_LEAF      30 ( 30.00)          1920 ( 30.00)\n";
        assert!((rows(statistics) - 20.0).abs() < f64::EPSILON);
    }
}
