//! Many names at once: a text area with one name per line, or a CSV file with a column named
//! `domain` or `domain_name` (features F-080 to F-082, F-087).
//!
//! Nothing is dropped in silence: every name gets a row in the preview, with the same decision as
//! if it had been entered alone after the rows above it. The preview writes nothing.

use std::collections::{BTreeSet, HashMap};

use base::{Class, DnsName};

use super::plan::{Addition, Companions, Enrolled, Plan, Refusal, plan};
use crate::companion;

/// One name of the input.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The line in the input, from 1.
    pub line: usize,
    /// The name as it was written.
    pub text: String,
}

/// One name of the input and what became of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The line in the input, from 1.
    pub line: usize,
    /// The name as it was written.
    pub text: String,
    /// What adding it means, given the rows before it.
    pub outcome: Result<Plan, Refusal>,
}

/// The input holds more names than allowed at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the input holds more than {max_rows} names; split it into smaller parts")]
pub struct TooManyRows {
    /// The limit.
    pub max_rows: usize,
}

impl base::Refuse for TooManyRows {
    fn refusal(&self) -> base::Refusal {
        Class::Invalid.because("too_many_names", self).at("names")
    }
}

/// The names in `text`, at most `max_rows` of them.
pub fn read(text: &str, max_rows: usize) -> Result<Vec<Entry>, TooManyRows> {
    let entries = entries(text);
    if entries.len() > max_rows {
        return Err(TooManyRows { max_rows });
    }
    Ok(entries)
}

/// The names of a subscription that decide what adding these names means.
pub fn candidates(entries: &[Entry]) -> BTreeSet<DnsName> {
    entries
        .iter()
        .filter_map(|entry| DnsName::parse(&entry.text).ok())
        .flat_map(|name| companion::candidates(&name))
        .collect()
}

/// Plans every name, each as if it were entered after those before it.
pub fn preview(
    entries: &[Entry],
    companions: Companions,
    already: &dyn Fn(&DnsName) -> Option<Enrolled>,
) -> Vec<Row> {
    let mut added: HashMap<DnsName, Enrolled> = HashMap::new();
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let known = |name: &DnsName| added.get(name).copied().or_else(|| already(name));
        let outcome = plan(&entry.text, companions, &known);
        let additions = outcome.iter().flat_map(|plan| &plan.additions);
        added.extend(additions.map(|new| (new.name.clone(), enrolled_as(new))));
        rows.push(Row {
            line: entry.line,
            text: entry.text.clone(),
            outcome,
        });
    }
    rows
}

/// All that the valid rows add, in their order, ready for [`Enrolling::domains`](super::Enrolling::domains).
pub fn additions(rows: &[Row]) -> impl Iterator<Item = &Addition> {
    rows.iter()
        .flat_map(|row| &row.outcome)
        .flat_map(|plan| &plan.additions)
}

fn enrolled_as(addition: &Addition) -> Enrolled {
    if addition.companion_of.is_some() {
        Enrolled::Companion
    } else {
        Enrolled::Paid
    }
}

/// The names with the lines on which their records begin. With a header only its column counts; without one every
/// field is a name, so that a list with commas works, and no name has what separates fields.
fn entries(text: &str) -> Vec<Entry> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = records(text).into_iter().peekable();
    let column = records
        .peek()
        .and_then(|(_, first)| first.iter().position(|field| is_header(field)));
    if column.is_some() {
        records.next();
    }
    let mut entries = Vec::new();
    for (line, fields) in records {
        let names: Vec<&str> = match column {
            Some(column) => fields.get(column).map(String::as_str).into_iter().collect(),
            None => fields
                .iter()
                .flat_map(|field| field.split(SEPARATORS))
                .collect(),
        };
        let names = names
            .into_iter()
            .map(unquoted)
            .filter(|name| !name.is_empty());
        entries.extend(names.map(|name| Entry {
            line,
            text: name.to_owned(),
        }));
    }
    entries
}

/// What separates fields: a file has one of them, a list that somebody typed may have all.
const SEPARATORS: [char; 3] = ['\t', ';', ','];

/// The records that are not blank (RFC 4180), with the line on which each begins.
fn records(text: &str) -> Vec<(usize, Vec<String>)> {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let separator = SEPARATORS
        .into_iter()
        .find(|separator| first.is_some_and(|line| line.contains(*separator)));
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .delimiter(
            separator
                .and_then(|one| u8::try_from(one).ok())
                .unwrap_or(b','),
        )
        .from_reader(text.as_bytes());
    let (mut records, mut line, mut counted) = (Vec::new(), 1_usize, 0);
    // A text can be read, and is UTF-8.
    for record in reader.records().flatten() {
        // The reader counts lines, but not those that end with a carriage return too.
        let start = start_of(text, record.position());
        line = line.saturating_add(line_breaks(text.get(counted..start)));
        counted = start;
        let fields: Vec<String> = record.iter().map(str::to_owned).collect();
        if fields.iter().any(|field| !field.is_empty()) {
            records.push((line, fields));
        }
    }
    records
}

/// Where a record begins: behind the line breaks before it.
fn start_of(text: &str, position: Option<&csv::Position>) -> usize {
    let byte = position.map_or(0, csv::Position::byte);
    let byte = usize::try_from(byte).unwrap_or(usize::MAX);
    let rest = text.get(byte..).unwrap_or_default();
    let line_ends = rest.find(|letter| !matches!(letter, '\r' | '\n'));
    byte.saturating_add(line_ends.unwrap_or(rest.len()))
}

fn line_breaks(text: Option<&str>) -> usize {
    text.unwrap_or_default().matches('\n').count()
}

/// Without the quotes that stay when a blank stands before them.
fn unquoted(field: &str) -> &str {
    let field = field.trim();
    let inside = field
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    inside.map_or(field, str::trim)
}

fn is_header(field: &str) -> bool {
    ["domain", "domain_name"]
        .iter()
        .any(|name| field.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        let found = entries(text);
        let found: Vec<_> = found
            .iter()
            .map(|entry| (entry.line, entry.text.as_str()))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn f087_one_name_per_line() {
        check(
            "example.com\n\n *.example.org \n",
            &[(1, "example.com"), (3, "*.example.org")],
        );
        check("a.test\r\n\r\nb.test\r\n", &[(1, "a.test"), (3, "b.test")]);
        check(
            "a.test, b.test;c.test",
            &[(1, "a.test"), (1, "b.test"), (1, "c.test")],
        );
        check("", &[]);
    }

    #[test]
    fn f080_csv_with_a_header_uses_its_column() {
        check(
            "domain\nexample.com\nwww.example.com",
            &[(2, "example.com"), (3, "www.example.com")],
        );
        check(
            "\u{feff}Client,\"Domain_Name\",Note\r\n\"Smith, J\",\"a.test\",x\r\nDoe,b.test\r\nNobody\r\n",
            &[(2, "a.test"), (3, "b.test")],
        );
        check("DOMAIN\tid\na.test\t1\n", &[(2, "a.test")]);
    }

    #[test]
    fn f080_quotes_are_undone() {
        check(
            "\"a.test\"\n\"b\"\"c.test\"\n",
            &[(1, "a.test"), (2, "b\"c.test")],
        );
    }

    #[test]
    fn f080_a_quoted_field_may_have_line_breaks_and_separators() {
        check(
            "note,domain\n\"two\nlines, and a comma\",a.test\nx,b.test\n",
            &[(2, "a.test"), (4, "b.test")],
        );
        check(
            "domain;note\r\na.test;\"x;\r\ny\"\r\nb.test;z\r\n",
            &[(2, "a.test"), (4, "b.test")],
        );
        check("\"a.test\", \"b.test\"\n", &[(1, "a.test"), (1, "b.test")]);
        // A quote that nobody closes takes the rest along, which is then no name, and is told.
        let open = entries("domain\na.test\n\"b.test\nc.test\n");
        assert_eq!(open.len(), 2);
        assert!(DnsName::parse(&open[1].text).is_err());
    }

    #[test]
    fn f081_a_companion_of_an_earlier_row_is_already_included() {
        let text = "domain\nexample.com\nwww.example.com\nEXAMPLE.com.\nco.uk\nnot a name\n";
        let rows = preview(&entries(text), Companions::Auto, &|_| None);
        let [first, second, third, fourth, fifth] = rows.as_slice() else {
            panic!("{rows:?}")
        };
        assert_eq!(first.outcome.as_ref().unwrap().additions.len(), 2);
        assert!(second.outcome.as_ref().unwrap().is_already_included());
        assert!(third.outcome.as_ref().unwrap().is_already_included());
        assert!(matches!(fourth.outcome, Err(Refusal::PublicSuffix(_))));
        assert!(matches!(fifth.outcome, Err(Refusal::Name(_))));
        assert_eq!((fifth.line, fifth.text.as_str()), (6, "not a name"));
        assert_eq!(additions(&rows).count(), 2);
    }

    #[test]
    fn f080_more_names_than_allowed_are_refused() {
        let refused = read("a.test\nb.test", 1).unwrap_err();
        assert_eq!(refused, TooManyRows { max_rows: 1 });
        assert!(read("a.test\nb.test", 2).is_ok());
    }

    proptest! {
        /// Whatever stands in the columns beside it, the names of a file are found, in their order.
        #[test]
        fn f080_the_names_of_a_file_are_found(
            rows in prop::collection::vec(("[a-z]{1,9}\\.test", "[ -~\n]{0,12}"), 1..20),
            separator in prop::sample::select(b",;\t".to_vec()),
        ) {
            let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
            writer.write_record(["note", "domain", "more"]).unwrap();
            for (name, note) in &rows {
                writer.write_record([note, name, note]).unwrap();
            }
            let text = String::from_utf8(writer.into_inner().unwrap()).unwrap();
            let found: Vec<_> = entries(&text).into_iter().map(|entry| entry.text).collect();
            let names: Vec<_> = rows.iter().map(|(name, _)| name.clone()).collect();
            prop_assert_eq!(found, names);
        }

        #[test]
        fn f082_any_text_is_previewed_and_no_name_is_added_twice(text in "[a-c.,\"\n\r*w; ]{0,120}") {
            let rows = preview(&entries(&text), Companions::Auto, &|_| None);
            let mut names: Vec<_> = additions(&rows).map(|new| &new.name).collect();
            let all = names.len();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), all);
        }
    }
}
