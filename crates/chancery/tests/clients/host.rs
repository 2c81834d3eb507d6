//! Requests that two readers could understand in two ways are not answered.

use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::on_sqlite;
use crate::server::Server;

/// The status line of the answer to these octets.
async fn status(server: &Server, request: &str) -> anyhow::Result<String> {
    let url = server.internal_url()?;
    let door = url.strip_prefix("http://").context("a plain door")?;
    let mut stream = TcpStream::connect(door).await?;
    stream.write_all(request.as_bytes()).await?;
    let mut answer = [0; 64];
    let reading = stream.read(&mut answer);
    let length = tokio::time::timeout(Duration::from_secs(10), reading).await??;
    let text = String::from_utf8_lossy(answer.get(..length).unwrap_or_default()).into_owned();
    Ok(text.split(' ').nth(1).unwrap_or_default().to_owned())
}

async fn asks_for_one_host(server: &Server) -> anyhow::Result<()> {
    for (request, expected) in [
        ("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", "200"),
        ("GET /healthz HTTP/1.1\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", "400"),
        ("GET /healthz HTTP/1.0\r\n\r\n", "200"),
        (
            "GET /healthz HTTP/1.1\r\nHost: a\r\nNo colon\r\n\r\n",
            "400",
        ),
        // RFC 9112 §2.2 lets a reader take a line feed alone for the end of a line.
        ("GET /healthz HTTP/1.1\nHost: a\n\n", "200"),
    ] {
        let found = status(server, request).await?;
        ensure!(found == expected, "{request:?}: {found}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn l6_a_request_without_a_host_or_with_two_is_refused() -> anyhow::Result<()> {
    on_sqlite(asks_for_one_host).await
}
