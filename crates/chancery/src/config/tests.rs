//! What is refused and how; which source counts. Variables of flags are read by clap, so that they are tested with the
//! binary (tests/settings).

use std::collections::BTreeSet;
use std::ffi::OsString;

use clap::{CommandFactory as _, FromArgMatches as _};
use serde_json::{Value, json};

use super::*;
use crate::cli::Cli;

/// What `chancery config show` finds with these flags, variables and text of a file.
fn loaded(flags: &[&str], variables: &[(&str, &str)], text: &str) -> anyhow::Result<Loaded> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("test.toml");
    std::fs::write(&path, text).unwrap();
    let file = path.display().to_string();
    let words = [&["chancery", "config", "show", "--config", &file], flags].concat();
    let matches = Cli::command().try_get_matches_from(words)?;
    let cli = Cli::from_arg_matches(&matches)?;
    let variables = variables
        .iter()
        .map(|(name, text)| (OsString::from(name), OsString::from(text)));
    load_from(&cli.settings, &matches, variables)
        .map_err(|error| anyhow::anyhow!(format!("{error:#}").replace(&file, "FILE")))
}

/// The value of a setting and its source.
fn setting(loaded: &Loaded, key: &str) -> (Value, String) {
    let all = loaded.settings();
    let found = all.into_iter().find(|shown| shown.key == key);
    let found = found.unwrap_or_else(|| panic!("no setting {key}"));
    (found.value, found.origin.to_string())
}

#[track_caller]
fn check_refused(flags: &[&str], variables: &[(&str, &str)], text: &str, expected: &str) {
    let refused = loaded(flags, variables, text).unwrap_err();
    assert_eq!(format!("{refused:#}").trim_end(), expected);
}

/// Of a file alone.
#[track_caller]
fn check_file(text: &str, expected: &str) {
    check_refused(&[], &[], text, expected);
}

/// Of one variable alone.
#[track_caller]
fn check_variable(name: &str, text: &str, expected: &str) {
    check_refused(&[], &[(name, text)], "", expected);
}

#[test]
fn a_flag_and_a_variable_count_more_than_the_file() {
    let text = "acme_url = \"https://file.example\"\nlog = \"warn\"\n[acme]\nmax_names = 7\nwebsite = \"https://file.example\"";
    let flags = ["--acme-url", "https://acme.example/"];
    let variables = [("CHANCERY__ACME__MAX_NAMES", "8")];
    let loaded = loaded(&flags, &variables, text).unwrap();
    assert_eq!(
        setting(&loaded, "acme_url"),
        (json!("https://acme.example"), "flag --acme-url".to_owned())
    );
    assert_eq!(
        setting(&loaded, "acme.max_names"),
        (json!(8), "variable CHANCERY__ACME__MAX_NAMES".to_owned())
    );
    let (value, source) = setting(&loaded, "acme.website");
    assert_eq!(value, "https://file.example");
    assert!(source.ends_with("test.toml") && source.starts_with("file /"));
    assert_eq!(
        setting(&loaded, "acme.authorization_reuse_hours"),
        (json!(168), "default".to_owned())
    );
    assert_eq!(loaded.config.acme.max_names, 8);
    assert_eq!(loaded.config.log, "warn");
}

#[test]
fn variables_give_values_of_every_type() {
    let variables = [
        (
            "CHANCERY__NETWORK__DNS_SERVERS",
            "192.0.2.1:53, [2001:db8::1]:53",
        ),
        ("CHANCERY__NETWORK__TRUSTED_PROXIES", ""),
        ("CHANCERY__ACME__WEBSITE", "https://example.com/?1,2"),
        ("CHANCERY__LOGGING__JSON", "true"),
        ("CHANCERY__RUNTIME__WORKER_THREADS", "3"),
        ("CHANCERY__STORAGE__MIGRATE", "check"),
        ("CHANCERY__STORAGE__SEALING_KEY", "7"),
        ("CHANCERY_SERVICE_PORT", "somebody else's"),
    ];
    let text = "[network]\ntrusted_proxies = [\"192.0.2.9\"]";
    let Config {
        acme,
        logging,
        network,
        runtime,
        storage,
        sealing_key,
        ..
    } = loaded(&[], &variables, text).unwrap().config;
    assert_eq!(network.dns_servers.len(), 2);
    assert!(network.trusted_proxies.is_empty());
    assert_eq!(acme.website.unwrap(), "https://example.com/?1,2");
    assert!(logging.json);
    assert_eq!(runtime.worker_threads, Some(3));
    assert_eq!(storage.migrate, Migrate::Check);
    assert_eq!(sealing_key, PathBuf::from("7"));
}

#[test]
fn defaults_follow_from_what_was_given() {
    let text = "data = \"/srv\"\nplain_http = true\nacme_listen = \"0.0.0.0:99\"";
    let config = of_text(text).unwrap();
    assert_eq!(config.sealing_key, PathBuf::from("/srv/sealing.key"));
    assert_eq!(config.database.to_string(), "sqlite:/srv/chancery.db");
    assert_eq!(config.acme_url, "http://localhost:99");
    assert_eq!(config.internal_url, "http://127.0.0.1:8081");
    assert_eq!(config.storage.migrate, Migrate::Auto);
    assert!(config.lab.is_none());
    let lab = of_text("lab_http_port = 5002").unwrap().lab.unwrap();
    assert_eq!((lab.http_port, lab.tls_port), (5002, 443));
}

#[test]
fn lists_of_the_file_are_taken_back_by_nothing() {
    let text = "lab_addresses = [\"*=127.0.0.1\"]";
    assert!(loaded(&[], &[], text).unwrap().config.lab.is_some());
    let config = loaded(&["--lab-addresses="], &[], text).unwrap().config;
    assert!(config.lab.is_none());
}

/// The document said that commas separate them everywhere.
#[test]
fn finding_s6_8_a_list_is_an_array_in_the_file_and_has_commas_elsewhere() {
    let expected = ["a.example", "b.example"];
    let in_file = "[acme]\ncaa_identities = [\"a.example\", \"b.example\"]";
    let config = of_text(in_file).unwrap();
    assert_eq!(config.acme.caa_identities, expected);
    let variables = [("CHANCERY__ACME__CAA_IDENTITIES", "a.example,b.example")];
    let config = loaded(&[], &variables, "").unwrap().config;
    assert_eq!(config.acme.caa_identities, expected);
    check_file(
        "[acme]\ncaa_identities = \"a.example,b.example\"",
        "acme.caa_identities (file FILE): invalid type: string \"a.example,b.example\", expected a list, such as [\"...\", \"...\"]",
    );
    let document = include_str!("../../../../docs/configuration.md");
    assert!(document.contains("A list is an array\nin the file"));
}

#[test]
fn what_is_unknown_is_refused_with_what_was_meant() {
    check_file(
        "acme_ulr = \"x\"",
        "file FILE has acme_ulr, which is no setting; did you mean acme_url?",
    );
    check_file(
        "[acme]\nmax_nams = 1",
        "file FILE has acme.max_nams, which is no setting; did you mean acme.max_names?",
    );
    check_file(
        "max_names = 1",
        "file FILE has max_names, which is no setting; did you mean acme.max_names?",
    );
    check_file(
        "[storrage]\nmigrate = \"auto\"",
        "file FILE has [storrage], which is no section; did you mean storage?",
    );
    check_file(
        "acme = 1",
        "file FILE has acme as a setting, which is a section: write [acme] above its keys",
    );
    check_file(
        "[billing]",
        "file FILE has [billing], which is no section; there are: acme, limits, logging, mail, network, passwords, retention, runtime, storage",
    );
    check_variable(
        "CHANCERY__ACME__MAX_NAMS",
        "1",
        "variable CHANCERY__ACME__MAX_NAMS is no setting; did you mean CHANCERY__ACME__MAX_NAMES?",
    );
    for slip in ["CHANCERY_MAX_NAMES", "CHANCERY_ACME_MAX_NAMES"] {
        let expected =
            format!("variable {slip} is no setting; did you mean CHANCERY__ACME__MAX_NAMES?");
        check_variable(slip, "1", &expected);
    }
    let refused = loaded(&[], &[], "zzz = 1").unwrap_err().to_string();
    let all = known::defaults();
    let keys = all.keys().cloned().collect::<Vec<_>>().join(", ");
    assert!(
        refused.ends_with(&format!("; there are: {keys}")),
        "{refused}"
    );
    let refused = loaded(&["--max-names", "7"], &[], "").unwrap_err();
    assert!(refused.to_string().contains("'--max-names'"), "{refused}");
}

#[test]
fn values_of_another_type_are_refused() {
    check_file(
        "[acme]\nmax_names = \"many\"",
        "acme.max_names (file FILE): invalid type: string \"many\", expected a whole number",
    );
    check_file(
        "plain_http = \"false\"",
        "plain_http (file FILE): invalid type: string \"false\", expected a boolean",
    );
    check_file(
        "acme_listen = \"here\"",
        "acme_listen (file FILE): invalid socket address syntax",
    );
    check_variable(
        "CHANCERY__RUNTIME__WORKER_THREADS",
        "-1",
        "runtime.worker_threads (variable CHANCERY__RUNTIME__WORKER_THREADS): invalid value: integer `-1`, expected a whole number",
    );
    check_variable(
        "CHANCERY__LOGGING__JSON",
        "maybe",
        "logging.json (variable CHANCERY__LOGGING__JSON): invalid type: string \"maybe\", expected a boolean",
    );
    check_variable(
        "CHANCERY__NETWORK__DNS_SERVERS",
        "192.0.2.1",
        "network.dns_servers (variable CHANCERY__NETWORK__DNS_SERVERS): invalid socket address syntax",
    );
    check_variable(
        "CHANCERY__STORAGE__MIGRATE",
        "never",
        "storage.migrate (variable CHANCERY__STORAGE__MIGRATE): unknown variant `never`, expected `auto` or `check`",
    );
    let refused = loaded(&[], &[], "a = ").unwrap_err().to_string();
    assert!(
        refused.starts_with("FILE is not a TOML file: "),
        "{refused}"
    );
}

/// A section, a line in it, the value that is refused, and what is allowed.
const OUT_OF_BOUNDS: [(&str, &str, &str, &str); 18] = [
    (
        "passwords",
        "memory_kib = 19455",
        "19455",
        "19456 to 1048576 KiB",
    ),
    ("passwords", "passes = 1", "1", "2 to 20 passes"),
    ("passwords", "lanes = 0", "0", "1 to 16 lanes"),
    ("acme", "max_names = 0", "0", "1 to 1000 names"),
    ("acme", "max_names = 1001", "1001", "1 to 1000 names"),
    (
        "acme",
        "authorization_reuse_hours = 0",
        "0",
        "1 to 9552 hours",
    ),
    (
        "acme",
        "authorization_reuse_hours = 9553",
        "9553",
        "1 to 9552 hours",
    ),
    (
        "acme",
        "website = \"example.com\"",
        "\"example.com\"",
        "a URL that begins with https:// or http://",
    ),
    (
        "acme",
        "terms_of_service = \"https://\"",
        "\"https://\"",
        "a URL that begins with https:// or http://",
    ),
    (
        "acme",
        "caa_identities = [\"ca.example\", \"not a name\"]",
        "\"not a name\"",
        "DNS names, such as ca.example.com",
    ),
    ("mail", "timeout = 601", "601", "1 to 600 seconds"),
    (
        "network",
        "dns_servers = [\"192.0.2.1:0\"]",
        "192.0.2.1:0",
        "ADDRESS:PORT, such as 192.0.2.53:53",
    ),
    (
        "network",
        "own_addresses = [\"portal.example\"]",
        "portal.example",
        "addresses and blocks, such as 203.0.113.7 and 203.0.113.0/28",
    ),
    (
        "network",
        "trusted_proxies = [\"::\"]",
        "::",
        "the addresses of proxies, one by one",
    ),
    ("retention", "certificates = 99", "99", "100 to 36500 days"),
    ("retention", "audit = 36501", "36501", "100 to 36500 days"),
    ("runtime", "worker_threads = 0", "0", "1 to 1024 threads"),
    (
        "storage",
        "postgres_connections = 7",
        "7",
        "8 to 1000 connections",
    ),
];

#[test]
fn values_out_of_bounds_are_refused() {
    for (section, line, value, allowed) in OUT_OF_BOUNDS {
        let (key, _) = line.split_once(' ').unwrap();
        let text = format!("[{section}]\n{line}");
        let expected = format!("{section}.{key} is {value} (file FILE); allowed: {allowed}");
        check_file(&text, &expected);
    }
}

#[test]
fn a_refusal_names_the_source_that_counts() {
    check_refused(
        &[],
        &[("CHANCERY__ACME__MAX_NAMES", "0")],
        "[acme]\nmax_names = 5",
        "acme.max_names is 0 (variable CHANCERY__ACME__MAX_NAMES); allowed: 1 to 1000 names",
    );
    check_refused(
        &["--pki-url", "pki.example"],
        &[],
        "",
        "pki_url is \"pki.example\" (flag --pki-url); allowed: a URL that begins with https:// or http://",
    );
    check_refused(
        &["--tls-key", "tls.key"],
        &[],
        "",
        "tls_key is tls.key (flag --tls-key); allowed: both tls_certificate and tls_key, or none of them",
    );
}

#[test]
fn s41_passwords_are_neither_shown_nor_told() {
    let url = "postgres://me:secret@db.example/chancery?password=secret";
    let mail = "[mail]\nhost = \"mx.example\"\nfrom = \"a@example.com\"\nusername = \"me\"\npassword = \"secret\"";
    let shown = loaded(&["--database", url], &[], mail).unwrap();
    assert_eq!(setting(&shown, "mail.password").0, "(not shown)");
    let told = format!("{:?}", shown.config.mail);
    assert!(!told.contains("secret"), "{told}");
    let expected = json!("postgres://db.example/chancery");
    let source = "flag --database".to_owned();
    assert_eq!(setting(&shown, "database"), (expected, source));
    let all = shown.settings();
    let told = all
        .iter()
        .find(|each| each.value.to_string().contains("secret"));
    assert!(told.is_none());
    check_file(
        "database = \"mysql://me:secret@db.example/chancery\"",
        "database is not understood (file FILE); allowed: sqlite:PATH or postgres://USER@HOST/NAME",
    );
}

#[test]
fn every_setting_is_shown_with_its_source() {
    let matches = Cli::command();
    let flags = matches.get_arguments().filter_map(clap::Arg::get_long);
    let flags = flags.filter(|flag| *flag != "config");
    let mut expected: BTreeSet<String> = flags.map(|flag| flag.replace('-', "_")).collect();
    let Ok(Value::Object(sections)) = serde_json::to_value(Sections::default()) else {
        panic!("sections");
    };
    for (section, keys) in &sections {
        let keys = keys.as_object().unwrap().keys();
        expected.extend(keys.map(|key| format!("{section}.{key}")));
    }
    assert!(expected.len() > 30, "{expected:?}");
    let shown = Loaded::new(Given::default()).unwrap().settings();
    let found: BTreeSet<String> = shown.iter().map(|each| each.key.clone()).collect();
    assert_eq!(found, expected);
    for each in &shown {
        assert_eq!(each.origin.to_string(), "default", "{}", each.key);
    }
    // What follows from others is shown as it is in force.
    let of = |key: &str| shown.iter().find(|each| each.key == key).unwrap();
    assert_eq!(of("storage.sealing_key").value, "data/sealing.key");
    assert_eq!(of("portal_url").value, "https://localhost:8443");
    assert_eq!(of("database").value, "sqlite:data/chancery.db");
}

/// The settings that docs/configuration.md explains: rows of tables, below the heading of their section.
fn documented() -> Vec<String> {
    let mut section = String::new();
    let mut found = Vec::new();
    for line in include_str!("../../../../docs/configuration.md").lines() {
        if let Some(heading) = line.strip_prefix("##") {
            let inner = heading
                .split_once("`[")
                .and_then(|(_, rest)| rest.split_once("]`"));
            section = inner.map_or(String::new(), |(name, _)| format!("{name}."));
        } else if let Some((key, _)) = line
            .strip_prefix("| `")
            .and_then(|rest| rest.split_once("` |"))
        {
            found.push(format!("{section}{key}"));
        }
    }
    found
}

#[test]
fn every_setting_is_documented_once() {
    let mut documented = documented();
    documented.sort();
    let known: Vec<String> = known::defaults().into_keys().collect();
    assert_eq!(documented, known);
}
