//! The name server of the tests, as a process of its own: it signs as it is asked, which is not to be measured.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, bail};
use tempfile::TempDir;

use super::process::{Process, Start};
use super::{free_address, working_directory};
use crate::stopwatch::Stopwatch;
use crate::workspace;

const START_LIMIT: Duration = Duration::from_secs(30);
const START_POLL: Duration = Duration::from_millis(5);

/// A name server that knows one zone.
pub(crate) struct NameServer {
    /// Where it answers.
    pub(crate) address: SocketAddr,
    /// The file with the key of its root.
    pub(crate) anchors: PathBuf,
    _process: Process,
    _directory: TempDir,
}

impl NameServer {
    /// Builds it as tests do, unless that has been done, and starts it on this core.
    pub(crate) async fn start(zone: &str, is_signed: bool, core: usize) -> anyhow::Result<Self> {
        let root = workspace::root();
        let status = Command::new("cargo")
            .args(["build", "--quiet", "--locked"])
            .args(["--package", "testkit", "--example", "name_server"])
            .current_dir(&root)
            .status()
            .context("cargo cannot be started; is it on the PATH?")?;
        if !status.success() {
            bail!("the name server does not build");
        }
        let target = workspace::members(&root)?.target_directory;
        let program = target.join("debug/examples/name_server");
        let directory = working_directory("names")?;
        let anchors = directory.path().join("root.key");
        let address = free_address()?;
        let start = Start {
            program: &program,
            core: Some(core),
            descriptors: None,
            user: None,
            stop_signal: "TERM",
            log: &directory.path().join("names.log"),
        };
        let (port, file) = (address.port().to_string(), anchors.display().to_string());
        let kind = if is_signed { "signed" } else { "unsigned" };
        let mut process = start.spawn(&[zone, kind, &port, &file], &[])?;
        let started = Stopwatch::start();
        while !anchors.exists() {
            if started.elapsed() > START_LIMIT || !process.is_running() {
                bail!("the name server does not start:\n{}", process.last_words());
            }
            tokio::time::sleep(START_POLL).await;
        }
        Ok(Self {
            address,
            anchors,
            _process: process,
            _directory: directory,
        })
    }
}
