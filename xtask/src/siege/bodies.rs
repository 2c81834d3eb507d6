//! 100 HTTP/2 connections, each from an address of its own, send bodies that never end to sign-in and newAccount (H3).

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::pin::Pin;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use anyhow::Context;
use bytes::Bytes;
use http::Request;
use hyper::body::{Body, Frame};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::time::timeout;

use super::stage::{Stage, connect_from};
use super::{Options, Promise};
use crate::acme_client::connection::Trust;
use crate::server::usage::peak_memory_kib;
use crate::stopwatch::Stopwatch;

const CONNECTIONS: u8 = 100;
const STREAMS: usize = 32;
/// What each body has sent before it stops without an end.
const PIECES: usize = 30;
const PIECE: usize = 16 * 1024;

/// Some pieces, then nothing and no end.
struct Unfinished(usize);

impl Body for Unfinished {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'a'; PIECE])))))
            }
            None => Poll::Pending,
        }
    }
}

pub(super) async fn attack(options: &Options, binary: &Path) -> anyhow::Result<Vec<Promise>> {
    let stage = Stage::start(options, binary, None).await?;
    let process = stage.chancery.process_id();
    let door = stage.chancery.door();
    let portal: SocketAddr = door
        .origin
        .replace("https://localhost", "127.0.0.1")
        .parse()?;
    let (acme, ..) = stage.chancery.addresses();
    let trust = stage.good.trust.with_http2();
    for number in 0..CONNECTIONS {
        let from = Ipv4Addr::new(127, 0, 1, number + 1);
        let (to, path, content) = if number % 2 == 0 {
            (portal, "/sign-in", "application/x-www-form-urlencoded")
        } else {
            (acme, "/v2/DV/new-account", "application/jose+json")
        };
        open(&trust, from, to, path, content).await?;
    }
    let wait = if options.short { 3 } else { 25 };
    tokio::time::sleep(Duration::from_secs(wait)).await;
    let asked = Stopwatch::start();
    let client = timeout(Duration::from_secs(10), stage.good.client()).await;
    let registered = asked.elapsed();
    client.context("a good client was not served")??;
    let peak = f64::from(u32::try_from(peak_memory_kib(process)?)?) / 1024.0;
    Ok(vec![
        Promise {
            what: "memory at its peak",
            found: peak,
            most: 150.0,
            unit: "MiB",
        },
        Promise::seconds("a good client registers", registered, 1.0),
    ])
}

/// A connection with as many requests as the server lets it have.
async fn open(
    trust: &Trust,
    from: Ipv4Addr,
    to: SocketAddr,
    path: &'static str,
    content: &'static str,
) -> anyhow::Result<()> {
    let stream = trust.connect(connect_from(from, to).await?).await?;
    let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    for _ in 0..STREAMS {
        let mut sender = sender.clone();
        tokio::spawn(async move {
            // Whoever is refused tries again until the attack ends.
            loop {
                let request = Request::post(format!("https://localhost{path}"))
                    .header("content-type", content)
                    .header(
                        "cookie",
                        "__Host-visitor=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                    )
                    .body(Unfinished(PIECES));
                let Ok(request) = request else { return };
                if sender.ready().await.is_err() || sender.send_request(request).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
    }
    Ok(())
}
