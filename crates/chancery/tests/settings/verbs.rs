//! What an operator can do at the command line: every object is listed and shown, and has its verbs.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::sources::{command, fed, folder, text};

/// What a command of `admin` says.
fn admin(folder: &Path, words: &[&str]) -> String {
    let output = command(
        folder,
        &[&["--lab-assume-valid", "admin"], words].concat(),
        &[],
    );
    let error = text(&output.stderr);
    assert!(output.status.success(), "{words:?}: {error}");
    text(&output.stdout)
}

/// Its only line, as JSON.
fn json(folder: &Path, words: &[&str]) -> Value {
    let said = admin(folder, &[words, &["--json"]].concat());
    serde_json::from_str(said.trim()).expect("one document")
}

/// Why a command of `admin` fails.
fn refused(folder: &Path, words: &[&str]) -> String {
    let output = command(
        folder,
        &[&["--lab-assume-valid", "admin"], words].concat(),
        &[],
    );
    assert!(!output.status.success(), "{words:?}");
    text(&output.stderr)
}

fn word<'a>(document: &'a Value, member: &str) -> &'a str {
    document[member].as_str().expect("a text")
}

#[test]
fn fa5_every_object_is_listed_and_shown() {
    let folder = folder();
    let path = folder.path();
    let words = ["bootstrap", "--reseller=Shop", "--email=a@shop.test"];
    let tenant = json(path, &words);
    let opened = json(path, &["account", "open", "--reseller=Shop", "--label=Web"]);
    let account = word(&opened, "subscription");
    let key_id = word(&opened, "eab_kid");
    let added = admin(
        path,
        &["domain", "add", account, "example.com", "*.example.org"],
    );
    assert!(added.contains("added example.com") && added.contains("added *.example.org"));

    let reseller = json(path, &["reseller", "show", "Shop"]);
    assert_eq!(word(&reseller, "tenant"), word(&tenant, "tenant"));
    assert_eq!(reseller["users"], serde_json::json!(["a@shop.test"]));
    let listed = json(path, &["account", "list", "--reseller=Shop"]);
    let members = [
        ("subscription", account),
        ("label", "Web"),
        ("state", "active"),
    ];
    for (member, value) in members {
        assert_eq!(word(&listed, member), value);
    }
    assert_eq!(
        word(&json(path, &["account", "show", account]), "label"),
        "Web"
    );
    assert_eq!(
        word(&json(path, &["credential", "list", account]), "eab_kid"),
        key_id
    );
    assert_eq!(
        word(&json(path, &["credential", "show", key_id]), "state"),
        "in use"
    );
    let shown = json(path, &["user", "show", "a@shop.test"]);
    assert_eq!(shown, json(path, &["user", "list"]));
    let line = json(path, &["domain", "show", account, "www.example.com"]);
    assert_eq!(word(&line, "companion_of"), "example.com");

    for words in [
        &["reseller", "list"][..],
        &["account", "list"],
        &["user", "list", "--reseller=Shop"],
        &["job", "list"],
        &["limit", "list"],
    ] {
        assert_ne!(admin(path, words), "", "{words:?}");
    }
    assert_eq!(admin(path, &["certificate", "list"]), "");
    let unknown = refused(path, &["certificate", "show", "0xAB:CD"]);
    assert!(
        unknown.contains("chancery admin certificate list shows"),
        "{unknown}"
    );
    remove_one(path, account);
}

#[test]
fn l11_limits_and_refusals_are_shown() {
    let folder = folder();
    let path = folder.path();
    let words = ["bootstrap", "--reseller=Shop", "--email=a@shop.test"];
    json(path, &words);
    assert_eq!(admin(path, &["refusal", "list"]), "nothing was refused\n");
    let words = [
        "limit",
        "set",
        "pending_orders",
        "--reseller=Shop",
        "--count=7",
    ];
    admin(path, &[&words[..], &["--reason=an import"]].concat());
    let own = json(
        path,
        &["limit", "show", "pending_orders", "--reseller=Shop"],
    );
    assert_eq!(word(&own, "reason"), "an import");
    let usual = admin(path, &["limit", "show", "pending_orders"]);
    assert!(
        usual.contains("300 at the same time: as for everybody"),
        "{usual}"
    );
}

#[test]
fn whoever_looks_where_nothing_is_makes_nothing() {
    let folder = folder();
    let path = folder.path();
    for words in [&["reseller", "list"][..], &["certificate", "list"]] {
        let told = refused(path, words);
        assert!(told.contains("there is no database at"), "{told}");
    }
    let left = fs::read_dir(path).expect("a folder").count();
    assert_eq!(left, 0, "nothing was made");
}

/// A domain goes with its companion, and others stay.
fn remove_one(path: &Path, account: &str) {
    let gone = admin(path, &["domain", "remove", account, "example.com"]);
    assert!(gone.contains("removed example.com") && gone.contains("removed www.example.com"));
    let left = admin(path, &["domain", "list", account]);
    assert!(
        left.contains("*.example.org  paid") && !left.contains("example.com"),
        "{left}"
    );
}

#[test]
fn fa5_old_words_are_understood_and_not_shown() {
    let folder = folder();
    let path = folder.path();
    let words = ["bootstrap", "--reseller=Shop", "--email=a@shop.test"];
    json(path, &words);
    let opened = json(path, &["account", "create", "--tenant=Shop"]);
    let account = word(&opened, "subscription");
    let added = json(
        path,
        &[
            "domain",
            "add",
            "--account",
            account,
            "--name=a.example.com",
            "--only",
        ],
    );
    assert_eq!(word(&added, "name"), "a.example.com");
    let rotated = json(path, &["account", "rotate", account]);
    admin(
        path,
        &["account", "revoke-credential", word(&rotated, "eab_kid")],
    );
    let set = [
        "limit",
        "set",
        "orders_per_account",
        "--tenant=Shop",
        "--count=5",
        "--reason=a test",
    ];
    admin(path, &set);
    for (words, old) in [
        (
            &["account", "--help"][..],
            &["create", "rotate", "revoke-credential"][..],
        ),
        (&["account", "open", "--help"], &["--tenant"]),
        (&["domain", "add", "--help"], &["--account", "--name"]),
        (&["limit", "set", "--help"], &["--tenant"]),
    ] {
        let help = admin(path, words);
        for old in old {
            assert!(!help.contains(old), "{old} is in {help}");
        }
    }
}

#[test]
fn fa5_the_help_of_a_command_is_about_what_it_takes() {
    let folder = folder();
    let path = folder.path();
    let help = admin(path, &["account", "open", "--help"]);
    assert!(
        help.contains("--label") && !help.contains("--portal-listen"),
        "{help}"
    );
    assert!(
        help.trim_end()
            .ends_with("takes the settings that chancery --help shows"),
        "{help}"
    );
    assert!(help.lines().count() < 40, "{help}");
    let all = command(path, &["--help"], &[]);
    assert!(text(&all.stdout).contains("--portal-listen"));
    // Hidden is not gone: behind a command settings count as before it.
    let words = ["config", "show", "--portal-listen=127.0.0.1:99"];
    let shown = text(&command(path, &words, &[]).stdout);
    assert!(shown.contains("flag --portal-listen"), "{shown}");
}

#[test]
fn fa5_every_name_that_is_refused_is_told() {
    let folder = folder();
    let path = folder.path();
    json(
        path,
        &["bootstrap", "--reseller=Shop", "--email=a@shop.test"],
    );
    let opened = json(path, &["account", "open", "--reseller=Shop"]);
    let account = word(&opened, "subscription");
    let why = refused(
        path,
        &[
            "domain",
            "add",
            account,
            "good.example.com",
            "bad_.example",
            "10.0.0.1",
        ],
    );
    assert!(
        why.contains("bad_.example") && why.contains("10.0.0.1"),
        "{why}"
    );
    let added = admin(path, &["domain", "list", account]);
    assert!(added.starts_with("good.example.com  paid"), "{added}");
}

#[test]
fn mails_are_shown_without_a_database() {
    let folder = folder();
    let path = folder.path();
    let said = admin(path, &["mail", "preview", "account_locked"]);
    assert!(
        said.starts_with("Subject: Your account is locked\n\nChancery\n"),
        "{said}"
    );
    let said = admin(path, &["mail", "preview", "account_locked", "--html"]);
    assert!(said.starts_with("<!DOCTYPE html>"), "{said}");
    let why = refused(path, &["mail", "preview", "lottery"]);
    assert!(
        why.contains("there are account_locked, acting_begun, domain_proof, invitation,"),
        "{why}"
    );
    assert_eq!(fs::read_dir(path).expect("a folder").count(), 0);
}

#[test]
fn an_operator_sees_what_is_to_be_sent() {
    let folder = folder();
    let path = folder.path();
    let file = "--config=chancery.toml";
    let section =
        "[mail]\nhost = \"127.0.0.1\"\nport = 1\nsecurity = \"none\"\nfrom = \"a@ca.example\"\n";
    fs::write(path.join("chancery.toml"), section).expect("a file");
    json(
        path,
        &["bootstrap", "--reseller=Shop", "--email=a@shop.test"],
    );
    assert_eq!(admin(path, &["effect", "list"]), "");
    let invite = [
        file,
        "user",
        "invite",
        "--reseller=Shop",
        "--email=b@shop.test",
        "--role=viewer",
    ];
    let said = admin(path, &invite);
    assert!(said.starts_with("a link was sent to b@shop.test"), "{said}");
    let listed = json(path, &["effect", "list"]);
    assert_eq!(
        (word(&listed, "kind"), word(&listed, "state")),
        ("mail", "intended")
    );
    let id = word(&listed, "id");
    let shown = admin(path, &["effect", "show", id]);
    let shown: Value = serde_json::from_str(&shown).expect("a document");
    assert_eq!(shown["mail"]["recipient"], "b@shop.test");
    assert_eq!(shown["mail"]["kind"], "invitation");
    assert_eq!(json(path, &["effect", "list", "--kind=mail"]), listed);
    for verb in [&["resend", id][..], &["close", id, "--reason=it came"]] {
        let why = refused(path, &[&["effect"], verb].concat());
        assert!(
            why.contains("this effect is intended; only of an unknown one"),
            "{why}"
        );
    }
    let nobody = refused(path, &["effect", "show", "eff_00000000000000000000000000"]);
    assert!(nobody.contains("there is no such effect"), "{nobody}");
}

/// Makes a reseller whose administrator has a password.
fn with_password(path: &Path) {
    let words = [
        "--lab-assume-valid",
        "admin",
        "bootstrap",
        "--reseller=Shop",
    ];
    let whose = ["--email=a@shop.test", "--password-stdin"];
    let made = fed(path, &[&words[..], &whose].concat(), &[], "vB7!kq-Lw2#z\n");
    assert!(made.status.success(), "{}", text(&made.stderr));
}

/// The command that makes a token for that administrator.
fn create_token<'a>(more: &[&'a str]) -> Vec<&'a str> {
    let words = ["token", "create", "--user=a@shop.test", "--name=Monitoring"];
    [&words, more].concat()
}

#[test]
fn s44_a_token_is_made_listed_and_revoked() {
    let folder = folder();
    let path = folder.path();
    with_password(path);
    let more = ["--scope=cert.view", "--scope=domain.view", "--days=90"];
    let created = json(path, &create_token(&more));
    let (id, token) = (word(&created, "id"), word(&created, "token"));
    assert!(
        id.starts_with("tok_") && token.starts_with("chy_"),
        "{created}"
    );
    for list in [
        &["token", "list", "--user=a@shop.test"][..],
        &["token", "list", "--reseller=Shop"],
        &["token", "list"],
    ] {
        let listed = json(path, list);
        assert_eq!(word(&listed, "id"), id);
        assert_eq!(
            listed["scopes"],
            serde_json::json!(["cert.view", "domain.view"])
        );
        assert!(!listed.to_string().contains(token), "it is shown once");
    }
    assert_eq!(admin(path, &["token", "list", "--operator"]), "");
    assert!(admin(path, &["token", "revoke", id]).contains("was revoked"));
    assert!(admin(path, &["token", "revoke", id]).contains("had been revoked before"));
    assert!(admin(path, &["token", "list"]).contains("revoked  used: never"));
}

#[test]
fn c14_a_reseller_is_put_on_hold_and_let_go_on() {
    let folder = folder();
    let path = folder.path();
    with_password(path);
    assert_eq!(admin(path, &["reseller", "hold", "Shop"]).trim(), "on hold");
    let again = refused(path, &["reseller", "hold", "Shop"]);
    assert!(again.contains("is on hold already"), "{again}");
    assert_eq!(
        admin(path, &["reseller", "release", "Shop"]).trim(),
        "goes on"
    );
    let again = refused(path, &["reseller", "release", "Shop"]);
    assert!(again.contains("is not on hold"), "{again}");
}

#[test]
fn s44_a_token_that_cannot_be_made_is_refused_with_the_reason() {
    let folder = folder();
    let path = folder.path();
    with_password(path);
    for (more, why) in [
        (&["--scope=cert.view", "--days=367"][..], "1 to 366"),
        (
            &["--scope=secret.reveal", "--days=30"],
            "no token can hold secret.reveal",
        ),
        (
            &["--scope=nothing", "--days=30"],
            "a scope is one of account.manage, account.view",
        ),
        (
            &["--scope=cert.view", "--days=30", "--network=x"],
            "is not an address or block",
        ),
    ] {
        let said = refused(path, &create_token(more));
        assert!(said.contains(why), "{said}");
    }
    let invited = ["--reseller=Shop", "--email=b@shop.test", "--role=admin"];
    admin(path, &[&["user", "invite"][..], &invited].concat());
    let words = ["token", "create", "--user=b@shop.test", "--name=x"];
    let said = refused(
        path,
        &[&words[..], &["--scope=cert.view", "--days=30"]].concat(),
    );
    assert!(said.contains("only somebody who can sign in"), "{said}");
    let nobody = refused(path, &["token", "revoke", "tok_00000000000000000000000000"]);
    assert!(nobody.contains("there is no token tok_"), "{nobody}");
}

#[test]
fn s17_a_reseller_is_made_to_ask_for_second_factors() {
    let folder = folder();
    let path = folder.path();
    json(
        path,
        &["bootstrap", "--reseller=Shop", "--email=a@shop.test"],
    );
    let required = || json(path, &["reseller", "show", "Shop"])["second_factor_required"].clone();
    assert_eq!(required(), Value::Bool(false));
    let words = ["reseller", "require-second-factor", "Shop"];
    let off = ["reseller", "require-second-factor", "Shop", "--off"];
    assert!(admin(path, &words).contains("must have a second factor now"));
    assert!(admin(path, &words).contains("already"));
    assert_eq!(required(), Value::Bool(true));
    assert!(admin(path, &off).contains("any more"));
    assert!(admin(path, &off).contains("nobody had to"));
    assert_eq!(required(), Value::Bool(false));
}
