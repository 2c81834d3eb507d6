//! lego, as Debian packages it.

use std::path::Path;

use tempfile::TempDir;
use tokio::process::Command;

use crate::chain::Chain;
use crate::server::Server;
use crate::{on_postgres, on_sqlite, program};

struct Lego<'a> {
    program: &'a Path,
    folder: TempDir,
    server: &'a Server,
}

impl Lego<'_> {
    async fn run(&self, options: &[&str], words: &[&str]) -> anyhow::Result<()> {
        self.run_at(&self.server.directory_url, options, words)
            .await
    }

    async fn run_at(
        &self,
        directory_url: &str,
        options: &[&str],
        words: &[&str],
    ) -> anyhow::Result<()> {
        let server = self.server;
        let mut command = Command::new(self.program);
        command
            .arg("--path")
            .arg(self.folder.path())
            .args(["--server", directory_url]);
        command.args(["--email", "admin@example.com", "--accept-tos"]);
        command.args([
            "--eab",
            "--kid",
            &server.eab_kid,
            "--hmac",
            &server.eab_hmac_key,
        ]);
        command.args(options).args(words);
        command.env("LEGO_CA_CERTIFICATES", server.ca_file());
        let preamble = "[ \"$1\" = present ] || exit 0\nNAME=\"${2%.}\"; VALUE=\"$3\"";
        command.env("EXEC_PATH", server.names.hook("lego-hook", preamble)?);
        command.env("EXEC_POLLING_INTERVAL", "1");
        program::run(
            &format!("lego {} {}", options.join(" "), words.join(" ")),
            &mut command,
        )
        .await?;
        Ok(())
    }

    fn chain(&self, name: &str) -> anyhow::Result<Chain> {
        Chain::read(
            &self
                .folder
                .path()
                .join("certificates")
                .join(format!("{name}.crt")),
        )
    }
}

/// Register with a binding and http-01, a wildcard by dns-01, renew, revoke.
async fn walk(program: &Path, server: &Server) -> anyhow::Result<()> {
    let lego = Lego {
        program,
        folder: tempfile::tempdir()?,
        server,
    };
    let door = format!("127.0.0.1:{}", server.http_port);
    let web = ["--http", "--http.port", &door, "-d", "example.com"];
    lego.run(&web, &["run"]).await?;
    let first = lego.chain("example.com")?;
    first.expect_names(&["example.com"])?;
    first.expect_issued(server).await?;

    let resolver = server.names.address().to_string();
    let dns = [
        "--dns",
        "exec",
        "--dns.disable-cp",
        "--dns.resolvers",
        &resolver,
    ];
    lego.run(&[&dns[..], &["-d", "*.example.com"]].concat(), &["run"])
        .await?;
    let wildcard = lego.chain("_.example.com")?;
    wildcard.expect_names(&["*.example.com"])?;
    wildcard.expect_issued(server).await?;

    // With the account of the host, whose URL is the production directory's.
    lego.run_at(&server.test_directory_url, &web, &["run"])
        .await?;
    let tried = lego.chain("example.com")?;
    anyhow::ensure!(
        tried.issuer.subject.contains("test issuing CA"),
        "{} issued in the test directory",
        tried.issuer.subject
    );

    lego.run(&web, &["renew", "--days", "400", "--no-random-sleep"])
        .await?;
    let renewed = lego.chain("example.com")?;
    anyhow::ensure!(
        renewed.leaf.serial != first.leaf.serial,
        "lego did not renew"
    );
    renewed.expect_issued(server).await?;

    lego.run(&web, &["revoke"]).await?;
    renewed.expect_revoked(server).await?;
    first.expect_issued(server).await
}

#[tokio::test(flavor = "multi_thread")]
async fn lego_on_sqlite() -> anyhow::Result<()> {
    let Some(program) = program::find("CHANCERY_TEST_LEGO", Some("lego"))? else {
        return Ok(());
    };
    on_sqlite(async |server| walk(&program, server).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn lego_on_postgres() -> anyhow::Result<()> {
    let Some(program) = program::find("CHANCERY_TEST_LEGO", Some("lego"))? else {
        return Ok(());
    };
    on_postgres(async |server| walk(&program, server).await).await
}
