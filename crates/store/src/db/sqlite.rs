//! SQLite: one writer thread that groups commits, and read-only connections beside it.

mod intake;
mod migrator;
mod readers;
mod writer;

use std::fs::OpenOptions;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

pub(super) use migrator::Migrator;
pub(super) use readers::Readers;
pub(super) use writer::Writer;

use super::{Error, SourceLine};

/// Opens a connection that writes, and creates the file, for its owner only, if need be. What is deleted is overwritten:
/// `secure_delete = FAST` leaves it in pages that become free.
fn open_writer(path: &Path) -> Result<Connection, Error> {
    create(path).map_err(Error::unavailable)?;
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection
        .execute_batch(&format!(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -8192; \
             PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}; PRAGMA secure_delete = ON; \
             PRAGMA journal_size_limit = {JOURNAL_BYTES};"
        ))
        .map_err(opening)?;
    Ok(connection)
}

/// Folds the whole write-ahead log into the file and leaves nothing of it; `false` when somebody still read in it. Nearly
/// all of it is folded beside those who write, who wait for the rest only.
pub(super) fn empty_log(path: &Path) -> Result<bool, Error> {
    let connection = open_writer(path)?;
    let fold = |mode: &str| {
        let pragma = format!("PRAGMA wal_checkpoint({mode})");
        connection.query_row(&pragma, (), |row| row.get::<_, bool>(0))
    };
    connection
        .execute_batch(&format!("PRAGMA busy_timeout = {LONGEST_HOLD}"))
        .and_then(|()| fold("PASSIVE"))
        .and_then(|_was_busy| fold("TRUNCATE"))
        .map(|was_busy| !was_busy)
        .map_err(opening)
}

/// Opens a connection that cannot write.
fn open_reader(path: &Path) -> Result<Connection, Error> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    connection
        .execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2048;")
        .map_err(opening)?;
    Ok(connection)
}

fn open(path: &Path, flags: OpenFlags) -> Result<Connection, Error> {
    let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(opening)?;
    connection.set_prepared_statement_cache_capacity(CACHED_STATEMENTS);
    // Otherwise a statement is planned anew whenever certain parameters change.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)
        .map_err(opening)?;
    connection
        .execute_batch(
            "PRAGMA busy_timeout = 5000; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; \
             PRAGMA trusted_schema = OFF; PRAGMA case_sensitive_like = ON;",
        )
        .map_err(opening)?;
    Ok(connection)
}

/// SQLite gives its journals the permissions of the file it finds. A file that is there is not opened: to close it would end
/// the locks that other connections of this process have on it (POSIX), and another process could then take the log away.
fn create(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        created => created.map(drop),
    }
}

fn opening(error: rusqlite::Error) -> Error {
    Error::from_sqlite(ENGINE, error)
}

/// Runs a step, which never has to wait here. If it does, that is a mistake in it.
pub(super) fn finish<T, E: From<Error>>(
    future: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).as_mut().poll(&mut context) {
        Poll::Ready(answer) => answer,
        Poll::Pending => Err(Error::Pended.into()),
    }
}

/// Stands for the engine's own statements in errors.
const ENGINE: SourceLine = SourceLine {
    file: file!(),
    line: line!(),
};
const CACHED_STATEMENTS: usize = 256;
/// A checkpoint after 4 MiB of log: whoever commits then waits for it. On 38 GB, where hardly any page is there twice,
/// 16 MiB take 35 ms and 8 MiB 22.
const CHECKPOINT_PAGES: u32 = 1_000;
const JOURNAL_BYTES: u32 = 64 << 20;
/// How long whoever empties the log waits for readers, and writers for them, in milliseconds.
const LONGEST_HOLD: u32 = 20;
