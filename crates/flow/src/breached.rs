//! Passwords that were seen in breaches, by an operator's list of their SHA-1 digests (security S-02). The list may be larger
//! than memory: it is sorted, and searched where it lies. Nobody else is asked.

use std::cmp::Ordering;
use std::fs::File;
use std::io::{Error, ErrorKind, Result};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use tenancy::password::Password;

/// No line is longer: a digest, a colon and how often it was seen.
const LINE: usize = 128;
/// What is shorter would meet passwords that nobody has used.
const SHORTEST: usize = 10;
/// How many lines are compared when the list is opened.
const SAMPLES: u64 = 256;

/// A list that is open.
#[derive(Clone, Debug)]
pub struct BreachedPasswords {
    file: Arc<File>,
    length: u64,
}

impl BreachedPasswords {
    /// Opens a text of one SHA-1 digest in hexadecimal a line, or its first 10 or more digits, in ascending order;
    /// what follows the digits of a line is read past.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is something else.
    pub fn open(path: &Path) -> Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        let file = Arc::new(file);
        let list = Self { file, length };
        list.check()?;
        Ok(list)
    }

    /// Whether a password is in the list. Reads some forty times; not for threads that answer requests.
    ///
    /// # Errors
    ///
    /// When the list cannot be read any more.
    pub fn holds(&self, password: &Password) -> Result<bool> {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.reveal().as_bytes());
        let wanted = hex(digest.as_ref());
        let (mut low, mut high) = (0, self.length);
        while low < high {
            let middle = low + (high - low) / 2;
            match self.line_from(middle)? {
                Some((start, line)) if compare(&line, &wanted) == Ordering::Less => low = start + 1,
                Some(_) | None => high = middle,
            }
        }
        let found = self.line_from(low)?;
        Ok(found.is_some_and(|(_, line)| compare(&line, &wanted) == Ordering::Equal))
    }

    /// Some lines all over it are digests, each after the one before.
    fn check(&self) -> Result<()> {
        let mut last = String::new();
        for sample in 0..SAMPLES {
            let place = self.length / SAMPLES * sample;
            let Some((_, line)) = self.line_from(place)? else {
                continue;
            };
            if line < last {
                return Err(Error::new(ErrorKind::InvalidData, "it is not sorted"));
            }
            last = line;
        }
        if last.is_empty() {
            return Err(Error::new(ErrorKind::InvalidData, "it is empty"));
        }
        Ok(())
    }

    /// The digits of the first line that begins at or after a place, and where it begins.
    fn line_from(&self, place: u64) -> Result<Option<(u64, String)>> {
        let start = match place.checked_sub(1) {
            None => 0,
            Some(before) => {
                let bytes = self.read(before)?;
                match bytes.iter().position(|byte| *byte == b'\n') {
                    Some(end) => before + 1 + end as u64,
                    None if bytes.len() < LINE => return Ok(None),
                    None => return Err(no_digest()),
                }
            }
        };
        if start >= self.length {
            return Ok(None);
        }
        let bytes = self.read(start)?;
        let digits = bytes.iter().take_while(|byte| byte.is_ascii_hexdigit());
        let digits: String = digits
            .map(|byte| char::from(byte.to_ascii_uppercase()))
            .collect();
        if (SHORTEST..=40).contains(&digits.len()) {
            Ok(Some((start, digits)))
        } else {
            Err(no_digest())
        }
    }

    fn read(&self, place: u64) -> Result<Vec<u8>> {
        let mut bytes = vec![0; LINE];
        let mut read = 0;
        while let Some(rest) = bytes.get_mut(read..).filter(|rest| !rest.is_empty()) {
            match self.file.read_at(rest, place + read as u64) {
                Ok(0) => break,
                Ok(more) => read += more,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(read);
        Ok(bytes)
    }
}

/// By as many digits as the line has.
fn compare(line: &str, wanted: &str) -> Ordering {
    line.cmp(wanted.get(..line.len()).unwrap_or(wanted))
}

fn no_digest() -> Error {
    Error::new(
        ErrorKind::InvalidData,
        "a line does not begin with a SHA-1 digest in hexadecimal, or its first 10 or more digits",
    )
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02X}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest_of(password: &str) -> String {
        let digest = digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes());
        hex(digest.as_ref())
    }

    fn list(lines: &[String], ends: &str) -> Result<BreachedPasswords> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("list");
        let lines: Vec<String> = lines.iter().map(|line| format!("{line}{ends}")).collect();
        std::fs::write(&path, lines.concat())?;
        BreachedPasswords::open(&path)
    }

    #[test]
    fn s02_every_password_of_a_list_is_found_and_no_other() {
        for (digits, ends) in [(40, ":17\r\n"), (40, "\n"), (16, "\n"), (10, ":3\n")] {
            for count in [1, 2, 3, 1_000] {
                let held: Vec<String> = (0..count).map(|n| format!("held {n}")).collect();
                let mut lines: Vec<String> = held.iter().map(|one| digest_of(one)).collect();
                for line in &mut lines {
                    line.truncate(digits);
                }
                lines.sort();
                let list = list(&lines, ends).unwrap();
                for one in &held {
                    assert!(list.holds(&Password::new(one.as_str())).unwrap(), "{one}");
                }
                for other in 0..1_000 {
                    let other = Password::new(format!("other {other}"));
                    assert!(!list.holds(&other).unwrap());
                }
            }
        }
        // The last line may have no end, and letters may be small.
        let small = digest_of("one").to_lowercase();
        let list = list(&[small], "").unwrap();
        assert!(list.holds(&Password::new("one")).unwrap());
    }

    #[test]
    fn s02_what_is_no_list_is_told() {
        let told = |lines: &[&str]| {
            let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
            list(&lines, "\n").unwrap_err().to_string()
        };
        assert_eq!(told(&[]), "it is empty");
        assert!(told(&["password"]).starts_with("a line does not begin"));
        assert!(told(&["0123456789".repeat(20).as_str()]).starts_with("a line does not begin"));
        let mut lines: Vec<String> = (0..1_000).map(|n| digest_of(&n.to_string())).collect();
        lines.sort();
        lines.reverse();
        assert_eq!(
            list(&lines, "\n").unwrap_err().to_string(),
            "it is not sorted"
        );
    }
}
