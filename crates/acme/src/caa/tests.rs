use proptest::prelude::*;

use super::*;

const OURS: &str = "acme.test";
const ACCOUNT: &str = "https://acme.test/v2/DV/account/1";
const PARENT: &str = "https://acme.test/subscription/2";

fn record(flags: u8, tag: &str, value: &str) -> Record {
    Record {
        flags,
        tag: tag.to_owned(),
        value: value.as_bytes().to_vec(),
    }
}

fn records(lines: &[&str]) -> Vec<Record> {
    let read = |line: &&str| {
        let mut words = line.splitn(3, ' ');
        let flags = words.next().unwrap().parse().unwrap();
        let tag = words.next().unwrap();
        record(flags, tag, words.next().unwrap_or_default())
    };
    lines.iter().map(read).collect()
}

fn asked(lines: &[&str], is_wildcard: bool, method: Type) -> Result<Permission, Refusal> {
    let (identities, accounts) = ([OURS.to_owned()], [ACCOUNT.to_owned(), PARENT.to_owned()]);
    let request = Request {
        is_wildcard,
        method,
        identities: &identities,
        accounts: &accounts,
    };
    decide(&records(lines), request)
}

#[track_caller]
fn allowed(lines: &[&str]) {
    let found = asked(lines, false, Type::Http01);
    assert!(
        matches!(found, Ok(Permission::Named { .. })),
        "{lines:?}: {found:?}"
    );
}

#[track_caller]
fn refused(lines: &[&str], expected: &str) {
    let found = asked(lines, false, Type::Http01).unwrap_err();
    assert_eq!(found.to_string(), expected, "{lines:?}");
}

#[track_caller]
fn unrestricted(lines: &[&str], is_wildcard: bool) {
    let found = asked(lines, is_wildcard, Type::Dns01);
    assert_eq!(found, Ok(Permission::Unrestricted), "{lines:?}");
}

#[test]
fn h0_rfc8659_3_records_count_at_the_name_and_above_it_but_not_at_the_root() {
    let places = |name: &str| places(&DnsName::parse(name).unwrap());
    assert_eq!(
        places("a.b.example.com"),
        ["a.b.example.com", "b.example.com", "example.com", "com"]
    );
    assert_eq!(places("*.example.com"), ["example.com", "com"]);
}

#[test]
fn h0_rfc8659_4_2_issue_names_who_may() {
    allowed(&["0 issue acme.test"]);
    allowed(&["0 ISSUE ACME.Test"]);
    allowed(&["0 issue other.test", "0 issue acme.test"]);
    allowed(&["0 issue ;", "0 issue acme.test"]);
    allowed(&["0 issue  \tacme.test \t"]);
    allowed(&["0 issue acme.test;"]);
    allowed(&["0 issue acme.test ; \t"]);
    allowed(&["0 issue acme.test; account=230123"]);
    allowed(&["0 issue acme.test; a=1 ; b-2 = x:/?y ;c="]);
    refused(&["0 issue ;"], "they allow no CA");
    refused(&["0 issue"], "they allow no CA");
    refused(&["0 issue other.test"], "they allow other.test only");
    refused(&["0 issue sub.acme.test"], "they allow sub.acme.test only");
    refused(
        &[
            "0 issue a.test",
            "0 issue b.test",
            "0 issue c.test",
            "0 issue d.test",
        ],
        "they allow a.test, b.test, c.test only",
    );
}

#[test]
fn h0_rfc8659_4_2_a_value_that_cannot_be_read_names_nobody() {
    for value in [
        "%%%%%",
        "acme.test.",
        ".acme.test",
        "acme..test",
        "-acme.test",
        "acme-.test",
        "acme_test",
        "acme.test other",
        "acme.test account=1",
        "acme.test; account",
        "acme.test; account=1; ",
        "acme.test; account=1;; b=2",
        "acme.test; -a=1",
        "acme.test; =1",
        "acme.test; a=one two",
        "acme.test; a=\u{e4}",
        "acme.test\n",
    ] {
        refused(&[&format!("0 issue {value}")], "they allow no CA");
    }
}

#[test]
fn h0_rfc8659_4_3_wildcards_follow_issuewild_where_there_is_one() {
    let wild = |lines: &[&str]| asked(lines, true, Type::Dns01).is_ok();
    assert!(wild(&["0 issue acme.test"]));
    assert!(wild(&["0 issue ;", "0 issuewild acme.test"]));
    assert!(!wild(&["0 issue acme.test", "0 issuewild ;"]));
    assert!(!wild(&["0 issue acme.test", "0 issuewild other.test"]));
    assert!(!wild(&["0 issue other.test"]));
    // For other names it says nothing.
    unrestricted(&["0 issuewild ;"], false);
    allowed(&["0 issue acme.test", "0 issuewild ;"]);
}

#[test]
fn h0_rfc8659_4_1_a_critical_record_has_to_be_understood() {
    let expected =
        "they say with \"tbs\" something that has to be understood and is not known here";
    refused(&["128 tbs x", "0 issue acme.test"], expected);
    refused(&["255 tbs x"], expected);
    allowed(&["0 tbs x", "0 issue acme.test"]);
    allowed(&["127 tbs x", "0 issue acme.test"]);
    allowed(&["128 issue acme.test"]);
    allowed(&["128 Iodef mailto:a@example.com", "128 issue acme.test"]);
    allowed(&["128 issuemail ;", "0 issue acme.test"]);
}

#[test]
fn h0_records_that_name_no_issuer_restrict_nothing() {
    unrestricted(&[], false);
    unrestricted(&[], true);
    unrestricted(&["0 iodef mailto:a@example.com"], true);
    unrestricted(&["0 issuemail ;", "0 unknown x"], false);
}

#[test]
fn h0_rfc8657_3_accounturi_is_the_account_or_its_parent() {
    for account in [ACCOUNT, PARENT] {
        let line = format!("0 issue acme.test; accounturi={account}");
        let permission = asked(&[&line], false, Type::Http01).unwrap();
        let expected = Permission::Named {
            identity: OURS.to_owned(),
            account: Some(account.to_owned()),
        };
        assert_eq!(permission, expected);
    }
    let other = "they allow this CA for another account only";
    for value in [
        "accounturi=https://acme.test/v2/DV/account/2",
        "accounturi=HTTPS://acme.test/v2/DV/account/1",
        "AccountURI=https://acme.test/v2/DV/account/2",
        "accounturi=",
    ] {
        refused(&[&format!("0 issue acme.test; {value}")], other);
    }
    let twice = format!("0 issue acme.test; accounturi={ACCOUNT}; accounturi={ACCOUNT}");
    refused(&[&twice], other);
    allowed(&["0 issue acme.test; accounturi=x", "0 issue acme.test"]);
}

#[test]
fn h0_rfc8657_4_validationmethods_lists_how_control_is_proven() {
    allowed(&["0 issue acme.test; validationmethods=http-01"]);
    allowed(&["0 issue acme.test; validationmethods=dns-01,http-01"]);
    let by = "they allow this CA, but not by http-01";
    for list in [
        "dns-01",
        "",
        "HTTP-01",
        "http-01,",
        "http-01,,dns-01",
        "http_01,http-01",
        "http-01:x",
    ] {
        refused(
            &[&format!("0 issue acme.test; validationmethods={list}")],
            by,
        );
    }
    let twice = "0 issue acme.test; validationmethods=http-01; validationmethods=http-01";
    refused(&[twice], by);
    let both = format!("0 issue acme.test; accounturi={ACCOUNT}; validationmethods=dns-01");
    refused(&[&both], by);
}

#[test]
fn what_others_wrote_is_shown_without_signs_that_are_not_printed() {
    assert_eq!(
        record(0, "issue", "a\u{7}\"b").to_string(),
        "0 issue \"a.\"b\""
    );
    let long = record(128, "issue", &"x".repeat(500)).to_string();
    assert!(long.len() < 250, "{long}");
}

prop_compose! {
    fn any_record()(
        flags in prop_oneof![Just(0_u8), any::<u8>()],
        tag in prop_oneof![
            Just("issue".to_owned()), Just("issuewild".to_owned()), Just("iodef".to_owned()), "[a-z]{0,9}",
        ],
        value in prop_oneof![
            Just(b"acme.test".to_vec()),
            Just(b"acme.test; validationmethods=dns-01".to_vec()),
            "[a-z.;= \t-]{0,30}".prop_map(String::into_bytes),
            prop::collection::vec(any::<u8>(), 0..40),
        ],
    ) -> Record {
        Record { flags, tag, value }
    }
}

proptest! {
    #[test]
    fn h0_nobody_is_let_in_without_being_named(
        all in prop::collection::vec(any_record(), 0..6), is_wildcard: bool,
    ) {
        let identities = [OURS.to_owned()];
        let request = Request { is_wildcard, method: Type::Dns01, identities: &identities, accounts: &[] };
        let names_us = all.iter().any(|each| {
            let text = String::from_utf8_lossy(&each.value).to_ascii_lowercase();
            each.tag.starts_with("issue") && text.contains(OURS)
        });
        let restricts = all.iter().any(|each| {
            each.tag == "issue" || (is_wildcard && each.tag == "issuewild")
        });
        match decide(&all, request) {
            Ok(Permission::Named { .. }) => prop_assert!(names_us),
            Ok(Permission::Unrestricted) => prop_assert!(!restricts),
            Err(_) => prop_assert!(!all.is_empty()),
        }
    }

    #[test]
    fn h0_the_order_of_records_does_not_matter(
        all in prop::collection::vec(any_record(), 0..6), is_wildcard: bool,
    ) {
        let identities = [OURS.to_owned()];
        let request = Request { is_wildcard, method: Type::Dns01, identities: &identities, accounts: &[] };
        let mut turned = all.clone();
        turned.reverse();
        prop_assert_eq!(decide(&all, request).is_ok(), decide(&turned, request).is_ok());
    }

    #[test]
    fn h0_a_value_that_is_read_has_one_meaning(value in "[a-z0-9.;= \t-]{0,40}") {
        let Some(read) = IssueValue::parse(value.as_bytes()) else { return Ok(()); };
        let mut written = read.issuer.clone().unwrap_or_default();
        for (tag, value) in &read.parameters {
            written.extend(["; ", tag, "=", value]);
        }
        // Without parameters a semicolon is not needed; with some it begins them.
        prop_assert_eq!(IssueValue::parse(written.as_bytes()), Some(read));
    }
}
