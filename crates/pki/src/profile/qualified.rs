//! What a qualified certificate states about itself: the data of its QCStatements (EN 319 412-5 §4).
//!
//! QcCompliance and QcType say the same in each of them, so they are no data; QcSSCD is not for website
//! authentication, and the statement of TS 119 495 for payment services is not made.

use serde::{Deserialize, Serialize};

use super::country::Country;

/// The statements of qualified certificates for website authentication.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Qualified {
    /// Where the PKI disclosure statement is, the English one first (QcPDS, §4.3.4).
    pub disclosures: Vec<Disclosure>,
    /// The countries outside the European Union under whose law it is qualified; none under that of the Union
    /// (QcCClegislation, §4.2.4).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub legislation: Vec<Country>,
}

/// A PKI disclosure statement in one language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Disclosure {
    /// ISO 639-1, two small letters.
    pub language: String,
    /// An `https:` URL.
    pub url: String,
}

/// Why certificates cannot state this.
#[derive(Debug, thiserror::Error, PartialEq, Eq, Clone)]
pub enum QualifiedError {
    /// No disclosure statement, or the first is not in English.
    #[error(
        "qualified.disclosures must begin with the PKI disclosure statement in English (\"language\": \"en\")"
    )]
    English,
    /// Not two small letters.
    #[error("\"{0}\" is not the code of a language in two small letters (ISO 639-1)")]
    Language(String),
    /// A member state of the European Union.
    #[error(
        "qualified.legislation names {0}, which is in the European Union; leave it out under the law of the Union"
    )]
    Legislation(Country),
    /// Too many of them.
    #[error("{field} has {count} entries; at most {MOST} fit")]
    Many {
        /// Which list.
        field: &'static str,
        /// How many there are.
        count: usize,
    },
    /// A language or a country twice.
    #[error("\"{0}\" occurs more than once in the statements of the profile")]
    Repeated(String),
    /// Not `https:`, or not a URL that can stand there.
    #[error("\"{0}\" is not an https URL of at most {MOST_URL} letters, digits and signs")]
    Url(String),
}

impl Qualified {
    /// Whether certificates can state it.
    pub(super) fn check(&self) -> Result<(), QualifiedError> {
        let disclosures = &self.disclosures;
        if disclosures
            .first()
            .is_none_or(|first| first.language != "en")
        {
            return Err(QualifiedError::English);
        }
        check_count("qualified.disclosures", disclosures.len())?;
        check_count("qualified.legislation", self.legislation.len())?;
        for Disclosure { language, url } in disclosures {
            let is_code =
                language.len() == 2 && language.bytes().all(|byte| byte.is_ascii_lowercase());
            if !is_code {
                return Err(QualifiedError::Language(language.clone()));
            }
            if !is_https(url) {
                return Err(QualifiedError::Url(url.clone()));
            }
        }
        if let Some(member) = self
            .legislation
            .iter()
            .find(|each| each.is_in_european_union())
        {
            return Err(QualifiedError::Legislation(*member));
        }
        check_once(disclosures.iter().map(|each| each.language.as_str()))?;
        check_once(self.legislation.iter().map(Country::as_str))
    }
}

fn check_count(field: &'static str, count: usize) -> Result<(), QualifiedError> {
    if count > MOST {
        return Err(QualifiedError::Many { field, count });
    }
    Ok(())
}

fn check_once<'t>(words: impl Iterator<Item = &'t str>) -> Result<(), QualifiedError> {
    let mut words: Vec<&str> = words.collect();
    words.sort_unstable();
    let pairs = words.iter().zip(words.iter().skip(1));
    match pairs.into_iter().find(|(one, next)| one == next) {
        Some((word, _)) => Err(QualifiedError::Repeated((*word).to_owned())),
        None => Ok(()),
    }
}

/// A host and what follows it, in the characters of an IA5String that show.
fn is_https(url: &str) -> bool {
    let rest = url.strip_prefix("https://").unwrap_or_default();
    let starts_with_host =
        rest.starts_with(|first: char| first.is_ascii_alphanumeric() || first == '[');
    starts_with_host && url.len() <= MOST_URL && rest.bytes().all(|byte| byte.is_ascii_graphic())
}

/// The most disclosure statements, and countries.
const MOST: usize = 10;
/// The longest URL, in octets.
const MOST_URL: usize = 200;
