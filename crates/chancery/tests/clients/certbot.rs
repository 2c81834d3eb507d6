//! certbot: Debian's, and the newest from PyPI.

use std::path::Path;

use tempfile::TempDir;
use tokio::process::Command;

use crate::chain::Chain;
use crate::server::Server;
use crate::{on_postgres, on_sqlite, program};

/// What certbot calls the certificate that it gets by http-01.
const WEB: &str = "web";
/// What it calls the one that it gets by dns-01.
const WILDCARD: &str = "wildcard";

pub(crate) struct Certbot<'a> {
    pub(crate) program: &'a Path,
    pub(crate) folder: TempDir,
    pub(crate) server: &'a Server,
}

impl Certbot<'_> {
    pub(crate) async fn run(&self, words: &[&str]) -> anyhow::Result<()> {
        let at = &self.server.directory_url;
        self.run_at(at, "config", words).await
    }

    /// The same in another directory, with the configuration of this folder.
    pub(crate) async fn run_at(
        &self,
        directory_url: &str,
        config: &str,
        words: &[&str],
    ) -> anyhow::Result<()> {
        let mut command = Command::new(self.program);
        command
            .args(words)
            .args(["--non-interactive", "--agree-tos"]);
        for (folder, name) in [("config", config), ("work", "work"), ("logs", "logs")] {
            command
                .arg(format!("--{folder}-dir"))
                .arg(self.folder.path().join(name));
        }
        command.args(["--server", directory_url]);
        command.env("REQUESTS_CA_BUNDLE", self.server.ca_file());
        program::run(&format!("certbot {}", words.join(" ")), &mut command).await?;
        Ok(())
    }

    /// What `certbot renew --dry-run` does with what was obtained, from a fresh copy of the configuration: it saves its
    /// account.
    async fn dry_run(&self, copy: &str, more: &[&str]) -> anyhow::Result<()> {
        let (from, to) = (
            self.folder.path().join("config"),
            self.folder.path().join(copy),
        );
        program::run("cp", Command::new("cp").arg("-a").arg(&from).arg(&to)).await?;
        // What certbot has written names the folder by its path.
        for file in std::fs::read_dir(to.join("renewal"))? {
            let path = file?.path();
            let text = std::fs::read_to_string(&path)?;
            let (old, new) = (from.display().to_string(), to.display().to_string());
            std::fs::write(&path, text.replace(&old, &new))?;
        }
        let renew = ["renew", "--dry-run", "--no-random-sleep-on-renew"];
        let words = [&renew[..], more].concat();
        let issued = self.server.certificates().await?.len();
        self.run_at(&self.server.test_directory_url, copy, &words)
            .await?;
        let more = self.server.certificates().await?.len() - issued;
        anyhow::ensure!(more == 2, "{more} certificates were issued by a dry run");
        Ok(())
    }

    fn file(&self, lineage: &str, name: &str) -> String {
        let live = self.folder.path().join("config/live");
        live.join(lineage).join(name).display().to_string()
    }

    pub(crate) fn chain(&self, lineage: &str) -> anyhow::Result<Chain> {
        Chain::read(Path::new(&self.file(lineage, "fullchain.pem")))
    }
}

/// Register with a binding, http-01, a wildcard by dns-01, renew, revoke by account and by certificate key, and
/// dry runs against the test directory with and without a binding.
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
    let first = obtain_by_http(&certbot).await?;
    obtain_by_dns(&certbot).await?;
    certbot.dry_run("unbound", &[]).await?;
    certbot.dry_run("bound", &binding).await?;

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
    let certificate = certbot.file(WILDCARD, "cert.pem");
    let private_key = certbot.file(WILDCARD, "privkey.pem");
    let with_key = [
        &certificate,
        "--key-path",
        &private_key,
        "--reason",
        "keycompromise",
    ];
    certbot.run(&[&revoke[..], &with_key].concat()).await?;
    renewed.expect_revoked(server).await?;
    first.expect_issued(server).await
}

async fn obtain_by_http(certbot: &Certbot<'_>) -> anyhow::Result<Chain> {
    let port = certbot.server.http_port.to_string();
    let door = ["--http-01-address", "127.0.0.1", "--http-01-port", &port];
    let names = ["-d", "example.com", "-d", "www.example.com"];
    let order = ["certonly", "--standalone", "--cert-name", WEB];
    certbot.run(&[&order[..], &door, &names].concat()).await?;
    let chain = certbot.chain(WEB)?;
    chain.expect_names(&["example.com", "www.example.com"])?;
    chain.expect_issued(certbot.server).await?;
    Ok(chain)
}

async fn obtain_by_dns(certbot: &Certbot<'_>) -> anyhow::Result<()> {
    let preamble = "NAME=\"_acme-challenge.$CERTBOT_DOMAIN\"; VALUE=\"$CERTBOT_VALIDATION\"";
    let hook = certbot
        .server
        .names
        .hook("certbot-hook", preamble)?
        .display()
        .to_string();
    let proof = ["--preferred-challenges", "dns", "--manual-auth-hook", &hook];
    let names = ["-d", "*.example.com", "-d", "example.com"];
    let order = ["certonly", "--manual", "--cert-name", WILDCARD];
    certbot.run(&[&order[..], &proof, &names].concat()).await?;
    let chain = certbot.chain(WILDCARD)?;
    chain.expect_names(&["*.example.com", "example.com"])?;
    chain.expect_issued(certbot.server).await
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
