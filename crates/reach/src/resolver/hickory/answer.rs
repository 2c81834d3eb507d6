//! What an answer says about the name that was asked: the records where its chain of aliases ends, and nothing else that
//! an answer may hold.

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::net::{DnsError, NetError, NoRecords};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::exchange::EXPLAINED;
use crate::resolver::{CaaRecord, LookupFailure, Security};

/// Aliases that are followed; the library ends earlier.
const MAX_ALIASES: usize = 16;

/// Records of the type that was asked for; at least one.
pub(super) struct Found {
    pub(super) records: Vec<RData>,
    pub(super) aliases: Vec<String>,
    pub(super) security: Security,
}

/// Why there are none.
pub(super) struct NotFound {
    pub(super) cause: LookupFailure,
    /// Of an answer that there are none.
    pub(super) security: Security,
    /// For how long that may be believed.
    pub(super) lasts: Duration,
}

impl NotFound {
    pub(super) fn because(cause: LookupFailure) -> Self {
        Self {
            cause,
            security: Security::Insecure,
            lasts: Duration::ZERO,
        }
    }
}

/// Reads the records at the end of the chain that begins at `name`.
pub(super) fn found(name: &Name, kind: RecordType, answers: &[Record]) -> Result<Found, NotFound> {
    let mut place = name;
    let mut aliases = Vec::new();
    let mut is_secure = true;
    while let Some((record, target)) = alias(place, answers) {
        if aliases.len() == MAX_ALIASES {
            let cause = LookupFailure::Malformed("its aliases do not end".to_owned());
            return Err(NotFound::because(cause));
        }
        is_secure &= record.proof.is_secure();
        aliases.push(target.to_ascii().trim_end_matches('.').to_owned());
        place = target;
    }
    let here = answers.iter();
    let here = here.filter(|record| record.name == *place && record.record_type() == kind);
    let mut records = Vec::new();
    for record in here {
        is_secure &= record.proof.is_secure();
        records.push(record.data.clone());
    }
    if records.is_empty() {
        return Err(NotFound::because(LookupFailure::NoRecords));
    }
    Ok(Found {
        records,
        aliases,
        security: security(is_secure),
    })
}

fn alias<'r>(place: &Name, answers: &'r [Record]) -> Option<(&'r Record, &'r Name)> {
    answers.iter().find_map(|record| {
        let RData::CNAME(target) = &record.data else {
            return None;
        };
        (record.name == *place).then_some((record, &target.0))
    })
}

fn security(is_secure: bool) -> Security {
    if is_secure {
        Security::Secure
    } else {
        Security::Insecure
    }
}

/// Reads why a lookup gave nothing.
pub(super) fn not_found(error: &NetError) -> NotFound {
    if let NetError::Dns(DnsError::NoRecordsFound(none)) = error {
        return denied(none);
    }
    NotFound::because(failure(error))
}

/// The library has let a denial pass: what proves it is proven itself, or nobody signs there.
fn denied(none: &NoRecords) -> NotFound {
    let authorities = none.authorities.iter().flat_map(|records| records.iter());
    let is_secure = authorities.clone().any(|record| record.proof.is_secure());
    // RFC 2308 §5: without a SOA record nothing is to be remembered. An NSEC record lasts no longer (RFC 9077 §3).
    let proof = authorities
        .filter(|record| record.record_type() == RecordType::NSEC)
        .map(|record| record.ttl);
    let start = none.soa.as_ref().map(|soa| soa.ttl.min(soa.data.minimum));
    let seconds = start.or(proof.min()).unwrap_or(0);
    NotFound {
        cause: if none.response_code == ResponseCode::NXDomain {
            LookupFailure::NoSuchName
        } else {
            LookupFailure::NoRecords
        },
        security: security(is_secure),
        lasts: Duration::from_secs(seconds.into()),
    }
}

fn failure(error: &NetError) -> LookupFailure {
    if let NetError::Dns(error) = error {
        return dns_failure(error);
    }
    if matches!(error, NetError::Timeout) {
        return LookupFailure::Timeout;
    }
    if let NetError::Io(error) = error {
        return LookupFailure::Unreachable(error.kind().to_string());
    }
    if matches!(error, NetError::NoConnections | NetError::Busy) {
        return LookupFailure::Unreachable(error.to_string());
    }
    if let NetError::Msg(text) = error
        && text.starts_with(EXPLAINED)
    {
        return LookupFailure::ServerFailureExplained(text.clone());
    }
    LookupFailure::Malformed(error.to_string())
}

fn dns_failure(error: &DnsError) -> LookupFailure {
    if let DnsError::ResponseCode(code) = error {
        return if *code == ResponseCode::ServFail {
            LookupFailure::ServerFailure
        } else if *code == ResponseCode::Refused {
            LookupFailure::Refused
        } else {
            LookupFailure::ResponseCode(code.to_string())
        };
    }
    // Too many iterations to check (RFC 9276 §3.2): as good as unsigned.
    if let DnsError::Nsec {
        response, proof, ..
    } = error
        && proof.is_insecure()
    {
        return if response.response_code == ResponseCode::NXDomain {
            LookupFailure::NoSuchName
        } else {
            LookupFailure::NoRecords
        };
    }
    if matches!(error, DnsError::DnssecBogus | DnsError::Nsec { .. }) {
        return LookupFailure::Bogus;
    }
    LookupFailure::Malformed(error.to_string())
}

pub(super) fn address(data: &RData) -> Option<IpAddr> {
    if let RData::A(address) = data {
        return Some(IpAddr::V4(address.0));
    }
    let RData::AAAA(address) = data else {
        return None;
    };
    Some(IpAddr::V6(address.0))
}

pub(super) fn text(data: &RData) -> Option<String> {
    let RData::TXT(txt) = data else {
        return None;
    };
    Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned())
}

pub(super) fn caa(data: &RData) -> Option<CaaRecord> {
    let RData::CAA(caa) = data else {
        return None;
    };
    Some(CaaRecord {
        flags: caa.flags(),
        tag: caa.tag.clone(),
        value: caa.value.clone(),
    })
}
