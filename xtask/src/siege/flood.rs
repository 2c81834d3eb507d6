//! 5,000 requests a second that nobody has signed, from one address, beside a good client from another (H7).

use std::net::Ipv4Addr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::ensure;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::stage::{Count, Stage, connect_from};
use super::{Options, Promise};
use crate::acme_client::Client;
use crate::acme_client::csr::Csr;
use crate::bench::statistics::percentile;
use crate::server::chancery::DOMAIN;
use crate::stopwatch::Stopwatch;

const A_SECOND: usize = 5_000;
const CONNECTIONS: usize = 20;
/// Requests are sent in groups: so many a second on each connection.
const GROUPS: usize = 50;
const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const REQUEST: &str = "POST /v2/DV/new-order HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/jose+json\r\n\
    Content-Length: 2\r\n\r\n{}";

pub(super) async fn attack(options: &Options, binary: &Path) -> anyhow::Result<Vec<Promise>> {
    let stage = Stage::start(options, binary, None).await?;
    stage.chancery.raise_limits().await?;
    let (quiet, long) = if options.short { (2, 3) } else { (10, 20) };
    let mut client = stage.good.client().await?;
    let mut number = 0;
    watch(&stage, &mut client, Duration::from_secs(1), &mut number).await?;
    let normal = watch(&stage, &mut client, Duration::from_secs(quiet), &mut number).await?;
    let (stop, answered) = (Arc::new(AtomicBool::new(false)), Count::default());
    let (acme, ..) = stage.chancery.addresses();
    for _ in 0..CONNECTIONS {
        let stream = connect_from(ATTACKER, acme).await?;
        let stream = stage.good.trust.connect(stream).await?;
        tokio::spawn(send(stream, Arc::clone(&stop), Arc::clone(&answered)));
    }
    let beside = watch(&stage, &mut client, Duration::from_secs(long), &mut number).await?;
    stop.store(true, Ordering::Relaxed);
    let answered = answered.load(Ordering::Relaxed);
    let a_second = answered / usize::try_from(long)?;
    println!(
        "flood: {a_second} requests a second; flows of a good client: {:.1} ms before, {:.1} ms beside (99 %), {} and {}",
        percentile(&normal, 99),
        percentile(&beside, 99),
        normal.len(),
        beside.len()
    );
    ensure!(a_second > A_SECOND / 2, "the attack was too slow to be one");
    Ok(vec![Promise {
        what: "a good client's 99th percentile beside it",
        found: percentile(&beside, 99) / percentile(&normal, 99).max(f64::EPSILON),
        most: 2.0,
        unit: "times its normal",
    }])
}

/// How long each order takes from its start to its certificate, in milliseconds.
async fn watch(
    stage: &Stage,
    client: &mut Client,
    long: Duration,
    number: &mut usize,
) -> anyhow::Result<Vec<f64>> {
    let (clock, mut took) = (Stopwatch::start(), Vec::new());
    while clock.elapsed() < long {
        let name = format!("good-{number}.{DOMAIN}");
        *number += 1;
        let csr = Csr::make(name.clone())?;
        let flow = Stopwatch::start();
        let order = client.new_order(&name).await?;
        let order = client.complete(order, &csr, &stage.answers, |_| {}).await?;
        ensure!(
            order.certificate.is_some(),
            "a good client got no certificate"
        );
        took.push(flow.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(took)
}

/// Sends groups of requests, and counts what is answered.
async fn send<S>(stream: S, stop: Arc<AtomicBool>, answered: Arc<AtomicUsize>)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let (mut read, mut write) = tokio::io::split(stream);
    let group = REQUEST.repeat(A_SECOND / CONNECTIONS / GROUPS);
    let reading = async {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(length @ 1..) = read.read(&mut buffer).await {
            let text = buffer.get(..length).unwrap_or_default();
            let heads = text
                .windows(9)
                .filter(|window| *window == b"HTTP/1.1 ")
                .count();
            answered.fetch_add(heads, Ordering::Relaxed);
        }
    };
    let writing = async {
        let pause = Duration::from_millis(1_000 / GROUPS as u64);
        let mut tick = tokio::time::interval(pause);
        while !stop.load(Ordering::Relaxed) {
            tick.tick().await;
            if write.write_all(group.as_bytes()).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = reading => {}
        () = writing => {}
    }
}
