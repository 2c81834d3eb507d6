//! Calls to a provider by HTTPS: one request to one guarded address, no redirects, no cookies, no proxy (security S-51).
//!
//! Certificates are checked as the system does. Only a lab is asked without TLS.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use base::{DnsName, chain};
use bytes::Bytes;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http::header::{ACCEPT, AUTHORIZATION, CONNECTION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use reach::Network;
use reach::network::Contact;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, RootCertStore};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::{IdentityProviders, ProviderSilence, Redeemed, Redemption};

/// For one connection.
const CONNECT: Duration = Duration::from_secs(3);
/// For all of a call.
const TOTAL: Duration = Duration::from_secs(10);
/// The largest answer, in octets: sets of keys of large providers have some ten thousand.
const LARGEST: usize = 256 * 1024;
/// Status line and headers together.
const MAX_HEAD: usize = 16 * 1024;
/// How many addresses of a name are tried.
const MAX_ATTEMPTS: usize = 3;
/// How much of what others say is kept.
const LONGEST: usize = 200;
const AGENT: &str = "Mozilla/5.0 (compatible; Chancery sign-in)";

/// Asks over a network.
pub struct HttpsProviders {
    network: Network,
    tls: TlsConnector,
}

/// How far a call came that gave no answer.
enum CallFailure {
    /// No octet of it left.
    Before(String),
    /// It left, or may have.
    After(String),
}

/// A URL that may be asked.
struct ProviderAddress {
    uri: Uri,
    host: DnsName,
    port: u16,
    is_tls: bool,
}

/// What a provider says when it says no (RFC 6749 §5.2).
#[derive(Deserialize)]
struct ErrorAnswer {
    error: String,
}

impl HttpsProviders {
    /// Over this network. Fails only when TLS cannot be set up.
    pub fn new(network: Network) -> Result<Self, rustls::Error> {
        let mut roots = RootCertStore::empty();
        // What the system trusts and cannot be read is not trusted.
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self {
            network,
            tls: TlsConnector::from(Arc::new(config)),
        })
    }

    /// One call, with its status and body.
    async fn call(
        &self,
        url: &str,
        form: Option<&Redemption>,
    ) -> Result<(StatusCode, Bytes), CallFailure> {
        let mut has_left = false;
        let calling = self.call_in_time(url, form, &mut has_left);
        match timeout(TOTAL, calling).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(what)) if has_left => Err(CallFailure::After(what)),
            Ok(Err(what)) => Err(CallFailure::Before(what)),
            Err(_) if has_left => Err(CallFailure::After(LATE.to_owned())),
            Err(_) => Err(CallFailure::Before(LATE.to_owned())),
        }
    }

    async fn call_in_time(
        &self,
        url: &str,
        form: Option<&Redemption>,
        has_left: &mut bool,
    ) -> Result<(StatusCode, Bytes), String> {
        let address = self.address(url)?;
        let request = request(&address, form)?;
        let stream = self.connect(&address).await?;
        if !address.is_tls {
            return exchange(stream, request, has_left).await;
        }
        let name = ServerName::try_from(address.host.to_string()).map_err(|error| chain(&error))?;
        let stream = self.tls.connect(name, stream).await;
        let stream = stream.map_err(|error| bounded(&chain(&error)))?;
        exchange(stream, request, has_left).await
    }

    fn address(&self, url: &str) -> Result<ProviderAddress, String> {
        let uri: Uri = url.parse().map_err(|_| "that is no URL".to_owned())?;
        let is_tls = match uri.scheme_str() {
            Some("https") => true,
            Some("http") if self.network.is_lab() => false,
            _ => return Err("providers are asked by https only".to_owned()),
        };
        let host = DnsName::parse(uri.host().unwrap_or_default()).ok();
        let host = host.filter(|host| !host.is_wildcard());
        let host = host.ok_or("a provider is asked by a name, not at an address")?;
        let wanted = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let port = self.network.ports().translate(wanted);
        // Port 80 is for validations.
        let port = port.filter(|_| wanted == 443 || self.network.is_lab());
        let port = port.ok_or_else(|| format!("port {wanted} is not asked, only 443"))?;
        Ok(ProviderAddress {
            uri,
            host,
            port,
            is_tls,
        })
    }

    async fn connect(&self, address: &ProviderAddress) -> Result<TcpStream, String> {
        let found = self.network.addresses(&address.host).await;
        let found = found.map_err(|error| error.to_string())?;
        let (mut contacts, mut refusal) = (Vec::new(), None);
        for ip in found.addresses {
            match self.network.contact(ip, address.port) {
                Ok(contact) => contacts.push(contact),
                Err(refused) => refusal = Some(refused),
            }
        }
        let mut failure = refusal.map_or_else(
            || format!("{} has no address", address.host),
            |refused| format!("{} is not asked: {refused}", address.host),
        );
        for contact in contacts.into_iter().take(MAX_ATTEMPTS) {
            match dial(contact).await {
                Ok(stream) => return Ok(stream),
                Err(error) => failure = format!("{}: {error}", address.host),
            }
        }
        Err(failure)
    }

    async fn document(&self, url: &str) -> Result<Vec<u8>, ProviderSilence> {
        match self.call(url, None).await {
            Ok((StatusCode::OK, body)) => Ok(body.into()),
            Ok((status, _)) => Err(ProviderSilence(format!("{url} answered {status}"))),
            Err(CallFailure::Before(what) | CallFailure::After(what)) => Err(ProviderSilence(what)),
        }
    }

    async fn redeem(&self, redemption: &Redemption) -> Redeemed {
        match self.call(&redemption.url, Some(redemption)).await {
            Ok((StatusCode::OK, body)) => Redeemed::Taken(body.into()),
            Ok((status, body)) => {
                let said: Result<ErrorAnswer, _> = serde_json::from_slice(&body);
                Redeemed::Refused(said.map_or_else(
                    |_| format!("it answered {status}"),
                    |said| bounded(&said.error),
                ))
            }
            Err(CallFailure::Before(what)) => Redeemed::NotSent(what),
            Err(CallFailure::After(what)) => Redeemed::Lost(what),
        }
    }
}

impl IdentityProviders for HttpsProviders {
    fn document<'a>(&'a self, url: &'a str) -> BoxFuture<'a, Result<Vec<u8>, ProviderSilence>> {
        self.document(url).boxed()
    }

    fn redeem<'a>(&'a self, redemption: &'a Redemption) -> BoxFuture<'a, Redeemed> {
        self.redeem(redemption).boxed()
    }
}

const LATE: &str = "it took too long";

async fn dial(contact: Contact) -> Result<TcpStream, String> {
    match timeout(CONNECT, TcpStream::connect(contact.address())).await {
        Ok(connected) => connected.map_err(|error| error.kind().to_string()),
        Err(_) => Err(LATE.to_owned()),
    }
}

fn request(
    address: &ProviderAddress,
    form: Option<&Redemption>,
) -> Result<Request<Full<Bytes>>, String> {
    let path = address.uri.path_and_query();
    let path = path.map_or("/", http::uri::PathAndQuery::as_str);
    let authority = match address.uri.port_u16() {
        Some(port) => format!("{}:{port}", address.host),
        None => address.host.to_string(),
    };
    let mut builder = Request::builder()
        .uri(path)
        .header(HOST, authority)
        .header(USER_AGENT, AGENT)
        .header(ACCEPT, "application/json")
        .header(CONNECTION, "close");
    let mut body = Bytes::new();
    if let Some(redemption) = form {
        builder = builder
            .method("POST")
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        if let Some(authorization) = &redemption.authorization {
            builder = builder.header(AUTHORIZATION, authorization);
        }
        body = Bytes::from(redemption.form.clone());
    }
    let built = builder.body(Full::new(body));
    built.map_err(|_| "the URL cannot be asked".to_owned())
}

/// The connection is driven by whoever waits for the answer, so that nothing is left behind when nobody does.
async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    request: Request<Full<Bytes>>,
    has_left: &mut bool,
) -> Result<(StatusCode, Bytes), String> {
    let failed = |error: hyper::Error| bounded(&chain(&error));
    let (mut sender, connection) = http1::Builder::new()
        .max_buf_size(MAX_HEAD)
        .handshake(TokioIo::new(stream))
        .await
        .map_err(failed)?;
    let mut connection = pin!(connection.fuse());
    *has_left = true;
    let asking = async {
        let response = sender.send_request(request).await.map_err(failed)?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LARGEST).collect().await;
        let body = body.map_err(|error| bounded(&error.to_string()))?;
        Ok((head.status, body.to_bytes()))
    };
    let mut asking = pin!(asking);
    poll_fn(|context| {
        let _ended = connection.as_mut().poll(context).is_ready();
        asking.as_mut().poll(context)
    })
    .await
}

/// The beginning of what somebody else says, as one line.
fn bounded(text: &str) -> String {
    let fit = text.chars().filter(|each| !each.is_control());
    fit.take(LONGEST).collect()
}

#[cfg(test)]
mod tests;
