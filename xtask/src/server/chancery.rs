//! A Chancery on loopback with one reseller, one account and one wildcard domain enrolled.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use serde::Deserialize;
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::metrics::Counters;
use super::process::{Process, Start};
use super::{free_address, working_directory};
use crate::acme_client::connection::Trust;
use crate::acme_client::{Client, ExternalAccount, jws, plain};
use crate::stopwatch::Stopwatch;

/// The domain under which all names are made.
pub(crate) const DOMAIN: &str = "bench.example";
/// The reseller and its administrator.
const RESELLER: &str = "Bench";
const EMAIL: &str = "bench@example.test";
const PASSWORD: &str = "Correct-Horse-Battery-Staple-42";
/// The directory of the DV product.
const DIRECTORY: &str = "/v2/DV";
/// The variable that says where the data is.
const DATABASE: &str = "CHANCERY_DATABASE";
/// The name by which CAA records call the server, where it asks for any.
const IDENTITY: &str = "ca.bench.example";
/// How long a start may take; far more than it should, so that a slow machine is not a failure.
const START_LIMIT: Duration = Duration::from_secs(30);
const START_POLL: Duration = Duration::from_millis(5);

/// How authorizations become valid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Validation {
    /// By a real http-01 request to this port of loopback.
    Http01 {
        /// Where the answers are.
        port: u16,
    },
    /// The same, and names resolve through a name server.
    Names {
        /// Where the answers to requests are.
        port: u16,
        /// The name server.
        server: SocketAddr,
        /// The key of its root, where DNS answers have to be signed.
        anchors: Option<PathBuf>,
        /// Whether CAA records are asked for.
        asks_caa: bool,
    },
    /// By assumption.
    SelfValid,
}

/// What to start.
pub(crate) struct Settings<'a> {
    /// The server.
    pub(crate) binary: &'a Path,
    /// The only core it may use, if any.
    pub(crate) core: Option<usize>,
    /// The PostgreSQL database, or the embedded one.
    pub(crate) database: Option<String>,
    /// How authorizations become valid.
    pub(crate) validation: Validation,
    /// The most files that it may have open, if fewer than usual.
    pub(crate) descriptors: Option<u32>,
    /// Whether it limits how often something may be done.
    pub(crate) has_limits: bool,
    /// Where names lead.
    pub(crate) addresses: String,
}

/// What a load of orders with names of their own would reach.
const LIMITS_OF_ISSUANCE: [&str; 3] = [
    "orders_per_account",
    "orders_per_tenant",
    "certificates_per_domain",
];
/// A server hears of a change once a second.
const LIMITS_KNOWN: Duration = Duration::from_millis(1_500);

/// All names lead to this machine.
pub(crate) const ALL_HERE: &str = "*=127.0.0.1";

/// A running server, or one that was just killed. Fields are dropped in order: the server ends
/// before its directory goes.
pub(crate) struct Chancery {
    process: Process,
    binary: PathBuf,
    core: Option<usize>,
    descriptors: Option<u32>,
    arguments: Vec<String>,
    environment: Vec<(&'static str, String)>,
    internal: SocketAddr,
    acme: SocketAddr,
    pki: SocketAddr,
    acme_url: String,
    portal_url: String,
    directory: TempDir,
}

/// What an ACME client needs.
pub(crate) struct Access {
    /// The directory URL.
    pub(crate) directory_url: String,
    /// The server's root.
    pub(crate) trust: Trust,
    /// The credential.
    pub(crate) external: ExternalAccount,
}

impl Access {
    /// The same for accounts that are bound with another credential.
    pub(crate) fn bound_by(&self, external: &ExternalAccount) -> Self {
        Self {
            directory_url: self.directory_url.clone(),
            trust: self.trust.clone(),
            external: external.clone(),
        }
    }

    /// Registers a new account.
    pub(crate) async fn client(&self) -> anyhow::Result<Client> {
        Client::register(&self.directory_url, &self.trust, Some(&self.external)).await
    }
}

/// An account of the reseller.
pub(crate) struct OpenedAccount {
    /// Its identifier.
    pub(crate) id: String,
    /// Its credential.
    pub(crate) external: ExternalAccount,
}

/// The way into the portal.
pub(crate) struct Door {
    /// Scheme, host and port.
    pub(crate) origin: String,
    /// The reseller's administrator.
    pub(crate) email: &'static str,
    /// What it signs in with.
    pub(crate) password: &'static str,
}

/// A line of `chancery admin domain add --json`.
#[derive(Debug, Deserialize)]
pub(crate) struct EnrolledName {
    /// Its identifier.
    pub(crate) domain: String,
    /// The name.
    pub(crate) name: String,
}

/// A line of `chancery admin certificate list --json`.
#[derive(Debug, Deserialize)]
pub(crate) struct ListedCertificate {
    /// In hexadecimal.
    pub(crate) serial: String,
    /// As in the store.
    pub(crate) status: String,
}

#[derive(Deserialize)]
struct ListedCa {
    ca: String,
    signs_in: Vec<String>,
}

#[derive(Deserialize)]
struct CreatedAccount {
    subscription: String,
    eab_kid: String,
    eab_hmac_key: String,
}

impl Chancery {
    /// Starts on an empty directory and waits until the server is healthy.
    pub(crate) async fn start(settings: Settings<'_>) -> anyhow::Result<Self> {
        let directory = working_directory("server")?;
        let (internal, acme) = (free_address()?, free_address()?);
        let acme_url = format!("https://localhost:{}", acme.port());
        let portal = free_address()?;
        let pki = free_address()?;
        let mut arguments = arguments(directory.path(), internal, &settings);
        arguments.extend(["--pki-listen".to_owned(), pki.to_string()]);
        arguments.extend(["--portal-listen".to_owned(), portal.to_string()]);
        arguments.extend(["--acme-listen".to_owned(), acme.to_string()]);
        arguments.extend(["--acme-url".to_owned(), acme_url.clone()]);
        let mut environment = environment(directory.path(), settings.database.as_deref());
        // The command line, too, is that of a lab, whose names do not exist elsewhere.
        environment.push(match &settings.validation {
            Validation::Names { server, .. } => ("CHANCERY_LAB_DNS_SERVER", server.to_string()),
            Validation::Http01 { .. } | Validation::SelfValid => {
                ("CHANCERY_LAB_ADDRESSES", settings.addresses.clone())
            }
        });
        if !settings.has_limits {
            environment.push(("CHANCERY__LIMITS__ENABLED", "false".to_owned()));
        }
        if let Validation::Names { asks_caa: true, .. } = settings.validation {
            environment.push(("CHANCERY__ACME__CAA_IDENTITIES", IDENTITY.to_owned()));
        }
        let process = spawn(
            settings.binary,
            (settings.core, settings.descriptors),
            directory.path(),
            &arguments,
            &environment,
        )?;
        let mut chancery = Self {
            process,
            binary: settings.binary.to_path_buf(),
            core: settings.core,
            descriptors: settings.descriptors,
            arguments,
            environment,
            internal,
            acme,
            pki,
            acme_url,
            portal_url: format!("https://localhost:{}", portal.port()),
            directory,
        };
        chancery.wait().await?;
        Ok(chancery)
    }

    /// Creates the reseller, the account and the domain.
    pub(crate) async fn furnish(&self) -> anyhow::Result<Access> {
        let reseller = ["bootstrap", "--reseller", RESELLER, "--email", EMAIL];
        self.admin(&[&reseller[..], &["--password-stdin"]].concat(), PASSWORD)
            .await?;
        let account = self.open_account("bench").await?;
        self.enroll(&account.id, &[format!("*.{DOMAIN}")]).await?;
        let read = |file: &str| fs::read_to_string(self.directory.path().join(file));
        // Servers of before have no CA for themselves.
        let root = read("server-ca.pem").or_else(|_| read("root-ca.pem"));
        let root = root.context("the server wrote no server-ca.pem")?;
        Ok(Access {
            directory_url: format!("{}{DIRECTORY}", self.acme_url),
            trust: Trust::only(&root)?,
            external: account.external,
        })
    }

    /// Opens one more account of the reseller, which an ACME client can be bound to.
    pub(crate) async fn open_account(&self, label: &str) -> anyhow::Result<OpenedAccount> {
        self.open_account_of(RESELLER, label).await
    }

    async fn open_account_of(&self, reseller: &str, label: &str) -> anyhow::Result<OpenedAccount> {
        let command = ["account", "create", "--tenant", reseller, "--label", label];
        let text = self
            .admin(&[&command[..], &["--json"]].concat(), "")
            .await?;
        let created: CreatedAccount =
            serde_json::from_str(&text).context("`admin account create --json`")?;
        Ok(OpenedAccount {
            id: created.subscription,
            external: ExternalAccount {
                key_id: created.eab_kid,
                mac_key: jws::decode(&created.eab_hmac_key)?,
            },
        })
    }

    /// Enrols names with their free companions.
    pub(crate) async fn enroll(
        &self,
        account: &str,
        names: &[String],
    ) -> anyhow::Result<Vec<EnrolledName>> {
        let names = names.join(",");
        let command = ["domain", "add", "--account", account, "--name", &names];
        let text = self
            .admin(&[&command[..], &["--json"]].concat(), "")
            .await?;
        text.lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")))
            .collect()
    }

    /// Another reseller with an account and a wildcard; its credential.
    pub(crate) async fn another_reseller(
        &self,
        name: &str,
        domain: &str,
    ) -> anyhow::Result<ExternalAccount> {
        let email = format!("{}@example.test", name.to_lowercase());
        let reseller = ["bootstrap", "--reseller", name, "--email", &email];
        self.admin(&[&reseller[..], &["--password-stdin"]].concat(), PASSWORD)
            .await?;
        let account = self.open_account_of(name, "siege").await?;
        self.enroll(&account.id, &[format!("*.{domain}")]).await?;
        Ok(account.external)
    }

    /// Sets the reseller's limits of an issuance so high that nothing reaches them, and waits until the server knows.
    pub(crate) async fn raise_limits(&self) -> anyhow::Result<()> {
        for limit in LIMITS_OF_ISSUANCE {
            let command = ["limit", "set", limit, "--tenant", RESELLER];
            let bound = ["--count", "1000000000", "--reason", "a measurement"];
            self.admin(&[&command[..], &bound].concat(), "").await?;
        }
        tokio::time::sleep(LIMITS_KNOWN).await;
        Ok(())
    }

    /// Where the CRL of the CA that signs is.
    pub(crate) async fn crl_path(&self) -> anyhow::Result<String> {
        let text = self.admin(&["ca", "list", "--json"], "").await?;
        for line in text.lines() {
            let ca: ListedCa = serde_json::from_str(line).context("`admin ca list --json`")?;
            if ca.signs_in.iter().any(|slug| slug == "DV") {
                let id = ca.ca.trim_start_matches("ca_");
                return Ok(format!("/crl/{id}.crl"));
            }
        }
        bail!("no CA signs in DV")
    }

    /// Where ACME clients, relying parties and operators are answered.
    pub(crate) fn addresses(&self) -> (SocketAddr, SocketAddr, SocketAddr) {
        (self.acme, self.pki, self.internal)
    }

    /// Where people find the portal, and how they sign in there.
    pub(crate) fn door(&self) -> Door {
        Door {
            origin: self.portal_url.clone(),
            email: EMAIL,
            password: PASSWORD,
        }
    }

    /// Ends the server as a power cut would end its process.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.process.kill()
    }

    /// Starts the killed server on its data; says how long it took to be healthy.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<Duration> {
        let started = Stopwatch::start();
        self.process = spawn(
            &self.binary,
            (self.core, self.descriptors),
            self.directory.path(),
            &self.arguments,
            &self.environment,
        )?;
        self.wait().await?;
        Ok(started.elapsed())
    }

    /// All certificates that the database knows.
    pub(crate) async fn certificates(&self) -> anyhow::Result<Vec<ListedCertificate>> {
        let text = self.admin(&["certificate", "list", "--json"], "").await?;
        text.lines()
            .map(|line| serde_json::from_str(line).with_context(|| format!("not JSON: {line}")))
            .collect()
    }

    /// The server's counters now.
    pub(crate) async fn counters(&self) -> anyhow::Result<Counters> {
        Counters::read(self.internal).await
    }

    /// The address of its database.
    pub(crate) fn database(&self) -> &str {
        let mut variables = self.environment.iter();
        let found = variables.find(|(name, _)| *name == DATABASE);
        found.map_or("", |(_, address)| address)
    }

    /// The server's process.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Whether the server still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.process.is_running()
    }

    /// The end of the server's log.
    pub(crate) fn last_words(&self) -> String {
        self.process.last_words()
    }

    async fn admin(&self, arguments: &[&str], input: &str) -> anyhow::Result<String> {
        let mut child = Command::new(&self.binary)
            .arg("admin")
            .args(arguments)
            .envs(self.environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let mut standard_input = child.stdin.take().context("no standard input")?;
        standard_input.write_all(input.as_bytes()).await?;
        drop(standard_input);
        let output = child.wait_with_output().await?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("chancery admin {}: {}", arguments.join(" "), error.trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    async fn wait(&mut self) -> anyhow::Result<()> {
        let started = Stopwatch::start();
        while started.elapsed() < START_LIMIT && self.process.is_running() {
            if plain::get(self.internal, "/healthz").await.is_ok() {
                return Ok(());
            }
            tokio::time::sleep(START_POLL).await;
        }
        bail!("the server does not start:\n{}", self.process.last_words())
    }
}

fn spawn(
    binary: &Path,
    (core, descriptors): (Option<usize>, Option<u32>),
    directory: &Path,
    arguments: &[String],
    environment: &[(&'static str, String)],
) -> anyhow::Result<Process> {
    let start = Start {
        program: binary,
        core,
        descriptors,
        user: None,
        stop_signal: "TERM",
        log: &directory.join("server.log"),
    };
    start.spawn(arguments, environment)
}

/// Where the data is, for `serve` and `admin` alike.
fn environment(directory: &Path, database: Option<&str>) -> Vec<(&'static str, String)> {
    let database = match database {
        Some(url) => url.to_owned(),
        None => format!("sqlite:{}", directory.join("chancery.db").display()),
    };
    vec![
        ("CHANCERY_DATA", directory.display().to_string()),
        (DATABASE, database),
    ]
}

fn arguments(directory: &Path, internal: SocketAddr, settings: &Settings<'_>) -> Vec<String> {
    let data = directory.display().to_string();
    let mut arguments = vec!["serve".to_owned()];
    let mut flag = |name: &str, value: String| arguments.extend([format!("--{name}"), value]);
    flag("data", data);
    flag("internal-listen", internal.to_string());
    match &settings.validation {
        Validation::Http01 { port } => flag("lab-http-port", port.to_string()),
        Validation::Names { port, anchors, .. } => {
            flag("lab-open-addresses", "127.0.0.1".to_owned());
            flag("lab-http-port", port.to_string());
            if let Some(path) = anchors {
                flag("lab-trust-anchors", path.display().to_string());
            }
        }
        Validation::SelfValid => arguments.push("--lab-assume-valid".to_owned()),
    }
    arguments
}
