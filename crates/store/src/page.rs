//! Pages of long lists, found by where the neighbouring page ends and not by counting rows, so that
//! the last page costs as little as the first and a row that comes or goes moves no other.

use base::DnsName;

use crate::enrollment::enrolled_domain::escape_like;

/// Which part of a list to read; `C` tells where a row stands in the order of the list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Slice<C> {
    /// From the beginning.
    #[default]
    Start,
    /// What follows this row.
    After(C),
    /// What comes before this row.
    Before(C),
}

/// What the names of a row must be like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Names {
    /// Anything.
    #[default]
    Any,
    /// One of them contains this text, in lower case.
    Contain(String),
    /// One of them is this.
    Include(DnsName),
}

impl Names {
    /// From what somebody typed; nothing means anything.
    pub fn containing(text: &str) -> Self {
        if text.is_empty() {
            Self::Any
        } else {
            Self::Contain(text.to_owned())
        }
    }

    /// For a list of names with a space before and after each.
    pub(crate) fn pattern(&self) -> String {
        match self {
            Self::Any => String::new(),
            Self::Contain(text) => format!("%{}%", escape_like(text)),
            Self::Include(name) => format!("% {} %", escape_like(name.as_str())),
        }
    }
}

/// Some rows, in the order of their list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Whether the list has rows before these.
    pub has_before: bool,
    /// Whether the list has rows after these.
    pub has_after: bool,
}

impl<T> Page<T> {
    /// From at most `limit` and one more rows, read in the direction of the slice.
    pub(crate) fn cut<C>(mut rows: Vec<T>, slice: &Slice<C>, limit: usize) -> Self {
        let has_more = rows.len() > limit;
        rows.truncate(limit);
        let (has_before, has_after) = match slice {
            Slice::Start => (false, has_more),
            Slice::After(_) => (true, has_more),
            Slice::Before(_) => {
                rows.reverse();
                (has_more, true)
            }
        };
        Self {
            rows,
            has_before,
            has_after,
        }
    }
}

/// How many rows to ask for, so that the last one tells whether there are more.
pub(crate) fn one_more(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(slice: &Slice<u8>, rows: &[u8], expected: (&[u8], bool, bool)) {
        let page = Page::cut(rows.to_vec(), slice, 2);
        assert_eq!(
            (page.rows.as_slice(), page.has_before, page.has_after),
            expected
        );
    }

    #[test]
    fn one_row_too_many_tells_that_there_is_more() {
        check(&Slice::Start, &[], (&[], false, false));
        check(&Slice::Start, &[1, 2], (&[1, 2], false, false));
        check(&Slice::Start, &[1, 2, 3], (&[1, 2], false, true));
        check(&Slice::After(0), &[1, 2, 3], (&[1, 2], true, true));
        check(&Slice::Before(9), &[8, 7, 6], (&[7, 8], true, true));
        check(&Slice::Before(9), &[8], (&[8], false, true));
    }
}
