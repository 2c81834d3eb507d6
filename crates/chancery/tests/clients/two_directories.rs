//! Two directories side by side, each with its CA, profile and policies, made by `chancery admin` beside the running server.

use std::path::Path;

use anyhow::Context as _;

use crate::certbot::Certbot;
use crate::chain::Chain;
use crate::server::{Server, text_of};
use crate::{on_postgres, on_sqlite, program};

/// A directory with an RSA CA, a shorter profile and a credential that binds one account.
struct Second {
    directory_url: String,
    kid: String,
    hmac: String,
}

async fn make(server: &Server) -> anyhow::Result<Second> {
    let ca = async |words: &[&str]| {
        let all = [&["ca", "create", "--json"], words].concat();
        text_of(&server.admin(&all).await?, "ca")
    };
    let root = ca(&[
        "--key",
        "rsa3072",
        "--name",
        "CN=Example Root,O=Example Oy,C=FI",
    ])
    .await?;
    let issuing = [
        "--key",
        "rsa2048",
        "--name",
        "CN=Example Issuing,O=Example Oy",
        "--parent",
        &root,
    ];
    let issuing = ca(&issuing).await?;
    publish(server, &issuing).await?;
    let account = [
        "account",
        "create",
        "--tenant",
        "Northwind",
        "--offer",
        "intranet",
        "--json",
    ];
    let account = server.admin(&account).await?;
    let id = text_of(&account, "subscription")?;
    server
        .admin(&["domain", "add", "--account", &id, "--name", "example.com"])
        .await?;
    Ok(Second {
        directory_url: text_of(&account, "directory_url")?,
        kid: text_of(&account, "eab_kid")?,
        hmac: text_of(&account, "eab_hmac_key")?,
    })
}

/// The product with its profile, its directory, and its offer.
async fn publish(server: &Server, issuing: &str) -> anyhow::Result<()> {
    server
        .admin(&["product", "create", "intranet", "--name", "Intranet"])
        .await?;
    let file = server.write(
        "profile.json",
        r#"{
        "validity_seconds": 864000, "backdate_seconds": 60, "has_rsa_key_encipherment": true,
        "honours_must_staple": false, "max_names": 5, "trust": "private" }"#,
    )?;
    server
        .admin(&["profile", "publish", "intranet", "--file", &file])
        .await?;
    let directory = [
        "directory",
        "create",
        "Intranet",
        "--product",
        "intranet",
        "--profile",
        "intranet",
    ];
    server
        .admin(&[&directory[..], &["--ca", issuing, "--set", "max_names=2"]].concat())
        .await?;
    let offer = [
        "offer",
        "publish",
        "intranet",
        "--name",
        "Intranet",
        "--product",
        "intranet",
    ];
    let policies = ["--preset", "000", "--set", "eab_max_bindings=1"];
    server.admin(&[&offer[..], &policies].concat()).await?;
    Ok(())
}

async fn obtain(
    certbot: &Certbot<'_>,
    (directory_url, kid, hmac): (&str, &str, &str),
    name: &str,
) -> anyhow::Result<Chain> {
    let port = certbot.server.http_port.to_string();
    let order = [
        "certonly",
        "--standalone",
        "--register-unsafely-without-email",
        "--cert-name",
        name,
    ];
    let binding = ["--eab-kid", kid, "--eab-hmac-key", hmac];
    let door = [
        "--http-01-address",
        "127.0.0.1",
        "--http-01-port",
        &port,
        "-d",
        "example.com",
    ];
    let words = [&order[..], &binding, &door].concat();
    certbot.run_at(directory_url, "config", &words).await?;
    let chain = certbot.chain(name)?;
    chain.expect_issued(certbot.server).await?;
    Ok(chain)
}

async fn walk(program: &Path, server: &Server) -> anyhow::Result<()> {
    let second = make(server).await?;
    let certbot = Certbot {
        program,
        folder: tempfile::tempdir()?,
        server,
    };
    let first = (
        server.directory_url.as_str(),
        server.eab_kid.as_str(),
        server.eab_hmac_key.as_str(),
    );
    let intranet = (
        second.directory_url.as_str(),
        second.kid.as_str(),
        second.hmac.as_str(),
    );
    let by_ecdsa = obtain(&certbot, first, "dv").await?;
    let by_rsa = obtain(&certbot, intranet, "intranet").await?;
    anyhow::ensure!(by_ecdsa.issuer.key.algorithm() == pki::KeyAlgorithm::EcdsaP256);
    anyhow::ensure!(by_rsa.issuer.key.algorithm() == pki::KeyAlgorithm::Rsa { bits: 2048 });
    anyhow::ensure!(by_rsa.issuer.subject == "CN=Example Issuing,O=Example Oy");
    let seconds =
        |chain: &Chain| chain.leaf.not_after.as_seconds() - chain.leaf.not_before.as_seconds() + 1;
    anyhow::ensure!((seconds(&by_ecdsa), seconds(&by_rsa)) == (7_776_000, 864_000));
    // A credential leads to its own directory, and the refusal says where that is.
    let wrong = (intranet.0, first.1, first.2);
    let elsewhere = Certbot {
        program,
        folder: tempfile::tempdir()?,
        server,
    };
    let refused = obtain(&elsewhere, wrong, "wrong").await.err();
    let refused = refused.context("a credential of another directory was taken")?;
    let refused = format!("{refused:#}");
    anyhow::ensure!(
        refused.contains(&format!("the server URL {}", first.0)),
        "{refused}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn two_directories_issue_side_by_side_on_sqlite() -> anyhow::Result<()> {
    let Some(program) = program::find("CHANCERY_TEST_CERTBOT", Some("certbot"))? else {
        return Ok(());
    };
    on_sqlite(async |server| walk(&program, server).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_directories_issue_side_by_side_on_postgres() -> anyhow::Result<()> {
    let Some(program) = program::find("CHANCERY_TEST_CERTBOT", Some("certbot"))? else {
        return Ok(());
    };
    on_postgres(async |server| walk(&program, server).await).await
}
