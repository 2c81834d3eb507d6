//! Builds what a measurement needs in release mode and goes on as the release build of this tool,
//! pinned to its core. A load client compiled without optimisation would measure itself.

use std::env;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, bail};
use clap::Args;

use crate::workspace;

/// Which server binary to run.
#[derive(Clone, Debug, Args)]
pub(crate) struct Launch {
    /// Use this server binary instead of building one in release mode
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
    /// Set by the tool itself once everything is built
    #[arg(long, hide = true)]
    prepared: bool,
}

impl Launch {
    /// The server binary. Builds it and this tool and starts over unless that has been done;
    /// `core` is where the tool itself then runs.
    pub(crate) fn prepare(&self, core: Option<usize>) -> anyhow::Result<PathBuf> {
        if let (true, Some(binary)) = (self.prepared, &self.binary) {
            return Ok(binary.clone());
        }
        let root = workspace::root();
        let release = workspace::members(&root)?.target_directory.join("release");
        if self.binary.is_none() {
            build(&root, "chancery")?;
        }
        build(&root, "xtask")?;
        let mut arguments: Vec<OsString> = env::args_os().skip(1).collect();
        arguments.push("--prepared".into());
        if self.binary.is_none() {
            arguments.push("--binary".into());
            arguments.push(release.join("chancery").into());
        }
        let mut command = pinned(core, &release.join("xtask"));
        let error = command.args(arguments).exec();
        Err(error).context("the release build of xtask cannot be started; is util-linux installed?")
    }
}

/// A command that runs on one core only, or anywhere, even where this tool itself is pinned.
pub(crate) fn pinned(core: Option<usize>, program: &Path) -> Command {
    let cores = core.map_or_else(|| ALL_CORES.to_owned(), |core| core.to_string());
    let mut command = Command::new("taskset");
    command.arg("-c").arg(cores).arg(program);
    command
}

/// The system takes those of them that it has.
const ALL_CORES: &str = "0-1023";

fn build(root: &Path, package: &str) -> anyhow::Result<()> {
    println!("==> building {package} in release mode");
    let status = Command::new("cargo")
        .args(["build", "--release", "--locked", "--package", package])
        .current_dir(root)
        .status()
        .context("cargo cannot be started; is it on the PATH?")?;
    if !status.success() {
        bail!("{package} does not build");
    }
    Ok(())
}
