//! The way to the name servers, with a memory for what DNSSEC asks again and again: keys, delegations and where
//! zones begin. What is remembered is judged each time, like what has just come.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use futures_util::stream::once;
use futures_util::{FutureExt, Stream, StreamExt};
use hickory_resolver::config::ConnectionConfig;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsExchange, DnsHandle, RetryDnsHandle};
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::dnssec::rdata::DNSSECRData;
use hickory_resolver::proto::op::{DnsRequest, DnsResponse, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};
use hickory_resolver::{ConnectionProvider, NameServerPool, PoolContext};
use quick_cache::sync::Cache;
use tokio::time::Instant;

/// How many answers are remembered.
const CAPACITY: usize = 4_096;
/// And for how long, whatever they say themselves: a zone whose keys were mended is not refused for longer.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// The option of extended errors (RFC 8914 §2).
const EXTENDED_ERROR: u16 = 15;
/// How much of an explanation is kept.
const EXPLANATION: usize = 120;
/// Marks an error that a server explained.
pub(super) const EXPLAINED: &str = "extended error ";

/// Asks, and remembers the answers about keys and delegations, so that they cost nothing but a copy.
#[derive(Clone)]
pub(super) struct Remembering {
    asking: RetryDnsHandle<NameServerPool<Provider>>,
    chain: Arc<Chain>,
}

type Answer = Result<DnsResponse, NetError>;

struct Chain(Cache<(Name, RecordType), (Arc<Answer>, Instant)>);

impl Chain {
    fn get(&self, key: &(Name, RecordType)) -> Option<Answer> {
        let (answer, until) = self.0.get(key)?;
        (Instant::now() < until).then(|| answer.as_ref().clone())
    }

    fn keep(&self, key: (Name, RecordType), answer: &Answer) {
        let lasts = Duration::from_secs(seconds(answer).into()).min(LONGEST);
        if !lasts.is_zero() {
            let kept = (Arc::new(answer.clone()), Instant::now() + lasts);
            self.0.insert(key, kept);
        }
    }
}

/// For how long an answer may be believed; an error that is no denial not at all.
fn seconds(answer: &Answer) -> u32 {
    match answer {
        Ok(response) => {
            let records = response.answers.iter().chain(&response.authorities);
            let least = records.map(|record| record.ttl).min().unwrap_or(0);
            let is_whole = !response.truncation && response.response_code == ResponseCode::NoError;
            if is_whole { least } else { 0 }
        }
        Err(NetError::Dns(DnsError::NoRecordsFound(none))) => {
            let records = none.authorities.iter().flat_map(|records| records.iter());
            let least = records.map(|record| record.ttl).min().unwrap_or(0);
            none.negative_ttl.unwrap_or(least).min(least)
        }
        Err(_) => 0,
    }
}

impl Remembering {
    pub(super) fn new(asking: RetryDnsHandle<NameServerPool<Provider>>) -> Self {
        Self {
            asking,
            chain: Arc::new(Chain(Cache::new(CAPACITY))),
        }
    }

    /// Asks afresh about all that a name hangs on, the next time: what was remembered did not hold.
    pub(super) fn forget(&self, name: &Name) {
        let mut place = name.clone();
        loop {
            for kind in [RecordType::DNSKEY, RecordType::DS, RecordType::NS] {
                self.chain.0.remove(&(place.clone(), kind));
            }
            if place.is_root() {
                return;
            }
            place = place.base_name();
        }
    }
}

impl DnsHandle for Remembering {
    type Response = Pin<Box<dyn Stream<Item = Answer> + Send>>;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> Self::Response {
        let Some(key) = key(&request) else {
            return Box::pin(self.asking.send(request));
        };
        if let Some(known) = self.chain.get(&key) {
            return once(ready(known)).boxed();
        }
        let chain = Arc::clone(&self.chain);
        let answers = self.asking.send(request);
        answers
            .inspect(move |answer| chain.keep(key.clone(), answer))
            .boxed()
    }
}

/// Makes connections.
#[derive(Clone, Default)]
pub(super) struct Provider(TokioRuntimeProvider);

impl ConnectionProvider for Provider {
    type Conn = Connection;
    type FutureConn = BoxFuture<'static, Result<Connection, NetError>>;
    type RuntimeProvider = TokioRuntimeProvider;

    fn new_connection(
        &self,
        ip: IpAddr,
        config: &ConnectionConfig,
        context: &PoolContext,
    ) -> Result<Self::FutureConn, NetError> {
        let opening = self.0.new_connection(ip, config, context)?;
        Ok(async move { Ok(Connection(opening.await?)) }.boxed())
    }

    fn runtime_provider(&self) -> &TokioRuntimeProvider {
        &self.0
    }
}

/// One connection.
#[derive(Clone)]
pub(super) struct Connection(DnsExchange<TokioRuntimeProvider>);

impl DnsHandle for Connection {
    type Response = Pin<Box<dyn Stream<Item = Answer> + Send>>;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> Self::Response {
        let answers = self.0.send(request).map(|answer| {
            let mut answer = answer?;
            if let Some(explanation) = explanation(&answer) {
                return Err(NetError::Msg(format!("{EXPLAINED}{explanation}")));
            }
            leave_out_start(&mut answer);
            Ok(answer)
        });
        answers.boxed()
    }
}

/// That a name has no records of a type is proven by its own NSEC record alone (RFC 4035 §5.4). The start of authority
/// beside it says nothing that is looked at, and would be a signature more to check.
fn leave_out_start(answer: &mut DnsResponse) {
    let Some(name) = answer.queries.first().map(|query| query.name().clone()) else {
        return;
    };
    let is_denied = answer.answers.is_empty() && answer.response_code == ResponseCode::NoError;
    let mut authorities = answer.authorities.iter();
    let has_own =
        authorities.any(|record| record.record_type() == RecordType::NSEC && record.name == name);
    if is_denied && has_own {
        answer.authorities.retain(|record| !is_of_start(record));
    }
}

/// The record itself, or its signature.
fn is_of_start(record: &Record) -> bool {
    if let RData::DNSSEC(DNSSECRData::RRSIG(signature)) = &record.data {
        return signature.input().type_covered == RecordType::SOA;
    }
    record.record_type() == RecordType::SOA
}

/// Under what an answer is remembered, if it is one of a chain of trust.
fn key(request: &DnsRequest) -> Option<(Name, RecordType)> {
    let query = request.queries.first()?;
    let kind = query.query_type();
    let is_of_chain = matches!(kind, RecordType::DNSKEY | RecordType::DS | RecordType::NS);
    is_of_chain.then(|| (query.name().clone(), kind))
}

/// Why a server could not find out, if it says so: the number of RFC 8914 with the server's own words.
fn explanation(response: &DnsResponse) -> Option<String> {
    if response.response_code != ResponseCode::ServFail {
        return None;
    }
    let options = response.edns.as_ref()?.options();
    let Some(EdnsOption::Unknown(EXTENDED_ERROR, data)) =
        options.get(EdnsCode::from(EXTENDED_ERROR))
    else {
        return None;
    };
    let (code, text) = data.split_first_chunk::<2>()?;
    let code = u16::from_be_bytes(*code);
    let text = String::from_utf8_lossy(text);
    let printed: String = text
        .chars()
        .take(EXPLANATION)
        .map(|letter| {
            if (' '..='~').contains(&letter) {
                letter
            } else {
                '.'
            }
        })
        .collect();
    Some(if printed.is_empty() {
        code.to_string()
    } else {
        format!("{code}: {printed}")
    })
}
