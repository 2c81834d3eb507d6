//! One TLS connection that is kept open and opened again when the server has closed it.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use anyhow::Context;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, COOKIE, HOST, LOCATION, SET_COOKIE};
use http::{HeaderMap, HeaderName, Request, Uri};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use rustls::crypto::aws_lc_rs;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, ServerName};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// RFC 8555 §6.5.1.
const REPLAY_NONCE: HeaderName = HeaderName::from_static("replay-nonce");

/// Which servers we talk to.
#[derive(Clone)]
pub(crate) struct Trust(Arc<ClientConfig>);

impl Trust {
    /// Trusts the certificates in `pem` and nothing else.
    pub(crate) fn only(pem: &str) -> anyhow::Result<Self> {
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            roots.add(certificate.context("the server's root is not PEM")?)?;
        }
        let provider = Arc::new(aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self(Arc::new(config)))
    }

    /// The same for HTTP/2.
    pub(crate) fn with_http2(&self) -> Self {
        let mut config = ClientConfig::clone(&self.0);
        config.alpn_protocols = vec![b"h2".to_vec()];
        Self(Arc::new(config))
    }

    /// A TLS connection with a server that is called localhost.
    pub(crate) async fn connect(&self, stream: TcpStream) -> anyhow::Result<TlsStream<TcpStream>> {
        let connector = TlsConnector::from(Arc::clone(&self.0));
        let name = ServerName::try_from("localhost")?;
        Ok(connector.connect(name, stream).await?)
    }
}

/// What a server answered.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The HTTP status.
    pub(crate) status: u16,
    /// `Replay-Nonce`.
    pub(crate) nonce: Option<String>,
    /// `Location`.
    pub(crate) location: Option<String>,
    /// Each `Set-Cookie`.
    pub(crate) cookies: Vec<String>,
    /// The whole body.
    pub(crate) body: Bytes,
}

/// A connection to one server on loopback.
pub(crate) struct Connection {
    address: SocketAddr,
    authority: String,
    name: ServerName<'static>,
    trust: Trust,
    sender: Option<SendRequest<Full<Bytes>>>,
}

impl Connection {
    /// Remembers whom to talk to; opened by the first request.
    pub(crate) fn new(url: &str, trust: &Trust) -> anyhow::Result<Self> {
        let uri: Uri = url.parse().with_context(|| format!("{url} is no URL"))?;
        let authority = uri.authority().context("the URL has no host")?;
        let port = authority.port_u16().unwrap_or(443);
        Ok(Self {
            address: (Ipv4Addr::LOCALHOST, port).into(),
            authority: authority.to_string(),
            name: ServerName::try_from(authority.host().to_owned())?,
            trust: trust.clone(),
            sender: None,
        })
    }

    /// A GET.
    pub(crate) async fn get(&mut self, url: &str) -> anyhow::Result<Reply> {
        let request = self.request("GET", url).body(Full::default())?;
        self.send(request).await
    }

    /// A POST of a signed body (RFC 8555 §6.2 names its content type).
    pub(crate) async fn post(&mut self, url: &str, body: String) -> anyhow::Result<Reply> {
        let request = self
            .request("POST", url)
            .header(CONTENT_TYPE, "application/jose+json")
            .body(Full::from(body))?;
        self.send(request).await
    }

    /// A GET with cookies.
    pub(crate) async fn page(&mut self, url: &str, cookies: &str) -> anyhow::Result<Reply> {
        let request = self.request("GET", url).header(COOKIE, cookies);
        self.send(request.body(Full::default())?).await
    }

    /// A POST of a form's fields, already encoded, with cookies.
    pub(crate) async fn form(
        &mut self,
        url: &str,
        cookies: &str,
        fields: String,
    ) -> anyhow::Result<Reply> {
        let request = self
            .request("POST", url)
            .header(COOKIE, cookies)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Full::from(fields))?;
        self.send(request).await
    }

    fn request(&self, method: &str, url: &str) -> http::request::Builder {
        // The request line holds the path only; the host is this connection's.
        let path = url.splitn(4, '/').nth(3).unwrap_or_default();
        Request::builder()
            .method(method)
            .uri(format!("/{path}"))
            .header(HOST, &self.authority)
    }

    async fn send(&mut self, request: Request<Full<Bytes>>) -> anyhow::Result<Reply> {
        let mut sender = self.sender().await?;
        let response = sender.send_request(request).await?;
        let (parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        self.sender = Some(sender);
        Ok(Reply {
            status: parts.status.as_u16(),
            nonce: text(&parts.headers, &REPLAY_NONCE),
            location: text(&parts.headers, &LOCATION),
            cookies: texts(&parts.headers, &SET_COOKIE),
            body,
        })
    }

    /// The open connection, if the server has not closed it, else a new one.
    async fn sender(&mut self) -> anyhow::Result<SendRequest<Full<Bytes>>> {
        if let Some(mut sender) = self.sender.take()
            && sender.ready().await.is_ok()
        {
            return Ok(sender);
        }
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let connector = TlsConnector::from(Arc::clone(&self.trust.0));
        let stream = connector.connect(self.name.clone(), stream).await?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        // Its errors come out of the request that they spoil.
        tokio::spawn(connection);
        Ok(sender)
    }
}

fn text(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    headers.get(name)?.to_str().ok().map(str::to_owned)
}

fn texts(headers: &HeaderMap, name: &HeaderName) -> Vec<String> {
    let values = headers.get_all(name).iter();
    let texts = values.filter_map(|value| value.to_str().ok());
    texts.map(str::to_owned).collect()
}
