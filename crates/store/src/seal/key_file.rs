//! The key file: one line per key, a number and 32 bytes in base64; the last line is the newest.
//!
//! It is never overwritten. A file that others may read is refused, since its keys must then be
//! taken for known.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use base::Random;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// A key and the number that sealed values name it by.
#[derive(Clone)]
pub(super) struct Key {
    pub(super) id: u32,
    pub(super) bytes: Zeroizing<[u8; 32]>,
}

/// Why the keys could not be read or made.
#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    /// The file holds no key.
    #[error("the key file holds no key")]
    Empty,
    /// The file cannot be read or made.
    #[error("the key file {path} cannot be read or made")]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Others than the owner have access.
    #[error(
        "the key file {path} has mode {mode:o}; others must have no access to it: chmod 600 it, \
         and think about whether its keys are still secret"
    )]
    Lax {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// There is no such file.
    #[error("the key file {path} is missing")]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// A line is not a key.
    #[error("line {line} of the key file is not a number and 32 bytes in base64, or repeats one")]
    Malformed {
        /// Counted from 1.
        line: usize,
    },
}

/// Reads the keys; makes nothing.
pub(super) fn load(path: &Path) -> Result<Vec<Key>, KeyFileError> {
    let failed = |source: io::Error| {
        if source.kind() == io::ErrorKind::NotFound {
            return KeyFileError::Missing {
                path: path.to_owned(),
            };
        }
        unreadable(path, source)
    };
    let mode = fs::metadata(path).map_err(failed)?.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Lax {
            path: path.to_owned(),
            mode,
        });
    }
    let bytes = Zeroizing::new(fs::read(path).map_err(failed)?);
    match std::str::from_utf8(&bytes) {
        Ok(text) => parse(text),
        Err(error) => {
            let before = bytes.iter().take(error.valid_up_to());
            let line = before.filter(|byte| **byte == b'\n').count() + 1;
            Err(KeyFileError::Malformed { line })
        }
    }
}

pub(super) fn load_or_create(path: &Path, random: &dyn Random) -> Result<Vec<Key>, KeyFileError> {
    match load(path) {
        Err(KeyFileError::Missing { .. }) => {
            create(path, random).map_err(|source| unreadable(path, source))?;
            load(path)
        }
        found => found,
    }
}

/// Adds a key behind the others: from now on it is the newest. Whoever reads the file meanwhile finds it whole, with the
/// key or without. Gives its number.
pub(super) fn append(path: &Path, random: &dyn Random) -> Result<u32, KeyFileError> {
    let failed = |source| unreadable(path, source);
    let (draft, mut file) = open_draft(path, "adding").map_err(failed)?;
    let added = load(path).and_then(|keys| {
        let id = keys.iter().map(|key| key.id).max().unwrap_or(0) + 1;
        let present = Zeroizing::new(fs::read_to_string(path).map_err(failed)?);
        let text = Zeroizing::new(format!(
            "{}\n{}",
            present.trim_end(),
            line(id, random).as_str()
        ));
        let written = file.write_all(text.as_bytes());
        let written = written.and_then(|()| file.sync_all());
        written
            .and_then(|()| fs::rename(&draft, path))
            .and_then(|()| sync_directory(path))
            .map_err(failed)?;
        Ok(id)
    });
    if added.is_err() {
        fs::remove_file(&draft).map_err(failed)?;
    }
    added
}

/// A line with a fresh key.
fn line(id: u32, random: &dyn Random) -> Zeroizing<String> {
    let mut bytes = Zeroizing::new([0_u8; 32]);
    random.fill(&mut *bytes);
    let key = Zeroizing::new(STANDARD.encode(*bytes));
    Zeroizing::new(format!("{id} {}\n", key.as_str()))
}

/// A file beside the key file, for its owner's eyes only; nobody else has it at the same time.
fn open_draft(path: &Path, word: &str) -> io::Result<(PathBuf, File)> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{word}"));
    let draft = path.with_file_name(name);
    let mut options = OpenOptions::new();
    let options = options.write(true).create_new(true).mode(0o600);
    let file = options.open(&draft)?;
    Ok((draft, file))
}

fn unreadable(path: &Path, source: io::Error) -> KeyFileError {
    KeyFileError::Io {
        path: path.to_owned(),
        source,
    }
}

/// Writes the whole file under another name and links it into place: whoever else starts at the
/// same moment finds either nothing or all of it, and both end up with the same key.
fn create(path: &Path, random: &dyn Random) -> io::Result<()> {
    let text = Zeroizing::new(format!("{HEAD}{}", line(1, random).as_str()));
    let (draft, mut file) = open_draft(path, &format!("{}.new", std::process::id()))?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    let linked = written.and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => sync_directory(path),
    }
}

fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    File::open(parent.unwrap_or(Path::new(".")))?.sync_all()
}

fn parse(text: &str) -> Result<Vec<Key>, KeyFileError> {
    let mut keys: Vec<Key> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let key = parse_line(line).filter(|key| keys.iter().all(|other| other.id != key.id));
        keys.push(key.ok_or(KeyFileError::Malformed { line: index + 1 })?);
    }
    Ok(keys)
}

fn parse_line(line: &str) -> Option<Key> {
    let (id, encoded) = line.split_once(' ')?;
    let decoded = Zeroizing::new(STANDARD.decode(encoded.trim()).ok()?);
    let bytes = Zeroizing::new(<[u8; 32]>::try_from(decoded.as_slice()).ok()?);
    Some(Key {
        id: id.parse().ok()?,
        bytes,
    })
}

const HEAD: &str = "\
# Chancery seals its stored secrets with the last key of this file and opens them with any.
# Keep a copy apart from the database: without it the secrets are lost, with it they are open.
";

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    struct Fixed(u8);
    impl Random for Fixed {
        fn fill(&self, bytes: &mut [u8]) {
            bytes.fill(self.0);
        }
    }

    #[test]
    fn s38_a_new_file_is_private_and_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sealing.key");
        let made = load_or_create(&path, &Fixed(1)).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        let read = load_or_create(&path, &Fixed(2)).unwrap();
        assert_eq!((read.len(), read[0].id), (1, 1));
        assert_eq!(*made[0].bytes, *read[0].bytes);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    }

    #[test]
    fn fa2_looking_for_a_key_makes_none() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sealing.key");
        let missing = load(&path).err().unwrap();
        assert!(matches!(missing, KeyFileError::Missing { .. }));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    }

    #[test]
    fn s39_a_key_is_added_behind_the_others() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sealing.key");
        load_or_create(&path, &Fixed(1)).unwrap();
        assert_eq!(append(&path, &Fixed(2)).unwrap(), 2);
        assert_eq!(append(&path, &Fixed(3)).unwrap(), 3);
        let keys = load(&path).unwrap();
        let keys: Vec<_> = keys.iter().map(|key| (key.id, key.bytes[0])).collect();
        assert_eq!(keys, [(1, 1), (2, 2), (3, 3)]);
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
        assert!(fs::read_to_string(&path).unwrap().starts_with(HEAD));
        // Who adds one at the same moment is refused, and no key is lost.
        let other = directory.path().join("sealing.key.adding");
        fs::write(&other, "").unwrap();
        assert!(append(&path, &Fixed(4)).is_err());
        assert_eq!(load(&path).unwrap().len(), 3);
    }

    #[test]
    fn s38_a_file_that_others_may_read_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sealing.key");
        load_or_create(&path, &Fixed(1)).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o601] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let refused = load_or_create(&path, &Fixed(1)).err().unwrap();
            assert!(matches!(refused, KeyFileError::Lax { mode: found, .. } if found == mode));
        }
    }

    #[test]
    fn s38_a_damaged_file_is_never_replaced() {
        let good = STANDARD.encode([1; 32]);
        let short = STANDARD.encode([1; 31]);
        let refused = |text: &str| parse(text).err().map(|error| error.to_string());
        assert!(refused(&format!("1 {short}")).is_some_and(|text| text.contains("line 1")));
        assert!(refused(&format!("# x\n\n1 {good}\n1 {good}")).is_some());
        assert!(refused(&format!("one {good}")).is_some());
        assert!(refused(&good).is_some());
        assert_eq!(parse(&format!("1 {good}\n2 {good}\n")).unwrap().len(), 2);
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("sealing.key");
        fs::write(&path, "").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(super::super::Sealer::load_or_create(&path, &Fixed(1)).is_err());
        assert_eq!(fs::read(&path).unwrap(), b"");
        // What was never text is no key either, and is left alone (FA-2).
        fs::write(&path, [b"# x\n", &[0xff; 100][..]].concat()).unwrap();
        let refused = load_or_create(&path, &Fixed(1)).err().unwrap();
        assert!(refused.to_string().starts_with("line 2 of the key file"));
    }
}
