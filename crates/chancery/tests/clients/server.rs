//! The built binary as a running server, with a reseller, an ACME account and enrolled names.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::Value;
use store::testing::Database;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::name_server::NameServer;
use crate::program;

/// How long a server may take to open its doors, and to close them.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server that runs until it is stopped or dropped.
pub(crate) struct Server {
    pub(crate) names: NameServer,
    pub(crate) http_port: u16,
    pub(crate) directory_url: String,
    /// The test directory beside it.
    pub(crate) test_directory_url: String,
    pub(crate) eab_kid: String,
    pub(crate) eab_hmac_key: String,
    data: TempDir,
    pki: SocketAddr,
    settings: Vec<String>,
    process: Child,
}

impl Server {
    /// Sets up an installation in an empty database and serves it.
    pub(crate) async fn start(database: &Database) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let names = NameServer::start().await?;
        let [acme, portal, pki, internal, http] = free_ports()?;
        let mut settings = vec![
            format!("--data={}", data.path().display()),
            format!("--database={}", database.setting()),
            "--pki-url=http://pki.example.com".to_owned(),
            format!("--lab-dns-server={}", names.address()),
            "--lab-open-addresses=127.0.0.1".to_owned(),
            format!("--lab-http-port={http}"),
            "--log=info".to_owned(),
        ];
        for (door, port) in [
            ("acme", acme),
            ("portal", portal),
            ("pki", pki),
            ("internal", internal),
        ] {
            settings.push(format!("--{door}-listen=127.0.0.1:{port}"));
        }
        let account = set_up(&settings).await?;
        let text = |key: &str| text_in(&account, key);
        let process = serve(&settings, &data.path().join("serve.log"))?;
        let directory_url = text("directory_url")?;
        let mut server = Self {
            test_directory_url: test_directory_of(&settings, &directory_url).await?,
            directory_url,
            eab_kid: text("eab_kid")?,
            eab_hmac_key: text("eab_hmac_key")?,
            names,
            http_port: http,
            data,
            pki: SocketAddr::from((Ipv4Addr::LOCALHOST, pki)),
            settings,
            process,
        };
        let door = SocketAddr::from((Ipv4Addr::LOCALHOST, acme));
        if let Err(error) = wait_for(door, &mut server.process).await {
            server.show_log();
            return Err(error);
        }
        Ok(server)
    }

    /// The root, for clients to trust.
    pub(crate) fn ca_file(&self) -> PathBuf {
        self.data.path().join("server-ca.pem")
    }

    /// The root of the CA that issues, as the server wrote it.
    pub(crate) fn root_file(&self) -> PathBuf {
        self.data.path().join("root-ca.pem")
    }

    /// Writes a file beside the data, and answers with its path.
    pub(crate) fn write(&self, name: &str, text: &str) -> anyhow::Result<String> {
        let path = self.data.path().join(name);
        fs::write(&path, text)?;
        Ok(path.display().to_string())
    }

    /// Runs `chancery admin` beside the server.
    pub(crate) async fn admin(&self, words: &[&str]) -> anyhow::Result<String> {
        admin(&self.settings, words).await
    }

    /// All certificates as `chancery admin` tells them.
    pub(crate) async fn certificates(&self) -> anyhow::Result<Vec<Value>> {
        let text = self.admin(&["certificate", "list", "--json"]).await?;
        text.lines()
            .map(|line| serde_json::from_str(line).context(line.to_owned()))
            .collect()
    }

    /// What lies at a path of the CRL listener.
    pub(crate) async fn fetch_pki(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let mut stream = TcpStream::connect(self.pki).await?;
        let request =
            format!("GET {path} HTTP/1.1\r\nHost: pki.example.com\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).await?;
        let end = reply.windows(4).position(|window| window == b"\r\n\r\n");
        let (head, body) = reply.split_at(end.context("no answer from the CRL listener")?);
        ensure!(
            head.starts_with(b"HTTP/1.1 200"),
            "{path}: {}",
            String::from_utf8_lossy(head)
        );
        Ok(body.get(4..).unwrap_or_default().to_vec())
    }

    /// Where the other nodes reach this one, unless it is told otherwise.
    pub(crate) fn internal_url(&self) -> anyhow::Result<String> {
        let mut addresses = self
            .settings
            .iter()
            .filter_map(|setting| setting.strip_prefix("--internal-listen="));
        let address = addresses.next().context("no internal listener")?;
        Ok(format!("http://{address}"))
    }

    /// What `chancery doctor` says with more settings, and whether it has found nothing wrong; of a server that would
    /// have another internal listener, if a port is given.
    pub(crate) async fn doctor(
        &self,
        internal_port: Option<u16>,
        more: &[&str],
    ) -> anyhow::Result<(bool, String)> {
        let mut settings = self.settings.clone();
        if let Some(port) = internal_port {
            settings.retain(|setting| !setting.starts_with("--internal-listen="));
            settings.push(format!("--internal-listen=127.0.0.1:{port}"));
        }
        let mut command = binary();
        let output = command.args(settings).args(more).arg("doctor");
        let output = output.output().await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        Ok((output.status.success(), text))
    }

    /// One more process on the same data and database, with an ACME door and others of its own.
    pub(crate) fn spawn_beside(&self, log: &str) -> anyhow::Result<(Child, SocketAddr)> {
        self.spawn_beside_with(log, &[])
    }

    /// The same with more settings.
    pub(crate) fn spawn_beside_with(
        &self,
        log: &str,
        more: &[&str],
    ) -> anyhow::Result<(Child, SocketAddr)> {
        let [acme, portal, pki, internal] = free_ports()?;
        let mut settings = self.settings.clone();
        settings.retain(|setting| !setting.contains("-listen="));
        for (door, port) in [
            ("acme", acme),
            ("portal", portal),
            ("pki", pki),
            ("internal", internal),
        ] {
            settings.push(format!("--{door}-listen=127.0.0.1:{port}"));
        }
        settings.extend(more.iter().copied().map(str::to_owned));
        let process = serve(&settings, &self.data.path().join(log))?;
        Ok((process, SocketAddr::from((Ipv4Addr::LOCALHOST, acme))))
    }

    /// What a process has logged to a file beside the data.
    pub(crate) fn log(&self, log: &str) -> String {
        fs::read_to_string(self.data.path().join(log)).unwrap_or_default()
    }

    /// The process, unless it has ended.
    pub(crate) fn process_id(&self) -> Option<u32> {
        self.process.id()
    }

    /// Ends the process without a word.
    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Asks the server to end and expects that it does so well.
    pub(crate) async fn stop(mut self) -> anyhow::Result<()> {
        end(&mut self.process).await
    }

    /// Shows what the server has logged, after a failure.
    pub(crate) fn show_log(&self) {
        let log = fs::read_to_string(self.data.path().join("serve.log")).unwrap_or_default();
        eprintln!("--- the server's log\n{log}---");
    }
}

/// Ports that were free a moment ago.
pub(crate) fn free_ports<const N: usize>() -> anyhow::Result<[u16; N]> {
    let listeners = (0..N)
        .map(|_| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))
        .collect::<Result<Vec<_>, _>>()?;
    let ports = listeners
        .iter()
        .map(|listener| listener.local_addr().map(|address| address.port()))
        .collect::<Result<Vec<_>, _>>()?;
    ports
        .try_into()
        .map_err(|ports| anyhow::anyhow!("wrong number of ports: {ports:?}"))
}

/// The binary under test.
pub(crate) fn binary() -> Command {
    Command::new(env!("CARGO_BIN_EXE_chancery"))
}

/// Waits until a process listens.
pub(crate) async fn wait_for(door: SocketAddr, process: &mut Child) -> anyhow::Result<()> {
    let connected = async {
        let mut pause = tokio::time::interval(Duration::from_millis(50));
        loop {
            pause.tick().await;
            if let Some(status) = process.try_wait()? {
                bail!("the server ended with {status}");
            }
            if TcpStream::connect(door).await.is_ok() {
                return Ok(());
            }
        }
    };
    tokio::time::timeout(PATIENCE, connected)
        .await
        .context("the server does not listen")?
}

/// Sends SIGTERM and expects a clean end.
pub(crate) async fn end(process: &mut Child) -> anyhow::Result<()> {
    let id = process.id().context("the server has ended by itself")?;
    program::run(
        "kill",
        Command::new("kill").args(["-TERM", &id.to_string()]),
    )
    .await?;
    let status = tokio::time::timeout(PATIENCE, process.wait())
        .await
        .context("the server does not end when asked to")??;
    ensure!(status.success(), "the server ended with {status}");
    Ok(())
}

/// A server process that logs to `log`.
pub(crate) fn spawn(command: &mut Command, log: &Path) -> anyhow::Result<Child> {
    let file = fs::File::create(log)?;
    let command = command
        .stdin(Stdio::null())
        .stdout(file.try_clone()?)
        .stderr(file);
    Ok(command.kill_on_drop(true).spawn()?)
}

fn serve(settings: &[String], log: &Path) -> anyhow::Result<Child> {
    spawn(binary().args(settings).arg("serve"), log)
}

/// Makes what an operator makes first, and answers with the ACME account.
async fn set_up(settings: &[String]) -> anyhow::Result<Value> {
    let reseller = [
        "--reseller",
        "Northwind",
        "--email",
        "admin@example.com",
        "--json",
    ];
    admin(settings, &[&["bootstrap"][..], &reseller].concat()).await?;
    let account = admin(
        settings,
        &["account", "create", "--tenant", "Northwind", "--json"],
    )
    .await?;
    let account: Value = serde_json::from_str(&account)?;
    let id = text_in(&account, "subscription")?;
    for name in ["example.com", "*.example.com"] {
        admin(
            settings,
            &["domain", "add", "--account", &id, "--name", name],
        )
        .await?;
    }
    Ok(account)
}

/// The URL of the test directory beside the directory at a URL.
async fn test_directory_of(settings: &[String], url: &str) -> anyhow::Result<String> {
    let listed = admin(settings, &["directory", "list", "--json"]).await?;
    let all: Vec<Value> = listed
        .lines()
        .map(serde_json::from_str)
        .collect::<Result<_, _>>()?;
    let is_it = |each: &&Value| each.get("url").and_then(Value::as_str) == Some(url);
    let production = all.iter().find(is_it);
    let slug = text_in(
        production.context("the directory is not listed")?,
        "directory",
    )?;
    let beside =
        |each: &&Value| each.pointer("/rules/production") == Some(&Value::from(slug.as_str()));
    let test = all.iter().find(beside);
    text_in(test.context("there is no test directory")?, "url")
}

/// The members of an answer in JSON.
pub(crate) fn text_of(answer: &str, key: &str) -> anyhow::Result<String> {
    text_in(&serde_json::from_str(answer)?, key)
}

async fn admin(settings: &[String], words: &[&str]) -> anyhow::Result<String> {
    program::run(
        "chancery admin",
        binary().args(settings).arg("admin").args(words),
    )
    .await
}

fn text_in(document: &Value, key: &str) -> anyhow::Result<String> {
    let text = document.get(key).and_then(Value::as_str);
    Ok(text
        .with_context(|| format!("no {key} in {document}"))?
        .to_owned())
}
