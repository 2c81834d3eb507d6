//! One HTTP request to one pinned address: no pool, no cookies, no proxy, no compression.
//!
//! The connection is driven by the task that waits for the answer, so a probe is one task and
//! leaves nothing behind when it is dropped.

use std::future::{Future, poll_fn};
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::FutureExt;
use futures_util::future::Fuse;
use http::header::{ACCEPT, CONNECTION, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Request};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::target::Target;
use super::tls;
use crate::evidence::{Address, Attempt, Lookup, shortened};
use crate::failure::{ConnectionCause, Failure, Stage};
use crate::trace::Trace;
use reach::network::{Contact, Network};
use reach::resolver::{Addresses, LookupError, LookupFailure, Security};

/// Connection attempts per hop.
const MAX_ATTEMPTS: usize = 3;
/// Addresses kept in the evidence.
const MAX_EVIDENCE: usize = 16;
/// Status line and headers together.
const MAX_HEAD: usize = 16 * 1024;
/// How much of a library's error text is shown.
const MAX_CAUSE: usize = 120;
/// EMFILE and ENFILE: our own limit, not the name's fault.
const TOO_MANY_OPEN_FILES: [i32; 2] = [24, 23];

/// Fetches challenge files.
pub(crate) struct Client {
    connect_timeout: Duration,
    tls: TlsConnector,
    user_agent: HeaderValue,
}

/// A response, with its body only when the status is 200.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// Whether the body ended within the limit.
    pub(super) is_whole: bool,
}

impl Client {
    /// Fails only when TLS cannot be set up.
    pub(crate) fn new(connect_timeout: Duration, user_agent: &str) -> Result<Self, rustls::Error> {
        Ok(Self {
            connect_timeout,
            tls: tls::connector()?,
            user_agent: HeaderValue::from_str(user_agent)
                .unwrap_or_else(|_| HeaderValue::from_static("Chancery validation server")),
        })
    }

    /// Resolves, connects and asks; notes everything in `trace`.
    pub(super) async fn fetch(
        &self,
        network: &Network,
        target: &Target,
        body_limit: usize,
        trace: &mut Trace,
    ) -> Result<Answer, Failure> {
        let contacts = resolve(network, target, trace).await?;
        trace.enter(Stage::Connection, &target.shown());
        let stream = self.connect(&contacts, target, trace).await?;
        if !target.is_tls() {
            return self.exchange(stream, target, body_limit, trace).await;
        }
        trace.advance(Stage::Tls);
        let failed = |cause: String| Failure::Tls {
            cause: shortened(&cause, MAX_CAUSE),
            url: target.shown(),
        };
        let name = ServerName::try_from(target.host().to_string())
            .map_err(|error| failed(error.to_string()))?;
        let stream = self.tls.connect(name, stream).await;
        let stream = stream.map_err(|error| failed(error.to_string()))?;
        self.exchange(stream, target, body_limit, trace).await
    }

    /// Tries the addresses in turn; only a failed connection leads to the next one.
    async fn connect(
        &self,
        contacts: &[Contact],
        target: &Target,
        trace: &mut Trace,
    ) -> Result<TcpStream, Failure> {
        let mut failure = Failure::Internal("no address to connect to");
        for (index, contact) in contacts.iter().enumerate() {
            let address = contact.address();
            let started = trace.elapsed_ms();
            let connecting = TcpStream::connect(address);
            let cause = match tokio::time::timeout(self.connect_timeout, connecting).await {
                Ok(Ok(stream)) => {
                    note_connection(trace, address);
                    return Ok(stream);
                }
                Ok(Err(error)) => connection_cause(&error)?,
                Err(_elapsed) => ConnectionCause::TimedOut,
            };
            let ms = trace.elapsed_ms().saturating_sub(started);
            if let Some(hop) = trace.hop() {
                hop.failed.push(Attempt {
                    address,
                    error: cause.to_string(),
                    ms,
                });
            }
            failure = Failure::Connection {
                address,
                attempts: index + 1,
                cause,
                host: target.host().to_string(),
            };
        }
        Err(failure)
    }

    pub(super) async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: S,
        target: &Target,
        body_limit: usize,
        trace: &mut Trace,
    ) -> Result<Answer, Failure> {
        trace.advance(Stage::Response);
        let failed = |error: hyper::Error| Failure::NotHttp {
            cause: shortened(&error.to_string(), MAX_CAUSE),
            url: target.shown(),
        };
        let (mut sender, connection) = http1::Builder::new()
            .max_buf_size(MAX_HEAD)
            .handshake(TokioIo::new(stream))
            .await
            .map_err(failed)?;
        let mut connection = pin!(connection.fuse());
        let sending = sender.send_request(self.request(target)?);
        let response = beside(connection.as_mut(), sending).await.map_err(failed)?;
        let (head, body) = response.into_parts();
        let status = head.status.as_u16();
        if let Some(hop) = trace.hop() {
            hop.status = Some(status);
        }
        let (body, is_whole) = if status == 200 {
            trace.advance(Stage::Body);
            let reading = read(body, body_limit);
            beside(connection, reading).await.map_err(failed)?
        } else {
            (Bytes::new(), false)
        };
        Ok(Answer {
            status,
            headers: head.headers,
            body,
            is_whole,
        })
    }

    fn request(&self, target: &Target) -> Result<Request<Empty<Bytes>>, Failure> {
        Request::get(target.path_and_query())
            .header(HOST, target.authority())
            .header(USER_AGENT, &self.user_agent)
            .header(ACCEPT, "*/*")
            .header(CONNECTION, "close")
            .body(Empty::new())
            .map_err(|_| Failure::Internal("the URL cannot be requested"))
    }
}

fn note_connection(trace: &mut Trace, address: std::net::SocketAddr) {
    if let Some(hop) = trace.hop() {
        hop.address = Some(address);
    }
}

/// The one lookup of a hop: what it returns is what gets connected to.
async fn resolve(
    network: &Network,
    target: &Target,
    trace: &mut Trace,
) -> Result<Vec<Contact>, Failure> {
    let host = target.host();
    trace.enter(Stage::Lookup, host.as_str());
    let started = trace.elapsed_ms();
    let answer = network.addresses(host).await;
    let mut lookup = Lookup {
        name: host.to_string(),
        ms: trace.elapsed_ms().saturating_sub(started),
        ..Lookup::default()
    };
    let contacts = match answer {
        Ok(found) => guarded(network, target, found, &mut lookup),
        Err(error) => {
            lookup.error = Some(error.cause.to_string());
            Err(error.into())
        }
    };
    trace.evidence.lookups.push(lookup);
    contacts
}

/// Keeps what the guard lets pass; a refused address beside a public one is only noted.
fn guarded(
    network: &Network,
    target: &Target,
    found: Addresses,
    lookup: &mut Lookup,
) -> Result<Vec<Contact>, Failure> {
    lookup.secure = found.security == Security::Secure;
    lookup.aliases = found.aliases;
    lookup.error = found.partial_failure.map(|error| error.to_string());
    let mut first_refusal = None;
    let mut contacts = Vec::new();
    for ip in in_order(&found.addresses) {
        let checked = network.contact(ip, target.port());
        let refused = checked
            .as_ref()
            .err()
            .map(|refusal| refusal.purpose.to_owned());
        if lookup.addresses.len() < MAX_EVIDENCE {
            lookup.addresses.push(Address { ip, refused });
        }
        match checked {
            Ok(contact) => contacts.push(contact),
            Err(refusal) => first_refusal = first_refusal.or(Some(refusal)),
        }
    }
    contacts.truncate(MAX_ATTEMPTS);
    match first_refusal {
        _ if !contacts.is_empty() => Ok(contacts),
        Some(refusal) => Err(Failure::AddressRefused {
            host: target.host().to_string(),
            refusal,
        }),
        None => Err(Failure::Lookup(LookupError {
            name: target.host().to_string(),
            records: "A and AAAA",
            cause: LookupFailure::NoRecords,
        })),
    }
}

/// IPv6 first, then the families in turn, so that both are tried within the attempts we have.
fn in_order(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let (mut v6, mut v4): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| address.is_ipv6());
    let mut ordered = Vec::with_capacity(addresses.len());
    v6.reverse();
    v4.reverse();
    while ordered.len() < addresses.len() {
        ordered.extend(v6.pop());
        ordered.extend(v4.pop());
    }
    ordered
}

fn connection_cause(error: &io::Error) -> Result<ConnectionCause, Failure> {
    let is_ours = |code| TOO_MANY_OPEN_FILES.contains(&code);
    if error.raw_os_error().is_some_and(is_ours) {
        return Err(Failure::Internal("too many open connections"));
    }
    let kind = error.kind();
    if kind == io::ErrorKind::ConnectionRefused {
        return Ok(ConnectionCause::Refused);
    }
    if kind == io::ErrorKind::TimedOut {
        return Ok(ConnectionCause::TimedOut);
    }
    let unreachable = [
        io::ErrorKind::HostUnreachable,
        io::ErrorKind::NetworkUnreachable,
    ];
    if unreachable.contains(&kind) {
        return Ok(ConnectionCause::Unreachable);
    }
    let reset = [
        io::ErrorKind::ConnectionAborted,
        io::ErrorKind::ConnectionReset,
    ];
    if reset.contains(&kind) {
        return Ok(ConnectionCause::Reset);
    }
    Ok(ConnectionCause::Other(kind.to_string()))
}

/// Runs `work` while the connection moves on; the connection's own errors reach `work`.
async fn beside<C: Future, F: Future>(mut connection: Pin<&mut Fuse<C>>, work: F) -> F::Output {
    let mut work = pin!(work);
    poll_fn(|context| {
        let _ended = connection.as_mut().poll(context).is_ready();
        work.as_mut().poll(context)
    })
    .await
}

/// Reads up to `limit` octets and tells whether the body ended there.
async fn read(mut body: Incoming, limit: usize) -> Result<(Bytes, bool), hyper::Error> {
    let mut collected = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else {
            continue;
        };
        let room = limit.saturating_sub(collected.len());
        collected.extend_from_slice(data.get(..room).unwrap_or(&data));
        if data.len() > room {
            return Ok((collected.freeze(), false));
        }
    }
    Ok((collected.freeze(), true))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns_beginning_with_ipv6() {
        let addresses = ["192.0.2.1", "192.0.2.2", "2001:db8::1", "192.0.2.3"]
            .map(|text| text.parse().unwrap());
        let ordered: Vec<String> = in_order(&addresses).iter().map(IpAddr::to_string).collect();
        assert_eq!(
            ordered,
            ["2001:db8::1", "192.0.2.1", "192.0.2.2", "192.0.2.3"]
        );
    }
}
