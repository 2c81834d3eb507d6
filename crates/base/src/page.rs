//! Pages of long lists, found by where the neighbouring page ends and not by counting rows, so that the last page
//! costs as little as the first and a row that comes or goes moves no other. Lists, the API and tests share them.

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

impl<C: Cursor> Slice<C> {
    /// From the two parameters of a link; nonsense is the start.
    pub fn parse(after: &str, before: &str) -> Self {
        if let Some(cursor) = C::parse(after) {
            Self::After(cursor)
        } else if let Some(cursor) = C::parse(before) {
            Self::Before(cursor)
        } else {
            Self::Start
        }
    }
}

/// What is asked of a list; goes from the door to the statement unchanged.
#[derive(Clone, Debug, Default)]
pub struct Query<F, C> {
    /// What the list is narrowed to.
    pub filter: F,
    /// Which part of it.
    pub slice: Slice<C>,
    /// Rows on a page.
    pub limit: usize,
}

impl<F, C> Query<F, C> {
    /// The first page.
    pub fn first(filter: F, limit: usize) -> Self {
        Self {
            filter,
            slice: Slice::Start,
            limit,
        }
    }

    /// How many rows to ask for, so that the last one tells whether there are more.
    pub fn one_more(&self) -> i64 {
        i64::try_from(self.limit)
            .unwrap_or(i64::MAX)
            .saturating_add(1)
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
    pub fn cut<C>(mut rows: Vec<T>, slice: &Slice<C>, limit: usize) -> Self {
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

    /// The same page with every row made into something else.
    pub fn map<U>(self, make: impl FnMut(T) -> U) -> Page<U> {
        Page {
            rows: self.rows.into_iter().map(make).collect(),
            has_before: self.has_before,
            has_after: self.has_after,
        }
    }
}

impl<T: Placed> Page<T> {
    /// The cursors of the pages before and after this one, where there are any.
    pub fn neighbours(&self) -> (Option<T::Cursor>, Option<T::Cursor>) {
        let first = self.rows.first().filter(|_| self.has_before);
        let last = self.rows.last().filter(|_| self.has_after);
        (first.map(T::cursor), last.map(T::cursor))
    }
}

/// A row that knows where it stands in its list.
pub trait Placed {
    /// The sort key of the list.
    type Cursor: Cursor;

    /// Where this row stands.
    fn cursor(&self) -> Self::Cursor;
}

/// The sort key of a list as it stands in links and in replies of the API.
pub trait Cursor: Sized {
    /// The text in a link.
    fn text(&self) -> String;

    /// Reads the text of a link; `None` for nonsense.
    fn parse(text: &str) -> Option<Self>;
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
