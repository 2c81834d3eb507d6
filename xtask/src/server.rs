//! The servers that the tools start: Chancery, PostgreSQL and, to compare with, Pebble.
//!
//! Each is a child process that ends with the tool, keeps its data in a directory of its own under
//! `/var/tmp` (a real disk, where a flush costs what it costs) and listens on loopback only.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::{fs, io};

use anyhow::Context;
use tempfile::TempDir;

pub(crate) mod chancery;
pub(crate) mod metrics;
pub(crate) mod name_server;
pub(crate) mod pebble;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod usage;

/// A directory that is removed when its owner is done; others may enter it.
pub(crate) fn working_directory(name: &str) -> anyhow::Result<TempDir> {
    let directory = tempfile::Builder::new()
        .prefix(&format!("chancery-{name}-"))
        .tempdir_in("/var/tmp")
        .context("/var/tmp is not writable")?;
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755))?;
    Ok(directory)
}

/// A loopback address on which nobody listens now.
pub(crate) fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
