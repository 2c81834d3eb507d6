//! Which products a tenant may buy: all, or those on a list. What is above it bounds what is below.
//!
//! What was bought goes on, whatever is said later.

use std::collections::BTreeSet;
use std::fmt;

use serde::{Serialize, Serializer};

/// Which products a tenant may buy, by their codes.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Entitlement {
    /// Whatever is sold.
    #[default]
    All,
    /// These; none if there are none.
    Only(BTreeSet<String>),
}

impl Entitlement {
    /// Reads what is stored: codes with spaces between them, or nothing where all may be bought.
    pub fn parse(stored: Option<&str>) -> Self {
        match stored {
            None => Self::All,
            Some(words) => words.split_whitespace().collect(),
        }
    }

    /// As it is stored.
    pub fn stored(&self) -> Option<String> {
        match self {
            Self::All => None,
            Self::Only(codes) => {
                let codes: Vec<_> = codes.iter().map(String::as_str).collect();
                Some(codes.join(" "))
            }
        }
    }

    /// Whether a product is among them.
    pub fn allows(&self, product: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(codes) => codes.contains(product),
        }
    }

    /// Whether nothing may be bought.
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::All => false,
            Self::Only(codes) => codes.is_empty(),
        }
    }

    /// What is left of it below somebody who may buy less.
    #[must_use]
    pub fn below(self, above: &Self) -> Self {
        match (self, above) {
            (own, Self::All) => own,
            (Self::All, above) => above.clone(),
            (Self::Only(own), Self::Only(above)) => {
                Self::Only(own.intersection(above).cloned().collect())
            }
        }
    }
}

impl<'a> FromIterator<&'a str> for Entitlement {
    fn from_iter<I: IntoIterator<Item = &'a str>>(codes: I) -> Self {
        Self::Only(codes.into_iter().map(str::to_owned).collect())
    }
}

impl fmt::Display for Entitlement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.stored() {
            None => f.write_str("all"),
            Some(codes) if codes.is_empty() => f.write_str("none"),
            Some(codes) => f.write_str(&codes),
        }
    }
}

impl Serialize for Entitlement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(own: Option<&str>, above: Option<&str>, expected: Option<&str>) {
        let found = Entitlement::parse(own).below(&Entitlement::parse(above));
        assert_eq!(found, Entitlement::parse(expected));
        assert_eq!(found.stored().as_deref(), expected);
    }

    #[test]
    fn f060_nobody_may_buy_more_than_what_is_above_them() {
        check(None, None, None);
        check(None, Some("dv ov"), Some("dv ov"));
        check(Some("dv ov"), None, Some("dv ov"));
        check(Some("ev ov"), Some("dv ov"), Some("ov"));
        check(Some("ev"), Some("dv"), Some(""));
        check(Some(""), None, Some(""));
        check(None, Some(""), Some(""));
    }

    #[test]
    fn f060_what_is_not_said_may_be_bought() {
        assert!(Entitlement::default().allows("dv"));
        let some = Entitlement::parse(Some("dv"));
        assert!(some.allows("dv") && !some.allows("ov") && !some.is_nothing());
        assert!(Entitlement::parse(Some(" ")).is_nothing());
        let said = [None, Some(""), Some("ov dv")].map(|text| Entitlement::parse(text).to_string());
        assert_eq!(said, ["all", "none", "dv ov"]);
    }
}
