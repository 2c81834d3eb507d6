//! The connections to the name servers, with a memory for what DNSSEC asks again and again: keys, delegations and where
//! zones begin. What is remembered is judged each time, like what has just come.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::{BoxFuture, ready};
use futures_util::stream::once;
use futures_util::{FutureExt, Stream, StreamExt};
use hickory_resolver::config::ConnectionConfig;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::xfer::{DnsExchange, DnsHandle};
use hickory_resolver::proto::op::{DnsRequest, DnsResponse, ResponseCode};
use hickory_resolver::proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{ConnectionProvider, PoolContext};
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

/// Makes connections that share one memory.
#[derive(Clone, Default)]
pub(super) struct Provider {
    runtime: TokioRuntimeProvider,
    chain: Arc<Chain>,
}

/// The answers about keys and delegations.
struct Chain(Cache<(Name, RecordType), (Arc<DnsResponse>, Instant)>);

impl Default for Chain {
    fn default() -> Self {
        Self(Cache::new(CAPACITY))
    }
}

impl Chain {
    fn get(&self, key: &(Name, RecordType)) -> Option<DnsResponse> {
        let (response, until) = self.0.get(key)?;
        (Instant::now() < until).then(|| response.as_ref().clone())
    }

    fn keep(&self, key: (Name, RecordType), response: &DnsResponse) {
        let is_whole = !response.truncation
            && matches!(
                response.response_code,
                ResponseCode::NoError | ResponseCode::NXDomain
            );
        let records = response.answers.iter().chain(&response.authorities);
        let least = records.map(|record| record.ttl).min().unwrap_or(0);
        let seconds = response.negative_ttl().unwrap_or(least).min(least);
        if is_whole && seconds > 0 {
            let until = Instant::now() + Duration::from_secs(seconds.into()).min(LONGEST);
            self.0.insert(key, (Arc::new(response.clone()), until));
        }
    }
}

impl Provider {
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
        let opening = self.runtime.new_connection(ip, config, context)?;
        let chain = Arc::clone(&self.chain);
        let open = async move {
            let exchange = opening.await?;
            Ok(Connection { exchange, chain })
        };
        Ok(open.boxed())
    }

    fn runtime_provider(&self) -> &TokioRuntimeProvider {
        &self.runtime
    }
}

/// One connection.
#[derive(Clone)]
pub(super) struct Connection {
    exchange: DnsExchange<TokioRuntimeProvider>,
    chain: Arc<Chain>,
}

impl DnsHandle for Connection {
    type Response = Pin<Box<dyn Stream<Item = Result<DnsResponse, NetError>> + Send>>;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, request: DnsRequest) -> Self::Response {
        let key = key(&request);
        if let Some(known) = key.as_ref().and_then(|key| self.chain.get(key)) {
            return once(ready(Ok(known))).boxed();
        }
        let chain = Arc::clone(&self.chain);
        let answers = self.exchange.send(request).map(move |answer| {
            let answer = answer?;
            if let Some(explanation) = explanation(&answer) {
                return Err(NetError::Msg(format!("{EXPLAINED}{explanation}")));
            }
            if let Some(key) = key.clone() {
                chain.keep(key, &answer);
            }
            Ok(answer)
        });
        answers.boxed()
    }
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
