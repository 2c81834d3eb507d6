//! A private PostgreSQL: its own cluster, port and directory, gone when the tool ends.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail};
use tempfile::TempDir;

use self::wal::WalPosition;
use super::process::{self, Process, Start};
use super::{free_address, working_directory};

pub(crate) mod wal;

/// Where Debian puts one directory per major version.
const DEBIAN: &str = "/usr/lib/postgresql";
/// The account that Debian makes for the server; initdb refuses to run as root.
const SERVER_USER: &str = "postgres";
/// The superuser of the cluster, trusted from loopback only.
const ROLE: &str = "chancery";
/// How often and how long we ask whether it is up.
const ATTEMPTS: u32 = 300;
const PAUSE: Duration = Duration::from_millis(100);

/// What to pay for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Durability {
    /// As PostgreSQL comes: every commit is flushed.
    Full,
    /// No flushes, for tests that never look at the disk again.
    None,
}

/// A running cluster. Fields are dropped in order: the server ends before its directory goes.
pub(crate) struct Postgres {
    process: Process,
    programs: PathBuf,
    port: u16,
    directory: TempDir,
}

impl Postgres {
    /// Makes a cluster and waits until it answers.
    pub(crate) fn start(core: Option<usize>, durability: Durability) -> anyhow::Result<Self> {
        let programs = programs()?;
        let directory = working_directory("postgres")?;
        let user = server_user(directory.path())?;
        let data = directory.path().join("data");
        initialise(&programs, &data, user)?;
        let port = free_address()?.port();
        let start = Start {
            program: &programs.join("postgres"),
            core,
            descriptors: None,
            user,
            stop_signal: "INT",
            log: &directory.path().join("log"),
        };
        let process = start.spawn(&arguments(directory.path(), port, durability), &[])?;
        let mut postgres = Self {
            process,
            programs,
            port,
            directory,
        };
        postgres.wait()?;
        Ok(postgres)
    }

    /// The address of one of its databases.
    pub(crate) fn url(&self, database: &str) -> String {
        format!("postgres://{ROLE}@127.0.0.1:{}/{database}", self.port)
    }

    /// The same by its Unix socket, as a server on the same machine would use it.
    pub(crate) fn socket_url(&self, database: &str) -> String {
        let directory = self.directory.path().display().to_string();
        let directory = directory.replace('%', "%25").replace('/', "%2F");
        format!("postgres://{ROLE}@{directory}:{}/{database}", self.port)
    }

    /// Makes an empty database.
    pub(crate) fn create_database(&self, database: &str) -> anyhow::Result<()> {
        let output = Command::new(self.programs.join("createdb"))
            .args(["--host=127.0.0.1", &format!("--port={}", self.port)])
            .args(["--username", ROLE, database])
            .output()?;
        if !output.status.success() {
            bail!(
                "createdb failed: {}",
                String::from_utf8_lossy(&output.stderr).trim()
            );
        }
        Ok(())
    }

    /// The process whose children serve the connections.
    pub(crate) fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Where its log of changes ends now, as far as it is on the disk.
    pub(crate) fn wal_position(&self) -> anyhow::Result<WalPosition> {
        let output = Command::new(self.programs.join("psql"))
            .args(["--host=127.0.0.1", &format!("--port={}", self.port)])
            .args(["--username", ROLE, "--dbname=postgres"])
            .args(["--no-psqlrc", "--tuples-only", "--no-align"])
            .args(["--command", "SELECT pg_current_wal_flush_lsn()"])
            .output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        WalPosition::parse(text.trim()).with_context(|| {
            let error = String::from_utf8_lossy(&output.stderr);
            format!("psql does not tell where the WAL ends: {}", error.trim())
        })
    }

    /// How many rows were inserted, changed and deleted between, by the log.
    pub(crate) fn rows_changed(&self, from: WalPosition, to: WalPosition) -> anyhow::Result<f64> {
        let output = Command::new(self.programs.join("pg_waldump"))
            .arg("--stats=record")
            .arg(format!("--start={from}"))
            .arg(format!("--end={to}"))
            .arg("--path")
            .arg(self.directory.path().join("data").join("pg_wal"))
            .output()?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("pg_waldump failed: {}", error.trim());
        }
        Ok(wal::rows(&String::from_utf8_lossy(&output.stdout)))
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        for _ in 0..ATTEMPTS {
            let status = Command::new(self.programs.join("pg_isready"))
                .args([
                    "--quiet",
                    "--host=127.0.0.1",
                    &format!("--port={}", self.port),
                ])
                .status()?;
            if status.success() {
                return Ok(());
            }
            if !self.process.is_running() {
                break;
            }
            thread::sleep(PAUSE);
        }
        bail!("PostgreSQL does not start:\n{}", self.process.last_words());
    }
}

fn arguments(directory: &Path, port: u16, durability: Durability) -> Vec<String> {
    let data = directory.join("data");
    let mut arguments = vec!["-D".to_owned(), data.display().to_string()];
    let mut set = |setting: String| arguments.extend(["-c".to_owned(), setting]);
    set("listen_addresses=127.0.0.1".to_owned());
    set(format!("port={port}"));
    set(format!("unix_socket_directories={}", directory.display()));
    set("max_connections=300".to_owned());
    if durability == Durability::None {
        set("fsync=off".to_owned());
        set("full_page_writes=off".to_owned());
        set("synchronous_commit=off".to_owned());
    }
    arguments
}

fn initialise(programs: &Path, data: &Path, user: Option<&str>) -> anyhow::Result<()> {
    let mut command = Command::new("setpriv");
    if let Some(user) = user {
        command.args(process::as_user(user));
    }
    let output = command
        .arg("--")
        .arg(programs.join("initdb"))
        .arg(format!("--pgdata={}", data.display()))
        .arg(format!("--username={ROLE}"))
        .args(["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"])
        .current_dir("/")
        .output()
        .context("setpriv cannot be started; install util-linux")?;
    if !output.status.success() {
        bail!(
            "initdb failed: {}",
            String::from_utf8_lossy(&output.stderr).trim()
        );
    }
    Ok(())
}

/// Who the server runs as when we are root; the directory becomes theirs.
fn server_user(directory: &Path) -> anyhow::Result<Option<&'static str>> {
    if fs::metadata("/proc/self")?.uid() != 0 {
        return Ok(None);
    }
    let status = Command::new("chown")
        .arg(format!("{SERVER_USER}:"))
        .arg(directory)
        .status()?;
    if !status.success() {
        bail!("there is no user {SERVER_USER}; install the package postgresql");
    }
    Ok(Some(SERVER_USER))
}

/// The newest installed version's programs.
fn programs() -> anyhow::Result<PathBuf> {
    let versions = fs::read_dir(DEBIAN).into_iter().flatten().flatten();
    let newest = versions
        .map(|entry| entry.path().join("bin"))
        .filter(|programs| programs.join("initdb").exists())
        .max_by_key(|programs| version(programs));
    newest.context("PostgreSQL's server is not installed: apt-get install postgresql")
}

fn version(programs: &Path) -> Option<u32> {
    programs.parent()?.file_name()?.to_str()?.parse().ok()
}
