//! Many names at once: a text area with one name per line, or a CSV file with a column that a first line names, as
//! registrars' exports have it (features F-080 to F-082, F-087).
//!
//! Of several columns one has names; which, is never guessed: the others hold registrars and name servers, which would
//! be sold as names.
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

/// Why the input cannot be read as names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// It holds more names than allowed at once.
    #[error("the input holds more than {max_rows} names; split it into smaller parts")]
    TooManyRows {
        /// The limit.
        max_rows: usize,
    },
    /// It has several columns, of which none is known to hold the names.
    #[error(
        "line {line} has several columns: which column holds the names? Write \"domain\" above that column in the first \
         line, or keep only one name a line"
    )]
    WhichColumn {
        /// The line where that cannot be told.
        line: usize,
    },
}

impl base::Refuse for Unreadable {
    fn refusal(&self) -> base::Refusal {
        let code = match self {
            Self::TooManyRows { .. } => "too_many_names",
            Self::WhichColumn { .. } => "which_column",
        };
        Class::Invalid.because(code, self).at("names")
    }
}

/// The names in `text`, at most `max_rows` of them.
pub fn read(text: &str, max_rows: usize) -> Result<Vec<Entry>, Unreadable> {
    let entries = entries(text)?;
    if entries.len() > max_rows {
        return Err(Unreadable::TooManyRows { max_rows });
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

/// Plans every name, each as if it were entered after those before it; `never` says why no certificate is issued for a
/// name, whoever asks.
pub fn preview(
    entries: &[Entry],
    companions: Companions,
    already: &dyn Fn(&DnsName) -> Option<Enrolled>,
    never: &dyn Fn(&DnsName) -> Option<String>,
) -> Vec<Row> {
    let mut added: HashMap<DnsName, Enrolled> = HashMap::new();
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let known = |name: &DnsName| added.get(name).copied().or_else(|| already(name));
        let planned = plan(&entry.text, companions, &known);
        let outcome = planned.and_then(|plan| plan.issuable(never));
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

/// The names with the lines on which their records begin.
fn entries(text: &str) -> Result<Vec<Entry>, Unreadable> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let (declared, text) = declared_separator(text);
    let records = records(text, declared);
    match records.first().and_then(Record::column_of_names) {
        Some(column) => in_column(&records, column),
        None => in_list(&records),
    }
}

/// With a header only its column counts.
fn in_column(records: &[Record], column: usize) -> Result<Vec<Entry>, Unreadable> {
    let width = records.first().map_or(0, |header| header.fields.len());
    let mut entries = Vec::new();
    for record in records.iter().skip(1) {
        let beyond = record.fields.iter().skip(width);
        let cell = record.fields.get(column).map_or("", |cell| unquoted(cell));
        if beyond.clone().any(|field| !field.is_empty()) || cell.contains(SEPARATORS) {
            return Err(Unreadable::WhichColumn { line: record.line });
        }
        if !cell.is_empty() {
            entries.push(record.entry(cell));
        }
    }
    Ok(entries)
}

/// Without one every field of a line is a name, so that a list with commas works, and no name has what separates fields.
/// Several such lines are a table.
fn in_list(records: &[Record]) -> Result<Vec<Entry>, Unreadable> {
    let mut entries = Vec::new();
    let mut first_of_several = None;
    for record in records {
        let fields = record.fields.iter();
        let fields = fields
            .flat_map(|field| field.split(SEPARATORS))
            .map(unquoted);
        let names: Vec<&str> = fields.filter(|name| !name.is_empty()).collect();
        if names.len() > 1
            && let Some(line) = first_of_several.replace(record.line)
        {
            return Err(Unreadable::WhichColumn { line });
        }
        entries.extend(names.into_iter().map(|name| record.entry(name)));
    }
    Ok(entries)
}

/// What separates fields: a file has one of them, a list that somebody typed may have all.
const SEPARATORS: [char; 3] = ['\t', ';', ','];

/// Excel writes `sep=;` before everything else.
fn declared_separator(text: &str) -> (Option<char>, &str) {
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    let named = unquoted(line).strip_prefix("sep=");
    let separator =
        named.and_then(|name| SEPARATORS.into_iter().find(|one| name.starts_with(*one)));
    match separator {
        Some(separator) => (Some(separator), rest),
        None => (None, text),
    }
}

/// What stands between two ends of lines that are not quoted.
struct Record {
    /// Where it begins, from 1.
    line: usize,
    fields: Vec<String>,
}

impl Record {
    fn entry(&self, text: &str) -> Entry {
        Entry {
            line: self.line,
            text: text.to_owned(),
        }
    }

    /// Where the names are, if this is a header, which has no name itself. Of several columns that could have them, the
    /// plainest word counts.
    fn column_of_names(&self) -> Option<usize> {
        if self
            .fields
            .iter()
            .any(|field| DnsName::parse(field).is_ok())
        {
            return None;
        }
        let plain = |field: &String| -> String {
            let letters = field.chars().filter(|letter| letter.is_alphanumeric());
            letters.flat_map(char::to_lowercase).collect()
        };
        let words: Vec<String> = self.fields.iter().map(plain).collect();
        let mut known = HEADERS.iter();
        known.find_map(|header| words.iter().position(|word| word == header))
    }
}

/// What registrars, hosting panels and people write above names, in small letters without spaces and marks.
const HEADERS: [&str; 16] = [
    "domain",
    "domainname",
    "domains",
    "domainnames",
    "fqdn",
    "dnsname",
    "hostname",
    "hostnames",
    "website",
    "commonname",
    "domaine",
    "domein",
    "dominio",
    "dom\u{e4}n",
    "dom\u{e4}ne",
    "verkkotunnus",
];

/// The records that are not blank (RFC 4180); behind a line that declares the separator.
fn records(text: &str, declared: Option<char>) -> Vec<Record> {
    let first = text.lines().find(|line| !line.trim().is_empty());
    let separator = SEPARATORS
        .into_iter()
        .find(|separator| first.is_some_and(|line| line.contains(*separator)));
    let separator = declared.or(separator);
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
    let first_line = if declared.is_some() { 2_usize } else { 1 };
    let (mut records, mut line, mut counted) = (Vec::new(), first_line, 0);
    // A text can be read, and is UTF-8.
    for record in reader.records().flatten() {
        // The reader counts lines, but not those that end with a carriage return too.
        let start = start_of(text, record.position());
        line = line.saturating_add(line_breaks(text.get(counted..start)));
        counted = start;
        let fields: Vec<String> = record.iter().map(str::to_owned).collect();
        if fields.iter().any(|field| !field.is_empty()) {
            records.push(Record { line, fields });
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(usize, &str)]) {
        let found = entries(text).unwrap();
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
        let open = entries("domain\na.test\n\"b.test\nc.test\n").unwrap();
        assert_eq!(open.len(), 2);
        assert!(DnsName::parse(&open[1].text).is_err());
    }

    #[track_caller]
    fn check_asked(text: &str, line: usize) {
        assert_eq!(entries(text), Err(Unreadable::WhichColumn { line }));
    }

    /// A registrar and a name server are no names that somebody wants to buy.
    #[test]
    fn finding_1_of_a_registrars_export_only_the_names_are_read() {
        let expected = [(2, "shop-a.com"), (3, "shop-b.com")];
        for header in [
            "Domain Name,Registrar,Nameserver 1",
            "DomainName,Registrar,Nameserver 1",
            "domain_name,registrar,ns",
            "Hostname,Registrar,Nameserver 1",
            "FQDN,\"Registrar\",",
            "Dom\u{e4}ne,Registrar,Nameserver",
        ] {
            let rows =
                "shop-a.com,namecheap.com,ns1.registrar-servers.com\nshop-b.com,namecheap.com,\n";
            check(&format!("{header}\n{rows}"), &expected);
        }
        check(
            "Registrar;Hostname;Domain Name;Expires\nnamecheap.com;www;shop-a.com;1\n",
            &[(2, "shop-a.com")],
        );
        check(
            "sep=;\r\nDomain Name;Registrar\r\nshop-a.com;namecheap.com\r\n",
            &[(3, "shop-a.com")],
        );
        check("\"sep=,\"\ndomain,x\na.test,b.test", &[(3, "a.test")]);
    }

    #[test]
    fn finding_1_a_table_without_a_known_header_is_not_guessed() {
        let rows = "shop-a.com,namecheap.com,ns1.registrar-servers.com";
        check_asked(&format!("{rows}\n{rows}"), 1);
        check_asked(&format!("\n\nName,Anbieter,Server\n{rows}"), 3);
        check_asked(
            "sep=;\nshop-a.com;namecheap.com\nshop-b.com;namecheap.com",
            2,
        );
        // More columns than the header names, by another separator too.
        check_asked("domain\nshop-a.com\nshop-b.com,namecheap.com", 3);
        check_asked("domain\nshop-a.com;namecheap.com", 2);
        check("domain, a.test", &[(1, "domain"), (1, "a.test")]);
        // Lists that people type stay lists, also with something behind each name.
        check("a.test,\nb.test,\n", &[(1, "a.test"), (2, "b.test")]);
        check(
            "a.test; b.test\nc.test",
            &[(1, "a.test"), (1, "b.test"), (2, "c.test")],
        );
        let told = Unreadable::WhichColumn { line: 4 }.to_string();
        assert!(
            told.contains("line 4") && told.contains("which column"),
            "{told}"
        );
    }

    /// Whoever pays for a name shall get certificates for it.
    #[test]
    fn finding_3_what_is_never_issued_is_not_charged() {
        let never = |name: &DnsName| {
            let is_it =
                ["nas.local", "login.example.com", "www.shop.example"].contains(&name.as_str());
            is_it.then(|| format!("{name} is not for sale"))
        };
        let planned = |text: &str| {
            let rows = preview(&entries(text).unwrap(), Companions::Auto, &|_| None, &never);
            rows.into_iter().next().unwrap().outcome
        };
        let refused = |name: &str| Err(Refusal::NeverIssued(format!("{name} is not for sale")));
        assert_eq!(planned("nas.local"), refused("nas.local"));
        // The charged name is not the one that was entered.
        let never_bare =
            |name: &DnsName| (name.as_str() == "example.com").then(|| "no bare name".to_owned());
        let rows = preview(
            &entries("www.example.com").unwrap(),
            Companions::Auto,
            &|_| None,
            &never_bare,
        );
        let expected = Err(Refusal::NeverIssued("no bare name".to_owned()));
        assert_eq!(rows[0].outcome, expected);
        // A companion that is not issued for does not come along.
        let plan = planned("shop.example").unwrap();
        let names: Vec<_> = plan.additions.iter().map(|new| new.name.as_str()).collect();
        assert_eq!(names, ["shop.example"]);
    }

    #[test]
    fn f081_a_companion_of_an_earlier_row_is_already_included() {
        let text = "domain\nexample.com\nwww.example.com\nEXAMPLE.com.\nco.uk\nnot a name\n";
        let never = |name: &DnsName| {
            name.as_str()
                .eq("co.uk")
                .then(|| "not for co.uk".to_owned())
        };
        let entries = entries(text).unwrap();
        let rows = preview(&entries, Companions::Auto, &|_| None, &never);
        let [first, second, third, fourth, fifth] = rows.as_slice() else {
            panic!("{rows:?}")
        };
        assert_eq!(first.outcome.as_ref().unwrap().additions.len(), 2);
        assert!(second.outcome.as_ref().unwrap().is_already_included());
        assert!(third.outcome.as_ref().unwrap().is_already_included());
        let refused = Refusal::NeverIssued("not for co.uk".to_owned());
        assert_eq!(fourth.outcome, Err(refused));
        assert!(matches!(fifth.outcome, Err(Refusal::Name(_))));
        assert_eq!((fifth.line, fifth.text.as_str()), (6, "not a name"));
        assert_eq!(additions(&rows).count(), 2);
    }

    #[test]
    fn f080_s49_more_names_than_allowed_are_refused() {
        let refused = read("a.test\nb.test", 1).unwrap_err();
        assert_eq!(refused, Unreadable::TooManyRows { max_rows: 1 });
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
            let found: Vec<_> = entries(&text).unwrap().into_iter().map(|entry| entry.text).collect();
            let names: Vec<_> = rows.iter().map(|(name, _)| name.clone()).collect();
            prop_assert_eq!(found, names);
        }

        #[test]
        fn f082_any_text_is_previewed_and_no_name_is_added_twice(text in "[a-c.,\"\n\r*w; ]{0,120}") {
            let Ok(entries) = entries(&text) else { return Ok(()) };
            let rows = preview(&entries, Companions::Auto, &|_| None, &|_| None);
            let mut names: Vec<_> = additions(&rows).map(|new| &new.name).collect();
            let all = names.len();
            names.sort();
            names.dedup();
            prop_assert_eq!(names.len(), all);
        }
    }
}
