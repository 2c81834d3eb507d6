//! A SQLite file belongs to one server: it takes over every job it finds, so that a second one would do the work of the
//! first again. A lock on a file beside the database keeps the second one out. It ends with the process that holds
//! it, however that ends; what the file says is only for people. On PostgreSQL there is none: several nodes share it.
//! `chancery admin` works beside a server and does not ask.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use base::Timestamp;
use store::DatabaseUrl;

/// What the file's name has behind the database's.
const ENDING: &str = ".lock";

/// The right to serve a SQLite file, as long as this lives.
#[derive(Debug)]
pub(crate) struct ServeLock {
    /// Closing it gives the lock back.
    _file: Option<File>,
}

impl ServeLock {
    /// Takes the lock, or says who has it.
    pub(crate) fn take(database: &DatabaseUrl, now: Timestamp) -> anyhow::Result<Self> {
        let DatabaseUrl::Sqlite(path) = database else {
            return Ok(Self { _file: None });
        };
        let path = beside(path);
        let cannot = || format!("the lock file {} cannot be used", path.display());
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .with_context(cannot)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => bail!("{}", refusal(database, &mut file, &path)),
            Err(TryLockError::Error(error)) => return Err(error).with_context(cannot),
        }
        sign(&mut file, now).with_context(cannot)?;
        Ok(Self { _file: Some(file) })
    }
}

impl ServeLock {
    /// Whether a server has it, where there is one: several may share PostgreSQL.
    pub(crate) fn is_held(database: &DatabaseUrl) -> Option<bool> {
        let DatabaseUrl::Sqlite(path) = database else {
            return None;
        };
        let held = File::open(beside(path))
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)));
        Some(held)
    }
}

/// The lock file of a database, the same one for every way to name it.
fn beside(database: &Path) -> PathBuf {
    let known = fs::canonicalize(database);
    let mut path = known
        .unwrap_or_else(|_| database.to_owned())
        .into_os_string();
    path.push(ENDING);
    path.into()
}

/// Says who holds the lock from now on.
fn sign(file: &mut File, now: Timestamp) -> std::io::Result<()> {
    let now = now.truncated_to_second();
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "process {} since {now}", std::process::id())
}

fn refusal(database: &DatabaseUrl, file: &mut File, path: &Path) -> String {
    let mut holder = String::new();
    // Who has only just taken it may not have written yet.
    let holder = match file.read_to_string(&mut holder) {
        Ok(_) if !holder.trim().is_empty() => holder.trim(),
        Ok(_) | Err(_) => "another process",
    };
    format!(
        "{database} is served already, by {holder} (it holds {}); end that server first, or use PostgreSQL, which \
         several servers can share",
        path.display()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_435_200);

    fn database(folder: &tempfile::TempDir) -> DatabaseUrl {
        DatabaseUrl::Sqlite(folder.path().join("chancery.db"))
    }

    #[test]
    fn sb11_whoever_comes_second_is_told_who_was_first_and_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let database = database(&folder);
        let first = ServeLock::take(&database, NOW).unwrap();
        let refused = ServeLock::take(&database, NOW).unwrap_err().to_string();
        let place = folder.path().canonicalize().unwrap();
        let refused = refused
            .replace(&folder.path().display().to_string(), "DATA")
            .replace(&place.display().to_string(), "DATA")
            .replace(&std::process::id().to_string(), "PID");
        insta::assert_snapshot!(refused, @"sqlite:DATA/chancery.db is served already, by process PID since 2026-11-23T12:00:00Z (it holds DATA/chancery.db.lock); end that server first, or use PostgreSQL, which several servers can share");
        drop(first);
        ServeLock::take(&database, NOW).unwrap();
    }

    #[test]
    fn sb11_what_a_dead_process_has_left_holds_nobody_up() {
        let folder = tempfile::tempdir().unwrap();
        let left = folder.path().join("chancery.db.lock");
        let long = "process 1 since 2001-01-01T00:00:00Z\n".repeat(3);
        fs::write(&left, long).unwrap();
        let lock = ServeLock::take(&database(&folder), NOW).unwrap();
        let said = fs::read_to_string(&left).unwrap();
        assert_eq!(
            said,
            format!("process {} since {NOW}\n", std::process::id())
        );
        drop(lock);
    }

    #[test]
    fn sb11_two_databases_in_one_folder_have_two_locks() {
        let folder = tempfile::tempdir().unwrap();
        let other = DatabaseUrl::Sqlite(folder.path().join("other.db"));
        let first = ServeLock::take(&database(&folder), NOW).unwrap();
        let second = ServeLock::take(&other, NOW).unwrap();
        drop((first, second));
    }

    #[test]
    fn sb11_another_name_of_the_same_file_has_the_same_lock() {
        let folder = tempfile::tempdir().unwrap();
        let other = tempfile::tempdir().unwrap();
        let file = folder.path().join("chancery.db");
        fs::write(&file, "").unwrap();
        let link = other.path().join("link.db");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let first = ServeLock::take(&DatabaseUrl::Sqlite(file), NOW).unwrap();
        ServeLock::take(&DatabaseUrl::Sqlite(link), NOW).unwrap_err();
        drop(first);
    }

    #[test]
    fn sb11_postgresql_has_no_lock() {
        let shared = DatabaseUrl::Postgres("postgres://localhost/chancery".to_owned());
        let first = ServeLock::take(&shared, NOW).unwrap();
        ServeLock::take(&shared, NOW).unwrap();
        drop(first);
    }
}
