//! Texts of many lines: lists of names, lists of weak keys, policies.

use enrollment::enrolled_domain::{Companions, bulk};
use enrollment::policy::Policy;
use pki::{DebianWeakKeys, Profile};

/// A file of names as a customer uploads it; a list of weak keys as an operator installs it.
pub(crate) fn lists(bytes: &[u8]) {
    const MOST: usize = 50;
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = DebianWeakKeys::parse(text);
    let Ok(entries) = bulk::read(text, MOST) else {
        return;
    };
    let last_line = text.split('\n').count() + text.split('\r').count();
    assert!(entries.len() <= MOST);
    assert!(
        entries
            .iter()
            .all(|entry| (1..=last_line).contains(&entry.line))
    );
    let rows = bulk::preview(&entries, Companions::Auto, &|_| None, &|_| None);
    assert_eq!(rows.len(), entries.len());
    let added: Vec<_> = bulk::additions(&rows).collect();
    let candidates = bulk::candidates(&entries);
    for addition in added {
        assert!(candidates.contains(&addition.name), "{}", addition.name);
    }
}

/// A policy as it is stored, and a key with its value as an operator enters it: `KEY=VALUE`; a profile from a file.
pub(crate) fn policy(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let entered = text.split_once('=');
    let changed = entered.and_then(|(key, value)| Policy::default().with(key, value).ok());
    let stored = Policy::from_stored(text).ok();
    if let Ok(profile) = Profile::from_file_json("file", text) {
        let again = Profile::from_json("file", &profile.to_json()).unwrap();
        assert_eq!(again, profile);
    }
    for policy in changed.into_iter().chain(stored) {
        assert_eq!(Policy::from_stored(&policy.to_json()).unwrap(), policy);
        for (key, value) in policy.describe() {
            if key != "name_admission" {
                assert_eq!(policy.with(key, &value).unwrap(), policy, "{key}={value}");
            }
        }
    }
}
