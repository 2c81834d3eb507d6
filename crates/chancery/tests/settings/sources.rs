//! Variables, flags and a file at once. Which settings there are is asked of `chancery config show`.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// What `chancery config show --json` says of one setting.
#[derive(Debug)]
struct Setting {
    key: String,
    value: Value,
    source: String,
    flag: Option<String>,
    variable: String,
}

/// A command in an empty folder, with these words and none of our own variables but the given ones.
pub(crate) fn command(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Output {
    let mut command = prepared(folder, words, variables);
    command.output().expect("the built binary runs")
}

/// The same with something to read.
pub(crate) fn fed(
    folder: &Path,
    words: &[&str],
    variables: &[(&str, &str)],
    input: &str,
) -> Output {
    let mut command = prepared(folder, words, variables);
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command
        .stderr(Stdio::piped())
        .spawn()
        .expect("the built binary runs");
    let mut stdin = running.stdin.take().expect("an input");
    stdin.write_all(input.as_bytes()).expect("a reader");
    drop(stdin);
    running.wait_with_output().expect("an end")
}

fn prepared(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CHANCERY_") {
            command.env_remove(name);
        }
    }
    let variables = variables.iter().copied();
    command.current_dir(folder).args(words).envs(variables);
    command
}

pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All settings.
fn shown(folder: &Path, words: &[&str], variables: &[(&str, &str)]) -> Vec<Setting> {
    let words = [&["config", "show", "--json"], words].concat();
    let output = command(folder, &words, variables);
    let error = text(&output.stderr);
    assert!(output.status.success(), "{words:?} {variables:?}: {error}");
    let text_of = |document: &Value, key: &str| document[key].as_str().map(str::to_owned);
    let lines = text(&output.stdout);
    let lines = lines.lines().map(|line| {
        let document: Value = serde_json::from_str(line).expect("JSON");
        Setting {
            key: text_of(&document, "key").expect("a key"),
            source: text_of(&document, "source").expect("a source"),
            flag: text_of(&document, "flag"),
            variable: text_of(&document, "variable").expect("a variable"),
            value: document["value"].clone(),
        }
    });
    lines.collect()
}

/// One setting.
fn one(folder: &Path, key: &str, words: &[&str], variables: &[(&str, &str)]) -> (Value, String) {
    let all = shown(folder, words, variables);
    let found = all.into_iter().find(|setting| setting.key == key);
    let found = found.unwrap_or_else(|| panic!("no setting {key}"));
    (found.value, found.source)
}

/// A line of a file for a setting, below the heading of its section.
fn line(key: &str, value: &str) -> String {
    match key.split_once('.') {
        Some((section, key)) => format!("[{section}]\n{key} = {value}\n"),
        None => format!("{key} = {value}\n"),
    }
}

pub(crate) fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary directory")
}

#[test]
fn sb16_every_boolean_of_the_file_is_switched_off_by_flag_and_by_variable() {
    let folder = folder();
    let folder = folder.path();
    let all = shown(folder, &[], &[]);
    let booleans: Vec<_> = all.iter().filter(|each| each.value.is_boolean()).collect();
    assert!(booleans.len() >= 3, "{booleans:?}");
    assert!(booleans.iter().any(|each| each.key == "lab_assume_valid"));
    for boolean in booleans {
        let (key, variable) = (boolean.key.as_str(), boolean.variable.as_str());
        fs::write(folder.join("c.toml"), line(key, "true")).expect("a file");
        let file = ["--config", "c.toml"];
        let expected = |value: bool, source: &str| (Value::Bool(value), source.to_owned());
        let by_file = one(folder, key, &file, &[]);
        assert_eq!(by_file, expected(true, "file c.toml"), "{key}");
        for (text, value) in [("false", false), ("true", true)] {
            let found = one(folder, key, &file, &[(variable, text)]);
            assert_eq!(found, expected(value, &format!("variable {variable}")));
            let Some(flag) = &boolean.flag else { continue };
            let word = format!("{flag}={text}");
            let other = (!value).to_string();
            for variables in [&[][..], &[(variable, other.as_str())]] {
                let found = one(folder, key, &[&file[..], &[&word]].concat(), variables);
                assert_eq!(found, expected(value, &format!("flag {flag}")));
            }
        }
        if let Some(flag) = &boolean.flag {
            let found = one(folder, key, &[flag], &[(variable, "false")]);
            assert_eq!(found, expected(true, &format!("flag {flag}")));
        }
    }
}

/// A value that a setting may have, as in a file and as text; every boolean may be other than it is.
fn example(key: &str) -> (&'static str, &'static str) {
    match key {
        "acme.authorization_reuse_hours" | "acme.max_names" => ("9", "9"),
        "acme.weak_keys" => ("[\"x\", \"y\"]", "x,y"),
        "acme.caa_identities" => ("[\"a.example\", \"b.example\"]", "a.example,b.example"),
        "database" => ("\"sqlite:x.db\"", "sqlite:x.db"),
        "lab_addresses" => ("[\"a.example=127.0.0.1\"]", "a.example=127.0.0.1"),
        "lab_open_addresses" => ("[\"127.0.0.0/8\", \"::1\"]", "127.0.0.0/8,::1"),
        "lab_http_port" | "lab_tls_port" => ("5002", "5002"),
        "limits.enabled" => ("false", "false"),
        "mail.port" | "mail.timeout" => ("587", "587"),
        "mail.security" => ("\"tls\"", "tls"),
        key if key.starts_with("mail.") => ("\"x\"", "x"),
        "network.dns_servers" => ("[\"192.0.2.1:53\"]", "192.0.2.1:53"),
        "network.own_addresses" => ("[\"192.0.2.0/28\"]", "192.0.2.0/28"),
        "network.trusted_proxies" => ("[\"192.0.2.1\", \"2001:db8::1\"]", "192.0.2.1,2001:db8::1"),
        "passwords.breached" => ("\"x\"", "x"),
        "passwords.policy" => ("\"modern\"", "modern"),
        "passwords.memory_kib" => ("65536", "65536"),
        "passwords.lanes" | "passwords.passes" | "runtime.worker_threads" => ("3", "3"),
        "retention.audit" | "retention.certificates" => ("365", "365"),
        "storage.migrate" => ("\"check\"", "check"),
        "storage.postgres_connections" => ("20", "20"),
        key if key.ends_with("_listen") || key == "lab_dns_server" => {
            ("\"127.0.0.2:99\"", "127.0.0.2:99")
        }
        key if key.ends_with("_url") || key.starts_with("acme.") => {
            ("\"https://a.example\"", "https://a.example")
        }
        "data"
        | "log"
        | "lab_trust_anchors"
        | "storage.sealing_key"
        | "tls_certificate"
        | "tls_key" => ("\"x\"", "x"),
        _ => ("true", "true"),
    }
}

#[test]
fn every_setting_is_taken_from_the_file_a_variable_and_a_flag() {
    let folder = folder();
    let folder = folder.path();
    // Of a certificate and its key there is none alone, and no mail server without a sender.
    let pair = [
        ("CHANCERY_TLS_CERTIFICATE", "y"),
        ("CHANCERY_TLS_KEY", "y"),
        ("CHANCERY__MAIL__FROM", "y"),
    ];
    for Setting {
        key,
        flag,
        variable,
        value: default,
        ..
    } in shown(folder, &[], &[])
    {
        let (in_file, as_text) = example(&key);
        let others: Vec<_> = pair
            .into_iter()
            .filter(|(name, _)| *name != variable)
            .collect();
        fs::write(folder.join("c.toml"), line(&key, in_file)).expect("a file");
        let (value, source) = one(folder, &key, &["--config", "c.toml"], &others);
        assert_eq!(source, "file c.toml", "{key}");
        assert_ne!(value, default, "{key}");
        let variables = [&others[..], &[(variable.as_str(), as_text)]].concat();
        let by_variable = one(folder, &key, &[], &variables);
        assert_eq!(by_variable, (value.clone(), format!("variable {variable}")));
        if let Some(flag) = flag {
            let by_flag = one(folder, &key, &[&format!("{flag}={as_text}")], &others);
            assert_eq!(by_flag, (value, format!("flag {flag}")));
        }
    }
}

#[test]
fn people_get_a_line_for_each_setting_with_its_source() {
    let folder = folder();
    let folder = folder.path();
    fs::write(folder.join("c.toml"), "[acme]\nmax_names = 7\n").expect("a file");
    let url = "postgres://me:secret@db.example/chancery";
    let words = ["config", "show", "--config=c.toml", "--plain-http"];
    let variables = [("CHANCERY_DATABASE", url)];
    let output = command(folder, &words, &variables);
    assert!(output.status.success());
    let lines = text(&output.stdout);
    let all = shown(folder, &words[2..], &variables);
    assert_eq!(lines.lines().count(), all.len());
    let mut columns = Vec::new();
    for (line, setting) in lines.lines().zip(&all) {
        assert!(line.starts_with(&format!("{} ", setting.key)), "{line}");
        assert!(line.ends_with(&format!("  {}", setting.source)), "{line}");
        columns.push(line.len() - setting.source.len());
    }
    columns.dedup();
    assert_eq!(columns.len(), 1, "the sources stand below each other");
    assert!(!lines.contains("secret"));
    for (key, value, source) in [
        ("acme.max_names", "7", "file c.toml"),
        (
            "database",
            "postgres://db.example/chancery",
            "variable CHANCERY_DATABASE",
        ),
        ("plain_http", "true", "flag --plain-http"),
        ("tls_key", "-", "default"),
    ] {
        let line = lines
            .lines()
            .find(|line| line.starts_with(&format!("{key} ")));
        let words: Vec<_> = line.expect("a line").splitn(2, ' ').collect();
        let (shown, from) = words[1].trim().split_once(' ').expect("a source");
        assert_eq!((shown, from.trim()), (value, source), "{key}");
    }
}

#[test]
fn looking_at_settings_makes_nothing() {
    let folder = folder();
    let output = command(folder.path(), &["config", "show"], &[]);
    assert!(output.status.success());
    let made = fs::read_dir(folder.path()).expect("a folder").count();
    assert_eq!(made, 0);
}

#[test]
fn a_slip_ends_every_command_with_a_sentence() {
    let folder = folder();
    for words in [&["serve"][..], &["config", "show"], &["doctor"]] {
        let output = command(folder.path(), words, &[("CHANCERY__ACME__MAX_NAMS", "1")]);
        assert!(!output.status.success());
        let expected = "chancery: variable CHANCERY__ACME__MAX_NAMS is no setting; did you mean CHANCERY__ACME__MAX_NAMES?\n";
        assert_eq!(text(&output.stderr), expected);
    }
}
