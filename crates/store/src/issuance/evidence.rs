//! The evidence that control of a name was proven: one row for each proof, append-only, kept as long as the rules
//! ask. What was seen is deflated, since it is text that nobody reads unless somebody asks.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;

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
        format!("*.{}", record.name)
    } else {
        record.name.as_str().to_owned()
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

/// The text, deflated.
pub(super) fn deflated(text: &str) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::with_capacity(text.len() / 2), Compression::fast());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(text.as_bytes());
    encoder.finish().unwrap_or_default()
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
