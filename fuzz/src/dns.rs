//! Records of a stranger's zone.

use acme::caa::{IssueValue, Permission, Record, Request, decide};
use acme::challenge::Type;

const IDENTITY: &str = "acme.test";
const ACCOUNT: &str = "https://acme.test/v2/DV/account/1";

/// Each line is a CAA record: an octet of flags, its tag, a blank, its value.
pub(crate) fn caa(bytes: &[u8]) {
    let records: Vec<_> = bytes
        .split(|byte| *byte == b'\n')
        .filter_map(record)
        .collect();
    for record in &records {
        let shown = record.to_string();
        assert!(
            shown.len() < 512 && !shown.contains(char::is_control),
            "{shown:?}"
        );
        if let Some(value) = IssueValue::parse(&record.value) {
            let mut written = value.issuer.clone().unwrap_or_default();
            for (tag, value) in &value.parameters {
                written.extend(["; ", tag, "=", value]);
            }
            assert_eq!(IssueValue::parse(written.as_bytes()), Some(value));
        }
    }
    let (identities, accounts) = ([IDENTITY.to_owned()], [ACCOUNT.to_owned()]);
    for (is_wildcard, method) in [
        (false, Type::Http01),
        (false, Type::Dns01),
        (true, Type::Dns01),
    ] {
        let request = Request {
            is_wildcard,
            method,
            identities: &identities,
            accounts: &accounts,
        };
        match decide(&records, request) {
            Ok(Permission::Named { identity, .. }) => assert_eq!(identity, IDENTITY),
            Ok(Permission::Unrestricted) => {
                assert!(!records.iter().any(|each| each.tag == "issue"));
            }
            Err(refusal) => assert!(!refusal.to_string().contains(char::is_control)),
        }
    }
}

fn record(line: &[u8]) -> Option<Record> {
    let (flags, rest) = line.split_first()?;
    let blank = rest.iter().position(|byte| *byte == b' ')?;
    let (tag, value) = rest.split_at(blank);
    Some(Record {
        flags: *flags,
        tag: String::from_utf8_lossy(tag).into_owned(),
        value: value.get(1..)?.to_vec(),
    })
}
