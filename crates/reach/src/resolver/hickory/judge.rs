//! DNSSEC (RFC 4035 §4.3): each answer is proven to be signed under a key that we trust, or proven to come from where
//! nobody signs, or it is no answer.
//!
//! The library judges. Added here is what it leaves open: a denial counts only if it is about the name that was asked, and
//! below a zone that was once found insecure nothing has to be proven for a while.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::{FutureExt, Stream, StreamExt};
use hickory_resolver::net::dnssec::DnssecDnsHandle;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsHandle, FirstAnswer};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::dnssec::TrustAnchors;
use hickory_resolver::proto::op::{DnsRequest, DnsResponse, Query};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use quick_cache::sync::Cache;
use tokio::time::Instant;

use super::exchange::Remembering;

/// How many verdicts are remembered; the library's million would be the size of the server.
const VERDICTS: usize = 4_096;
/// A failed verdict is looked at again soon: somebody may have mended the zone.
const FAILED: Duration = Duration::from_secs(5);
/// How many zones are known not to be signed.
const ZONES: usize = 4_096;
/// And for how long, whatever they say: one that begins to be signed is proven again after that.
const LONGEST: Duration = Duration::from_secs(10 * 60);

/// Asks and judges, or only asks where a lab trusts no key.
#[derive(Clone)]
pub(super) struct Judge {
    asking: Remembering,
    judging: Option<DnssecDnsHandle<Remembering>>,
    insecure: Arc<Zones>,
}

impl Judge {
    pub(super) fn new(asking: Remembering, anchors: Option<Arc<TrustAnchors>>) -> Self {
        let judging = anchors.map(|anchors| {
            DnssecDnsHandle::with_trust_anchor(asking.clone(), anchors)
                .validation_cache_size(VERDICTS)
                .negative_validation_ttl(Duration::ZERO..=FAILED)
        });
        Self {
            asking,
            judging,
            insecure: Arc::new(Zones(Cache::new(ZONES))),
        }
    }

    async fn ask(self, request: DnsRequest) -> Result<DnsResponse, NetError> {
        let (Some(judging), Some(query)) = (&self.judging, request.queries.first().cloned()) else {
            return self.asking.send(request).first_answer().await;
        };
        if self.insecure.have(query.name()) {
            let answer = self.asking.send(request.clone()).first_answer().await;
            // Where an alias leads, somebody may sign.
            if !answer.as_ref().is_ok_and(has_alias) {
                return answer;
            }
        }
        let answer = judging.send(request).first_answer().await;
        self.look_at(&query, answer)
    }

    /// The library's word, unless it took a denial for one of this name.
    fn look_at(
        &self,
        query: &Query,
        answer: Result<DnsResponse, NetError>,
    ) -> Result<DnsResponse, NetError> {
        let answer = match answer {
            Ok(answer) if !denies_another_name(query, &answer) => answer,
            Ok(_) => {
                self.asking.forget(query.name());
                return Err(NetError::Dns(DnsError::DnssecBogus));
            }
            Err(error) => {
                if is_bogus(&error) {
                    self.asking.forget(query.name());
                }
                return Err(error);
            }
        };
        if answer.answers.iter().any(|record| record.proof.is_bogus()) {
            self.asking.forget(query.name());
        }
        let mut above = answer.authorities.iter();
        let zone = above.find(|record| is_insecure_zone_of(record, query.name()));
        if let Some(zone) = zone {
            self.insecure.keep(zone);
        }
        Ok(answer)
    }
}

impl DnsHandle for Judge {
    type Response = Pin<Box<dyn Stream<Item = Result<DnsResponse, NetError>> + Send>>;
    type Runtime = TokioRuntimeProvider;

    fn is_verifying_dnssec(&self) -> bool {
        self.judging.is_some()
    }

    fn send(&self, request: DnsRequest) -> Self::Response {
        self.clone().ask(request).into_stream().boxed()
    }
}

/// A denial whose records all come from where nobody signs is let pass, even if that is not where the name is: whoever
/// answers in the place of a signed zone could deny all of its names by the word of any unsigned one.
fn denies_another_name(query: &Query, answer: &DnsResponse) -> bool {
    let is_answered = answer.answers.iter().any(|record| {
        record.name == *query.name()
            && (record.record_type() == query.query_type()
                || record.record_type() == RecordType::CNAME)
    });
    let mut authorities = answer.authorities.iter();
    let all_insecure = authorities.len() > 0 && authorities.all(|each| each.proof.is_insecure());
    let mut authorities = answer.authorities.iter();
    !is_answered && all_insecure && !authorities.any(|each| each.name.zone_of(query.name()))
}

fn is_bogus(error: &NetError) -> bool {
    if let NetError::Dns(DnsError::Nsec { proof, .. }) = error {
        return !proof.is_insecure();
    }
    matches!(error, NetError::Dns(DnsError::DnssecBogus))
}

fn has_alias(answer: &DnsResponse) -> bool {
    let mut answers = answer.answers.iter();
    answers.any(|record| matches!(record.data, RData::CNAME(_)))
}

fn is_insecure_zone_of(record: &Record, name: &Name) -> bool {
    record.proof.is_insecure()
        && record.record_type() == RecordType::SOA
        && record.name.zone_of(name)
}

/// Zones that are proven not to be signed. The keys that we trust are the root's, so that nothing below them is.
struct Zones(Cache<Name, Instant>);

impl Zones {
    fn have(&self, name: &Name) -> bool {
        let now = Instant::now();
        let mut place = name.clone();
        while !place.is_root() {
            if self.0.get(&place).is_some_and(|until| now < until) {
                return true;
            }
            place = place.base_name();
        }
        false
    }

    fn keep(&self, start: &Record) {
        let lasts = Duration::from_secs(start.ttl.into()).min(LONGEST);
        if !lasts.is_zero() {
            self.0.insert(start.name.clone(), Instant::now() + lasts);
        }
    }
}
