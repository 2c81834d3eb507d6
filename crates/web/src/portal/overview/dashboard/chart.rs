//! Geometry of the expiry chart, drawn as SVG by attributes because inline styles are forbidden.

/// Height of the drawing area in pixels.
const HEIGHT: u32 = 132;

/// One week.
#[derive(Clone, Debug)]
pub struct Bar {
    /// Certificates that end in this week.
    pub count: u32,
    /// Top edge, pixels from above.
    pub top: u32,
    /// Length in pixels.
    pub height: u32,
    /// Short label below, such as "24 Nov".
    pub label: String,
    /// Whether it ends so soon that a renewal should have been seen.
    pub is_soon: bool,
}

/// Certificates by the week in which they end.
#[derive(Clone, Debug, Default)]
pub struct Expiry {
    /// Weeks in order, the present one first.
    pub bars: Vec<Bar>,
}

impl Expiry {
    /// Scales counts to bars. `weeks` holds the label and the count of each week; the first
    /// `soon` weeks are marked.
    pub fn new(weeks: &[(String, u32)], soon: usize) -> Self {
        let most = weeks
            .iter()
            .map(|(_, count)| *count)
            .max()
            .unwrap_or(0)
            .max(1);
        let bars = weeks.iter().enumerate().map(|(place, (label, count))| {
            let height = if *count == 0 {
                2
            } else {
                (count.saturating_mul(HEIGHT) / most).max(4)
            };
            Bar {
                count: *count,
                top: HEIGHT.saturating_sub(height),
                height,
                label: label.clone(),
                is_soon: place < soon && *count > 0,
            }
        });
        Self {
            bars: bars.collect(),
        }
    }

    /// Whether one of the bars is marked.
    pub(crate) fn has_soon(&self) -> bool {
        self.bars.iter().any(|bar| bar.is_soon)
    }

    /// Whether any certificate ends in these weeks at all.
    pub(crate) fn has_any(&self) -> bool {
        self.bars.iter().any(|bar| bar.count > 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(counts: &[u32], expected: &[(u32, u32)]) {
        let weeks: Vec<_> = counts.iter().map(|count| (String::new(), *count)).collect();
        let bars = Expiry::new(&weeks, 1).bars;
        let found: Vec<_> = bars.iter().map(|bar| (bar.top, bar.height)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_highest_bar_fills_the_area_and_none_leaves_it() {
        check(&[], &[]);
        check(&[0, 0], &[(130, 2), (130, 2)]);
        check(&[10, 5, 0], &[(0, 132), (66, 66), (130, 2)]);
        check(&[1, 1000], &[(128, 4), (0, 132)]);
        check(&[u32::MAX], &[(128, 4)]);
    }
}
