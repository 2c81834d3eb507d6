//! Contacts in the DNS: whom the owner of a domain names there to be written to about it, by the property `contactemail` of
//! CAA records (BR §3.2.2.4.13) or, without one, by TXT records at [`CONTACT_LABEL`] (BR §3.2.2.4.14, appendix A).

use std::time::Duration;

use acme::caa::Record;
use acme::challenge::Type;
use base::{Clock, DnsName};
use reach::network::Network;
use reach::resolver::Security;

use crate::caa::{SHOWN, climb};
use crate::evidence::{CaaEvidence, Evidence, Lookup, MailEvidence, MailSource};
use crate::failure::Failure;
use crate::probe::ContactsOutcome;

/// What stands in front of the domain where TXT records name its contacts.
pub const CONTACT_LABEL: &str = "_validation-contactemail";
/// What a proof by mail is called in evidence.
pub const MAIL: &str = Type::Mail.as_str();
/// The property of CAA records.
const PROPERTY: &str = "contactemail";

pub(crate) async fn ask(
    network: &Network,
    domain: &DnsName,
    clock: &dyn Clock,
    time: Duration,
) -> ContactsOutcome {
    let started_at = clock.now();
    let mut evidence = Evidence::new(started_at, MAIL);
    network
        .resolver_description()
        .clone_into(&mut evidence.resolver);
    let looking = look(network, domain, &mut evidence);
    let found = tokio::time::timeout(time, looking).await;
    let result = found.unwrap_or_else(|_| {
        Err(Failure::CaaTimeout {
            name: domain.to_string(),
        })
    });
    let elapsed = clock.now().since(started_at);
    evidence.ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
    ContactsOutcome { result, evidence }
}

async fn look(
    network: &Network,
    domain: &DnsName,
    evidence: &mut Evidence,
) -> Result<Vec<String>, Failure> {
    let caa = evidence.caa.insert(CaaEvidence::new(evidence.started_at));
    let counting = climb(network, domain, &mut caa.lookups).await?;
    let records = counting.map(|(_, records)| records).unwrap_or_default();
    caa.records = records.iter().take(SHOWN).map(Record::to_string).collect();
    let named = named(&records);
    if !named.is_empty() {
        evidence.mail = Some(mail(MailSource::CaaContact));
        return Ok(named);
    }
    let owner = format!("{CONTACT_LABEL}.{domain}");
    let mut lookup = Lookup {
        name: owner.clone(),
        ..Lookup::default()
    };
    let answer = network.txt(&owner).await;
    match &answer {
        Ok(found) => {
            lookup.aliases.clone_from(&found.aliases);
            lookup.secure = found.security == Security::Secure;
            lookup.txt_records = Some(found.values.len());
        }
        Err(error) => lookup.error = Some(error.cause.to_string()),
    }
    evidence.lookups.push(lookup);
    evidence.mail = Some(mail(MailSource::TxtContact));
    match answer {
        Ok(found) => Ok(found.values),
        Err(error) if error.cause.is_negative_answer() => Ok(Vec::new()),
        Err(error) => Err(error.into()),
    }
}

/// The contacts that CAA records name; the whole value is the address.
fn named(records: &[Record]) -> Vec<String> {
    let contacts = records
        .iter()
        .filter(|record| record.tag.eq_ignore_ascii_case(PROPERTY));
    let values = contacts.filter_map(|record| String::from_utf8(record.value.clone()).ok());
    values.collect()
}

fn mail(source: MailSource) -> MailEvidence {
    MailEvidence {
        source,
        to: Vec::new(),
        confirmed_at: None,
        confirmed_from: None,
    }
}
