//! CAA (RFC 8659 §3): climbs from the name to the first place that has records, and lets the rule of `acme` judge them.
//!
//! The places are asked for at once, so that a name costs one round trip however deep it lies. A place that gives no
//! answer ends the climb: whoever can keep answers away would else say who may issue.

use std::time::Duration;

use acme::caa::{Permission, Record, decide, places};
use base::{Clock, DnsName};
use futures_util::stream::{self, StreamExt};
use reach::network::Network;
use reach::resolver::{CaaRecords, LookupError, Security};

use crate::evidence::{CaaEvidence, CaaLookup};
use crate::failure::Failure;
use crate::probe::{CaaOutcome, CaaQuestion};

/// Places that are asked for at once; names can have more than a hundred.
const AT_ONCE: usize = 8;
/// How many records are shown and stored.
pub(crate) const SHOWN: usize = 10;

/// The records that count, and where they stand.
pub(crate) type Counting = Option<(String, Vec<Record>)>;

pub(crate) async fn ask(
    network: &Network,
    question: CaaQuestion<'_>,
    clock: &dyn Clock,
    time: Duration,
) -> CaaOutcome {
    let mut evidence = CaaEvidence::new(clock.now());
    let climbing = climb(network, question.name, &mut evidence.lookups);
    let found = tokio::time::timeout(time, climbing).await;
    let found = found.unwrap_or_else(|_| {
        Err(Failure::CaaTimeout {
            name: question.name.base().to_string(),
        })
    });
    let result = found.and_then(|counting| judge(counting, question, &mut evidence));
    evidence.refused = result.as_ref().err().map(Failure::detail);
    let elapsed = clock.now().since(evidence.checked_at);
    evidence.ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    CaaOutcome { result, evidence }
}

/// The records that count for a name.
pub(crate) async fn climb(
    network: &Network,
    name: &DnsName,
    lookups: &mut Vec<CaaLookup>,
) -> Result<Counting, Failure> {
    let asked = places(name).into_iter().map(async |place| {
        let answer = network.caa(&place).await;
        (place, answer)
    });
    let mut answers = stream::iter(asked).buffered(AT_ONCE);
    while let Some((place, answer)) = answers.next().await {
        lookups.push(seen(&place, &answer));
        let found = answer.map_err(Failure::CaaLookup)?;
        if !found.records.is_empty() {
            return Ok(Some((place, records(found))));
        }
    }
    Ok(None)
}

fn records(found: CaaRecords) -> Vec<Record> {
    let each = found.records.into_iter();
    each.map(|record| Record {
        flags: record.flags,
        tag: record.tag,
        value: record.value,
    })
    .collect()
}

fn seen(place: &str, answer: &Result<CaaRecords, LookupError>) -> CaaLookup {
    let name = place.to_owned();
    match answer {
        Ok(found) => CaaLookup {
            name,
            aliases: found.aliases.clone(),
            secure: found.security == Security::Secure,
            remembered: found.is_remembered,
            error: None,
        },
        Err(error) => CaaLookup {
            name,
            error: Some(error.cause.to_string()),
            ..CaaLookup::default()
        },
    }
}

fn judge(
    counting: Counting,
    question: CaaQuestion<'_>,
    evidence: &mut CaaEvidence,
) -> Result<(), Failure> {
    let Some((place, records)) = counting else {
        return Ok(());
    };
    evidence.records = records.iter().take(SHOWN).map(Record::to_string).collect();
    match decide(&records, question.request) {
        Ok(Permission::Named { identity, account }) => {
            evidence.allowed_as = Some(identity);
            evidence.allowed_account = account;
            Ok(())
        }
        Ok(Permission::Unrestricted) => Ok(()),
        Err(refusal) => Err(Failure::CaaForbids {
            identities: question.request.identities.to_vec(),
            place,
            refusal,
        }),
    }
}
