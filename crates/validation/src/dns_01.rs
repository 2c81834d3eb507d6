//! dns-01: a TXT record below the name (RFC 8555 §8.4), at `_acme-challenge` in orders.
//!
//! Several records may stand there, of several orders; one that fits is enough. The name may be
//! an alias into another zone.

use base::DnsName;

use crate::evidence::{Lookup, shortened};
use crate::failure::{Failure, Stage};
use crate::trace::Trace;
use reach::network::Network;
use reach::resolver::{LookupError, Security, TxtRecords};

/// How many values a failure shows, and how much of each.
const SHOWN: usize = 3;
const SHOWN_LENGTH: usize = 50;
/// What panels of DNS providers store around a value.
const DRESS: [char; 5] = ['"', '\'', '\\', ' ', '\t'];

pub(crate) async fn probe(
    network: &Network,
    name: &DnsName,
    (label, digest): (&str, &str),
    trace: &mut Trace,
) -> Result<(), Failure> {
    let owner = format!("{label}.{}", name.base());
    trace.enter(Stage::Lookup, &owner);
    let started = trace.elapsed_ms();
    let answer = network.txt(&owner).await;
    let ms = trace.elapsed_ms().saturating_sub(started);
    trace.evidence.lookups.push(seen(&owner, &answer, ms));

    let records = answer?;
    if records.values.iter().any(|value| value == digest) {
        return Ok(());
    }
    if records.values.is_empty() {
        return Err(Failure::TxtMissing { name: owner });
    }
    let shown = |value: &String| format!("\"{}\"", visible(&shortened(value, SHOWN_LENGTH)));
    let is_dressed = |value: &String| value.trim_matches(DRESS) == digest;
    Err(Failure::TxtMismatch {
        count: records.values.len(),
        found: records.values.iter().take(SHOWN).map(shown).collect(),
        is_dressed: records.values.iter().any(is_dressed),
        name: owner,
    })
}

fn seen(owner: &str, answer: &Result<TxtRecords, LookupError>, ms: u64) -> Lookup {
    let mut lookup = Lookup {
        name: owner.to_owned(),
        ms,
        ..Lookup::default()
    };
    match answer {
        Ok(records) => {
            lookup.aliases.clone_from(&records.aliases);
            lookup.secure = records.security == Security::Secure;
            lookup.txt_records = Some(records.values.len());
        }
        Err(error) => lookup.error = Some(error.cause.to_string()),
    }
    lookup
}

/// TXT records can hold any octets; messages cannot, and yet have to show them: often a quotation mark or a space is all
/// that is wrong.
fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '"' | '\\' => shown.extend(['\\', letter]),
            ' '..='~' | '…' => shown.push(letter),
            other => shown.extend(other.escape_unicode()),
        }
    }
    shown
}
