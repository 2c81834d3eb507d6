//! The real resolver: a stub that asks recursive servers over UDP, and over TCP when an answer is
//! cut off (RFC 7766 §5). It judges what they say itself (DNSSEC): the way to them is not protected.
//!
//! No search domains, no hosts file, no cache: the name that is asked for is the name in the order. What is remembered
//! stands in `exchange` (the chain of trust), `judge` (where nobody signs) and here (names without CAA records).

mod answer;
mod exchange;
mod judge;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use base::DnsName;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hickory_resolver::caching_client::CachingClient;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolveHosts, ResolverOpts};
use hickory_resolver::net::NetError;
use hickory_resolver::net::xfer::RetryDnsHandle;
use hickory_resolver::proto::dnssec::TrustAnchors;
use hickory_resolver::proto::op::{DnsRequestOptions, Query};
use hickory_resolver::proto::rr::{Name, RecordType};
use hickory_resolver::{NameServerPool, PoolContext, TlsConfig};
use quick_cache::sync::Cache;
use tokio::time::Instant;

use self::answer::{Found, NotFound};
use self::exchange::{Provider, Remembering};
use self::judge::Judge;
use super::anchors::LabAnchors;
use super::{
    Addresses, CaaRecords, LookupError, LookupFailure, Resolver, Security, TxtRecords, combine,
};

/// Asks the system's or the configured recursive name servers.
pub(crate) struct HickoryResolver {
    /// Follows aliases; its cache has no room.
    client: CachingClient<Judge>,
    options: DnsRequestOptions,
    description: String,
    without_caa: Cache<String, (Security, Instant)>,
}

/// Which keys DNSSEC begins with.
#[derive(Clone, Debug)]
pub(crate) enum Anchors {
    /// Those of the Internet's root.
    Internet,
    /// Those of a lab's root; without any, everything is insecure.
    Lab(Option<LabAnchors>),
}

impl Anchors {
    fn keys(self) -> Option<Arc<TrustAnchors>> {
        match self {
            Self::Internet => Some(Arc::new(TrustAnchors::default())),
            Self::Lab(anchors) => anchors.map(|anchors| anchors.keys()),
        }
    }
}

/// Retries after the first attempt.
const RETRIES: usize = 1;
/// Queries in flight per TCP connection; the library's 32 would be too few for a busy server.
const MAX_ACTIVE: usize = 1024;
/// How many names without CAA records are remembered.
const WITHOUT_CAA: usize = 4_096;
/// And for how long, whatever their zone says; records that are there are always asked for afresh, so that who mends
/// them need not wait.
const LONGEST_WITHOUT: Duration = Duration::from_secs(60);

impl HickoryResolver {
    /// Asks these servers, in this order.
    pub(crate) fn with_servers(
        servers: &[SocketAddr],
        timeout: Duration,
        anchors: Anchors,
    ) -> Result<Self, NetError> {
        let name_servers = servers.iter().map(|server| name_server(*server)).collect();
        Self::build(name_servers, timeout, anchors)
    }

    /// Asks the servers the operating system is set up with; its search list is ignored.
    pub(crate) fn from_system(timeout: Duration, anchors: Anchors) -> Result<Self, NetError> {
        let (config, _) = hickory_resolver::system_conf::read_system_conf()?;
        Self::build(config.name_servers, timeout, anchors)
    }

    fn build(
        name_servers: Vec<NameServerConfig>,
        timeout: Duration,
        anchors: Anchors,
    ) -> Result<Self, NetError> {
        let description = describe(&name_servers);
        let keys = anchors.keys();
        let mut options = ResolverOpts::default();
        set_options(&mut options, timeout);
        let mut request = DnsRequestOptions::default();
        request.edns_payload_len = options.edns_payload_len;
        request.edns_set_dnssec_ok = keys.is_some();
        let context = Arc::new(PoolContext::new(options, TlsConfig::new()?));
        let pool = NameServerPool::from_config(name_servers, context, Provider::default());
        let asking = Remembering::new(RetryDnsHandle::new(pool, RETRIES));
        let judge = Judge::new(asking, keys);
        Ok(Self {
            client: CachingClient::new(0, judge, true),
            options: request,
            description,
            without_caa: Cache::new(WITHOUT_CAA),
        })
    }

    async fn lookup(&self, name: &str, kind: RecordType) -> Result<Found, NotFound> {
        let malformed = |error: String| NotFound::because(LookupFailure::Malformed(error));
        // The last dot keeps every search list out.
        let full =
            Name::from_ascii(format!("{name}.")).map_err(|error| malformed(error.to_string()))?;
        let query = Query::query(full.clone(), kind);
        let lookup = self.client.lookup(query, self.options).await;
        let lookup = lookup.map_err(|error| answer::not_found(&error))?;
        answer::found(&full, kind, lookup.answers())
    }

    async fn family(
        &self,
        name: &str,
        kind: RecordType,
        records: &'static str,
    ) -> Result<Addresses, LookupError> {
        let found = self.lookup(name, kind).await;
        let found = found.map_err(|error| failed(name, records, error))?;
        let addresses: Vec<IpAddr> = found.records.iter().filter_map(answer::address).collect();
        Ok(Addresses {
            addresses,
            aliases: found.aliases,
            partial_failure: None,
            security: found.security,
        })
    }

    async fn ask_caa(&self, name: &str) -> Result<CaaRecords, LookupError> {
        match self.lookup(name, RecordType::CAA).await {
            Ok(found) => Ok(CaaRecords {
                records: found.records.iter().filter_map(answer::caa).collect(),
                aliases: found.aliases,
                security: found.security,
                is_remembered: false,
            }),
            Err(none) if none.cause.is_negative_answer() => {
                let lasts = none.lasts.min(LONGEST_WITHOUT);
                if !lasts.is_zero() {
                    let kept = (none.security, Instant::now() + lasts);
                    self.without_caa.insert(name.to_owned(), kept);
                }
                Ok(CaaRecords {
                    security: none.security,
                    ..CaaRecords::default()
                })
            }
            Err(error) => Err(failed(name, "CAA", error)),
        }
    }
}

impl Resolver for HickoryResolver {
    fn addresses<'a>(&'a self, name: &'a DnsName) -> BoxFuture<'a, Result<Addresses, LookupError>> {
        async move {
            let name = name.as_str();
            let (v6, v4) = tokio::join!(
                self.family(name, RecordType::AAAA, "AAAA"),
                self.family(name, RecordType::A, "A"),
            );
            combine(v6, v4)
        }
        .boxed()
    }

    fn txt<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<TxtRecords, LookupError>> {
        async move {
            let found = self.lookup(name, RecordType::TXT).await;
            let found = found.map_err(|error| failed(name, "TXT", error))?;
            Ok(TxtRecords {
                values: found.records.iter().filter_map(answer::text).collect(),
                aliases: found.aliases,
                security: found.security,
            })
        }
        .boxed()
    }

    fn caa<'a>(&'a self, name: &'a str) -> BoxFuture<'a, Result<CaaRecords, LookupError>> {
        async move {
            match self.without_caa.get(name) {
                Some((security, until)) if Instant::now() < until => Ok(CaaRecords {
                    security,
                    is_remembered: true,
                    ..CaaRecords::default()
                }),
                Some(_) | None => self.ask_caa(name).await,
            }
        }
        .boxed()
    }

    fn description(&self) -> &str {
        &self.description
    }
}

fn failed(name: &str, records: &'static str, error: NotFound) -> LookupError {
    LookupError {
        name: name.to_owned(),
        records,
        cause: error.cause,
    }
}

fn name_server(server: SocketAddr) -> NameServerConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()]
        .into_iter()
        .map(|mut connection| {
            connection.port = server.port();
            connection
        })
        .collect();
    NameServerConfig::new(server.ip(), true, connections)
}

fn describe(servers: &[NameServerConfig]) -> String {
    let shown: Vec<String> = servers
        .iter()
        .filter_map(|server| {
            let port = server.connections.first()?.port;
            Some(SocketAddr::new(server.ip, port).to_string())
        })
        .collect();
    shown.join(", ")
}

fn set_options(options: &mut ResolverOpts, timeout: Duration) {
    options.timeout = timeout;
    options.attempts = RETRIES;
    options.ndots = 0;
    options.use_hosts_file = ResolveHosts::Never;
    options.edns0 = true;
    options.preserve_intermediates = true;
    options.max_active_requests = MAX_ACTIVE;
    options.num_concurrent_reqs = 1;
    options.cache_size = 0;
    options.positive_max_ttl = Some(Duration::ZERO);
    options.negative_max_ttl = Some(Duration::ZERO);
}
