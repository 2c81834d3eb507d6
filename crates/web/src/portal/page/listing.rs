//! What lists have in common: the query of their address, links that keep it, and paging.

use base::{Cursor, Query};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;

/// Rows per page on offer; the first is the usual one.
pub(crate) const SIZES: [i64; 3] = [25, 50, 100];

/// What stands in a query as it is.
const PLAIN: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The query of a list. Unknown fields are ignored, unknown values mean nothing is set.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct ListQuery {
    /// Text to search for.
    pub(crate) q: String,
    /// Suffix of an ACME account's (subscription's) identifier.
    pub(crate) account: String,
    /// Status filter of accounts and domains.
    pub(crate) status: String,
    /// Result filter of the activity.
    pub(crate) result: String,
    /// View of the certificates.
    pub(crate) view: String,
    /// Where the last page ended; opaque.
    pub(crate) after: String,
    /// Where the next page began; opaque.
    pub(crate) before: String,
    /// Rows per page.
    pub(crate) size: String,
}

impl ListQuery {
    /// Rows per page; one of [`SIZES`].
    pub(crate) fn limit(&self) -> i64 {
        let wanted = self.size.parse().unwrap_or(0);
        let known = SIZES.into_iter().find(|size| *size == wanted);
        known.unwrap_or(SIZES[0])
    }

    /// What is asked of a list.
    pub(crate) fn asked<F, C: Cursor>(&self, filter: F) -> Query<F, C> {
        Query {
            filter,
            slice: base::Slice::parse(&self.after, &self.before),
            limit: usize::try_from(self.limit()).unwrap_or(usize::MAX),
        }
    }

    /// The search field of a list at a path.
    pub(crate) fn search(&self, path: &str, placeholder: &str, outcome: String) -> Search {
        Search {
            href: path.to_owned(),
            value: self.q.clone(),
            placeholder: placeholder.to_owned(),
            kept: self.kept(),
            outcome,
        }
    }

    /// What is searched for, trimmed and in lower case. People also paste addresses and names with their final dot.
    pub(crate) fn text(&self) -> String {
        let typed = self.q.trim().to_lowercase();
        let host = match typed.split_once("://") {
            Some((_, rest)) => rest.split(['/', ':', '?', '#']).next().unwrap_or_default(),
            None => &typed,
        };
        let is_whole = base::DnsName::parse(host).is_ok();
        let host = host.strip_suffix('.').filter(|_| is_whole).unwrap_or(host);
        host.to_owned()
    }

    /// The filters that are set, for hidden fields of the search form; without `q` and the page.
    pub(crate) fn kept(&self) -> Vec<(String, String)> {
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
    pub(crate) fn href(&self, path: &str, changed: &[(&str, &str)]) -> String {
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
    pub(crate) fn chip(
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
    pub(crate) fn paging(
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

/// A link that sets one filter; the state lives in the address.
#[derive(Clone, Debug)]
pub struct FilterChip {
    /// Text of the chip.
    pub label: String,
    /// How many rows it leads to; empty when that is not counted.
    pub count: String,
    /// This page with the filter set.
    pub href: String,
    /// Whether the filter is set now.
    pub is_current: bool,
}

/// Filters of which one is set at a time.
#[derive(Clone, Debug)]
pub struct FilterGroup {
    /// What is filtered, such as "Status".
    pub label: String,
    /// Its values, the first one being "all".
    pub chips: Vec<FilterChip>,
    /// Long lists, such as accounts, open as a menu instead of standing in a row.
    pub is_menu: bool,
}

impl FilterGroup {
    /// Text of the chip that is set, for the closed menu.
    pub(crate) fn current(&self) -> &str {
        self.chips
            .iter()
            .find(|chip| chip.is_current)
            .map_or("", |chip| chip.label.as_str())
    }

    /// The menu is highlighted when anything but the first value is set.
    pub(crate) fn is_set(&self) -> bool {
        self.chips.iter().skip(1).any(|chip| chip.is_current)
    }
}

/// The search field of a list.
#[derive(Clone, Debug, Default)]
pub struct Search {
    /// Path of the list, without a query.
    pub href: String,
    /// What is searched for now; sent as `q`.
    pub value: String,
    /// Shown while it is empty, such as "Search 12,408 domains".
    pub placeholder: String,
    /// Other filters to keep, as name and value.
    pub kept: Vec<(String, String)>,
    /// Result in words, announced after each search, such as "14 domains match".
    pub outcome: String,
}

/// Links to the pages before and after, by keyset.
#[derive(Clone, Debug, Default)]
pub struct Paging {
    /// Address of the page before; none on the first page.
    pub previous: Option<String>,
    /// Address of the page after; none on the last page.
    pub next: Option<String>,
    /// Such as "50 of 12,408 domains".
    pub text: String,
    /// Rows per page to choose from; empty hides the choice.
    pub sizes: Vec<FilterChip>,
}

impl Paging {
    pub(crate) fn is_needed(&self) -> bool {
        self.previous.is_some() || self.next.is_some() || !self.text.is_empty()
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
}
