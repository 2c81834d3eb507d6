//! What a command does for one tenant shows and changes nothing of another (security S-29).
//!
//! Commands are the operator's, who reaches everybody. So what is kept apart is what one command names: whose lists it
//! shows, and that no object of another tenant takes part in it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use store::testing::Database;
use tempfile::TempDir;

use crate::sources::{command, fed, folder, text};

/// Commands about the installation, or about all tenants together.
const ABOUT_ALL: &[&str] = &[
    "bootstrap",
    "ca create",
    "ca import",
    "ca list",
    "ca retire",
    "ca show",
    "certificate list",
    "directory change",
    "directory create",
    "directory list",
    "effect close",
    "effect list",
    "effect resend",
    "effect show",
    "job drop",
    "job list",
    "job retry",
    "job show",
    "mail preview",
    "offer list",
    "offer publish",
    "offer retire",
    "offer show",
    "pre-validation list",
    "product create",
    "product list",
    "profile list",
    "profile publish",
    "reseller list",
    "sealing-key add",
    "sealing-key reseal",
];

/// Commands whose object has to be made by a client, a provider, a second person or the passing of time first; each is run in the tests of
/// those.
const ELSEWHERE: &[&str] = &[
    "account clients",
    "account extend",
    "account release",
    "account revoke-client",
    "certificate revoke",
    "certificate show",
    "oidc remove",
    "oidc set",
    "oidc show",
    "oidc unlink",
    "pre-validation reject",
    "refusal list",
    "user disable",
    "user reset-second-factor",
];

/// Commands with which a tenant is filled; each is run for two of them.
const MADE: &[&str] = &[
    "account open",
    "brand add-host",
    "brand set",
    "customer create",
    "delegated-domain add",
    "domain add",
    "limit set",
    "limit list",
    "organization add",
    "organization add-department",
    "pre-validation approve",
    "pre-validation request",
    "token create",
    "user invite",
];

/// Commands that show what is of a tenant.
const SHOWN: &[&str] = &[
    "account list --reseller={tenant}",
    "account show {account}",
    "brand show {tenant}",
    "credential list {account}",
    "credential show {key}",
    "customer list --reseller={tenant}",
    "delegated-domain list --reseller={tenant}",
    "delegated-domain show {name} --reseller={tenant}",
    "domain list {account}",
    "domain show {account} {name}",
    "limit show orders_per_account --reseller={tenant}",
    "organization list --reseller={tenant}",
    "organization show {organization}",
    "pre-validation show {validation}",
    "reseller show {tenant}",
    "token list --reseller={tenant}",
    "token list --user={person}",
    "user list --reseller={tenant}",
    "user show {colleague}",
];

/// Commands for a tenant that name something of another, each with why it fails: as if that were not there.
const MIXED: &[(&str, &str)] = &[
    (
        "account open --reseller={tenant} --offer=ov --organization={other.organization}",
        "there is no such organization or department here",
    ),
    (
        "account set-organization {whole} {other.organization}",
        "there is no such organization or department here",
    ),
    (
        "brand add-host {tenant} {other.host}",
        "{other.host} shows a brand already",
    ),
    (
        "brand remove-host {tenant} {other.host}",
        "there is no such host name",
    ),
    (
        "delegated-domain ask {other.name} --reseller={tenant}",
        "{tenant} has no domain {other.name}",
    ),
    (
        "delegated-domain check {other.name} --reseller={tenant}",
        "{tenant} has no domain {other.name}",
    ),
    (
        "delegated-domain delegate {name} --reseller={tenant} --organization={other.organization}",
        "there is no such organization or department here",
    ),
    (
        "delegated-domain delegate {other.name} --reseller={tenant} --organization={organization}",
        "{tenant} has no domain {other.name}",
    ),
    (
        "delegated-domain mail {other.name} --reseller={tenant} --to=hostmaster",
        "{tenant} has no domain {other.name}",
    ),
    (
        "delegated-domain remove {other.name} --reseller={tenant}",
        "{tenant} has no domain {other.name}",
    ),
    (
        "delegated-domain show {other.name} --reseller={tenant}",
        "{tenant} has no domain {other.name}",
    ),
    (
        "delegated-domain undelegate {name} --reseller={tenant} --organization={other.organization}",
        "the domain is not delegated there",
    ),
    (
        "delegated-domain undelegate {other.name} --reseller={tenant} --organization={organization}",
        "{tenant} has no domain {other.name}",
    ),
    (
        "domain add {whole} new.example.com --anchor={other.anchor}",
        "has no valid OV pre-validation with this anchor number",
    ),
    (
        "domain remove {account} {other.name}",
        "{other.name} is not enrolled in {account}",
    ),
    (
        "domain show {account} {other.name}",
        "{other.name} is not enrolled in {account}",
    ),
    (
        "organization remove-department {organization} {other.department}",
        "it has no department \"{other.department}\"",
    ),
    (
        "user bind {colleague} --to={other.organization}",
        "one of the organizations or departments is not there",
    ),
    (
        "user invite --reseller={tenant} --email=new@example.com --role=manager --to={other.organization}",
        "one of the organizations or departments is not there",
    ),
];

/// Commands that change what is of a tenant, in an order in which each finds what it needs.
const CHANGES: &[&str] = &[
    "organization change {organization} --set=street=Other",
    "organization add-department {organization} Second",
    "organization remove-department {organization} Second",
    "delegated-domain ask {name} --reseller={tenant}",
    "delegated-domain delegate {name} --reseller={tenant} --organization={organization}",
    "delegated-domain undelegate {name} --reseller={tenant} --organization={organization}",
    "delegated-domain remove {name} --reseller={tenant}",
    "explain {account} {name}",
    "pre-validation end {validation} --reason=Over",
    "pre-validation request {organization} --type=ev",
    "user bind {colleague} --to={organization}",
    "user set-roles {colleague} --role=viewer",
    "user link {colleague}",
    "user unlock --email={colleague}",
    "user enable {person}",
    "user remove {colleague}",
    "token revoke {token}",
    "credential rotate {account}",
    "credential revoke {key}",
    "domain remove {account} {name}",
    "account set-organization {whole} {organization}",
    "account suspend {account}",
    "account resume {account}",
    "account deactivate {account}",
    "brand remove-host {tenant} {host}",
    "brand remove {tenant}",
    "limit clear orders_per_account --reseller={tenant}",
    "customer suspend {customer}",
    "customer resume {customer}",
    "reseller entitle {tenant} --none",
    "reseller renew-pre-validations {tenant}",
    "reseller require-second-factor {tenant}",
    "reseller hold {tenant}",
    "reseller release {tenant}",
    "reseller suspend {tenant}",
    "reseller resume {tenant}",
];

const LIMIT: &str = "orders_per_account";

/// Good enough for every rule.
const PASSWORD: &str = "Correct-Horse-Battery-71";

const REVIEWER: &str = "reviewer@operator.test";

/// What reviewers look up.
const FIELDS: [&str; 7] = [
    "--set=street=Example Street 1",
    "--set=postal_code=00100",
    "--set=locality=Helsinki",
    "--set=country=FI",
    "--set=business_category=Private Organization",
    "--set=jurisdiction_country=FI",
    "--set=registration_number=0000000-0",
];

/// An installation with two tenants that have one of everything.
struct Installation {
    folder: TempDir,
    database: Database,
    tenants: [Tenant; 2],
}

/// What a tenant has, by the words in braces.
type Tenant = BTreeMap<&'static str, String>;

impl Installation {
    fn on(database: Database) -> Self {
        let mut made = Self {
            folder: folder(),
            database,
            tenants: [Tenant::new(), Tenant::new()],
        };
        made.begin();
        let tenants = ["alpha", "beta"].map(|name| made.fill(name));
        made.tenants = tenants;
        made
    }

    /// The output of a command, or why it failed.
    fn run(&self, words: &[&str]) -> Result<String, String> {
        self.fed(words, "")
    }

    /// The same with something to read.
    fn fed(&self, words: &[&str], input: &str) -> Result<String, String> {
        let database = self.database.setting();
        let variables = [("CHANCERY_DATABASE", database.as_str())];
        let words = [&["--lab-assume-valid", "admin"], words].concat();
        let output = fed(self.folder.path(), &words, &variables, input);
        if output.status.success() {
            Ok(text(&output.stdout))
        } else {
            Err(text(&output.stderr))
        }
    }

    /// The same for a command that works.
    #[track_caller]
    fn done(&self, words: &[&str]) -> String {
        let said = self.run(words);
        said.unwrap_or_else(|why| panic!("{words:?}: {why}"))
    }

    /// A member of what a command answers as JSON.
    #[track_caller]
    fn made(&self, words: &[&str], member: &str) -> String {
        let said = self.done(&[words, &["--json"]].concat());
        let line = said.lines().next().expect("a line");
        let document: Value = serde_json::from_str(line).expect("JSON");
        let found = document[member].as_str();
        found
            .unwrap_or_else(|| panic!("{words:?}: {line}"))
            .to_owned()
    }

    /// The operator's reviewer, and an offer whose certificates name organizations.
    fn begin(&self) {
        let third = ["bootstrap", "--reseller=Third", "--email=a@third.test"];
        self.done(&third);
        let email = format!("--email={REVIEWER}");
        self.done(&["user", "invite", "--operator", "--role=reviewer", &email]);
        let offer = ["offer", "publish", "ov", "--product=ov", "--preset=house"];
        self.done(&[&offer[..], &["--name=OV"]].concat());
    }

    /// Makes a reseller that has one of everything.
    fn fill(&self, name: &str) -> Tenant {
        let mut has = Tenant::new();
        let of = format!("--reseller={name}");
        let (host, zone) = (format!("certs.{name}.test"), format!("zone.{name}.test"));
        let person = format!("admin@{name}.test");
        let words = ["bootstrap", &of, &format!("--email={person}")];
        let made = self.fed(&[&words[..], &["--password-stdin"]].concat(), PASSWORD);
        made.expect("a reseller");
        let called = format!("--name={name} deploys");
        let token = ["token", "create", &called, "--scope=account.view"];
        let owner = format!("--user={person}");
        let words = [&token[..], &["--days=5", &owner]].concat();
        has.insert("token", self.made(&words, "id"));
        let words = ["account", "open", &of, &format!("--label={name}")];
        has.insert("account", self.made(&words, "subscription"));
        self.done(&["domain", "add", &has["account"], &zone]);
        let words = ["credential", "list", &has["account"]];
        has.insert("key", self.made(&words, "eab_kid"));
        self.organization(&mut has, name);
        self.done(&["delegated-domain", "add", &zone, &of]);
        let customer = format!("--name={name} customer");
        let made = self.made(&["customer", "create", &of, &customer], "tenant");
        has.insert("customer", made);
        let colleague = format!("colleague@{name}.test");
        let email = format!("--email={colleague}");
        self.done(&["user", "invite", &of, "--role=manager", &email]);
        self.done(&["brand", "set", name, &format!("--name={name} brand")]);
        self.done(&["brand", "add-host", name, &host]);
        // Two that stand in nothing else.
        let bound = match name {
            "alpha" => "1234321",
            _ => "7654567",
        };
        let count = format!("--count={bound}");
        let limit = ["limit", "set", LIMIT, "--reason=More"];
        self.done(&[&limit[..], &[&of, &count]].concat());
        has.insert("bound", bound.to_owned());
        let texts = [("tenant", name), ("host", &host), ("name", &zone)];
        let people = [("person", &person), ("colleague", &colleague)];
        has.extend(texts.map(|(word, text)| (word, text.to_owned())));
        has.extend(people.map(|(word, text)| (word, text.clone())));
        has
    }

    /// An organization with a department and an approved pre-validation, and an account for it.
    fn organization(&self, has: &mut Tenant, name: &str) {
        let of = format!("--reseller={name}");
        let legal_name = format!("--set=legal_name={name} Oy");
        let contacts = ["confirms", "approver", "signer"];
        let contacts = contacts.map(|role| format!("--contact={role}=Maria <maria@{name}.test>"));
        let words = [
            &["organization", "add", &of, &legal_name][..],
            &contacts.each_ref().map(String::as_str),
            &FIELDS,
        ]
        .concat();
        let id = self.made(&words, "organization");
        let department = format!("{name}-research");
        self.done(&["organization", "add-department", &id, &department]);
        let words = ["pre-validation", "request", &id, "--type=ov"];
        let validation = self.made(&words, "pre_validation");
        let shown = self.done(&["pre-validation", "show", &validation, "--json"]);
        let shown: Value = serde_json::from_str(&shown).expect("JSON");
        let checks = shown["checks"].as_array().expect("what is checked").iter();
        let checks = checks
            .map(|check| format!("--check={}=Trade register", check.as_str().expect("a word")));
        let checks: Vec<_> = checks.collect();
        let reviewer = format!("--reviewer={REVIEWER}");
        let mut words = vec!["pre-validation", "approve", &validation, &reviewer];
        words.extend(checks.iter().map(String::as_str));
        self.done(&words);
        has.insert(
            "anchor",
            shown["anchor"].as_str().expect("an anchor").to_owned(),
        );
        let words = [
            "account",
            "open",
            &of,
            "--offer=ov",
            &format!("--organization={id}"),
        ];
        has.insert("whole", self.made(&words, "subscription"));
        has.extend([
            ("organization", id),
            ("department", department),
            ("validation", validation),
        ]);
    }

    /// Everything that commands show of a tenant.
    fn shown(&self, of: &Tenant) -> Vec<String> {
        let all = SHOWN.iter().map(|line| {
            let line = format!("{} --json", filled(line, of, of));
            self.done(&split(&line))
        });
        all.collect()
    }

    async fn check(self) {
        let [alpha, beta] = &self.tenants;
        let shown = [self.shown(alpha), self.shown(beta)];
        check_what_is_shown((alpha, &shown[0]), beta);
        check_what_is_shown((beta, &shown[1]), alpha);
        self.check_what_is_mixed(alpha, beta);
        self.check_what_is_mixed(beta, alpha);
        assert_eq!([self.shown(alpha), self.shown(beta)], shown);
        for line in CHANGES {
            self.done(&split(&filled(line, alpha, beta)));
        }
        assert_eq!(self.shown(beta), shown[1]);
        self.database.remove().await;
    }

    /// What is of another is refused.
    fn check_what_is_mixed(&self, own: &Tenant, other: &Tenant) {
        for (line, expected) in MIXED {
            let line = filled(line, own, other);
            let why = self.run(&split(&line)).err();
            let why = why.unwrap_or_else(|| panic!("{line} was done"));
            let expected = filled(expected, own, other);
            assert!(why.contains(&expected), "{line}: {why}");
        }
    }
}

/// What commands show of a tenant is its own.
fn check_what_is_shown((own, shown): (&Tenant, &[String]), other: &Tenant) {
    for (line, said) in SHOWN.iter().zip(shown) {
        let said = said.to_lowercase();
        let has = |value: &String| said.contains(&value.to_lowercase());
        let is_own = own.values().any(has);
        assert!(is_own && !other.values().any(has), "{line}: {said}");
    }
}

/// The words of a command for a tenant, some of them another's.
fn filled(line: &str, own: &Tenant, other: &Tenant) -> String {
    let mut line = line.to_owned();
    for (word, value) in own {
        line = line.replace(&format!("{{{word}}}"), value);
        line = line.replace(&format!("{{other.{word}}}"), &other[word]);
    }
    assert!(!line.contains('{'), "{line}");
    line
}

fn split(line: &str) -> Vec<&str> {
    line.split(' ').collect()
}

#[tokio::test]
async fn s29_commands_keep_tenants_apart_on_sqlite() {
    Installation::on(Database::sqlite()).check().await;
}

#[tokio::test]
async fn s29_commands_keep_tenants_apart_on_postgres() {
    if let Some(database) = Database::postgres().await {
        Installation::on(database).check().await;
    }
}

/// Every command that help tells of, without those that only group others.
fn told(words: &[&str]) -> Vec<String> {
    let folder = folder();
    let help = command(
        folder.path(),
        &[&["admin"], words, &["--help"]].concat(),
        &[],
    );
    let help = text(&help.stdout);
    let Some((_, list)) = help.split_once("\nCommands:\n") else {
        return vec![words.join(" ")];
    };
    let names = list.lines().take_while(|line| !line.is_empty());
    let names = names.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names = names.filter_map(|line| line.split_whitespace().next());
    let names = names.filter(|name| *name != "help");
    names
        .flat_map(|name| told(&[words, &[name]].concat()))
        .collect()
}

#[test]
fn s29_every_command_is_known_here() {
    let told: BTreeSet<_> = told(&[]).into_iter().collect();
    let mixed = MIXED.iter().map(|(line, _)| *line).collect::<Vec<_>>();
    let lines = [SHOWN, &mixed, CHANGES].concat();
    let lines = lines.iter().map(|line| {
        let words = line
            .split(' ')
            .take_while(|word| !word.starts_with(['-', '{']));
        words.take(2).collect::<Vec<_>>().join(" ")
    });
    let known = [ABOUT_ALL, ELSEWHERE, MADE].concat();
    let known: BTreeSet<_> = known
        .iter()
        .map(|&line| line.to_owned())
        .chain(lines)
        .collect();
    let unknown: Vec<_> = told.symmetric_difference(&known).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
