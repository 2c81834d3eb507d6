//! What nobody needs any more, found by its identifier, which begins with its time: no index exists for pruning, and
//! whole pages empty at once. The limit is chosen so that what was made before it has ended long ago: a piece reads the
//! rows that it deletes, and what stays after all, because it never ended, is passed over once in each run.

use base::Timestamp;

use crate::{Progress, Value};

/// Rows of one table that may go, and how far they have gone.
#[derive(Clone, Debug)]
pub struct Old<I> {
    /// The last one that was looked at.
    pub after: I,
    /// Made before this one.
    pub until: I,
    /// They go if they ended before.
    pub ended_before: Timestamp,
    /// How many one transaction looks at.
    pub rows: i64,
}

impl<I: Copy> Old<I>
where
    for<'v> Value<'v>: From<I>,
{
    /// For the question where a piece ends: `$1` to `$3`.
    pub(crate) fn bounds(&self) -> Vec<Value<'static>> {
        let offset = self.rows.saturating_sub(1);
        vec![self.after.into(), self.until.into(), offset.into()]
    }

    /// What to do behind the piece that ended there; a piece without an end was the last one.
    pub(crate) fn behind(&self, end: Option<I>) -> Progress<Self> {
        match end {
            Some(after) => Progress::More(Self {
                after,
                ..self.clone()
            }),
            None => Progress::Done,
        }
    }
}
