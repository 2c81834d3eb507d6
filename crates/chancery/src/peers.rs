//! The other nodes, over plain HTTP on their internal listeners.

use std::time::Duration;

use bytes::Bytes;
use flow::outside::Peers;
use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::{Method, Request, StatusCode, Uri, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// A client cannot wait longer for its nonce; it tries again with a fresh one.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks other nodes to redeem nonces that they gave out.
pub(crate) struct HttpPeers;

impl Peers for HttpPeers {
    fn redeem<'a>(&'a self, url: &'a str, nonce: &'a str) -> BoxFuture<'a, bool> {
        async move {
            match tokio::time::timeout(TIMEOUT, ask(url, nonce)).await {
                Ok(Ok(status)) => status == StatusCode::OK,
                Ok(Err(error)) => {
                    tracing::warn!(peer.url = url, error = %error, "a node could not be asked for a nonce");
                    false
                }
                Err(_) => {
                    tracing::warn!(peer.url = url, "a node did not answer in time");
                    false
                }
            }
        }
        .boxed()
    }
}

async fn ask(url: &str, nonce: &str) -> anyhow::Result<StatusCode> {
    let uri: Uri = format!("{url}/nonce").parse()?;
    let authority = uri
        .authority()
        .ok_or_else(|| anyhow::anyhow!("no address in {url}"))?;
    let port = authority.port_u16().unwrap_or(80);
    let stream = TcpStream::connect((authority.host(), port)).await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(connection);
    let request = Request::builder()
        .method(Method::POST)
        .uri("/nonce")
        .header(header::HOST, authority.as_str())
        .body(Full::new(Bytes::from(nonce.to_owned())))?;
    let status = sender.send_request(request).await?.status();
    driver.abort();
    Ok(status)
}
