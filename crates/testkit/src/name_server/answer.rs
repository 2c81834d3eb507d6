//! One answer, right or wrong.

use std::collections::BTreeMap;

use hickory_proto::dnssec::rdata::{DNSSECRData, NSEC};
use hickory_proto::op::{Edns, Message, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::zone::{Zone, start};
use super::{Misbehaviour, State, TTL, full, locked};

/// Aliases that are followed for a client.
const MAX_ALIASES: usize = 8;
/// The option of extended errors (RFC 8914 §2).
const EXTENDED_ERROR: u16 = 15;
/// Types that may stand at a name.
const TYPES: [RecordType; 8] = [
    RecordType::A,
    RecordType::AAAA,
    RecordType::CAA,
    RecordType::CNAME,
    RecordType::TXT,
    RecordType::SOA,
    RecordType::NS,
    RecordType::DNSKEY,
];

/// The answer to a question; none where it is to be passed over.
pub(super) fn to(
    state: &State,
    request: &Message,
    (name, kind): &(Name, RecordType),
    how: Option<Misbehaviour>,
) -> Option<Message> {
    let mut response = request.clone().into_response();
    response.edns = None;
    response.metadata.recursion_available = true;
    let mut edns = Edns::new();
    edns.set_max_payload(1232);
    match &how {
        Some(Misbehaviour::Silent) => return None,
        Some(Misbehaviour::Fails(code, extended)) => {
            response.metadata.response_code = *code;
            if let Some((number, text)) = extended {
                let data = [&number.to_be_bytes(), text.as_bytes()].concat();
                let option = EdnsOption::Unknown(EXTENDED_ERROR, data);
                edns.options_mut().insert(option);
                debug_assert!(edns.option(EdnsCode::from(EXTENDED_ERROR)).is_some());
            }
        }
        _ => {
            let wants_signatures = request
                .edns
                .as_ref()
                .is_some_and(|edns| edns.flags().dnssec_ok);
            let zones = locked(&state.zones);
            let mut answer = Answer {
                state,
                zones: &zones,
                wants_signatures,
                how,
                response: &mut response,
            };
            answer.fill(name, *kind);
        }
    }
    if request.edns.is_some() {
        response.edns = Some(edns);
    }
    Some(response)
}

struct Answer<'a> {
    state: &'a State,
    zones: &'a BTreeMap<Name, Zone>,
    wants_signatures: bool,
    how: Option<Misbehaviour>,
    response: &'a mut Message,
}

impl Answer<'_> {
    fn fill(&mut self, name: &Name, kind: RecordType) {
        if let Some(Misbehaviour::DeniedBy(zone)) = self.how {
            let zone = self.zones.get(&full(zone)).expect("a zone");
            let record = Record::from_rdata(zone.name.clone(), TTL, start());
            self.response.authorities.push(record);
            return;
        }
        let mut place = name.clone();
        for _ in 0..MAX_ALIASES {
            let aliases = self.records(&place, RecordType::CNAME);
            let Some(RData::CNAME(target)) = aliases.first() else {
                break;
            };
            let target = target.0.clone();
            self.answer(&place, aliases);
            place = target;
        }
        let records = self.records(&place, kind);
        if !records.is_empty() {
            self.answer(&place, records);
        } else if let Some(Misbehaviour::Forged(_)) = self.how {
            self.answer(&place, Vec::new());
        } else {
            self.deny(&place, kind);
        }
        if let Some(Misbehaviour::Padded(name, data)) = &self.how {
            let padding = Record::from_rdata(full(name), TTL, data.clone());
            self.response.answers.push(padding);
        }
    }

    /// Records with their signature.
    fn answer(&mut self, name: &Name, records: Vec<RData>) {
        let made = |data: RData| Record::from_rdata(name.clone(), TTL, data);
        let records: Vec<_> = records.into_iter().map(made).collect();
        let signature = records
            .first()
            .and_then(|first| self.sign(&records, first.record_type()));
        if let Some(Misbehaviour::Forged(others)) = &self.how {
            let others = others.iter().cloned().map(made);
            self.response.answers.extend(others);
        } else {
            self.response.answers.extend(records);
        }
        self.response.answers.extend(signature);
    }

    /// That there is nothing, with what proves it (RFC 9824): such a name exists in a signed zone.
    fn deny(&mut self, name: &Name, kind: RecordType) {
        let Some(zone) = self.zone_of(name, kind) else {
            return;
        };
        let records = vec![Record::from_rdata(zone.name.clone(), TTL, start())];
        let is_signed = zone.key().is_some();
        if !is_signed && !self.exists(name) {
            self.response.metadata.response_code = ResponseCode::NXDomain;
        }
        let signature = self.sign(&records, RecordType::SOA);
        self.response.authorities.extend(records);
        let Some(signature) = signature else {
            return;
        };
        let is_parent_side = kind == RecordType::DS && self.zones.contains_key(name);
        let types = if is_parent_side {
            vec![RecordType::NS]
        } else {
            let here = |kind: &RecordType| !self.records(name, *kind).is_empty();
            TYPES.into_iter().filter(here).collect()
        };
        let next = name.prepend_label([0_u8].as_slice()).expect("a name");
        let nsec = RData::DNSSEC(DNSSECRData::NSEC(NSEC::new_cover_self(next, types)));
        let nsec = vec![Record::from_rdata(name.clone(), TTL, nsec)];
        let proof = self.sign(&nsec, kind);
        let records = [signature].into_iter().chain(nsec).chain(proof);
        self.response.authorities.extend(records);
    }

    fn sign(&self, records: &[Record], kind: RecordType) -> Option<Record> {
        let is_unsigned = matches!(self.how, Some(Misbehaviour::Unsigned));
        if is_unsigned || !self.wants_signatures {
            return None;
        }
        let is_expired = matches!(self.how, Some(Misbehaviour::Expired));
        let zone = self.zone_of(&records.first()?.name, kind)?;
        zone.sign(records, is_expired)
    }

    /// What stands at a name, if need be by the star above it.
    fn records(&self, name: &Name, kind: RecordType) -> Vec<RData> {
        if let Some(zone) = self.zones.get(name) {
            let own = if kind == RecordType::DS {
                zone.delegation()
            } else {
                zone.own(kind)
            };
            if own.is_some() {
                return own.into_iter().collect();
            }
        }
        let records = locked(&self.state.records);
        let found = records.get(&(name.clone(), kind)).cloned();
        let star = || {
            let has_own = records.keys().any(|(owner, _)| owner == name);
            if has_own || name.is_root() || self.zones.contains_key(name) {
                return None;
            }
            let star = name.base_name().prepend_label("*").ok()?;
            records.get(&(star, kind)).cloned()
        };
        found.or_else(star).unwrap_or_default()
    }

    fn exists(&self, name: &Name) -> bool {
        let is_here = |kind: &RecordType| !self.records(name, *kind).is_empty();
        let records = locked(&self.state.records);
        let is_above = records.keys().any(|(owner, _)| name.zone_of(owner));
        drop(records);
        is_above || TYPES.iter().any(is_here)
    }

    /// Where a name stands; what is said about a zone's key stands above it.
    fn zone_of(&self, name: &Name, kind: RecordType) -> Option<&Zone> {
        let mut place = name.clone();
        if kind == RecordType::DS && !name.is_root() {
            place = place.base_name();
        }
        loop {
            if let Some(zone) = self.zones.get(&place) {
                return Some(zone);
            }
            if place.is_root() {
                return None;
            }
            place = place.base_name();
        }
    }
}
