//! A child process that ends when its owner does, however that ends.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::Context;

use crate::launch;

/// How long a process may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often we look whether it has ended.
const LOOK: Duration = Duration::from_millis(5);
/// How much of a log is shown when a process fails.
const SHOWN_LINES: usize = 15;

/// What to start and how.
pub(crate) struct Start<'a> {
    /// The program.
    pub(crate) program: &'a Path,
    /// The only core it may use, if any.
    pub(crate) core: Option<usize>,
    /// The most files that it may have open, if fewer than usual.
    pub(crate) descriptors: Option<u32>,
    /// The user to run as, when it is another one.
    pub(crate) user: Option<&'a str>,
    /// The signal that asks it to end.
    pub(crate) stop_signal: &'static str,
    /// Where its output goes; added to.
    pub(crate) log: &'a Path,
}

/// A running child.
pub(crate) struct Process {
    child: Child,
    log: PathBuf,
    stop_signal: &'static str,
}

impl Start<'_> {
    /// Starts the program. The kernel kills it if this process goes away.
    pub(crate) fn spawn<A: AsRef<OsStr>>(
        &self,
        arguments: &[A],
        environment: &[(&str, String)],
    ) -> anyhow::Result<Process> {
        let log = File::options().create(true).append(true).open(self.log)?;
        let mut command = match self.descriptors {
            Some(most) => {
                let mut command = launch::pinned(self.core, Path::new("prlimit"));
                command
                    .arg(format!("--nofile={most}:{most}"))
                    .arg("setpriv");
                command
            }
            None => launch::pinned(self.core, Path::new("setpriv")),
        };
        command.args(["--pdeathsig", "KILL"]);
        if let Some(user) = self.user {
            command.args(as_user(user));
        }
        let child = command
            .arg("--")
            .arg(self.program)
            .args(arguments)
            .envs(environment.iter().map(|(name, value)| (*name, value)))
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .context("setpriv and taskset cannot be started; install util-linux")?;
        Ok(Process {
            child,
            log: self.log.to_path_buf(),
            stop_signal: self.stop_signal,
        })
    }
}

/// The arguments that make `setpriv` become another user.
pub(crate) fn as_user(user: &str) -> [String; 3] {
    [
        format!("--reuid={user}"),
        format!("--regid={user}"),
        "--init-groups".to_owned(),
    ]
}

impl Process {
    /// Its process id. The starters replace themselves, so this is the program's own.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// Ends it at once, as a power cut would, and waits until it is gone.
    pub(crate) fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// The last lines that it wrote, for error messages.
    pub(crate) fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let shown = lines.len().saturating_sub(SHOWN_LINES);
        lines.get(shown..).unwrap_or_default().join("\n")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let asked = Command::new("kill")
            .args(["-s", self.stop_signal, &self.id().to_string()])
            .stderr(Stdio::null())
            .status();
        if asked.is_ok() {
            let mut waited = Duration::ZERO;
            while self.is_running() && waited < PATIENCE {
                thread::sleep(LOOK);
                waited += LOOK;
            }
        }
        // Both fail only when it is gone already, which is what we want.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
