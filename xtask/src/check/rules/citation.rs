//! Which ids there are, and which of them the name of a test begins with.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde::Deserialize;

/// Ids as tests write them, and what looks like one and is a word.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// As tests write it (`f073`), to what documents write (`F-073`).
    ids: BTreeMap<String, String>,
    /// What stands before the digits of ids.
    prefixes: BTreeSet<String>,
    words: BTreeSet<String>,
}

/// With what the name of a test begins.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Cited {
    /// Ids as documents write them.
    pub(super) ids: Vec<String>,
    /// What looks like an id and is none.
    pub(super) unknown: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    words: BTreeSet<String>,
    family: Vec<Family>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Family {
    prefix: String,
    #[serde(rename = "about")]
    _about: String,
    ids: Vec<String>,
}

impl Known {
    /// Reads families of ids, each a prefix with numbers or ranges of them such as `01-17`.
    pub(super) fn parse(text: &str) -> anyhow::Result<Self> {
        let file: File = toml::from_str(text)?;
        let mut known = Self {
            words: file.words,
            ..Self::default()
        };
        for family in file.family {
            for ids in &family.ids {
                for number in numbers(ids)? {
                    known.add(&family.prefix, &format!("{}{number}", family.prefix));
                }
            }
        }
        Ok(known)
    }

    /// Adds the id of a rule, such as `F-073`.
    pub(super) fn add_rule(&mut self, id: &str) {
        let written = id.to_lowercase().replace('-', "");
        let prefix = written.trim_end_matches(|c: char| c.is_ascii_digit());
        self.prefixes.insert(prefix.to_owned());
        self.ids.insert(written, id.to_owned());
    }

    fn add(&mut self, prefix: &str, id: &str) {
        self.prefixes.insert(prefix.to_owned());
        self.ids.insert(id.to_owned(), id.to_owned());
    }

    /// The id that somebody means, however it is written.
    pub(super) fn id(&self, asked: &str) -> Option<&str> {
        let written = asked.to_lowercase().replace('-', "");
        self.ids.get(&written).map(String::as_str)
    }

    /// Reads the beginning of a name up to the first word.
    pub(super) fn cited(&self, name: &str) -> Cited {
        let mut cited = Cited::default();
        let parts: Vec<&str> = name.split('_').collect();
        let mut rest = parts.as_slice();
        while !rest.is_empty() {
            let longest = (1..=rest.len().min(3)).rev();
            let found = longest.filter_map(|count| {
                let (first, after) = rest.split_at_checked(count)?;
                Some((self.ids.get(&first.join("_"))?, after))
            });
            let Some((id, after)) = found.take(1).next() else {
                cited.unknown = self.looks_like(rest);
                break;
            };
            cited.ids.push(id.clone());
            rest = after;
        }
        cited
    }

    /// Digits behind a prefix, or behind one or two letters of which nobody knows what they are.
    fn looks_like(&self, rest: &[&str]) -> Option<String> {
        let first = *rest.first()?;
        if self.words.contains(first) {
            return None;
        }
        let letters = first.trim_start_matches(|c: char| c.is_ascii_lowercase());
        let (letters, digits) = first.split_at(first.len() - letters.len());
        // Some ids have a letter behind their digits, as b11a.
        let digits = digits
            .strip_suffix(|c: char| c.is_ascii_lowercase())
            .unwrap_or(digits);
        let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && (letters.len() <= 2 || self.prefixes.contains(letters)) {
            return Some(first.to_owned());
        }
        let joined = rest.iter().take(3).copied().collect::<Vec<_>>().join("_");
        let mut prefixes = self.prefixes.iter().filter(|prefix| prefix.ends_with('_'));
        let behind = prefixes.find_map(|prefix| joined.strip_prefix(prefix.as_str()))?;
        behind
            .starts_with(|c: char| c.is_ascii_digit())
            .then_some(joined)
    }
}

/// One number, or all of a range, with as many digits as its first.
fn numbers(ids: &str) -> anyhow::Result<Vec<String>> {
    let Some((first, last)) = ids.split_once('-') else {
        return Ok(vec![ids.to_owned()]);
    };
    let number = |text: &str| {
        text.parse::<u32>()
            .with_context(|| format!("\"{ids}\" is no range of numbers, such as 01-17"))
    };
    let (from, to) = (number(first)?, number(last)?);
    ensure!(from < to, "\"{ids}\" is a range without numbers");
    let width = first.len();
    Ok((from..=to).map(|each| format!("{each:0width$}")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FAMILIES: &str = r#"
words = ["x509"]
[[family]]
prefix = "sb"
about = "faults"
ids = ["1-17"]
[[family]]
prefix = "b"
about = "bills"
ids = ["01-09", "11a"]
[[family]]
prefix = "finding_"
about = "inputs"
ids = ["1", "14"]
[[family]]
prefix = "acme_"
about = "sections"
ids = ["2_1", "2_5"]
"#;

    fn known() -> Known {
        let mut known = Known::parse(FAMILIES).unwrap();
        known.add_rule("F-001");
        known.add_rule("S-13");
        known
    }

    #[track_caller]
    fn check(name: &str, ids: &[&str], unknown: Option<&str>) {
        let expected = Cited {
            ids: ids.iter().map(|&id| id.to_owned()).collect(),
            unknown: unknown.map(str::to_owned),
        };
        assert_eq!(known().cited(name), expected, "{name}");
    }

    #[test]
    fn a_name_cites_the_ids_with_which_it_begins() {
        check("a_code_opens_one_session", &[], None);
        check("s13_a_code_opens_one_session", &["S-13"], None);
        check(
            "sb7_f001_s13_nobody_signs_up",
            &["sb7", "F-001", "S-13"],
            None,
        );
        check("b11a_b01_shares", &["b11a", "b01"], None);
        check("finding_14_quotes", &["finding_14"], None);
        check("acme_2_5_sb1_addresses", &["acme_2_5", "sb1"], None);
        check("the_words_of_s13", &[], None);
    }

    #[test]
    fn what_looks_like_an_id_and_is_none_is_found() {
        check("f999_nobody_signs_up", &[], Some("f999"));
        check("f1_nobody_signs_up", &[], Some("f1"));
        check("s13_sb77_both", &["S-13"], Some("sb77"));
        check("b11b_shares", &[], Some("b11b"));
        check("q4_a_family_that_nobody_knows", &[], Some("q4"));
        check("finding_2_quotes", &[], Some("finding_2_quotes"));
        check("acme_3_1_addresses", &[], Some("acme_3_1"));
    }

    #[test]
    fn words_are_no_ids() {
        check("x509_names", &[], None);
        check("s13_sha1_codes", &["S-13"], None);
        check("ipv4_addresses", &[], None);
        check("finding_a_page", &[], None);
        check("s_13", &[], None);
        check("", &[], None);
    }

    #[test]
    fn an_id_is_found_however_it_is_written() {
        let known = known();
        assert_eq!(known.id("S-13"), Some("S-13"));
        assert_eq!(known.id("s13"), Some("S-13"));
        assert_eq!(known.id("SB-7"), Some("sb7"));
        assert_eq!(known.id("S-14"), None);
    }

    #[test]
    fn ranges_keep_their_digits() {
        assert_eq!(numbers("08-10").unwrap(), ["08", "09", "10"]);
        assert_eq!(numbers("11a").unwrap(), ["11a"]);
        assert!(numbers("9-1").is_err());
        assert!(numbers("a-b").is_err());
    }
}
