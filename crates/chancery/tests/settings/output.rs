//! What the binary writes where: answers into pipes that may be closed, a log for files and people.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::sources::folder;

fn begin(folder: &Path, words: &[&str]) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_chancery"));
    command.current_dir(folder).args(words);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().expect("the built binary runs")
}

/// Every line of the log of a server until it serves and says the last thing of its start, after which it is ended.
fn log_of_a_start(folder: &Path, words: &[&str]) -> Vec<String> {
    let ports = [
        "--portal-listen",
        "--acme-listen",
        "--pki-listen",
        "--internal-listen",
    ];
    let ports = ports.map(|flag| format!("{flag}=127.0.0.1:0"));
    let mut all: Vec<&str> = ports.iter().map(String::as_str).collect();
    all.push("serve");
    all.extend(words);
    let mut server = begin(folder, &all);
    let log = BufReader::new(server.stderr.take().expect("a log"));
    let mut lines = Vec::new();
    for line in log.lines() {
        lines.push(line.expect("text"));
        if lines
            .last()
            .is_some_and(|line| line.contains("nobody can sign in yet"))
        {
            break;
        }
    }
    server.kill().expect("it runs");
    server.wait().expect("it ends");
    lines
}

#[test]
fn fb21_a_closed_pipe_is_no_panic() {
    let folder = folder();
    let made = begin(
        folder.path(),
        &[
            "admin",
            "bootstrap",
            "--reseller=Shop",
            "--email=a@shop.test",
        ],
    );
    made.wait_with_output().expect("it ends");
    for words in [
        &["doctor"][..],
        &["config", "show"],
        &["admin", "limit", "list"],
    ] {
        let mut command = begin(folder.path(), words);
        drop(command.stdout.take());
        let output = command.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said, "", "{words:?}");
        assert!(output.status.success(), "{words:?}: {}", output.status);
    }
    // Nor is one that takes no complaint.
    let mut command = begin(
        folder.path(),
        &["admin", "user", "unlock", "--email=nothing"],
    );
    drop(command.stderr.take());
    let status = command.wait().expect("it ends");
    assert_eq!(status.code(), Some(1));
}

#[test]
fn fb22_a_log_that_is_no_terminal_has_no_colours() {
    let folder = folder();
    let log = log_of_a_start(folder.path(), &[]);
    let coloured: Vec<_> = log.iter().filter(|line| line.contains('\u{1b}')).collect();
    assert!(!log.is_empty() && coloured.is_empty(), "{coloured:?}");
}

#[test]
fn fa2_a_first_start_says_what_it_made_and_what_comes_next() {
    let folder = folder();
    let log = log_of_a_start(folder.path(), &[]);
    for said in [
        "set up an empty database",
        "made a sealing key; keep a copy of it apart from the database path=data/sealing.key",
        "wrote the root of the CA that issues; whoever uses its certificates has to trust it path=data/root-ca.pem",
        "only this machine reaches these URLs; CAs and certificates name pki_url for good",
        "root=data/root-ca.pem",
        "nobody can sign in yet; chancery admin bootstrap --reseller NAME --email ADDRESS makes the first reseller",
    ] {
        assert!(
            log.iter().any(|line| line.contains(said)),
            "{said}\n{log:#?}"
        );
    }
    let again = log_of_a_start(folder.path(), &[]);
    let made = again
        .iter()
        .any(|line| line.contains("made a") || line.contains("set up"));
    assert!(!made, "{again:#?}");
}

#[test]
fn a_port_that_is_taken_is_told_with_the_setting_that_moves_it() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let at = taken.local_addr().expect("an address");
    let wished = format!("--acme-listen={at}");
    let mut words = vec!["serve", &wished];
    words.extend([
        "--portal-listen=127.0.0.1:0",
        "--pki-listen=127.0.0.1:0",
        "--internal-listen=127.0.0.1:0",
    ]);
    let output = begin(folder.path(), &words);
    let output = output.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success());
    let told = format!(
        "the ACME server cannot listen on {at}: something listens there already; choose another with --acme-listen"
    );
    assert!(said.contains(&told), "{said}");
}

#[test]
fn commands_tell_the_address_of_the_server_that_serves() {
    let folder = folder();
    log_of_a_start(folder.path(), &["--acme-url=https://acme.shop.test"]);
    for words in [
        &[
            "admin",
            "bootstrap",
            "--reseller=Shop",
            "--email=a@shop.test",
        ][..],
        &["admin", "account", "open", "--reseller=Shop", "--label=Web"],
    ] {
        let output = begin(folder.path(), words);
        let output = output.wait_with_output().expect("it ends");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{words:?}");
        if words.contains(&"open") {
            assert!(
                said.contains("directory URL https://acme.shop.test/v2/DV"),
                "{said}"
            );
        }
    }
}
