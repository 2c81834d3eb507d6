//! What forms have in common: choices, and what is wrong with what was typed.

/// One entry of a select, radio group or list of links.
#[derive(Clone, Debug, Default)]
pub struct Choice {
    /// Value the form sends.
    pub value: String,
    /// What the person reads.
    pub label: String,
    /// A few more words; may be empty.
    pub hint: String,
    /// Whether it is the one chosen now.
    pub is_chosen: bool,
}

/// One thing wrong with one field.
#[derive(Clone, Debug)]
pub struct Problem {
    /// Name and id of the field.
    pub field: String,
    /// What to change, in one sentence.
    pub message: String,
}

/// What is wrong with a form: a summary on top with links, and text at each field.
#[derive(Clone, Debug, Default)]
pub struct Problems(Vec<Problem>);

impl Problems {
    /// Nothing wrong.
    pub fn none() -> Self {
        Self::default()
    }

    /// One problem; more follow with [`and`](Self::and).
    pub fn one(field: &str, message: &str) -> Self {
        Self::none().and(field, message)
    }

    /// Adds a problem.
    #[must_use]
    pub fn and(mut self, field: &str, message: &str) -> Self {
        self.0.push(Problem {
            field: field.to_owned(),
            message: message.to_owned(),
        });
        self
    }

    /// Adds the problems of another part of the form.
    #[must_use]
    pub(crate) fn with(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    /// Whether the form may be accepted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn all(&self) -> &[Problem] {
        &self.0
    }

    /// What is wrong with one field; empty when nothing is.
    pub(crate) fn of(&self, field: &str) -> &str {
        let found = self.0.iter().find(|problem| problem.field == field);
        found.map_or("", |problem| problem.message.as_str())
    }
}
