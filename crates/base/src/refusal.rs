//! Why something is not done, in a form that belongs to no door: each door turns it into its own.

use std::error::Error;
use std::fmt;

use crate::words;

words! {
    /// What kind of refusal it is; a door has one answer for each.
    pub enum Class {
        /// Something else happened first.
        Conflict = "conflict",
        /// Whoever asks is known and may not.
        Forbidden = "forbidden",
        /// There is not enough money.
        Funds = "funds",
        /// Our own fault; nothing is told but the name of the request.
        Internal = "internal",
        /// What was asked cannot be meant.
        Invalid = "invalid",
        /// Nothing is there, or nothing that the caller may see.
        NotFound = "not_found",
        /// As much as was bought is used up.
        Quota = "quota",
        /// Too often; it can be asked again later.
        TooMany = "too_many",
        /// Whoever asks is not known, or no longer.
        Unauthenticated = "unauthenticated",
        /// The database is full, busy or away; nothing was done.
        Unavailable = "unavailable",
    }
}

/// Why something is not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What kind of refusal it is.
    pub class: Class,
    /// Its name for programs; never changes.
    pub code: &'static str,
    /// For a person: what is wrong, and what to do.
    pub sentence: String,
    /// The parts of the request that are wrong, if some are and others are not.
    pub about: Vec<About>,
    /// When to ask again, in seconds.
    pub retry_after: Option<u32>,
    /// What only the log is told, of what is ours to mend.
    pub cause: Option<String>,
}

/// What is wrong with a part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct About {
    /// Which part.
    pub part: Part,
    /// What is wrong with it, for programs.
    pub code: &'static str,
    /// For a person.
    pub sentence: String,
}

/// A part of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Part {
    /// A field of a form, a member of a document.
    Field(&'static str),
    /// What a certificate was asked for, as the client wrote it.
    Identifier {
        /// Its type, such as `dns`.
        kind: String,
        /// Its value.
        value: String,
    },
}

impl Class {
    /// A refusal of this kind.
    pub fn because(self, code: &'static str, sentence: &(impl fmt::Display + ?Sized)) -> Refusal {
        Refusal {
            class: self,
            code,
            sentence: sentence.to_string(),
            about: Vec::new(),
            retry_after: None,
            cause: None,
        }
    }

    /// The HTTP status that says it.
    pub const fn status(self) -> u16 {
        match self {
            Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::Funds => 402,
            Self::Forbidden | Self::Quota => 403,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::TooMany => 429,
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }
}

impl Refusal {
    /// Our own fault.
    pub fn internal(cause: &dyn Error) -> Self {
        Class::Internal
            .because("internal", "the server failed")
            .caused_by(cause)
    }

    /// With what only the log is told.
    #[must_use]
    pub fn caused_by(mut self, cause: &dyn Error) -> Self {
        self.cause = Some(chain(cause));
        self
    }

    /// With the parts that are wrong.
    #[must_use]
    pub fn about(mut self, parts: impl IntoIterator<Item = About>) -> Self {
        self.about = parts.into_iter().collect();
        self
    }

    /// With the field that is wrong.
    #[must_use]
    pub fn at(self, field: &'static str) -> Self {
        let about = About {
            part: Part::Field(field),
            code: self.code,
            sentence: self.sentence.clone(),
        };
        self.about([about])
    }

    /// With a time to ask again.
    #[must_use]
    pub fn again_in(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

/// An error that a door can tell.
pub trait Refuse: Error {
    /// What to tell.
    fn refusal(&self) -> Refusal;
}

/// The whole chain of causes in one line.
pub fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_told_with_the_sentence() {
        let refusal = Class::Invalid.because("too_long", "that is too long");
        let refusal = refusal.at("label");
        assert_eq!(refusal.about.len(), 1);
        assert_eq!(refusal.about[0].part, Part::Field("label"));
        assert_eq!(refusal.about[0].sentence, refusal.sentence);
    }

    #[test]
    fn each_class_is_an_error_of_http() {
        for class in Class::ALL {
            assert!((400..=503).contains(&class.status()), "{class}");
        }
    }
}
