//! The real resolver: a stub that asks recursive servers over UDP, and over TCP when an answer is
//! cut off (RFC 7766 §5).
//!
//! No search domains, no hosts file, no cache: the name that is asked for is the name in the order.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use base::DnsName;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use hickory_resolver::TokioResolver;
use hickory_resolver::config::{
    ConnectionConfig, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts,
};
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::ResponseCode;
use hickory_resolver::proto::rr::{Name, RData, Record, RecordType};

use super::{Addresses, LookupError, LookupFailure, Resolver, TxtRecords, combine};

/// Asks the system's or the configured recursive name servers.
pub(crate) struct HickoryResolver {
    resolver: TokioResolver,
    description: String,
}

/// Retries after the first attempt.
const RETRIES: usize = 1;
/// Queries in flight per TCP connection; the library's 32 would be too few for a busy server.
const MAX_ACTIVE: usize = 1024;

impl HickoryResolver {
    /// Asks these servers, in this order.
    pub(crate) fn with_servers(
        servers: &[SocketAddr],
        timeout: Duration,
    ) -> Result<Self, NetError> {
        let name_servers = servers.iter().map(|server| name_server(*server)).collect();
        Self::build(name_servers, timeout)
    }

    /// Asks the servers the operating system is set up with; its search list is ignored.
    pub(crate) fn from_system(timeout: Duration) -> Result<Self, NetError> {
        let (config, _) = hickory_resolver::system_conf::read_system_conf()?;
        Self::build(config.name_servers, timeout)
    }

    fn build(name_servers: Vec<NameServerConfig>, timeout: Duration) -> Result<Self, NetError> {
        let description = describe(&name_servers);
        let config = ResolverConfig::from_parts(None, Vec::new(), name_servers);
        let provider = TokioRuntimeProvider::default();
        let mut builder = TokioResolver::builder_with_config(config, provider);
        set_options(builder.options_mut(), timeout);
        let resolver = builder.build()?;
        Ok(Self {
            resolver,
            description,
        })
    }

    async fn lookup(
        &self,
        name: &str,
        kind: RecordType,
        records: &'static str,
    ) -> Result<Vec<Record>, LookupError> {
        let fail = |cause| LookupError {
            name: name.to_owned(),
            records,
            cause,
        };
        // The last dot keeps every search list out.
        let full = Name::from_ascii(format!("{name}."))
            .map_err(|error| fail(LookupFailure::Malformed(error.to_string())))?;
        let lookup = self.resolver.lookup(full, kind).await;
        let answers = lookup.map_err(|error| fail(failure(&error)))?;
        Ok(answers.answers().to_vec())
    }

    async fn family(
        &self,
        name: &str,
        kind: RecordType,
        records: &'static str,
    ) -> Result<Addresses, LookupError> {
        let answers = self.lookup(name, kind, records).await?;
        let addresses: Vec<IpAddr> = answers.iter().filter_map(address).collect();
        if addresses.is_empty() {
            return Err(LookupError {
                name: name.to_owned(),
                records,
                cause: LookupFailure::NoRecords,
            });
        }
        Ok(Addresses {
            addresses,
            aliases: aliases(&answers),
            partial_failure: None,
        })
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
            let answers = self.lookup(name, RecordType::TXT, "TXT").await?;
            Ok(TxtRecords {
                values: answers.iter().filter_map(text).collect(),
                aliases: aliases(&answers),
            })
        }
        .boxed()
    }

    fn description(&self) -> &str {
        &self.description
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

fn address(record: &Record) -> Option<IpAddr> {
    if let RData::A(address) = &record.data {
        return Some(IpAddr::V4(address.0));
    }
    if let RData::AAAA(address) = &record.data {
        return Some(IpAddr::V6(address.0));
    }
    None
}

fn text(record: &Record) -> Option<String> {
    let RData::TXT(txt) = &record.data else {
        return None;
    };
    Some(String::from_utf8_lossy(&txt.txt_data.concat()).into_owned())
}

fn aliases(records: &[Record]) -> Vec<String> {
    let target = |record: &Record| {
        let RData::CNAME(target) = &record.data else {
            return None;
        };
        Some(target.0.to_ascii().trim_end_matches('.').to_owned())
    };
    records.iter().filter_map(target).collect()
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
    LookupFailure::Malformed(error.to_string())
}

fn dns_failure(error: &DnsError) -> LookupFailure {
    if let DnsError::NoRecordsFound(none) = error {
        return if none.response_code == ResponseCode::NXDomain {
            LookupFailure::NoSuchName
        } else {
            LookupFailure::NoRecords
        };
    }
    if let DnsError::ResponseCode(code) = error {
        return if *code == ResponseCode::ServFail {
            LookupFailure::ServerFailure
        } else if *code == ResponseCode::Refused {
            LookupFailure::Refused
        } else {
            LookupFailure::ResponseCode(code.to_string())
        };
    }
    if matches!(error, DnsError::DnssecBogus) {
        return LookupFailure::Bogus;
    }
    LookupFailure::Malformed(error.to_string())
}
