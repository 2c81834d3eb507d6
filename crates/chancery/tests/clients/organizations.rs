//! certbot obtains certificates that name an organization: added, asked about, reviewed by two people, delegated a domain
//! whose control the DNS has proven, and ordered for without a challenge; all of it by `chancery admin` beside the running
//! server.

use std::path::Path;

use anyhow::{Context as _, ensure};
use serde_json::Value;

use crate::certbot::Certbot;
use crate::server::{Server, text_of};
use crate::{on_postgres, on_sqlite, program};

/// Offer, type of certificate, what its subject says beside the organization's name.
const KINDS: [(&str, &str, &[&str]); 3] = [
    ("ov", "ov", &[]),
    ("ev", "ev", &["SERIALNUMBER=0000000-0", "FI"]),
    ("qwac", "qwac", &["VATFI-12345678"]),
];

const FIELDS: [&str; 9] = [
    "legal_name=Example Oy",
    "street=Example Street 1",
    "postal_code=00100",
    "locality=Helsinki",
    "country=FI",
    "business_category=Private Organization",
    "jurisdiction_country=FI",
    "registration_number=0000000-0",
    "organization_identifier=VATFI-12345678",
];

/// Words with an option before each.
fn each<'a>(option: &'a str, words: &[&'a str]) -> Vec<&'a str> {
    words.iter().flat_map(|word| [option, word]).collect()
}

async fn add_organization(server: &Server) -> anyhow::Result<String> {
    let contacts = [
        "confirms=Maria Example <maria@example.com>",
        "approver=Maria Example <maria@example.com>",
        "signer=Otto Example <otto@example.com>",
    ];
    let add = ["organization", "add", "--reseller", "Northwind", "--json"];
    let words = [
        &add[..],
        &each("--set", &FIELDS),
        &each("--contact", &contacts),
    ]
    .concat();
    text_of(&server.admin(&words).await?, "organization")
}

/// Two people of the operator who review.
async fn invite_reviewers(server: &Server) -> anyhow::Result<()> {
    for email in ["first@operator.test", "second@operator.test"] {
        let invite = ["user", "invite", "--operator", "--role", "reviewer"];
        server
            .admin(&[&invite[..], &["--email", email]].concat())
            .await?;
    }
    Ok(())
}

/// What is sold, and what a qualified certificate has to say.
async fn publish(server: &Server) -> anyhow::Result<()> {
    let disclosures =
        r#"qualified={"disclosures":[{"language":"en","url":"https://pki.example.com/pds.pdf"}]}"#;
    server
        .admin(&["profile", "publish", "qwac", "--set", disclosures])
        .await?;
    for (product, ..) in KINDS {
        let rules = ["--preset", "002"];
        let offer = [
            "offer",
            "publish",
            product,
            "--name",
            product,
            "--product",
            product,
        ];
        server.admin(&[&offer[..], &rules].concat()).await?;
    }
    Ok(())
}

/// Asks, and has it approved: by one reviewer, or by two.
async fn pre_validate(server: &Server, organization: &str, kind: &str) -> anyhow::Result<()> {
    let asked = [
        "pre-validation",
        "request",
        organization,
        "--type",
        kind,
        "--json",
    ];
    let asked = server.admin(&asked).await?;
    let id = text_of(&asked, "pre_validation")?;
    let shown = server
        .admin(&["pre-validation", "show", &id, "--json"])
        .await?;
    let shown: Value = serde_json::from_str(&shown)?;
    let checks = shown.get("checks").and_then(Value::as_array);
    let checks = checks.context("nothing is to be checked")?.iter();
    let checks: Vec<_> = checks
        .filter_map(Value::as_str)
        .map(|check| format!("{check}=Trade register FI 0000000-0"))
        .collect();
    let checks: Vec<_> = checks.iter().map(String::as_str).collect();
    let approve = ["pre-validation", "approve", &id, "--reviewer"];
    let first = [
        &approve[..],
        &["first@operator.test"],
        &each("--check", &checks),
    ]
    .concat();
    let mut said = server.admin(&first).await?;
    if kind != "ov" {
        ensure!(
            said.contains("in_review"),
            "one reviewer was enough: {said}"
        );
        let again = [&approve[..], &["first@operator.test"]].concat();
        ensure!(
            server.admin(&again).await.is_err(),
            "one person agreed twice"
        );
        let second = [&approve[..], &["second@operator.test"]].concat();
        said = server.admin(&second).await?;
    }
    ensure!(said.contains(" valid "), "not approved: {said}");
    Ok(())
}

/// Adds a domain, proves control of it by a TXT record, and delegates it.
async fn delegate(server: &Server, organization: &str) -> anyhow::Result<()> {
    let on = |verb| {
        [
            "delegated-domain",
            verb,
            "example.com",
            "--reseller",
            "Northwind",
        ]
    };
    let added = server
        .admin(&[&on("add")[..], &["--json"]].concat())
        .await?;
    let added: Value = serde_json::from_str(&added)?;
    let challenge = added.get("challenge").context("nothing proves it")?;
    let text = |key| challenge.get(key).and_then(Value::as_str);
    let check = [&on("check")[..], &["--by", "dns"]].concat();
    ensure!(
        server.admin(&check).await.is_err(),
        "proven without a record"
    );
    let (name, value) = (text("dns_name"), text("dns_value"));
    let record = name.zip(value).context("no record proves it")?;
    server.names.add_txt(record.0, record.1)?;
    let said = server.admin(&check).await?;
    ensure!(said.contains("valid"), "not proven: {said}");
    let whole = ["--organization", organization];
    let said = server
        .admin(&[&on("delegate")[..], &whole].concat())
        .await?;
    ensure!(said.contains("delegated for"), "{said}");
    Ok(())
}

struct Account {
    directory_url: String,
    kid: String,
    hmac: String,
}

async fn open(server: &Server, offer: &str, organization: &str) -> anyhow::Result<Account> {
    let account = [
        "account",
        "create",
        "--tenant",
        "Northwind",
        "--json",
        "--offer",
        offer,
    ];
    let refused = server.admin(&account).await;
    ensure!(refused.is_err(), "opened without an organization");
    let account = [&account[..], &["--organization", organization]].concat();
    let account = server.admin(&account).await?;
    Ok(Account {
        directory_url: text_of(&account, "directory_url")?,
        kid: text_of(&account, "eab_kid")?,
        hmac: text_of(&account, "eab_hmac_key")?,
    })
}

async fn walk(program: &Path, server: &Server) -> anyhow::Result<()> {
    publish(server).await?;
    invite_reviewers(server).await?;
    let organization = add_organization(server).await?;
    delegate(server, &organization).await?;
    for (offer, kind, says) in KINDS {
        pre_validate(server, &organization, kind).await?;
        let account = open(server, offer, &organization).await?;
        let certbot = Certbot {
            program,
            folder: tempfile::tempdir()?,
            server,
        };
        let binding = ["--eab-kid", &account.kid, "--eab-hmac-key", &account.hmac];
        let register = ["register", "--register-unsafely-without-email"];
        certbot
            .run_at(
                &account.directory_url,
                "config",
                &[&register[..], &binding].concat(),
            )
            .await?;
        let port = server.http_port.to_string();
        let door = ["--http-01-address", "127.0.0.1", "--http-01-port", &port];
        let order = [
            "certonly",
            "--standalone",
            "--cert-name",
            kind,
            "-d",
            "example.com",
            "-d",
            "www.example.com",
        ];
        certbot
            .run_at(
                &account.directory_url,
                "config",
                &[&order[..], &door].concat(),
            )
            .await?;
        let chain = certbot.chain(kind)?;
        chain.expect_names(&["example.com", "www.example.com"])?;
        chain.expect_issued(server).await?;
        let subject = &chain.leaf.subject;
        for text in [&["O=Example Oy"][..], says].concat() {
            ensure!(subject.contains(text), "{kind}: {subject} lacks {text}");
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn f029_f032_f037_f039_f097_certbot_obtains_ov_ev_and_qwac_on_sqlite() -> anyhow::Result<()> {
    let Some(program) = program::find("CHANCERY_TEST_CERTBOT", Some("certbot"))? else {
        return Ok(());
    };
    on_sqlite(async |server| walk(&program, server).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn f029_f032_f037_f039_f097_certbot_obtains_ov_ev_and_qwac_on_postgres() -> anyhow::Result<()>
{
    let Some(program) = program::find("CHANCERY_TEST_CERTBOT", Some("certbot"))? else {
        return Ok(());
    };
    on_postgres(async |server| walk(&program, server).await).await
}
