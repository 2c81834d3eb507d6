//! Who names whom, as a graph, and the way back from one to another.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// By who names, all that it names.
#[derive(Default)]
pub(crate) struct Graph<'a> {
    named_by: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

impl<'a> Graph<'a> {
    /// `from` names `to`.
    pub(crate) fn add(&mut self, from: &'a str, to: &'a str) {
        self.named_by.entry(from).or_default().insert(to);
    }

    /// When `to` leads back to `from`: the shortest way, from `to` on, with both ends.
    pub(crate) fn way_back(&self, from: &'a str, to: &'a str) -> Option<Vec<&'a str>> {
        let mut came_from = BTreeMap::from([(to, to)]);
        let mut open = VecDeque::from([to]);
        while let Some(node) = open.pop_front() {
            if node == from {
                return Some(way(&came_from, to, from));
            }
            for next in self.named_by.get(node).into_iter().flatten() {
                if !came_from.contains_key(next) {
                    came_from.insert(*next, node);
                    open.push_back(*next);
                }
            }
        }
        None
    }
}

fn way<'a>(came_from: &BTreeMap<&'a str, &'a str>, first: &str, last: &'a str) -> Vec<&'a str> {
    let mut way = vec![last];
    let mut node = last;
    while node != first
        && let Some(before) = came_from.get(node)
    {
        node = before;
        way.push(node);
    }
    way.reverse();
    way
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shortest_way_back() {
        let mut graph = Graph::default();
        for (from, to) in [("a", "b"), ("b", "c"), ("c", "d"), ("c", "a"), ("d", "a")] {
            graph.add(from, to);
        }
        assert_eq!(graph.way_back("a", "b"), Some(vec!["b", "c", "a"]));
        assert_eq!(graph.way_back("d", "e"), None);
        assert_eq!(graph.way_back("a", "a"), Some(vec!["a"]));
    }
}
