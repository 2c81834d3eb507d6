//! A value of a policy in two forms: as an operator enters it, and as JSON.

use std::num::NonZeroU32;

use serde_json::Value;

/// A type of values. There is one text for each value, and it reads back.
pub(super) trait Setting {
    /// From what an operator enters; `None` when it is no value.
    fn read(text: &str) -> Option<Self>
    where
        Self: Sized;

    /// What an operator would enter.
    fn write(&self) -> String;

    /// All values, in words that can follow "choose".
    fn allowed() -> String
    where
        Self: Sized;

    /// As a member of the stored object; [`entered`] is the way back.
    fn json(&self) -> Value {
        Value::String(self.write())
    }
}

/// What an operator would have entered for a stored value: lists are written with commas, nothing is no limit.
pub(super) fn entered(value: &Value) -> String {
    match value {
        Value::Null => UNLIMITED.to_owned(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(entered).collect::<Vec<_>>().join(","),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => value.to_string(),
    }
}

/// Words in a sentence: "a, b or c".
pub(super) fn either(words: &[&str]) -> String {
    match words {
        [before @ .., last] if !before.is_empty() => format!("{} or {last}", before.join(", ")),
        words => words.concat(),
    }
}

const UNLIMITED: &str = "unlimited";

/// Days; 0 for none.
impl Setting for u16 {
    fn read(text: &str) -> Option<Self> {
        text.parse().ok()
    }

    fn write(&self) -> String {
        self.to_string()
    }

    fn allowed() -> String {
        "a whole number of days, 0 for none".to_owned()
    }

    fn json(&self) -> Value {
        Value::from(*self)
    }
}

/// A limit, or none.
impl Setting for Option<NonZeroU32> {
    fn read(text: &str) -> Option<Self> {
        if text == UNLIMITED {
            return Some(None);
        }
        text.parse().ok().map(Some)
    }

    fn write(&self) -> String {
        self.map_or_else(|| UNLIMITED.to_owned(), |limit| limit.to_string())
    }

    fn allowed() -> String {
        format!("{UNLIMITED} or a whole number from 1")
    }

    fn json(&self) -> Value {
        self.map_or(Value::Null, |limit| Value::from(limit.get()))
    }
}
