//! The evidence that control of a name was proven: one row for each proof, append-only, kept as long as the rules
//! ask. What was seen is deflated, since it is text that nobody reads unless somebody asks.

use std::cell::RefCell;
use std::io::Read as _;

use flate2::read::DeflateDecoder;
use flate2::{Compress, Compression, FlushCompress};

use super::authorization::Ending;
use crate::{Error, Row, WriteTx, sql, values};

/// The rules under which a proof counts: the version of the Baseline Requirements that this program follows.
const RULES: &str = "BR 2.1";
/// More than any evidence that we write; a stored one that claims to be longer is not ours.
const LONGEST: u64 = 1 << 20;

/// Stores the evidence of a success.
pub(super) async fn insert(
    tx: &mut WriteTx,
    ending: &Ending,
    method: &str,
    evidence: Vec<u8>,
) -> Result<(), Error> {
    let record = &ending.record;
    let name = if record.is_wildcard {
        format!("*.{}", record.identifier)
    } else {
        record.identifier.to_string()
    };
    let statement = sql!(system:
        "INSERT INTO domain_validation (id, validated_at, valid_until, tenant_id, account_id, name, method, rules,
           evidence)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
    );
    let values = values![
        ending.validation,
        ending.now,
        record.expires,
        ending.tenant,
        ending.account,
        name,
        method,
        RULES,
        evidence
    ];
    tx.execute_later(statement, &values).await
}

thread_local! {
    /// A compressor holds hundreds of kilobytes: each thread keeps one instead of asking for them at each proof.
    static COMPRESSOR: RefCell<Compress> = RefCell::new(Compress::new(Compression::fast(), false));
}

/// The text, deflated.
pub(crate) fn deflated(text: &str) -> Vec<u8> {
    COMPRESSOR.with_borrow_mut(|compressor| {
        compressor.reset();
        // What cannot be compressed grows by five bytes for each block of at most 64 KiB.
        let mut bytes = Vec::with_capacity(text.len() + text.len() / 1_024 + 64);
        // There is room for all of it, and memory does not fail.
        let _ = compressor.compress_vec(text.as_bytes(), &mut bytes, FlushCompress::Finish);
        bytes.shrink_to_fit();
        bytes
    })
}

/// Reads a deflated text.
pub(super) fn read(row: &Row, column: &'static str) -> Result<Option<String>, Error> {
    let Some(bytes) = row.opt_bytes(column)? else {
        return Ok(None);
    };
    let mut text = String::new();
    DeflateDecoder::new(bytes)
        .take(LONGEST)
        .read_to_string(&mut text)
        .map_err(|error| row.corrupt(column, error))?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What no compressor makes smaller: characters that follow no pattern.
    fn noise(length: usize) -> String {
        let mut state = 1_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b' ' + u8::try_from(state >> 24).unwrap_or_default() % 95)
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn a_text_of_any_length_comes_back_and_the_next_one_too() {
        for length in [0, 1, 700, 65_536, 300_000] {
            for text in ["a".repeat(length), noise(length)] {
                let bytes = deflated(&text);
                let mut back = String::new();
                DeflateDecoder::new(&bytes[..])
                    .read_to_string(&mut back)
                    .expect("a deflated text");
                assert!(back == text, "{length} characters");
            }
        }
    }
}
