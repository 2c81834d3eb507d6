//! certbot: Debian's, and the newest from PyPI.

use std::path::Path;

use tempfile::TempDir;
use tokio::process::Command;

use crate::chain::Chain;
use crate::server::Server;
use crate::{on_postgres, on_sqlite, program};

/// certbot's words for http-01.
const WEB: &str = "web";
/// And for the wildcard.
const WILDCARD: &str = "wildcard";

struct Certbot<'a> {
    program: &'a Path,
    folder: TempDir,
    server: &'a Server,
}

impl Certbot<'_> {
    async fn run(&self, words: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(self.program);
        command
            .args(words)
            .args(["--non-interactive", "--agree-tos"]);
        for folder in ["config", "work", "logs"] {
            command
                .arg(format!("--{folder}-dir"))
                .arg(self.folder.path().join(folder));
        }
        command.args(["--server", &self.server.directory_url]);
        command.env("REQUESTS_CA_BUNDLE", self.server.ca_file());
        program::run(&format!("certbot {}", words.join(" ")), &mut command).await?;
        Ok(())
    }

    fn file(&self, lineage: &str, name: &str) -> String {
        let live = self.folder.path().join("config/live");
        live.join(lineage).join(name).display().to_string()
    }

    fn chain(&self, lineage: &str) -> anyhow::Result<Chain> {
        Chain::read(Path::new(&self.file(lineage, "fullchain.pem")))
    }
}

/// Register with a binding, http-01, a wildcard by dns-01, renew, revoke by account and by certificate key.
async fn walk(program: &Path, server: &Server) -> anyhow::Result<()> {
    let certbot = Certbot {
        program,
        folder: tempfile::tempdir()?,
        server,
    };
    let binding = [
        "--eab-kid",
        &server.eab_kid,
        "--eab-hmac-key",
        &server.eab_hmac_key,
    ];
    let register = ["register", "--register-unsafely-without-email"];
    certbot.run(&[&register[..], &binding].concat()).await?;

    let port = server.http_port.to_string();
    let standalone = [
        "--standalone",
        "--http-01-address",
        "127.0.0.1",
        "--http-01-port",
        &port,
    ];
    let names = [
        "--cert-name",
        WEB,
        "-d",
        "example.com",
        "-d",
        "www.example.com",
    ];
    certbot
        .run(&[&["certonly"][..], &standalone, &names].concat())
        .await?;
    let first = certbot.chain(WEB)?;
    first.expect_names(&["example.com", "www.example.com"])?;
    first.expect_issued(server).await?;

    let preamble = "NAME=\"_acme-challenge.$CERTBOT_DOMAIN\"; VALUE=\"$CERTBOT_VALIDATION\"";
    let hook = server
        .names
        .hook("certbot-hook", preamble)?
        .display()
        .to_string();
    let manual = [
        "--manual",
        "--preferred-challenges",
        "dns",
        "--manual-auth-hook",
        &hook,
    ];
    let names = [
        "--cert-name",
        WILDCARD,
        "-d",
        "*.example.com",
        "-d",
        "example.com",
    ];
    certbot
        .run(&[&["certonly"][..], &manual, &names].concat())
        .await?;
    let wildcard = certbot.chain(WILDCARD)?;
    wildcard.expect_names(&["*.example.com", "example.com"])?;
    wildcard.expect_issued(server).await?;

    certbot
        .run(&["renew", "--force-renewal", "--no-random-sleep-on-renew"])
        .await?;
    let renewed = certbot.chain(WEB)?;
    anyhow::ensure!(
        renewed.leaf.serial != first.leaf.serial,
        "certbot did not renew"
    );
    renewed.expect_issued(server).await?;

    let certificate = certbot.file(WEB, "cert.pem");
    let revoke = ["revoke", "--no-delete-after-revoke", "--cert-path"];
    let reason = [certificate.as_str(), "--reason", "superseded"];
    certbot.run(&[&revoke[..], &reason].concat()).await?;
    renewed.expect_revoked(server).await?;

    let renewed = certbot.chain(WILDCARD)?;
    let files = [
        certbot.file(WILDCARD, "cert.pem"),
        certbot.file(WILDCARD, "privkey.pem"),
    ];
    let with_key = [
        files[0].as_str(),
        "--key-path",
        &files[1],
        "--reason",
        "keycompromise",
    ];
    certbot.run(&[&revoke[..], &with_key].concat()).await?;
    renewed.expect_revoked(server).await?;
    first.expect_issued(server).await
}

#[tokio::test(flavor = "multi_thread")]
async fn debians_certbot_on_sqlite() -> anyhow::Result<()> {
    let Some(program) = program::find("CHANCERY_TEST_CERTBOT", Some("certbot"))? else {
        return Ok(());
    };
    on_sqlite(async |server| walk(&program, server).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn debians_certbot_on_postgres() -> anyhow::Result<()> {
    let Some(program) = program::find("CHANCERY_TEST_CERTBOT", Some("certbot"))? else {
        return Ok(());
    };
    on_postgres(async |server| walk(&program, server).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn newest_certbot_on_sqlite() -> anyhow::Result<()> {
    let Some(program) = program::find("CHANCERY_TEST_CERTBOT_NEWEST", None)? else {
        return Ok(());
    };
    on_sqlite(async |server| walk(&program, server).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn newest_certbot_on_postgres() -> anyhow::Result<()> {
    let Some(program) = program::find("CHANCERY_TEST_CERTBOT_NEWEST", None)? else {
        return Ok(());
    };
    on_postgres(async |server| walk(&program, server).await).await
}
