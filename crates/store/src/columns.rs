//! Columns that hold a word of one of our enums, or a list separated by spaces.

use std::str::FromStr;

use crate::{Error, Row};

impl Row {
    /// A word that `parse` knows.
    pub fn word<T>(&self, column: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
        let word = self.text(column)?;
        parse(word).ok_or_else(|| self.corrupt(column, format!("unknown word \"{word}\"")))
    }

    /// Items separated by spaces.
    pub fn parse_list<T>(&self, column: &str) -> Result<Vec<T>, Error>
    where
        T: FromStr,
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.text(column)?
            .split_ascii_whitespace()
            .map(|item| item.parse().map_err(|error| self.corrupt(column, error)))
            .collect()
    }
}
