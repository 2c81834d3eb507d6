//! Percentiles of one run and medians of several.

use std::fmt;

/// A figure over several runs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Spread {
    /// The middle one; the mean of the two in the middle when their number is even.
    pub(crate) median: f64,
    /// The smallest.
    pub(crate) low: f64,
    /// The largest.
    pub(crate) high: f64,
}

impl Spread {
    /// `None` when there are no runs.
    pub(crate) fn of(values: impl IntoIterator<Item = f64>) -> Option<Self> {
        let sorted = sorted(values);
        let upper = *sorted.get(sorted.len() / 2)?;
        let lower = *sorted.get(sorted.len().checked_sub(1)? / 2)?;
        Some(Self {
            median: f64::midpoint(lower, upper),
            low: *sorted.first()?,
            high: *sorted.last()?,
        })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = f.precision().unwrap_or(2);
        let Self { median, low, high } = self;
        write!(f, "{median:.digits$} ({low:.digits$}-{high:.digits$})")
    }
}

/// The smallest value that at least `percent` of all values do not exceed; 0 without values.
pub(crate) fn percentile(values: &[f64], percent: usize) -> f64 {
    let sorted = sorted(values.iter().copied());
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied().unwrap_or_default()
}

fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_by(f64::total_cmp);
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_runs_is_shown_with_its_range() {
        let spread = Spread::of([3.0, 1.0, 2.0]).unwrap();
        assert_eq!(format!("{spread:.1}"), "2.0 (1.0-3.0)");
        assert_eq!(
            format!("{:.1}", Spread::of([1.0, 2.0]).unwrap()),
            "1.5 (1.0-2.0)"
        );
        assert_eq!(Spread::of([]), None);
    }

    #[test]
    fn percentiles_are_nearest_ranks() {
        let values: Vec<f64> = (1..=100).map(f64::from).collect();
        let found = [50, 95, 99, 100].map(|percent| percentile(&values, percent));
        assert_eq!(format!("{found:?}"), "[50.0, 95.0, 99.0, 100.0]");
        assert_eq!(format!("{}", percentile(&[], 50)), "0");
        assert_eq!(format!("{}", percentile(&[7.0], 99)), "7");
    }
}
