//! Pebble, the small test server of Let's Encrypt, as a yardstick when it is installed.
//!
//! It keeps everything in memory and commits nothing, so it is a rough measure, not a competitor.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::bail;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use tempfile::TempDir;

use super::chancery::Validation;
use super::process::{Process, Start};
use super::{free_address, working_directory};
use crate::acme_client::connection::Trust;
use crate::stopwatch::Stopwatch;

const START_LIMIT: Duration = Duration::from_secs(10);
const START_POLL: Duration = Duration::from_millis(10);

/// A running Pebble. Fields are dropped in order: the servers end before their directory goes.
pub(crate) struct Pebble {
    process: Process,
    _resolver: Option<Process>,
    /// The directory URL.
    pub(crate) directory_url: String,
    /// Its certificate.
    pub(crate) trust: Trust,
    _directory: TempDir,
}

impl Pebble {
    /// Starts it; `resolver` is the name server that comes with it, for real http-01.
    pub(crate) async fn start(
        program: &Path,
        core: Option<usize>,
        validation: Validation,
    ) -> anyhow::Result<Self> {
        let directory = working_directory("pebble")?;
        let listen = free_address()?;
        let certificate = write_files(directory.path(), listen, &validation)?;
        let mut environment = vec![
            ("PEBBLE_VA_NOSLEEP", "1".to_owned()),
            ("PEBBLE_WFE_NONCEREJECT", "0".to_owned()),
            ("PEBBLE_AUTHZREUSE", "0".to_owned()),
        ];
        let config = directory.path().join("config.json");
        let mut arguments = vec!["-config".to_owned(), config.display().to_string()];
        let mut resolver = None;
        match validation {
            Validation::SelfValid => environment.push(("PEBBLE_VA_ALWAYS_VALID", "1".to_owned())),
            Validation::Http01 { .. } | Validation::Names { .. } => {
                let address = free_address()?;
                resolver = Some(start_resolver(directory.path(), address)?);
                arguments.extend(["-dnsserver".to_owned(), address.to_string()]);
            }
        }
        let start = Start {
            program,
            core,
            descriptors: None,
            user: None,
            stop_signal: "TERM",
            log: &directory.path().join("pebble.log"),
        };
        let mut pebble = Self {
            process: start.spawn(&arguments, &environment)?,
            _resolver: resolver,
            directory_url: format!("https://localhost:{}/dir", listen.port()),
            trust: Trust::only(&certificate)?,
            _directory: directory,
        };
        pebble.wait(listen).await?;
        Ok(pebble)
    }

    /// Its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    async fn wait(&mut self, listen: SocketAddr) -> anyhow::Result<()> {
        let started = Stopwatch::start();
        while started.elapsed() < START_LIMIT && self.process.is_running() {
            if TcpStream::connect(listen).is_ok() {
                return Ok(());
            }
            tokio::time::sleep(START_POLL).await;
        }
        bail!("pebble does not start:\n{}", self.process.last_words())
    }
}

/// Where a program is, if it is on the PATH.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .map(|directory| directory.join(program))
        .find(|candidate| candidate.is_file())
}

/// Whether Pebble can validate for real here: it then needs its name server.
pub(crate) fn can_validate() -> bool {
    find(RESOLVER).is_some()
}

/// A name server that answers 127.0.0.1 for every name.
const RESOLVER: &str = "pebble-challtestsrv";

fn start_resolver(directory: &Path, address: SocketAddr) -> anyhow::Result<Process> {
    let Some(program) = find(RESOLVER) else {
        bail!("{RESOLVER} is not on the PATH");
    };
    let start = Start {
        program: &program,
        core: None,
        descriptors: None,
        user: None,
        stop_signal: "TERM",
        log: &directory.join("resolver.log"),
    };
    let management = free_address()?.to_string();
    let dns = address.to_string();
    let arguments = [
        ["-dns01", &dns],
        ["-management", &management],
        ["-http01", ""],
        ["-https01", ""],
        ["-tlsalpn01", ""],
        ["-defaultIPv6", ""],
    ];
    start.spawn(arguments.as_flattened(), &[])
}

/// Writes the configuration and a certificate for localhost, and returns the certificate.
fn write_files(
    directory: &Path,
    listen: SocketAddr,
    validation: &Validation,
) -> anyhow::Result<String> {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names)?;
    let (certificate_file, key_file) = (directory.join("cert.pem"), directory.join("key.pem"));
    fs::write(&certificate_file, cert.pem())?;
    fs::write(&key_file, signing_key.serialize_pem())?;
    let http_port = match validation {
        Validation::Http01 { port } | Validation::Names { port, .. } => *port,
        Validation::SelfValid => free_address()?.port(),
    };
    let config = json!({ "pebble": {
        "listenAddress": listen.to_string(),
        "managementListenAddress": free_address()?.to_string(),
        "certificate": certificate_file,
        "privateKey": key_file,
        "httpPort": http_port,
        "tlsPort": free_address()?.port(),
        "externalAccountBindingRequired": false,
    }});
    fs::write(directory.join("config.json"), config.to_string())?;
    Ok(cert.pem())
}
