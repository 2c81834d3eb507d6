//! One plain GET on loopback, for pages that are not part of ACME.

use std::net::SocketAddr;

use anyhow::{Context, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The text of a page that answers 200.
pub(crate) async fn get(address: SocketAddr, path: &str) -> anyhow::Result<String> {
    let body = bytes(address, path).await?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// The body of a page that answers 200. HTTP/1.0, so that the body ends where the stream does.
pub(crate) async fn bytes(address: SocketAddr, path: &str) -> anyhow::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    let end = reply.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.with_context(|| format!("{path} is cut short"))?;
    let body = reply.split_off(end + 4);
    let head = String::from_utf8_lossy(&reply);
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        bail!("{path} answers {status}");
    }
    Ok(body)
}
