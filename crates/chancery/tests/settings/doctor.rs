//! `chancery doctor` says what is wrong, and what to do, before a server does.

use std::fs;
use std::path::Path;

use store::DatabaseUrl;
use store::testing::Database;
use testkit::{MailServer, MailTrouble};

use crate::sources::{command, folder, text};

/// Tests that look at the same moment are not in each other's way.
const ANY_PORTS: [&str; 4] = [
    "--portal-listen=127.0.0.1:0",
    "--acme-listen=127.0.0.1:0",
    "--pki-listen=127.0.0.1:0",
    "--internal-listen=127.0.0.1:0",
];

/// What doctor says with these words, and whether it found nothing wrong.
fn doctor(folder: &Path, words: &[&str]) -> (bool, String) {
    let output = command(folder, &[&["doctor"], &ANY_PORTS[..], words].concat(), &[]);
    (output.status.success(), text(&output.stdout))
}

#[track_caller]
fn check(folder: &Path, words: &[&str], is_well: bool, line: &str) {
    let (found, said) = doctor(folder, words);
    assert!(said.contains(line), "{line}\n{said}");
    assert_eq!(found, is_well, "{said}");
}

#[test]
fn fa2_doctor_opens_a_sealed_value() {
    let folder = folder();
    let key = folder.path().join("data/sealing.key");
    let made = command(folder.path(), &["admin", "product", "list"], &[]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let opens = "ok    sealing key: data/sealing.key opens the ";
    check(folder.path(), &[], true, opens);
    let right = fs::read(&key).expect("a key");

    fs::remove_file(&key).expect("a key");
    let missing =
        "WRONG sealing key: the sealing key data/sealing.key is missing, and the database";
    check(folder.path(), &[], false, missing);
    assert!(!key.exists(), "doctor made a key");

    fs::write(&key, &right).expect("a file");
    let lax = "WRONG sealing key: the sealing key in data/sealing.key: the key file data/sealing.key has mode 644";
    check(folder.path(), &[], false, lax);

    let private = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(&key, private).expect("a mode");
    check(folder.path(), &[], true, opens);
    fs::write(&key, [0xff; 100]).expect("a file");
    let garbage = "line 1 of the key file is not a number and 32 bytes in base64";
    check(folder.path(), &[], false, garbage);
    let other = "1 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n";
    fs::write(&key, other).expect("a file");
    let wrong = "the sealing key does not open the key of CA ca_";
    check(folder.path(), &[], false, wrong);
}

#[test]
fn fa2_doctor_remarks_what_others_will_miss() {
    let folder = folder();
    let path = folder.path();
    for remark in [
        "NOTE  URLs: only this machine reaches portal_url (https://localhost:0)",
        "NOTE  reseller: there is none yet, so nobody can sign in; chancery admin bootstrap",
        "NOTE  TLS: the certificate is from a CA of its own, which nobody trusts without data/server-ca.pem",
        "ok    clock: 20",
    ] {
        check(path, &[], true, remark);
    }
    let words = [
        "admin",
        "bootstrap",
        "--reseller=Shop",
        "--email=a@shop.test",
    ];
    assert!(command(path, &words, &[]).status.success());
    let urls = [
        "--portal-url=https://portal.example",
        "--acme-url=https://acme.example",
        "--pki-url=http://pki.example",
    ];
    check(path, &urls, true, "ok    URLs: https://portal.example");
    check(path, &urls, true, "ok    reseller: there is one");
}

#[test]
fn s26_doctor_remarks_that_the_portal_shares_its_host_name() {
    let folder = folder();
    let doors = |portal: &'static str, acme: &'static str, pki: &'static str| {
        let (_, said) = doctor(folder.path(), &[portal, acme, pki]);
        said.lines()
            .find(|line| line.contains(" URLs: "))
            .unwrap_or_default()
            .to_owned()
    };
    let portal = "--portal-url=https://pki.example:8443";
    let (acme, lists) = (
        "--acme-url=https://acme.example",
        "--pki-url=http://lists.example",
    );
    assert!(doors(portal, acme, lists).starts_with("ok    URLs: "));
    let remark = |setting: &str| {
        format!("NOTE  URLs: portal_url and {setting} share the host name pki.example, so that")
    };
    let said = doors(portal, "--acme-url=https://PKI.example", lists);
    assert!(said.starts_with(&remark("acme_url")), "{said}");
    let said = doors(portal, acme, "--pki-url=http://pki.example");
    assert!(said.starts_with(&remark("pki_url")), "{said}");
}

#[test]
fn m9_doctor_finds_a_proxy_that_is_not_trusted() {
    let folder = folder();
    let wrong = "WRONG proxies: plain_http is on and no proxy is trusted";
    check(folder.path(), &["--plain-http"], false, wrong);
    let (is_well, said) = doctor(folder.path(), &["--plain-http"]);
    assert!(
        !is_well && said.contains("trusted_proxies in [network]"),
        "{said}"
    );
    let file = folder.path().join("chancery.toml");
    fs::write(&file, "[network]\ntrusted_proxies = [\"127.0.0.1\"]\n").expect("a file");
    let words = ["--plain-http", "--config=chancery.toml"];
    check(
        folder.path(),
        &words,
        true,
        "ok    proxies: 127.0.0.1 say who comes",
    );
}

#[test]
fn doctor_meets_the_mail_server() {
    let folder = folder();
    let path = folder.path();
    let note = "NOTE  mail: no mail server, so nobody gets mails about their account; name one with host in [mail]";
    check(path, &[], true, note);
    let file = ["--config=chancery.toml"];
    let say = |text: &str| fs::write(path.join("chancery.toml"), text).expect("a file");
    say("[mail]\nfrom = \"a@ca.example\"\n");
    let lacks = "WRONG mail: there are settings in [mail] and no host";
    check(path, &file, false, lacks);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let server = runtime.block_on(MailServer::start());
    let port = server.address.port();
    let section = |port: u16| {
        format!(
            "[mail]\nhost = \"127.0.0.1\"\nport = {port}\nsecurity = \"none\"\nfrom = \"a@ca.example\"\n"
        )
    };
    let known = "username = \"me\"\npassword_file = \"password\"\n";
    fs::write(path.join("password"), "secret\n").expect("a file");
    say(&format!("{}{known}", section(port)));
    let met = format!("ok    mail: 127.0.0.1:{port}: mail.test answers without TLS, and knows us");
    check(path, &file, true, &met);
    server.trouble(Some(MailTrouble::RefusesUs));
    let refused = format!("WRONG mail: 127.0.0.1:{port}: permanent error (535)");
    check(path, &file, false, &refused);
    assert!(server.mails().is_empty());
    let nobody = runtime.block_on(MailServer::nowhere()).port();
    say(&section(nobody));
    check(
        path,
        &file,
        false,
        &format!("WRONG mail: 127.0.0.1:{nobody}: "),
    );
}

/// Who may make no role in PostgreSQL is told what to run, works without, and has the second wall afterwards.
#[test]
fn s31_doctor_says_what_the_second_wall_lacks() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let Some(database) = runtime.block_on(Database::modest()) else {
        return;
    };
    let DatabaseUrl::Postgres(url) = database.location() else {
        return;
    };
    let folder = folder();
    let place = format!("--database={url}");
    let migrate = || {
        let output = command(folder.path(), &["migrate", &place], &[]);
        assert!(output.status.success(), "{}", text(&output.stderr));
        text(&output.stdout)
    };
    let lacks = "tenants: our statements alone keep them apart, and PostgreSQL could as well (";
    assert!(migrate().contains(lacks), "{}", migrate());
    let (_, said) = doctor(folder.path(), &[&place]);
    let line = said.lines().find(|line| line.contains(lacks));
    let line = line.expect("a line about tenants");
    let (_, rest) = line.split_once("roles run ").expect("statements");
    let (statements, _) = rest.split_once(" then run ").expect("what to do then");
    // Other tests have made the role in this cluster.
    let (making, granting) = statements.split_once("; ").expect("two statements");
    let makes_it =
        format!("DO $$ BEGIN {making}; EXCEPTION WHEN duplicate_object THEN NULL; END $$");
    runtime.block_on(database.as_superuser(&makes_it));
    runtime.block_on(database.as_superuser(granting));
    assert!(!migrate().contains("tenants:"), "{}", migrate());
    let good = "ok    tenants: PostgreSQL keeps them apart, too";
    let (_, said) = doctor(folder.path(), &[&place]);
    assert!(said.contains(good), "{said}");
    runtime.block_on(database.remove());
}
