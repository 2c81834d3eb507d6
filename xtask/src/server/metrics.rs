//! Counters read from the server's own `/metrics` page (Prometheus text format 0.0.4).

use std::collections::BTreeMap;
use std::net::SocketAddr;

use crate::acme_client::plain;

/// The counters at one moment: name with its labels, as printed, to value.
#[derive(Debug, Default, Clone, PartialEq)]
pub(crate) struct Counters(BTreeMap<String, f64>);

impl Counters {
    /// Asks the server.
    pub(crate) async fn read(address: SocketAddr) -> anyhow::Result<Self> {
        Ok(Self::parse(&plain::get(address, "/metrics").await?))
    }

    fn parse(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        Self(
            lines
                .filter_map(|line| {
                    let (name, value) = line.trim().rsplit_once(' ')?;
                    Some((name.to_owned(), value.parse().ok()?))
                })
                .collect(),
        )
    }

    /// What was counted since `before`.
    pub(crate) fn since(&self, before: &Self) -> Self {
        let difference = |(name, value): (&String, &f64)| {
            let old = before.0.get(name).copied().unwrap_or_default();
            (name.clone(), value - old)
        };
        Self(self.0.iter().map(difference).collect())
    }

    /// The sum over all label values, or `None` when the server has no such counter.
    pub(crate) fn total(&self, name: &str) -> Option<f64> {
        let values: Vec<f64> = self
            .0
            .iter()
            .filter(|(key, _)| key.split('{').next() == Some(name))
            .map(|(_, value)| *value)
            .collect();
        (!values.is_empty()).then(|| values.iter().sum())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "# TYPE requests counter\n\
        requests{door=\"acme\",route=\"new-order\"} 10\n\
        requests{door=\"acme\",route=\"finalize\"} 4\n\
        requests{door=\"portal\",route=\"finalize\"} 1\n\
        commits 3\n";

    #[test]
    fn counters_are_summed_over_their_labels() {
        let counters = Counters::parse(PAGE);
        assert_eq!(counters.total("commits"), Some(3.0));
        assert_eq!(counters.total("requests"), Some(15.0));
        assert_eq!(counters.total("request"), None);
    }

    #[test]
    fn a_difference_starts_at_zero_for_new_counters() {
        let before = Counters::parse("commits 2\n");
        let after = Counters::parse(PAGE).since(&before);
        assert_eq!(after.total("commits"), Some(1.0));
        assert_eq!(after.total("requests"), Some(15.0));
    }
}
