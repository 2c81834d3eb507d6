//! What lists have in common: the query of their address, links that keep it, and paging.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

use super::view::{FilterChip, Paging};

/// Rows per page on offer; the first is the usual one.
pub(super) const SIZES: [i64; 3] = [25, 50, 100];

/// What stands in a query as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The query of a list. Unknown fields are ignored, unknown values mean nothing is set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct ListQuery {
    /// Text to search for.
    pub(super) q: String,
    /// Suffix of an ACME account's (subscription's) identifier.
    pub(super) account: String,
    /// Status filter of accounts and domains.
    pub(super) status: String,
    /// Result filter of the activity.
    pub(super) result: String,
    /// View of the certificates.
    pub(super) view: String,
    /// Where the last page ended; opaque.
    pub(super) after: String,
    /// Where the next page began; opaque.
    pub(super) before: String,
    /// Rows per page.
    pub(super) size: String,
}

impl ListQuery {
    /// Rows per page; one of [`SIZES`].
    pub(super) fn limit(&self) -> i64 {
        let wanted = self.size.parse().unwrap_or(0);
        let known = SIZES.into_iter().find(|size| *size == wanted);
        known.unwrap_or(SIZES[0])
    }

    /// What is searched for, trimmed and in lower case.
    pub(super) fn text(&self) -> String {
        self.q.trim().to_lowercase()
    }

    /// The filters that are set, for hidden fields of the search form; without `q` and the page.
    pub(super) fn kept(&self) -> Vec<(String, String)> {
        let fields = [
            ("account", &self.account),
            ("status", &self.status),
            ("result", &self.result),
            ("view", &self.view),
            ("size", &self.size),
        ];
        fields
            .into_iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| (name.to_owned(), value.clone()))
            .collect()
    }

    /// The list at `path` with everything that is set now but the page, and `changed` set anew;
    /// an empty value takes a field away.
    pub(super) fn href(&self, path: &str, changed: &[(&str, &str)]) -> String {
        let mut fields = self.kept();
        fields.push(("q".to_owned(), self.q.clone()));
        fields.retain(|(name, _)| changed.iter().all(|(other, _)| name != other));
        fields.extend(
            changed
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let pairs: Vec<String> = fields
            .iter()
            .filter(|(_, value)| !value.is_empty())
            .map(|(name, value)| format!("{name}={}", utf8_percent_encode(value, PLAIN)))
            .collect();
        if pairs.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", pairs.join("&"))
        }
    }

    /// One value of a filter.
    pub(super) fn chip(
        &self,
        path: &str,
        name: &str,
        (value, label): (&str, &str),
        is_current: bool,
    ) -> FilterChip {
        FilterChip {
            label: label.to_owned(),
            count: String::new(),
            href: self.href(path, &[(name, value)]),
            is_current,
        }
    }

    /// Links to the pages around this one. `first` and `last` are the cursors of the page's rows,
    /// given where there is more on that side.
    pub(super) fn paging(
        &self,
        path: &str,
        first: Option<&str>,
        last: Option<&str>,
        text: String,
    ) -> Paging {
        let sizes = SIZES.map(|size| {
            let value = size.to_string();
            let is_current = size == self.limit();
            self.chip(path, "size", (&value, &value), is_current)
        });
        Paging {
            previous: first.map(|first| self.href(path, &[("before", first)])),
            next: last.map(|last| self.href(path, &[("after", last)])),
            text,
            sizes: sizes.to_vec(),
        }
    }
}

/// A page of rows out of one row more than fits.
pub(super) struct Slice<T> {
    /// The rows in the order of the list.
    pub(super) rows: Vec<T>,
    /// Whether there are rows before them.
    pub(super) has_previous: bool,
    /// Whether there are rows after them.
    pub(super) has_next: bool,
}

impl<T> Slice<T> {
    /// From at most `limit + 1` rows that were read forwards, after a cursor when `is_later`.
    pub(super) fn forwards(mut rows: Vec<T>, limit: i64, is_later: bool) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let has_next = rows.len() > limit;
        rows.truncate(limit);
        Self {
            rows,
            has_previous: is_later,
            has_next,
        }
    }

    /// From at most `limit + 1` rows that were read backwards from a cursor.
    pub(super) fn backwards(mut rows: Vec<T>, limit: i64) -> Self {
        let limit = usize::try_from(limit).unwrap_or(0);
        let has_previous = rows.len() > limit;
        rows.truncate(limit);
        rows.reverse();
        Self {
            rows,
            has_previous,
            has_next: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_keep_what_is_set_and_forget_the_page() {
        let query = ListQuery {
            q: "a b".to_owned(),
            status: "active".to_owned(),
            after: "x".to_owned(),
            ..ListQuery::default()
        };
        let href = query.href("/domains", &[("status", ""), ("before", "é")]);
        assert_eq!(href, "/domains?q=a%20b&before=%C3%A9");
        assert_eq!(ListQuery::default().href("/domains", &[]), "/domains");
        assert_eq!(query.limit(), 25);
    }

    #[test]
    fn slices_know_what_lies_around_them() {
        let first = Slice::forwards(vec![1, 2, 3], 2, false);
        assert_eq!(
            (first.rows, first.has_previous, first.has_next),
            (vec![1, 2], false, true)
        );
        let back = Slice::backwards(vec![3, 2], 2);
        assert_eq!(
            (back.rows, back.has_previous, back.has_next),
            (vec![2, 3], false, true)
        );
    }
}
